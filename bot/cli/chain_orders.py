"""`qunops chain pay`, `undo`, `remind`, …: what the console's buttons do to a chain, by way of the running bot."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli import USAGE
from bot.cli.chain_export import Group, Which, meant
from bot.cli.control import order
from bot.cli.database import Url, reading

By = Annotated[str, typer.Option(help="记在谁名下，如 qq:10001 · who orders it")]


def pay(
    which: Annotated[str, typer.Argument(help="标题里的字，或编号 · part of the title, or the number")],
    numbers: Annotated[list[str], typer.Argument(help="chain show 里的行号，或 all · numbers of the lines, or all")],
    undo: Annotated[bool, typer.Option("--undo", help="改回未付 · not paid after all")] = False,
    group: Group = "",
    by: By = "console:cli",
    db: Url = "",
) -> None:
    """把几行标成已付(--undo 改回未付),机器人必须在运行 · marks lines as paid; the bot must be running.

    退出码 exit code: 0 好了,1 没有这个接龙或这一行,2 有好几个对得上,3 机器人没有运行。
    """
    with reading(db) as connection:
        shown, _ = meant(connection, which, group)
    active = shown.chain.active
    wanted = range(1, len(active) + 1) if numbers == ["all"] else [int(n) if n.isdecimal() else 0 for n in numbers]
    if any(not 1 <= number <= len(active) for number in wanted):
        typer.echo(f"行号是 1 到 {len(active)} · lines are numbered 1 to {len(active)}", err=True)
        raise typer.Exit(USAGE)
    entries = ",".join(str(active[number - 1].id) for number in wanted)
    _order(which, group, db, by, "pay", entries=entries, paid="" if undo else "yes")


def undo_step(
    which: Annotated[str, typer.Argument(help="标题里的字，或编号 · part of the title, or the number")],
    step: Annotated[int, typer.Argument(help="chain show 里的步号 · the step's number")],
    group: Group = "",
    by: By = "console:cli",
    db: Url = "",
) -> None:
    """撤销名单的一步,后来的改动留着 · takes back one step, later changes stay. 退出码同 pay · exit codes as of pay."""
    _order(which, group, db, by, "undo", step=str(step))


def remind(which: Which = "", group: Group = "", by: By = "console:cli", db: Url = "") -> None:
    """在群里提醒还没接的人,10 分钟内一次 · reminds who is missing, once in 10 minutes. 退出码同 pay · as of pay."""
    _order(which, group, db, by, "remind")


def dun(which: Which = "", group: Group = "", by: By = "console:cli", db: Url = "") -> None:
    """在群里提醒还没付的人 · reminds who has not paid. 退出码同 pay · exit codes as of pay."""
    _order(which, group, db, by, "dun")


def close(which: Which = "", group: Group = "", by: By = "console:cli", db: Url = "") -> None:
    """截止,群里收到最后的名单 · closes it, the group gets the last list. 退出码同 pay · exit codes as of pay."""
    _order(which, group, db, by, "close")


def reopen(which: Which = "", group: Group = "", by: By = "console:cli", db: Url = "") -> None:
    """重新打开 · opens it again. 退出码同 pay · exit codes as of pay."""
    _order(which, group, db, by, "reopen")


def post(which: Which = "", group: Group = "", by: By = "console:cli", db: Url = "") -> None:
    """在群里发一次名单 · posts the list to the group. 退出码同 pay · exit codes as of pay."""
    _order(which, group, db, by, "post")


def _order(which: str, group: str, db: str, by: str, wanted: str, **data: str) -> None:
    with reading(db) as connection:
        shown, _ = meant(connection, which, group)
    order(shown.kept.ref, shown.kept.chat, wanted, str(shown.chain.id), f"chain.{wanted}", data, by=by)
    typer.echo(f"「{shown.name}」好了 · done")
