"""`qunops tasks`: the questions that wait for an operator, and answering one."""

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
from bot.config import load_settings
from bot.engine.clock import from_ms
from storage import reads
from storage.database import Database

Format = Annotated[Literal["text", "json"], typer.Option(help="text 或 json · output format")]


def register(app: typer.Typer) -> None:
    tasks = typer.Typer(help="待办：等运营决定的事 · questions that wait for an operator", no_args_is_help=True)
    tasks.command("list")(list_command)
    tasks.command("decide")(decide_command)
    app.add_typer(tasks, name="tasks")


def list_command(
    group: Annotated[str, typer.Option(help="只看这个群，如 qq:123456 · only this group")] = "",
    db: Url = "",
    format: Format = "text",
) -> None:
    """列出等运营决定的事，旧的在前 · what waits for an operator, oldest first. 退出码 exit code: 0."""
    with opened(db) as database:
        rows = [row for row in asyncio.run(_read(database)) if not group or row.chat == group]
    if format == "json":
        typer.echo(json.dumps([_as_json(row) for row in rows], ensure_ascii=False, indent=2))
        return
    for row in rows:
        asked = datetime.fromtimestamp(row.created_at / 1000)
        typer.echo(f"#{row.id}  {_plain(row.chat_name or row.chat)} · {_plain(row.ref)}  {asked:%m-%d %H:%M}")
        for line in row.text.splitlines():
            typer.echo(f"    {_plain(line)}")
        typer.echo(f"    → {' / '.join(_choices(row))}")
    if rows:
        typer.echo("\n回答 answer: qunops tasks decide 编号 选项")
    else:
        typer.echo("没有等着决定的事 · nothing waits")


def decide_command(
    task_id: Annotated[int, typer.Argument(help="tasks list 里的编号 · the id of the list")],
    choice: Annotated[str, typer.Argument(help="选项 · one of the choices")],
    text: Annotated[str, typer.Option(help="附一句话，例如谢绝的理由 · words to go with it")] = "",
    by: Annotated[str, typer.Option(help="记在谁名下，如 qq:10001 · who decides")] = "console:cli",
) -> None:
    """替运营回答一件待办，机器人必须在运行 · answer a question; the bot must be running.

    退出码 exit code: 0 已决定，1 这件事不在等待，2 没有这个选项，3 机器人没有运行。
    """
    with spoken():
        settings = load_settings()
    with opened(settings.database) as database:
        found = [row for row in asyncio.run(_read(database)) if row.id == task_id]
    if not found:
        typer.echo(f"#{task_id} 不在等待决定 · not an open question", err=True)
        raise typer.Exit(NO)
    choices = _choices(found[0])
    if choices and choice not in choices:
        typer.echo(f"没有「{choice}」，可以选 {' / '.join(choices)} · no such choice", err=True)
        raise typer.Exit(USAGE)
    answer = ask_running(settings, f"/control/tasks/{task_id}", {"choice": choice, "text": text, "by": by})
    if answer is None:
        typer.echo("机器人没有运行：先 qunops run，再回答 · the bot is not running: start it, then answer", err=True)
        raise typer.Exit(UNUSABLE)
    status, body = answer
    if status != 200 or not body.get("done"):
        typer.echo(f"#{task_id} 刚刚已经有人决定了 · somebody has just decided it", err=True)
        raise typer.Exit(NO)
    typer.echo(f"#{task_id} 已决定：{choice} · decided")


async def _read(database: Database) -> Sequence[Any]:
    try:
        async with database.session() as session:
            return await reads.open_tasks(session)
    finally:
        await database.aclose()


def _choices(row: Any) -> list[str]:
    found: list[str] = json.loads(row.choices)
    return found


def _as_json(row: Any) -> dict[str, Any]:
    return {
        "id": row.id, "chat": row.chat, "play": row.ref, "key": row.key, "member": row.member, "text": row.text,
        "choices": _choices(row), "created_at": from_ms(row.created_at).isoformat(),
        "expires_at": from_ms(row.expires_at).isoformat() if row.expires_at is not None else None,
    }  # fmt: skip


def _plain(text: str) -> str:
    """Members' words can't steer the terminal."""
    return "".join(sign for sign in text if sign.isprintable())
