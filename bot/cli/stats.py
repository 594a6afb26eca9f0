"""`qunops stats`: how the groups are doing."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from rich.console import Console

from bot.cli import NO
from bot.cli.database import Url, reading
from bot.core.play import Score
from bot.core.scoring import WEIGHTS, since
from bot.engine.clock import WallClock
from storage.boards import board
from storage.figures import GroupFigures, groups

_BARS = "▁▂▃▄▅▆▇█"
_WINDOWS = {"day": "今天", "week": "本周", "month": "本月", "all": "全部"}


def register(app: typer.Typer) -> None:
    app.command("stats", help="各群的成员、消息、活跃和排行 · members, messages, activity and rankings")(stats)


def stats(
    group: Annotated[str, typer.Option(help="只看这个群，如 qq:123456 · only this group")] = "",
    window: Annotated[
        Literal["day", "week", "month", "all"], typer.Option(help="排行的时间范围 · window of the rankings")
    ] = "week",
    top: Annotated[int, typer.Option(help="列出前几名 · how many to list", min=0)] = 5,
    timezone: Annotated[str, typer.Option(help="「今天」按哪个时区算 · whose today")] = "Asia/Shanghai",
    format: Annotated[Literal["text", "json"], typer.Option(help="text 或 json · output format")] = "text",
    db: Url = "",
) -> None:
    """Exit 1: there is no such group."""
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError):
        raise typer.BadParameter(f"没有时区 {timezone} · no such zone") from None
    today = WallClock().now().astimezone(zone).date()
    start = since(window, today, zone)
    with reading(db) as connection:
        found = groups(connection, today, uid=group)
        boards = {
            each.uid: {
                kind: board(connection, each.id, kind, start, top) if top else () for kind in ("activity", "points")
            }
            for each in found
        }
    if format == "json":
        rows = [{**asdict(each), "boards": {k: _rows(v) for k, v in boards[each.uid].items()}} for each in found]
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
    else:
        console = Console(highlight=False, soft_wrap=True)
        for each in found:
            _print(console, each, boards[each.uid], _WINDOWS[window])
    if not found:
        typer.echo(f"没有群 {group} · no such group" if group else "还没有群 · no groups yet", err=True)
        raise typer.Exit(NO)


def _rows(scores: tuple[Score, ...]) -> list[dict[str, object]]:
    return [{"member": s.member, "name": s.name, "total": s.total, "parts": dict(s.parts)} for s in scores]


def _print(console: Console, each: GroupFigures, boards: dict[str, tuple[Score, ...]], window: str) -> None:
    console.print(f"[bold]{_plain(each.name or each.uid)}[/bold]  {_plain(each.uid)}")
    console.print(f"  成员 {each.members}（群内 {each.size}）  消息 {each.messages}  打卡 {each.checkins}")
    console.print(f"  活跃：今天 {each.active_today}，7 天 {each.active_7d}，30 天 {each.active_30d}")
    console.print(f"  近 {len(each.daily)} 天 {sparkline(each.daily)} 最多 {max(each.daily, default=0)} 条/天")
    for kind, title in (("activity", "活跃榜"), ("points", "积分榜")):
        for place, score in enumerate(boards[kind], 1):
            head = f"  {window}{title}" if place == 1 else "  " + "　" * (len(window) + len(title))
            parts = "  ".join(f"{_title(name)} {points:g}" for name, points in score.parts.items())
            console.print(f"{head}  {place}. {_plain(score.name)} {score.total:g}（{_plain(parts)}）")
    console.print()


def sparkline(values: tuple[int, ...]) -> str:
    """One sign for each value; the lowest for nothing, the highest for the most."""
    most = max(values, default=0)
    return "".join(_BARS[value * (len(_BARS) - 1) // most] if most else _BARS[0] for value in values)


def _title(name: str) -> str:
    return WEIGHTS[name].title if name in WEIGHTS else name


def _plain(text: str) -> str:
    """A member's name can't colour the terminal: no markup, no control characters."""
    return "".join(sign for sign in text if sign.isprintable()).replace("[", "\\[")
