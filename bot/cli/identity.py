"""`qunops identity`: ids that are one person. WeChat gives everybody a new id after some logins; an operator says who is who."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal

import typer

from bot.cli import NO, UNUSABLE
from bot.cli.control import ask_running
from bot.cli.database import Url, opened, reading
from bot.config import load_settings
from bot.engine.clock import WallClock, from_ms
from bot.engine.kernel import Kernel
from bot.engine.merging import MergeRefused
from bot.engine.render import Renderer
from bot.plays import all_plays
from storage import persons

Format = Annotated[Literal["text", "json"], typer.Option(help="text 或 json · output format")]
By = Annotated[str, typer.Option(help="记在谁名下，如 qq:10001 · who says so")]


def register(app: typer.Typer) -> None:
    identity = typer.Typer(
        help="谁是谁：换了编号的合并、拆开，别的机器人不算人 · who is who: merge ids, split them, mark other bots",
        no_args_is_help=True,
    )
    identity.command("suggest")(suggest)
    identity.command("merge")(merge)
    identity.command("split")(split)
    identity.command("bot")(bot)
    identity.command("person")(person)
    identity.command("log")(log)
    app.add_typer(identity, name="identity")


def suggest(
    group: Annotated[str, typer.Option(help="只看这个群，如 wechat:xxx@chatroom · only this group")] = "",
    platform: Annotated[str, typer.Option(help="哪个平台，编号会变的是微信 · the network whose ids change")] = "wechat",
    db: Url = "",
    format: Format = "text",
) -> None:
    """列出同群同名、可能是同一个人的编号和依据，什么也不改 · same name in one group, with evidence; changes nothing.

    退出码 exit code: 0.
    """
    with reading(db) as connection:
        found = persons.candidates(connection, platform, chat=group)
    if format == "json":
        typer.echo(json.dumps([asdict(each) for each in found], ensure_ascii=False, indent=2))
        return
    for each in found:
        typer.echo(f"{_plain(each.name)}  {_plain(each.chat)}")
        typer.echo(f"    旧 older {each.older}  最后一天 last {each.until or '—'}")
        typer.echo(f"    新 newer {each.newer}  第一天 first {each.since or '—'}")
        against = []
        if each.both:
            against.append(f"两个编号有 {each.both} 天都说过话 · both wrote on {each.both} days")
        if each.namesakes > 2:
            against.append(f"群里有 {each.namesakes} 个编号叫这个名字 · {each.namesakes} ids have this name")
        for line in against:
            typer.echo(f"    ⚠ {line}")
        typer.echo(f'    → qunops identity merge {each.older} {each.newer} --because "同群同名"')
    if not found:
        typer.echo("没有同群同名的编号 · no two ids of one name")


def merge(
    older: Annotated[str, typer.Argument(help="旧编号：积分、连续天数在它名下 · the id with the history")],
    newer: Annotated[str, typer.Argument(help="新编号：现在群里的那个 · the id that is there now")],
    because: Annotated[str, typer.Option(help="依据，会记下来 · the evidence, which is kept")],
    by: By = "console:cli",
    db: Url = "",
) -> None:
    """把新编号算作旧编号的同一个人，随时可以拆开 · the newer id is the same person; can be taken back.

    退出码 exit code: 0 已合并，1 不能合并（说明原因），3 数据库用不了。
    """
    data = {"older": older, "newer": newer, "evidence": because, "by": by}
    now, kinds = WallClock().now(), all_plays()
    _act("merge", data, lambda kernel: kernel.merge(older, newer, because, by, now, kinds), db)
    typer.echo(f"{newer} 从现在起就是 {older} · merged\n拆开 to take it back: qunops identity split {newer}")


def split(
    newer: Annotated[str, typer.Argument(help="合并时的新编号 · the newer id of the merge")],
    by: By = "console:cli",
    db: Url = "",
) -> None:
    """拆开一次合并，各归各的 · take a merge back: each id has what is its own.

    退出码 exit code: 0 已拆开，1 不能拆（说明原因），3 数据库用不了。
    """
    now, kinds = WallClock().now(), all_plays()
    _act("split", {"newer": newer, "by": by}, lambda kernel: kernel.part(newer, by, now, kinds), db)
    typer.echo(f"{newer} 又是单独的一个人 · split")


def bot(
    member: Annotated[str, typer.Argument(help="成员编号，如 qq:2854196310 · the member's id")],
    because: Annotated[str, typer.Option(help="依据，会记下来 · the evidence, which is kept")] = "",
    by: By = "console:cli",
    db: Url = "",
) -> None:
    """这个成员是别的机器人：指标、排行、报告都不算它，玩法也不理它 · another bot: figures, rankings and plays leave it out.

    QQ 官方机器人会自动认出来，群里别人的机器人和微信上的要这样说。
    退出码 exit code: 0 记下了，1 不认识这个编号，3 数据库用不了。
    """
    _say_bot(member, True, because, by, db)
    typer.echo(f"{member} 是机器人，不再算人 · a bot\n说错了 to take it back: qunops identity person {member}")


def person(
    member: Annotated[str, typer.Argument(help="成员编号 · the member's id")],
    because: Annotated[str, typer.Option(help="依据，会记下来 · the evidence, which is kept")] = "",
    by: By = "console:cli",
    db: Url = "",
) -> None:
    """这个成员是人，不是机器人 · a person after all.

    平台自己说它是机器人的，下次读成员时又会记上。退出码 exit code: 0 记下了，1 不认识这个编号，3 数据库用不了。
    """
    _say_bot(member, False, because, by, db)
    typer.echo(f"{member} 是人 · a person")


def _say_bot(member: str, is_bot: bool, because: str, by: str, db: str) -> None:
    now = WallClock().now()

    def work(kernel: Kernel) -> None:
        try:
            kernel.mark_bot(member, is_bot, because, by, now)
        except LookupError:
            raise MergeRefused(f"不认识 {member} · nobody of that id is known") from None

    _act("bot" if is_bot else "person", {"newer": member, "evidence": because, "by": by}, work, db)


def log(db: Url = "", format: Format = "text") -> None:
    """所有合并和拆开，连同依据 · every merge and split, with its evidence. 退出码 exit code: 0."""
    with reading(db) as connection:
        rows = persons.history(connection)
    if format == "json":
        typer.echo(json.dumps([_as_json(row) for row in rows], ensure_ascii=False, indent=2))
        return
    for row in rows:
        typer.echo(
            f"{_time(row.merged_at)}  {row.member} → {row.head}  {_plain(row.merged_by)}：{_plain(row.evidence)}"
        )
        if row.parted_at is not None:
            typer.echo(f"    {_time(row.parted_at)} 拆开 split  {_plain(row.parted_by)}")
    if not rows:
        typer.echo("没有合并过 · nothing was ever merged")


def _act(act: str, data: dict[str, str], work: Callable[[Kernel], Any], db: str) -> None:
    """Through the running bot, or on the database itself when none runs."""
    settings = load_settings()
    answer = None if db else ask_running(settings, f"/control/identity/{act}", data)
    if answer is not None:
        status, body = answer
        if status == 403:
            typer.echo("机器人正在运行，但不认这个用户的口令 · the running bot refused the token", err=True)
            raise typer.Exit(UNUSABLE)
        refused = str(body.get("refused", f"HTTP {status}")) if status != 200 else ""
    else:
        refused = ""
        with opened(db, "write") as database, database.engine.connect() as connection:
            kernel = Kernel(connection, plan_for=lambda chat: None, renderer=Renderer(settings.templates))
            try:
                work(kernel)
            except MergeRefused as error:
                refused = str(error)
    if refused:
        typer.echo(refused, err=True)
        raise typer.Exit(NO)


def _as_json(row: Any) -> dict[str, Any]:
    return {
        "newer": row.member, "older": row.head, "evidence": row.evidence, "merged_by": row.merged_by,
        "merged_at": from_ms(row.merged_at).isoformat(), "parted_by": row.parted_by,
        "parted_at": from_ms(row.parted_at).isoformat() if row.parted_at is not None else None,
    }  # fmt: skip


def _time(at: int) -> str:
    return f"{datetime.fromtimestamp(at / 1000):%Y-%m-%d %H:%M}"


def _plain(text: str) -> str:
    """Members' words can't steer the terminal."""
    return "".join(sign for sign in text if sign.isprintable())
