"""`qunops chain`: `replay` computes lists anew from recorded messages; the rest is `chain_export` and `chain_orders`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli import chain_export, chain_orders
from bot.cli.cases import Cases, read_json
from bot.core.jielong import replay


def register(app: typer.Typer) -> None:
    chain = typer.Typer(
        help="接龙: 看、导出、收款、撤销、提醒、重算 · chains: show, export, payments, undo, reminders, replay",
        no_args_is_help=True,
    )
    chain.command("replay")(replay_file)
    chain.command("list")(chain_export.list_chains)
    chain.command("show")(chain_export.show_chain)
    chain.command("export")(chain_export.export_chain)
    chain.command("pay")(chain_orders.pay)
    chain.command("undo")(chain_orders.undo_step)
    chain.command("remind")(chain_orders.remind)
    chain.command("dun")(chain_orders.dun)
    chain.command("close")(chain_orders.close)
    chain.command("reopen")(chain_orders.reopen)
    chain.command("post")(chain_orders.post)
    app.add_typer(chain, name="chain")

    @chain.callback()
    def root() -> None:
        """接龙 (chain)."""


def replay_file(
    file: Annotated[
        Path, typer.Argument(help="案例文件 · JSON: {cases: [{id, config, members, messages, now}]}", metavar="FILE")
    ],
) -> None:
    """按记录重放接龙,输出每个案例的名单、事件和应发消息 · replay cases, print results as JSON.

    每个案例: config(operators, deadline, goods, capacity, one_per_member, plus_mode), members(id → name, aliases),
    messages(id, t, from, type text|recall, text, of, reply_to, line_authors)。写错的案例逐个指出,其余照算。
    退出码 exit code: 0 都算了,2 有案例写得不对,3 打不开文件。
    """
    from bot.cli import USAGE

    document = read_json(file)
    listed = document.get("cases") if isinstance(document, dict) else document
    if not isinstance(listed, list) or not listed:
        typer.echo(f'{file} 里没有 "cases" 列表 · no "cases" list', err=True)
        raise typer.Exit(USAGE)
    cases = Cases(file)
    cases.end(cases.work("cases", listed, replay))
