"""`qunops outbox`: what waits, what failed, what nobody knows; and sending it again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.table import Table

from bot.cli import NO
from bot.cli.control import ask_running
from bot.cli.database import Url, opened
from bot.config import load_settings
from bot.engine.clock import WallClock, from_ms
from bot.engine.codec import plain
from bot.engine.kernel import Kernel
from bot.engine.render import Renderer
from storage import reads
from storage.database import Database

_STATUS = {
    "ready": "等待", "sending": "发送中", "done": "已发", "dead": "失败", "unknown": "不明", "expired": "过期", "stopped": "叫停",
    "relayed": "待代发",
}  # fmt: skip
Format = Annotated[Literal["text", "json"], typer.Option(help="text 或 json · output format")]


def register(app: typer.Typer) -> None:
    outbox = typer.Typer(help="发件箱：等待、失败、不明的消息 · what waits, failed or is unknown", no_args_is_help=True)
    outbox.command("list")(list_command)
    outbox.command("resend")(resend_command)
    app.add_typer(outbox, name="outbox")


def list_command(
    status: Annotated[
        str, typer.Option(help="failed（失败和不明）、ready、unknown、dead、done、all · which rows")
    ] = "failed",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="最多几条 · at most")] = 50,
    db: Url = "",
    format: Format = "text",
) -> None:
    """列出消息，新的在前 · newest first. 退出码 exit code: 0."""
    with opened(db) as database:
        rows = asyncio.run(_read(database, "" if status == "all" else status, limit))
    if format == "json":
        typer.echo(json.dumps([_as_json(row) for row in rows], ensure_ascii=False, indent=2))
        return
    if not rows:
        typer.echo("没有这样的消息 · nothing")
        return
    table = Table(
        "编号 id", "状态", "群 chat", "时间 at", "次数", "内容 what", "原因 error", box=None, header_style="dim"
    )
    for row in rows:
        when = f"{datetime.fromtimestamp(row.created_at / 1000):%m-%d %H:%M}"
        table.add_row(
            str(row.id), _STATUS.get(row.status, row.status), row.chat_name or row.chat, when, str(row.attempts),
            plain(row.kind, row.body)[:60], row.error[:60],
        )  # fmt: skip
    Console(soft_wrap=True).print(table)
    if any(row.status in ("dead", "unknown") for row in rows):
        typer.echo("\n再发一次 send again: qunops outbox resend 编号")


def resend_command(
    row_id: Annotated[int, typer.Argument(help="outbox list 里的编号 · the id of the list")], db: Url = ""
) -> None:
    """再发一次失败或不明的消息 · send a failed or unknown message again. 退出码: 0 已排队，1 不能重发。"""
    send_again(row_id, db)


def send_again(row_id: int, db: str) -> None:
    """By the running bot, else in the database; says what became of it and ends with the exit code."""
    settings = load_settings()
    answer = None if db else ask_running(settings, f"/control/outbox/{row_id}/resend")
    if answer is not None:
        status, body = answer
        is_done = status == 200 and bool(body.get("done"))
    else:
        with opened(db, "write") as database, database.engine.connect() as connection:
            kernel = Kernel(connection, plan_for=lambda chat: None, renderer=Renderer(settings.templates))
            is_done = kernel.resend(row_id, WallClock().now(), "cli")
    if not is_done:
        typer.echo(f"{row_id} 不在失败或不明的消息里 · nothing to send again", err=True)
        raise typer.Exit(NO)
    typer.echo(f"{row_id} 已重新排队 · queued again")


async def _read(database: Database, status: str, limit: int) -> Sequence[Any]:
    try:
        async with database.session() as session:
            return await reads.outbox(session, status=status, limit=limit)
    finally:
        await database.aclose()


def _as_json(row: Any) -> dict[str, Any]:
    return {
        "id": row.id, "status": row.status, "account": row.account, "chat": row.chat, "kind": row.kind,
        "what": plain(row.kind, row.body), "cause": row.cause, "attempts": row.attempts, "error": row.error,
        "created_at": from_ms(row.created_at).isoformat(),
    }  # fmt: skip
