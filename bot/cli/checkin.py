"""`qunops checkin`: how groups stand today, four weeks of everybody, and the review queue."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Literal

import typer
from sqlalchemy import Connection

from bot.cli import NO, USAGE
from bot.cli.control import order
from bot.cli.database import Url, reading
from bot.console.ports.checkins import Calendar, CheckinRow, Queue, Submission
from bot.engine.clock import WallClock
from bot.usecases.checkin_board import calendar_of, scores_text
from bot.usecases.checkins import listed, one, reviewed

Group = Annotated[str, typer.Option(help="哪个群，如 qq:123456 · which group")]
PlayName = Annotated[str, typer.Option("--play", help="群里有好几个打卡时，写玩法的名字 · which play of the group")]
Format = Annotated[Literal["text", "json"], typer.Option(help="text 或 json · output format")]
_SIGNS = {"o": "✓", "b": "补", "j": "假", "-": "·", " ": " "}


def register(app: typer.Typer) -> None:
    checkin = typer.Typer(
        name="checkin", help="打卡：日历和点评 · check-ins: calendar and reviews", no_args_is_help=True
    )
    checkin.command("list")(list_command)
    checkin.command("show")(show_command)
    checkin.command("queue")(queue_command)
    checkin.command("review")(review_command)
    app.add_typer(checkin)


def list_command(group: Group = "", format: Format = "text", db: Url = "") -> None:
    """每个群今天谁打了、差几位、几份等点评 · how every group stands today. 退出码 exit code: 1 没有打卡 · none."""
    with reading(db) as connection:
        rows = list(listed(connection, WallClock().now(), group))
    if format == "json":
        typer.echo(json.dumps([row.model_dump(mode="json") for row in rows], ensure_ascii=False, indent=1))
    else:
        for row in rows:
            typer.echo(_line(row))
    if not rows:
        typer.echo("没有打卡 · no check-ins", err=True)
        raise typer.Exit(NO)


def show_command(
    group: Group = "",
    play: PlayName = "",
    until: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="到哪天为止 · the last day")] = None,
    format: Format = "text",
    db: Url = "",
) -> None:
    """一个群的四周日历,连续、补卡和请假余额,今天差谁 · four weeks of a group, who is missing today.

    退出码 exit code: 1 没有这个打卡,2 有好几个对得上。
    """
    with reading(db) as connection:
        row = _meant(connection, group, play)
        shown = one(connection, row.group, row.play, WallClock().now())
    assert shown is not None, "listed a moment ago, in the same snapshot"
    board = calendar_of(shown, until.date() if until else None, 1, per_page=10_000)
    if format == "json":
        typer.echo(board.model_dump_json(indent=1, exclude={"may_review", "page", "pages"}))
        return
    for line in _told(board):
        typer.echo(_plain(line))


def queue_command(group: Group = "", play: PlayName = "", format: Format = "text", db: Url = "") -> None:
    """等点评的作业,旧的在前 · submissions that wait for a verdict, the oldest first. 退出码同 show · as of show."""
    with reading(db) as connection:
        row = _meant(connection, group, play)
        queue = reviewed(connection, row.group, row.play, WallClock().now())
    if queue is None:
        typer.echo("这个打卡没有点评 · nobody reviews there", err=True)
        raise typer.Exit(NO)
    if format == "json":
        typer.echo(queue.model_dump_json(indent=1, exclude={"key"}))
        return
    for work in queue.waiting:
        for line in _waits(work):
            typer.echo(_plain(line))
    typer.echo(_plain(_end(queue)))


def review_command(
    message: Annotated[str, typer.Argument(help="checkin queue 里的编号 · the id of the queue")],
    verdict: Annotated[
        Literal["通过", "修改", "点评"], typer.Argument(help="通过、修改、点评 · accept, revise, remark")
    ],
    comment: Annotated[str, typer.Option(help="意见 · words to go with it")] = "",
    score: Annotated[
        list[int] | None, typer.Option(help="按顺序逐项 1 到 5 分,0 不打 · points by line of the rubric, 0 none")
    ] = None,
    group: Group = "",
    play: PlayName = "",
    by: Annotated[str, typer.Option(help="记在谁名下 · who reviews")] = "console:cli",
    db: Url = "",
) -> None:
    """点评一份作业,机器人必须在运行 · judges a submission; the bot must be running.

    退出码 exit code: 0 好了,1 没有这份作业,2 有好几个打卡对得上,3 机器人没有运行。
    """
    with reading(db) as connection:
        row = _meant(connection, group, play)
    data = {"verdict": verdict, "comment": comment, "scores": scores_text(score or ())}
    order(row.play, row.group, "review", message, "checkin.review", data, by=by)
    typer.echo(f"{verdict} · done")


def _meant(connection: Connection, group: str, play: str) -> CheckinRow:
    rows = [
        row
        for row in listed(connection, WallClock().now(), group)
        if play in ("", row.play, row.play.partition("/")[2])
    ]
    if not rows:
        typer.echo("没有这个打卡 · no such check-in", err=True)
        raise typer.Exit(NO)
    if len(rows) > 1:
        typer.echo("有好几个打卡，写上 --group 或 --play · several check-ins, say which:", err=True)
        for row in rows:
            typer.echo(_line(row), err=True)
        raise typer.Exit(USAGE)
    return rows[0]


def _line(row: CheckinRow) -> str:
    waiting = "" if row.waiting is None else f"  等点评 {row.waiting}"
    return _plain(f"{row.group}  {row.play}  今天 {row.done}  差 {row.missing}  请假 {row.on_leave}{waiting}")


def _told(board: Calendar) -> list[str]:
    first, last = board.days[0].day, board.days[-1].day
    lines = [f"{board.group}  {board.play}  {first} – {last}", ""]
    for each in board.members:
        left = [
            f"{word}余 {count}"
            for word, count in (("补卡", each.makeups_left), ("请假", each.leaves_left))
            if count is not None
        ]
        marks = "".join(_SIGNS[mark] for mark in each.marks)
        lines.append(
            f"{marks}  {each.name}  连续 {each.streak}  最长 {each.best}  累计 {each.total}  {'  '.join(left)}"
        )
    missing = "、".join(board.missing) + (
        f" 等 {len(board.missing) + board.missing_more} 位" if board.missing_more else ""
    )
    return [*lines, "", f"今天 {board.done}，请假 {board.on_leave}，还没打 missing: {missing or '–'}"]


def _waits(work: Submission) -> list[str]:
    lines = [f"{work.message}  {work.name}  {work.day}  第 {work.version} 版"]
    for version in work.versions:
        pictures = f"（{len(version.pictures)} 张图）" if version.pictures else ""
        lines.append(f"    {version.version}. {version.text or '原文已经不在 · gone'}{pictures}")
        lines += [f"       {each.verdict} {each.by_name} {each.comment}" for each in version.verdicts]
    return lines


def _end(queue: Queue) -> str:
    if not queue.waiting:
        return "都点评完了 · nothing waits"
    lines = "、".join(f"{n}.{line}" for n, line in enumerate(queue.rubric, start=1))
    return f"\n看这几点 rubric: {lines or '–'}\n点评 review: qunops checkin review 编号 通过|修改|点评"


def _plain(text: str) -> str:
    """Members' words can't steer the terminal."""
    return "".join(sign for sign in text if sign.isprintable() or sign == "\n")
