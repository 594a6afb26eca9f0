"""`qunops why`: why the bot said or did something, or why it did not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

import typer

from bot.cli import NO
from bot.cli.database import Url, opened
from storage import reads
from storage.database import Database


def register(app: typer.Typer) -> None:
    app.command("why")(why)


def why(
    cause: Annotated[
        str, typer.Argument(help="消息编号、发出消息的编号，或定时的名字 · a message id, a send's id or a cause")
    ],
    db: Url = "",
    format: Annotated[Literal["text", "json"], typer.Option(help="text 或 json · output format")] = "text",
) -> None:
    """机器人为什么这样做 · why the bot did this: event, conditions, state before and after, effects.

    退出码 exit code: 0 找到了，1 没有记录。
    """
    with opened(db) as database:
        rows, sends = asyncio.run(_read(database, cause))
    if format == "json":
        typer.echo(json.dumps([_as_json(row) for row in rows], ensure_ascii=False, indent=2))
    else:
        for row in rows:
            _print(row)
        for send in sends:
            typer.echo(f"  发送 send      {send.id} {send.status}: {send.error}")
    if not rows:
        typer.echo(f"没有关于 {cause} 的记录：没有玩法因它做任何事 · no play did anything because of it", err=True)
        raise typer.Exit(NO)


async def _read(database: Database, cause: str) -> tuple[Sequence[Any], Sequence[Any]]:
    try:
        async with database.session() as session:
            traces = await reads.traces_of(session, cause)
            return traces, await reads.sends_of(session, traces)
    finally:
        await database.aclose()


def _print(row: Any) -> None:
    at = datetime.fromtimestamp(row.at / 1000)
    typer.echo(f"{at:%Y-%m-%d %H:%M:%S} {row.chat} · {row.ref}（版本 {row.version[:12]}）")
    typer.echo(f"  事件 event     {row.event} {row.cause}")
    for name, value in json.loads(row.why or "{}").items():
        typer.echo(f"  条件 because   {name} = {value}")
    if row.before or row.after:
        typer.echo(f"  之前 before    {row.before or '—'}")
        typer.echo(f"  之后 after     {row.after or '—'}")
    for effect in _loaded(row.effects):
        typer.echo(f"  结果 effect    {json.dumps(effect, ensure_ascii=False)}")
    if row.error:
        typer.echo(f"  出错 error     {row.error}")


def _as_json(row: Any) -> dict[str, Any]:
    return {
        "at_ms": row.at, "chat": row.chat, "play": row.ref, "version": row.version, "event": row.event,
        "cause": row.cause, "why": _loaded(row.why), "before": row.before, "after": row.after,
        "effects": _loaded(row.effects), "error": row.error,
    }  # fmt: skip


def _loaded(text: str) -> Any:
    """A trace that was cut at its longest is shown as it is."""
    try:
        return json.loads(text or "[]")
    except json.JSONDecodeError:
        return [text]
