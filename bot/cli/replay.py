"""`qunops replay`: what changed playbooks would have done with the real log."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli import NO, OK, UNUSABLE, USAGE
from bot.cli.progress import Told, telling
from bot.cli.simulate import complain
from bot.core.errors import OperatorMistake, StorageError
from bot.engine.playbooks import PlaybookFolder
from bot.playbook.model import GroupPlan
from bot.sim import replay as r
from bot.sim.hits import Hit, changed
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
    newest: Annotated[int, typer.Option(help="只重放最近这么多条消息，0 是全部 · only the newest messages", min=0)] = 0,
    format: Annotated[str, typer.Option(help="text 或 json · output format")] = "text",
    progress: Told = False,
) -> None:
    """Exit 0: nothing would differ; 1: something would; 2: wrong call; 3: the database can't be used."""
    try:
        with Database(db, mode="read") as database:
            replayer = _Replayer(database, playbooks, against, days, newest, progress)
            results = [result for chat in _groups(database, group) if (result := replayer.compare(chat)) is not None]
    except OperatorMistake as mistake:
        complain(mistake)
        raise typer.Exit(USAGE) from None
    except StorageError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(UNUSABLE) from None
    if format == "json":
        typer.echo(json.dumps([_row(result) for result in results], ensure_ascii=False, indent=2))
    else:
        for result in results:
            _print(result)
        if not results:
            typer.echo("记录里没有这些剧本管的群 · no group of the log has a playbook here", err=True)
            raise typer.Exit(USAGE)
    raise typer.Exit(NO if any(result.found for result in results) else OK)


@dataclass(frozen=True, slots=True)
class _Result:
    """`hits`: all that rules would catch; `more`, `fewer`: those that they caught only now, only before."""

    recorded: r.Recorded
    plan: GroupPlan
    found: list[r.Difference]
    since: datetime
    hits: tuple[Hit, ...]
    more: list[Hit]
    fewer: list[Hit]


def _groups(database: Database, group: str) -> list[str]:
    with database.reading() as connection:
        known = r.groups_in(connection)
    if group and group not in known:
        raise OperatorMistake(
            f"记录里没有群 {group} · not in the log", code="replay-group", hint="有: " + "、".join(known[:10])
        )
    return [group] if group else known


@dataclass(frozen=True, slots=True)
class _Replayer:
    database: Database
    folder: Path
    against: Path | None
    days: int
    newest: int
    is_told: bool

    def compare(self, chat: str) -> _Result | None:
        """None: no playbook of the folder has the group, or nothing was heard there."""
        with self.database.reading() as connection:
            recorded = r.read_log(connection, chat, self.newest)
            since = r.window(recorded, self.days)
            real = r.outcome_of(connection, recorded, since)
        plan = _plan(self.folder, recorded)
        if not plan.plays or not recorded.inbound:
            return None
        with telling(self.is_told, f"重放 {recorded.name or recorded.chat}") as tell:
            if self.against is None:
                before, after = real, _outcome(recorded, plan, since, tell)
            else:
                before = _outcome(recorded, _plan(self.against, recorded), since, lambda done: tell(done / 2))
                after = _outcome(recorded, plan, since, lambda done: tell(0.5 + done / 2))
        more, fewer = changed(before.hits, after.hits)
        return _Result(recorded, plan, list(r.differences(before, after)), since, after.hits, more, fewer)


def _plan(folder: Path, recorded: r.Recorded) -> GroupPlan:
    if not folder.is_dir():
        raise OperatorMistake(f"没有文件夹 {folder} · no such folder", code="no-playbook")
    began = recorded.inbound[0].arrived_at if recorded.inbound else datetime.fromtimestamp(0, ZONE)
    return PlaybookFolder(folder, lambda: began).load().plan(recorded.chat)


def _outcome(recorded: r.Recorded, plan: GroupPlan, since: datetime, tell: Callable[[float], None]) -> r.Outcome:
    house = r.replay(recorded, plan, progress=tell)
    try:
        with house.connection.begin():
            return r.outcome_of(house.connection, recorded, since)
    finally:
        house.close()


def _print(result: _Result) -> None:
    recorded, found = result.recorded, result.found
    zone = next((active.header.zone for active in result.plan.plays.values()), ZONE)
    groups = r.by_member(found)
    name = f"{recorded.name} ({recorded.chat})" if recorded.name else recorded.chat
    typer.echo(f"{name}: 重放 {len(recorded.inbound)} 条,从 {result.since.astimezone(zone):%m-%d %H:%M} 起比较")
    for line in r.render(groups, recorded.names, zone):
        typer.echo(line)
    for title, hits in (("规则会多抓到", result.more), ("规则不再抓", result.fewer)):
        if hits:
            typer.echo(f"{title} {len(hits)} 条")
        for hit in hits:
            who = recorded.names.get(hit.member, hit.member)
            typer.echo(
                f"  {hit.at.astimezone(zone):%m-%d %H:%M} {who} 「{' '.join(hit.text.split())[:60]}」 {hit.rule}"
            )
    people = len([member for member in groups if member])
    typer.echo(f"{people} 人会不同,{len(recorded.members) - people} 人一样" if found else "没有不同")


def _row(result: _Result) -> dict[str, Any]:
    return {
        "group": result.recorded.chat,
        "name": result.recorded.name,
        "replayed": len(result.recorded.inbound),
        "since": result.since.isoformat(),
        "names": {uid: name for uid, name in result.recorded.names.items() if uid in _concerned(result)},
        "hits": len(result.hits),
        "more": [_hit(each) for each in result.more],
        "fewer": [_hit(each) for each in result.fewer],
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
            for member, rows in r.by_member(result.found).items()
        },
    }


def _concerned(result: _Result) -> set[str]:
    return {each.member for each in result.found} | {each.member for each in (*result.more, *result.fewer)}


def _hit(hit: Hit) -> dict[str, Any]:
    return {**asdict(hit), "at": hit.at.isoformat()}
