"""`qunops quiz results`, `items`, `review`: sessions, statistics and members' questions, as the console shows them."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated, Literal

import typer
from sqlalchemy import Connection

from bot.cli import NO, UNUSABLE, USAGE
from bot.cli.control import ask_running
from bot.cli.database import Url, opened, reading, spoken
from bot.config import load_settings
from bot.console.ports.quizzes import Item, QuizRow, Session
from bot.engine.clock import WallClock
from bot.usecases import quizzes
from bot.usecases.quiz_board import items_of, offers_of
from storage import reads

Group = Annotated[str, typer.Option(help="哪个群，如 qq:123456 · which group")]
PlayName = Annotated[str, typer.Option("--play", help="群里有好几个答题时，写玩法的名字 · which play of the group")]
Format = Annotated[Literal["text", "json"], typer.Option(help="text 或 json · output format")]
_NOTES = {
    "hard": "太难 too hard",
    "easy": "太容易 too easy",
    "flat": "分不出高下 tells nobody apart",
    "few": "",
    "": "",
}


def results(group: Group = "", play: PlayName = "", format: Format = "text", db: Url = "") -> None:
    """最近一场和以前各场:名次、每题答对多少 · the last session and earlier ones.

    退出码 exit code: 1 没有这个答题,2 有好几个对得上。
    """
    with reading(db) as connection:
        row = _meant(connection, group, play)
        found = quizzes.results(connection, row.group, row.play, WallClock().now())
    assert found is not None, "listed a moment ago, in the same snapshot"
    if format == "json":
        typer.echo(found.model_dump_json(indent=1))
        return
    for session in ([found.last] if found.last else []) + list(found.earlier):
        for line in _session(session):
            typer.echo(_plain(line))
    if found.last is None and not found.earlier:
        typer.echo("还没办过 · no session yet")


def items(
    group: Group = "",
    play: PlayName = "",
    odd: Annotated[bool, typer.Option("--odd", help="只看该看的题 · only those to look at")] = False,
    format: Format = "text",
    db: Url = "",
) -> None:
    """题目统计:正确率(含 95% 范围)、区分度、出过几次,该看的在前 · how each question does. 退出码同 results · as of results."""
    with reading(db) as connection:
        row = _meant(connection, group, play)
        shown = quizzes.one(connection, row.group, row.play, WallClock().now())
    assert shown is not None, "listed a moment ago, in the same snapshot"
    found = [item for item in items_of(shown).items if not odd or item.flag in ("hard", "easy", "flat")]
    if format == "json":
        typer.echo(json.dumps([item.model_dump(mode="json") for item in found], ensure_ascii=False, indent=1))
        return
    for item in found:
        typer.echo(_plain(_item(item)))


def review(
    task: Annotated[int | None, typer.Argument(help="投稿的编号;不写就列出 · its id; none: lists them")] = None,
    choice: Annotated[Literal["通过", "不用"] | None, typer.Argument(help="通过或不用 · accept or refuse")] = None,
    text: Annotated[str, typer.Option(help="附一句话 · words to go with it")] = "",
    group: Group = "",
    play: PlayName = "",
    by: Annotated[str, typer.Option(help="记在谁名下 · who decides")] = "console:cli",
    format: Format = "text",
    db: Url = "",
) -> None:
    """列出成员投的题,或收下、谢绝一道 · lists members' own questions, or decides one; the bot must be running for that.

    退出码 exit code: 0 好了,1 没有这道投稿或这个答题,2 有好几个答题对得上,3 机器人没有运行。
    """
    if task is not None:
        if choice is None:
            typer.echo("写上 通过 或 不用 · say 通过 or 不用", err=True)
            raise typer.Exit(USAGE)
        _decide(task, choice, text, by, db)
        return
    with reading(db) as connection:
        row = _meant(connection, group, play)
        shown = quizzes.one(connection, row.group, row.play, WallClock().now())
    assert shown is not None, "listed a moment ago, in the same snapshot"
    found = offers_of(shown).offers
    if format == "json":
        typer.echo(json.dumps([offer.model_dump(mode="json") for offer in found], ensure_ascii=False, indent=1))
        return
    for offer in found:
        typer.echo(_plain(f"#{offer.task}  {offer.name}  {offer.text}"))
        for place, option in enumerate(offer.options):
            typer.echo(_plain(f"    {chr(ord('A') + place)}. {option}"))
        typer.echo(_plain(f"    答案 {offer.answer}  {offer.explanation}"))
    typer.echo(
        "没有等审核的投稿 · no question waits" if not found else "\n审核 review: qunops quiz review 编号 通过|不用"
    )


def _decide(task: int, choice: str, text: str, by: str, db: str) -> None:
    """The same door as `tasks decide`, for questions of members only."""
    with spoken():
        settings = load_settings()

    async def is_offer() -> bool:
        with opened(db or settings.database) as database:
            try:
                async with database.session() as session:
                    return any(
                        row.id == task and row.key.startswith("offer|") for row in await reads.open_tasks(session)
                    )
            finally:
                await database.aclose()

    if not asyncio.run(is_offer()):
        typer.echo(f"#{task} 不是等审核的投稿 · not a question that waits", err=True)
        raise typer.Exit(NO)
    answer = ask_running(settings, f"/control/tasks/{task}", {"choice": choice, "text": text, "by": by})
    if answer is None:
        typer.echo("机器人没有运行：先 qunops run · the bot is not running: start it first", err=True)
        raise typer.Exit(UNUSABLE)
    if not answer[1].get("done"):
        typer.echo(f"#{task} 刚刚已经有人决定了 · somebody has just decided it", err=True)
        raise typer.Exit(NO)
    typer.echo(f"#{task} {choice} · decided")


def _meant(connection: Connection, group: str, play: str) -> QuizRow:
    rows = [
        row
        for row in quizzes.listed(connection, WallClock().now(), group)
        if play in ("", row.play, row.play.partition("/")[2])
    ]
    if not rows:
        typer.echo("没有这个答题 · no such quiz", err=True)
        raise typer.Exit(NO)
    if len(rows) > 1:
        typer.echo("有好几个答题，写上 --group 或 --play · several quizzes, say which:", err=True)
        for row in rows:
            typer.echo(_plain(f"{row.group}  {row.play}"), err=True)
        raise typer.Exit(USAGE)
    return rows[0]


def _session(session: Session) -> list[str]:
    lines = [f"{session.id}  {session.state}  {session.participants} 人  {len(session.questions)}/{session.total} 题"]
    lines += [f"  {place.rank:>3}. {place.name}  {place.points} 分" for place in session.ranking]
    for asked in session.questions:
        rate = "–" if asked.rate is None else f"{asked.rate:.0%}"
        lines.append(
            f"    第 {asked.number} 题  {asked.right}/{asked.answered}  {rate}  {asked.text or asked.question}"
        )
    return lines


def _item(item: Item) -> str:
    if item.rate is None or item.low is None or item.high is None:
        rate = "–"
    else:
        rate = f"{item.rate:.0%}（{item.low:.0%}–{item.high:.0%}）"
    spread = "" if item.discrimination is None else f"  区分度 {item.discrimination:.2f}"
    return f"{item.id}  {item.bank}  出过 {item.asked}  {item.right}/{item.answered}  {rate}{spread}  {_NOTES[item.flag]}  {item.text}"


def _plain(text: str) -> str:
    """Members' words can't steer the terminal."""
    return "".join(sign for sign in text if sign.isprintable())
