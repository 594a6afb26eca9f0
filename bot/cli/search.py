"""`qunops search`: messages by their words."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.text import Text

from bot.cli import NO, USAGE
from bot.cli.database import Url, reading
from bot.engine.clock import from_ms, to_ms
from storage.search import Found, Hit, Query, search, terms


def register(app: typer.Typer) -> None:
    app.command("search")(search_command)


def search_command(
    words: Annotated[
        list[str], typer.Argument(help="要找的词，几个都要有；带空格的放进引号 · words that must all be there")
    ],
    group: Annotated[str, typer.Option(help="只找这个群，如 qq:123456 · only this group")] = "",
    member: Annotated[str, typer.Option(help="只找这个人，如 qq:10001 · only this member")] = "",
    since: Annotated[datetime | None, typer.Option(help="从这天起 · from", formats=["%Y-%m-%d"])] = None,
    until: Annotated[datetime | None, typer.Option(help="到这天为止（不含）· before", formats=["%Y-%m-%d"])] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="最多几条 · at most")] = 20,
    before: Annotated[int, typer.Option(help="从这个编号往前接着找 · go on before this id")] = 0,
    timezone: Annotated[str, typer.Option(help="时间按哪个时区 · zone of the times")] = "Asia/Shanghai",
    db: Url = "",
    format: Annotated[Literal["text", "json"], typer.Option(help="text 或 json · output format")] = "text",
) -> None:
    """在所有群的消息里找词，新的在前 · find messages by words, newest first.

    退出码 exit code: 0 找到了，1 没有。
    """
    zone = ZoneInfo(timezone)
    query = Query(
        words=" ".join(f'"{word}"' if " " in word else word for word in words), chat=group, member=member,
        since_ms=_ms(since, zone), until_ms=_ms(until, zone), before=before, limit=limit,
    )  # fmt: skip
    if not terms(query.words):
        typer.echo("要找什么？· what to look for?", err=True)
        raise typer.Exit(USAGE)
    with reading(db) as connection:
        found = search(connection, query)
    if format == "json":
        document = {"hits": [_as_json(hit) for hit in found.hits], "unseen": found.unseen}
        typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        _print(found, zone)
    if not found.hits:
        raise typer.Exit(NO)


def _print(found: Found, zone: ZoneInfo) -> None:
    console = Console(highlight=False, soft_wrap=True)
    for hit in found.hits:
        at = from_ms(hit.sent_at).astimezone(zone)
        console.print(
            f"{at:%Y-%m-%d %H:%M}  {_plain(hit.chat_name or hit.chat)} · {_plain(hit.name or hit.member)}", markup=False
        )
        words = {hit.text[begin:end] for begin, end in hit.places if end > begin}
        line = Text("    " + _plain(hit.snippet()))
        line.highlight_words(words, "bold")
        console.print(line)
    if not found.hits:
        typer.echo("没有找到 · nothing", err=True)
    if found.unseen:
        typer.echo(
            f"约 {found.unseen} 条较早的消息还没进索引，这次没有找 · about {found.unseen} are not indexed yet", err=True
        )


def _as_json(hit: Hit) -> dict[str, Any]:
    return {
        "id": hit.id, "group": hit.chat, "member": hit.member, "name": hit.name, "at": from_ms(hit.sent_at).isoformat(),
        "text": hit.text, "snippet": hit.snippet(), "places": hit.places,
    }  # fmt: skip


def _ms(day: datetime | None, zone: ZoneInfo) -> int:
    return to_ms(day.replace(tzinfo=zone)) if day else 0


def _plain(text: str) -> str:
    """Members' words can't steer the terminal."""
    return "".join(sign for sign in text if sign.isprintable())
