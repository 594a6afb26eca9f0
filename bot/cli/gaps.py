"""`qunops gaps`: when nobody listened, and what of it was made up for."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

import typer

from bot.cli import NO
from bot.cli.database import Url, opened
from bot.engine.clock import from_ms
from bot.engine.kernel import RESTART
from storage import reads
from storage.database import Database

_STATUS = {"open": "在补", "ended": "已恢复", "backfilled": "已补上", "partial": "缺着"}


def register(app: typer.Typer) -> None:
    app.command("gaps")(gaps)


def gaps(
    group: Annotated[str, typer.Option(help="只看这个群，如 qq:123456 · only this group")] = "",
    missing: Annotated[bool, typer.Option("--missing", help="只看没补上的 · only what is missing for good")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="最多几条 · at most")] = 50,
    db: Url = "",
    format: Annotated[Literal["text", "json"], typer.Option(help="text 或 json · output format")] = "text",
) -> None:
    """没在听的时段，各群补回了多少，新的在前 · when nobody listened, and what was found of it, newest first.

    退出码 exit code: 0，1 没有这个群。
    """
    with opened(db) as database:
        rows = asyncio.run(_read(database, group, "partial" if missing else "", limit))
    if rows is None:
        typer.echo(f"没有群 {group} · no such group", err=True)
        raise typer.Exit(NO)
    if format == "json":
        typer.echo(json.dumps([_as_json(row) for row in rows], ensure_ascii=False, indent=2))
    elif not rows:
        typer.echo("没有缺口 · no gaps")
    else:
        _print(rows)


async def _read(database: Database, group: str, status: str, limit: int) -> Sequence[Any] | None:
    try:
        async with database.session() as session:
            chat = await reads.chat_id(session, group) if group else None
            if group and chat is None:
                return None
            return await reads.gaps(session, chat=chat, status=status, limit=limit)
    finally:
        await database.aclose()


def _print(rows: Sequence[Any]) -> None:
    for row in rows:
        begin, end = (datetime.fromtimestamp(at / 1000).replace(microsecond=0) for at in (row.from_at, row.to_at))
        who = _plain(row.chat_name or row.chat) if row.chat else f"{row.account} 整个账号 the whole account"
        cause = "进程没打招呼就结束了 the process ended" if row.cause == RESTART else _plain(row.cause)
        result = f"{_STATUS[row.status]} {row.status}" + (f"，补回 {row.found} 条 found" if row.found else "")
        typer.echo(f"{begin:%m-%d %H:%M:%S} → {end:%m-%d %H:%M:%S}（{end - begin}）  {who}")
        typer.echo("    " + " · ".join(filter(None, (result, cause))))


def _plain(text: str) -> str:
    """A group's name can't steer the terminal."""
    return "".join(sign for sign in text if sign.isprintable())


def _as_json(row: Any) -> dict[str, Any]:
    return {
        "account": row.account, "group": row.chat, "from": from_ms(row.from_at).isoformat(),
        "to": from_ms(row.to_at).isoformat(), "seconds": (row.to_at - row.from_at) / 1000, "status": row.status,
        "found": row.found, "cause": row.cause,
    }  # fmt: skip
