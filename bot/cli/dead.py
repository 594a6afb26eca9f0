"""`qunops dead`: events that a play could not take and messages that could not be sent; another try for either."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

import typer

from bot.cli import NO, UNUSABLE, USAGE
from bot.cli.control import ask_running
from bot.cli.database import Url, opened, spoken
from bot.cli.outbox import send_again
from bot.config import load_settings
from bot.engine.clock import from_ms
from bot.engine.codec import plain
from storage import reads
from storage.database import Database

Format = Annotated[Literal["text", "json"], typer.Option(help="text 或 json · output format")]
Id = Annotated[str, typer.Argument(help="dead list 里的编号，如 e12、o34 · an id of the list")]


def register(app: typer.Typer) -> None:
    dead = typer.Typer(
        help="没处理成的事件和没发出去的消息 · events that failed and messages that were not sent", no_args_is_help=True
    )
    dead.command("list")(list_command)
    dead.command("show")(show_command)
    dead.command("retry")(retry_command)
    app.add_typer(dead, name="dead")


def list_command(
    group: Annotated[str, typer.Option(help="只看这个群，如 qq:123456 · only this group")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="各最多几条 · at most, of each")] = 50,
    db: Url = "",
    format: Format = "text",
) -> None:
    """列出失败的事件（e）和消息（o），新的在前 · events (e) and messages (o) that failed, newest first. 退出码 exit code: 0."""
    rows = _read(db, limit, group=group)
    if format == "json":
        keys = ("id", "kind", "group", "play", "cause", "error", "at")
        typer.echo(json.dumps([{key: row[key] for key in keys} for row in rows], ensure_ascii=False, indent=2))
        return
    for row in rows:
        at = datetime.fromisoformat(row["at"]).astimezone()
        typer.echo(f"{row['id']:<7}{at:%m-%d %H:%M}  {_plain(row['group'] or '—')}  {_plain(row['play'])}")
        typer.echo(f"       {_plain(row['error'])[:150]}")
    if rows:
        typer.echo("\n细看 look: qunops dead show 编号    再试 retry: qunops dead retry 编号")
    else:
        typer.echo("没有失败的事 · nothing failed")


def show_command(dead_id: Id, db: Url = "", format: Format = "text") -> None:
    """一件失败的事，连同出错的位置 · one of them, with its traceback. 退出码: 0，1 没有这个编号。"""
    kind, number = _parsed(dead_id)
    found = [row for row in _read(db, 1, kind, number) if row["id"] == f"{kind}{number}"]
    if not found:
        raise _nothing(dead_id)
    if format == "json":
        typer.echo(json.dumps(found[0], ensure_ascii=False, indent=2))
        return
    titles = {"group": "群 group", "play": "玩法 play", "cause": "起因 cause", "at": "时间 at", "error": "原因 error"}
    for key, title in titles.items():
        typer.echo(f"{title}  {_plain(found[0][key] or '—')}")
    typer.echo("")
    for line in str(found[0]["detail"]).splitlines():
        typer.echo(f"  {_plain(line)}")


def retry_command(dead_id: Id, db: Url = "") -> None:
    """再试一次；事件要机器人在运行，已经做过的不会做两遍 · try again; events need the running bot. Nothing happens twice.

    退出码 exit code: 0 成了（消息：已排队），1 又失败了、没有这个编号，或没法再做，3 机器人没有运行。
    """
    kind, number = _parsed(dead_id)
    if kind == "o":
        send_again(number, db)
        return
    with spoken():
        settings = load_settings()
    answer = ask_running(settings, f"/control/dead/{number}/retry")
    if answer is None:
        typer.echo("机器人没有运行：先 qunops run，再重试 · the bot is not running: start it, then retry", err=True)
        raise typer.Exit(UNUSABLE)
    status, body = answer
    if status == 404:
        raise _nothing(dead_id)
    if not body.get("done"):
        typer.echo(f"{dead_id} 没成 · failed: {_plain(str(body.get('error', '')))}", err=True)
        raise typer.Exit(NO)
    typer.echo(f"{dead_id} 做成了 · done")


def _parsed(dead_id: str) -> tuple[str, int]:
    kind, number = dead_id[:1], dead_id[1:]
    if kind not in ("e", "o") or not number.isdigit():
        typer.echo(f"「{dead_id}」不是 dead list 里的编号，应像 e12 或 o34 · expected an id like e12 or o34", err=True)
        raise typer.Exit(USAGE)
    return kind, int(number)


def _nothing(dead_id: str) -> typer.Exit:
    typer.echo(f"没有 {dead_id} · there is no such id", err=True)
    return typer.Exit(NO)


def _read(db: str, limit: int, kind: str = "", number: int | None = None, *, group: str = "") -> list[dict[str, Any]]:
    """The newest of both kinds, or of one up to `number`; of one group."""
    with opened(db) as database:
        events, sends = asyncio.run(_rows(database, limit, kind, number, group))
    rows = [*map(_event, events), *map(_send, sends)]
    return sorted(rows, key=lambda row: row["at"], reverse=True)


async def _rows(
    database: Database, limit: int, kind: str, number: int | None, group: str
) -> tuple[Sequence[Any], Sequence[Any]]:
    before = number + 1 if number is not None else None
    try:
        async with database.session() as session:
            chat = await reads.chat_id(session, group) if group else None
            if group and chat is None:
                return [], []
            page: dict[str, Any] = {"chat": chat, "before": before, "limit": limit}
            events = await reads.dead_events(session, **page) if kind != "o" else []
            sends = await reads.outbox(session, status="dead", **page) if kind != "e" else []
            return events, sends
    finally:
        await database.aclose()


def _event(row: Any) -> dict[str, Any]:
    return {
        "id": f"e{row.id}", "kind": "event", "group": row.chat, "play": row.ref, "cause": row.cause, "error": row.error,
        "at": from_ms(row.at).isoformat(), "detail": row.detail,
    }  # fmt: skip


def _send(row: Any) -> dict[str, Any]:
    return {
        "id": f"o{row.id}", "kind": "send", "group": row.chat, "play": row.idem.partition("|")[0], "cause": row.cause,
        "error": row.error, "at": from_ms(row.settled_at or row.created_at).isoformat(),
        "detail": plain(row.kind, row.body),
    }  # fmt: skip


def _plain(text: str) -> str:
    """Members' words can't steer the terminal."""
    return "".join(sign for sign in text if sign.isprintable())
