"""`qunops chain replay FILE`: recorded 接龙 messages → the lists that come of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from bot.core.jielong import replay


def register(app: typer.Typer) -> None:
    chain = typer.Typer(help="接龙: 用记录下来的消息重算名单 · chains from recorded messages", no_args_is_help=True)
    chain.command("replay")(replay_file)
    app.add_typer(chain, name="chain")

    @chain.callback()
    def root() -> None:
        """接龙 (chain)."""


def replay_file(
    file: Annotated[Path, typer.Argument(help="JSON: {cases: [{id, config, members, messages, now}]}", metavar="FILE")],
) -> None:
    """按记录重放接龙,输出每个案例的名单、事件和应发消息 · replay cases, print results as JSON.

    每个案例: config(operators, deadline, goods, capacity, one_per_member, plus_mode), members(id → name, aliases),
    messages(id, t, from, type text|recall, text, of, reply_to, line_authors)。
    """
    from bot.cli import UNUSABLE, USAGE

    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        typer.echo(f"打不开 {file}: {error.strerror} · cannot read", err=True)
        raise typer.Exit(UNUSABLE) from error
    except ValueError as error:
        typer.echo(f"{file} 不是 JSON: {error} · not JSON", err=True)
        raise typer.Exit(USAGE) from error
    cases = document.get("cases") if isinstance(document, dict) else None
    if not isinstance(cases, list):
        typer.echo(f'{file} 里没有 "cases" 列表 · no "cases" list', err=True)
        raise typer.Exit(USAGE)
    results = {}
    for number, case in enumerate(cases, start=1):
        try:
            results[case["id"]] = replay(case)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            name = case.get("id", number) if isinstance(case, dict) else number
            typer.echo(f"案例 {name} 写得不对: {error!r} · malformed case", err=True)
            raise typer.Exit(USAGE) from error
    typer.echo(json.dumps(results, ensure_ascii=False, indent=1))
