"""`qunops members`: who is in the groups, one person's record, tags and operators' notes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo

import typer

from bot.cli import NO, UNUSABLE, USAGE
from bot.cli.control import ask_running
from bot.cli.database import Url, opened, spoken
from bot.config import load_settings
from bot.console.ports.members import Member
from bot.engine.clock import WallClock
from bot.engine.playbooks import PlaybookFolder
from bot.usecases.members import MemberRecords

R = TypeVar("R")
Format = Annotated[Literal["text", "json"], typer.Option(help="text 或 json · output format")]
By = Annotated[str, typer.Option(help="记在谁名下，如 qq:10001 · who does it")]
Who = Annotated[str, typer.Argument(help="成员，如 qq:10001 · the member")]
Group = Annotated[str, typer.Option(help="哪个群，如 qq:123456 · in which group")]


def register(app: typer.Typer) -> None:
    members = typer.Typer(
        help="成员：找人、档案、标签、备注 · find people, their record, tags, notes", no_args_is_help=True
    )
    for name, command in (
        ("list", list_command), ("show", show), ("tag", tag), ("note", note), ("done", done), ("export", export),
    ):  # fmt: skip
        members.command(name)(command)
    app.add_typer(members, name="members")


def list_command(
    q: Annotated[str, typer.Option(help="名字的一部分，或编号 · part of the name, or the id")] = "",
    group: Annotated[str, typer.Option(help="只看这个群 · only this group")] = "",
    tag: Annotated[str, typer.Option(help="有这个标签的 · with this tag")] = "",
    tier: Annotated[str, typer.Option(help="在这一层的，如 核心 · in this tier")] = "",
    follow: Annotated[bool, typer.Option("--follow", help="只看要跟进的 · to follow up only")] = False,
    before: Annotated[str, typer.Option(help="接着上一页：那里给出的号 · go on before this id")] = "",
    db: Url = "",
    format: Format = "text",
) -> None:
    """按名字、编号、群、标签、分层找人 · find people. 退出码 exit code: 0."""
    found = _ask(
        db,
        lambda records: records.people(
            _all, is_all=True, q=q, group=group, tag=tag, tier=tier, follow=follow, before=before
        ),
    )
    if format == "json":
        typer.echo(found.model_dump_json(indent=2))
        return
    for each in found.people:
        words = " ".join(filter(None, (each.tier, each.ladder, *each.tags)))
        due = f"  跟进 follow up {each.follow_on}" if each.follow_on else ""
        typer.echo(f"{each.uid}  {_plain(each.name)}  {each.points} 积分 points  {_plain(words)}{due}")
    if not found.people:
        typer.echo("没有找到人 · nobody found")
    if found.older:
        typer.echo(f"… --before {found.older}")


def show(who: Who, db: Url = "", format: Format = "text") -> None:
    """一个人在各群的档案 · one person's record. 活跃分明细 score: qunops explain score. 退出码 exit code: 0，1 没有这个人。"""
    found = _ask(db, lambda records: records.member(who, lambda group: True))
    if found is None:
        raise _nobody(who)
    typer.echo(found.model_dump_json(indent=2) if format == "json" else _told(found))


def tag(
    who: Who,
    tag: Annotated[str, typer.Argument(help="标签 · the tag")],
    group: Group,
    off: Annotated[bool, typer.Option("--off", help="去掉 · take it off")] = False,
    by: By = "console:cli",
) -> None:
    """给群里的一个人加标签，--off 去掉；机器人必须在运行 · tag a member; the bot must be running.

    退出码 exit code: 0 好了，1 没有变化，2 标签写错了，3 机器人没有运行。
    """
    if not tag.strip() or any(sign in " :,，、&!！" for sign in tag) or len(tag) > 30:
        typer.echo("标签最多 30 个字，不能有空格、冒号、逗号、& 和 ! · no blanks, colons, commas, & or !", err=True)
        raise typer.Exit(USAGE)
    _act("untag" if off else "tag", {"member": who, "group": group, "tag": tag, "by": by})
    typer.echo(f"{who} {'去掉' if off else '加上'}「{tag}」 · done")


