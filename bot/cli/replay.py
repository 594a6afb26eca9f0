"""`qunops replay`: what changed playbooks would have done with the real log."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from bot.cli import NO, OK, UNUSABLE, USAGE
from bot.cli.simulate import complain
from bot.core.errors import OperatorMistake, StorageError
from bot.engine.playbooks import PlaybookFolder
from bot.playbook.model import GroupPlan
from bot.sim import replay as r
from bot.sim.plans import ZONE
from storage.database import DEFAULT_URL, Database


def register(app: typer.Typer) -> None:
    app.command("replay", help="拿新剧本重放真实记录,看会有什么不同 · replay the log under changed playbooks")(replay)


def replay(
    playbooks: Annotated[Path, typer.Option(help="新剧本的文件夹 · folder of the changed playbooks")] = Path(
        "playbooks"
    ),
    db: Annotated[str, typer.Option(help="数据库 · database URL", envvar="QUNOPS_DB")] = DEFAULT_URL,
    group: Annotated[str, typer.Option(help="只看这个群,例如 qq:123456 · only this group")] = "",
    days: Annotated[int, typer.Option(help="比较最近几天,0 是全部 · compare the last days", min=0)] = 7,
    against: Annotated[
        Path | None, typer.Option(help="和另一份剧本比,而不是和真实发生的比 · compare with another folder")
    ] = None,
    format: Annotated[str, typer.Option(help="text 或 json · output format")] = "text",
) -> None:
    """Exit 0: nothing would differ; 1: something would; 2: wrong call; 3: the database can't be used."""
    try:
        with Database(db, mode="read") as database:
            results = [
                result
                for chat in _groups(database, group)
                if (result := _compare(database, chat, playbooks, against, days)) is not None
            ]
    except OperatorMistake as mistake:
        complain(mistake)
        raise typer.Exit(USAGE) from None
    except StorageError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(UNUSABLE) from None
    if format == "json":
        typer.echo(json.dumps([_row(*result) for result in results], ensure_ascii=False, indent=2))
    else:
        for result in results:
            _print(*result)
        if not results:
            typer.echo("记录里没有这些剧本管的群 · no group of the log has a playbook here", err=True)
            raise typer.Exit(USAGE)
    raise typer.Exit(NO if any(found for _, _, found, _ in results) else OK)


Result = tuple[r.Recorded, GroupPlan, list[r.Difference], datetime]


def _groups(database: Database, group: str) -> list[str]:
    with database.reading() as connection:
        known = r.groups_in(connection)
    if group and group not in known:
        raise OperatorMistake(
            f"记录里没有群 {group} · not in the log", code="replay-group", hint="有: " + "、".join(known[:10])
        )
    return [group] if group else known


def _compare(database: Database, chat: str, folder: Path, against: Path | None, days: int) -> Result | None:
    with database.reading() as connection:
        recorded = r.read_log(connection, chat)
        since = r.window(recorded, days)
        real = r.outcome_of(connection, recorded, since)
    plan = _plan(folder, recorded)
    if not plan.plays or not recorded.inbound:
        return None
    before = _outcome(recorded, _plan(against, recorded), since) if against is not None else real
    after = _outcome(recorded, plan, since)
    return recorded, plan, list(r.differences(before, after)), since


def _plan(folder: Path, recorded: r.Recorded) -> GroupPlan:
    if not folder.is_dir():
        raise OperatorMistake(f"没有文件夹 {folder} · no such folder", code="no-playbook")
    began = recorded.inbound[0].arrived_at if recorded.inbound else datetime.fromtimestamp(0, ZONE)
    return PlaybookFolder(folder, lambda: began).load().plan(recorded.chat)


def _outcome(recorded: r.Recorded, plan: GroupPlan, since: datetime) -> r.Outcome:
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(f"重放 {recorded.name or recorded.chat}", total=1.0)
        house = r.replay(recorded, plan, progress=lambda done: bar.update(task, completed=done))
    try:
        with house.connection.begin():
            return r.outcome_of(house.connection, recorded, since)
    finally:
        house.close()


def _print(recorded: r.Recorded, plan: GroupPlan, found: list[r.Difference], since: datetime) -> None:
    zone = next((active.header.zone for active in plan.plays.values()), ZONE)
    groups = r.by_member(found)
    name = f"{recorded.name} ({recorded.chat})" if recorded.name else recorded.chat
    typer.echo(f"{name}: 重放 {len(recorded.inbound)} 条,从 {since.astimezone(zone):%m-%d %H:%M} 起比较")
    for line in r.render(groups, recorded.names, zone):
        typer.echo(line)
    changed = len([member for member in groups if member])
    typer.echo(f"{changed} 人会不同,{len(recorded.members) - changed} 人一样" if found else "没有不同")


def _row(recorded: r.Recorded, plan: GroupPlan, found: list[r.Difference], since: datetime) -> dict[str, Any]:
    return {
        "group": recorded.chat,
        "replayed": len(recorded.inbound),
        "since": since.isoformat(),
        "members": {
            member: [
                {
                    "at": each.at.isoformat() if each.at else None,
                    "what": each.what,
                    "before": each.before,
                    "after": each.after,
                }
                for each in rows
            ]
            for member, rows in r.by_member(found).items()
        },
    }