def note(
    who: Who,
    text: Annotated[str, typer.Argument(help="写什么，只有运营看得到 · for operators only")],
    group: Group,
    follow: Annotated[datetime | None, typer.Option(help="哪天跟进 · follow up on", formats=["%Y-%m-%d"])] = None,
    by: By = "console:cli",
) -> None:
    """记一条备注，可以写哪天跟进 · keep a note. 退出码 exit code: 0 好了，1 群里没有这个人，3 机器人没有运行。"""
    day = follow.date().isoformat() if follow is not None else ""
    _act("note", {"member": who, "group": group, "text": text[:2000], "follow_on": day, "by": by})
    typer.echo("记下了 · noted")


def done(
    number: Annotated[int, typer.Argument(help="备注的编号，members show 里有 · the note's number")],
    by: By = "console:cli",
) -> None:
    """跟进过了 · a follow-up is done. 退出码 exit code: 0 好了，1 没有这条或已经跟进，3 机器人没有运行。"""
    _act("done", {"note": number, "by": by})
    typer.echo(f"备注 {number} 已跟进 · done")


def export(
    who: Who,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="文件，默认写到屏幕 · file, else stdout")] = None,
    db: Url = "",
) -> None:
    """导出一个人的全部数据（所有编号），JSON · all data of a person. 退出码 exit code: 0，1 没有这个人。"""
    if _ask(db, lambda records: records.member(who, lambda group: True)) is None:
        raise _nobody(who)
    content = _ask(db, lambda records: records.export(who, lambda group: True))
    if out is None:
        typer.echo(content.decode(), nl=False)
    else:
        out.write_bytes(content)
        typer.echo(f"{out}")


# -- inside ---------------------------------------------------------------------------------------------------------------


def _ask(db: str, question: Callable[[MemberRecords], Awaitable[R]]) -> R:
    with spoken():
        settings = load_settings()
    with opened(db or settings.database) as database:

        async def work() -> R:
            loaded = PlaybookFolder(settings.playbooks, WallClock().now).load()
            try:
                return await question(
                    MemberRecords(database, lambda: loaded, WallClock().now, ZoneInfo("Asia/Shanghai"))
                )
            finally:
                await database.aclose()

        return asyncio.run(work())


def _act(what: str, data: dict[str, Any]) -> None:
    with spoken():
        settings = load_settings()
    answer = ask_running(settings, f"/control/members/{what}", data)
    if answer is None:
        typer.echo("机器人没有运行：先 qunops run · the bot is not running: start it first", err=True)
        raise typer.Exit(UNUSABLE)
    if not answer[1].get("done"):
        typer.echo("没有变化：已经是这样，或者群里没有这个人 · nothing changed", err=True)
        raise typer.Exit(NO)


def _all(group: str) -> bool:
    return True


def _nobody(who: str) -> typer.Exit:
    typer.echo(f"没有 {who} · nobody of that id", err=True)
    return typer.Exit(NO)


def _told(found: Member) -> str:
    lines = [f"{_plain(found.name)}  {found.uid}"]
    lines += [f"  = {each.uid}  {_plain(each.evidence)}（{_plain(each.by)}）" for each in found.linked]
    for group in found.groups:
        tags = " ".join(each.tag for each in group.tags)
        lines.append(
            f"  {_plain(group.name)}  {group.points} 积分  {group.msgs} 条消息 messages  "
            f"{group.tier} {group.ladder}  {_plain(tags)}{'  已退群 left' if group.left_at else ''}"
        )
    lines += [f"  {each.what}: {_plain(each.value)} {_day(each.at)}（{each.source}）" for each in found.facts]
    lines += [
        f"  连续 streak {each.streak}，最长 best {each.best}，共 {each.total}  {_plain(each.play)}"
        for each in found.streaks
    ]
    lines += [f"  案件 case #{each.number} {_plain(each.rule)} {_day(each.at)}" for each in found.offences]
    for note_of in found.notes:
        due = f"  跟进 follow up {note_of.follow_on}" if note_of.follow_on and note_of.done_at is None else ""
        lines.append(f"  备注 note {note_of.id}  {_plain(note_of.text)}（{_plain(note_of.author)}）{due}")
    return "\n".join(lines)


def _day(at: datetime | date | None) -> str:
    return f"{at:%Y-%m-%d}" if at is not None else ""


def _plain(text: str) -> str:
    """Members' words can't steer the terminal."""
    return "".join(sign for sign in text if sign.isprintable())
