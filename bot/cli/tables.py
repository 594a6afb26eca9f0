"""What several commands draw: figures as people read them, tables that fit a pipe, sparklines with their gaps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from sqlalchemy import Connection

from bot.cli import NO
from bot.core.intervals import Interval
from bot.core.metrics import UNITS, Unit
from bot.engine.clock import WallClock, to_ms
from bot.insight.catalogue import Scope, scope_of
from storage import measures

Lang = Literal["zh", "en"]
BARS = "▁▂▃▄▅▆▇█"
_WIDTH = 140

Groups = Annotated[
    list[str] | None, typer.Option("--group", help="只看这些群，可以写几次；不写是全部群 · only these, else all groups")
]
OneGroup = Annotated[str, typer.Argument(help="哪个群，如 qq:123456 · which group")]
Days = Annotated[
    int, typer.Option(help="最近多少天，到昨天为止 · the last so many days that are over", min=1, max=3660)
]
Zone = Annotated[str, typer.Option(help="「今天」按哪个时区算 · whose today")]
Language = Annotated[Lang, typer.Option(help="zh 或 en · language")]
Format = Annotated[Literal["text", "json"], typer.Option(help="text 或 json · output format")]


def today_in(timezone: str) -> tuple[date, int]:
    """(the day in that zone, now in ms). An unknown zone ends the command."""
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError):
        raise typer.BadParameter(f"没有时区 {timezone} · no such zone") from None
    now = WallClock().now()
    return now.astimezone(zone).date(), to_ms(now)


def found_group(connection: Connection, uid: str) -> Any:
    """The group's row; exit 1 when there is none."""
    group = measures.group(connection, uid)
    if group is None:
        typer.echo(f"没有群 {uid} · no such group", err=True)
        raise typer.Exit(NO)
    return group


def scope(connection: Connection, uid: str, days: int, timezone: str) -> tuple[Scope, str]:
    """The days that are over of one group or, uid "", of all; and the name to print above the figures."""
    group = found_group(connection, uid) if uid else None
    today, now_ms = today_in(timezone)
    name = (group.name or group.uid) if group is not None else "全部群 · all groups"
    return scope_of(group.id if group is not None else None, today, now_ms, days=days), name


def scope_of_groups(connection: Connection, uids: Sequence[str], days: int, timezone: str) -> tuple[Scope, str]:
    """The same of several groups together; none are all."""
    if len(uids) < 2:
        return scope(connection, uids[0] if uids else "", days, timezone)
    found = [found_group(connection, uid) for uid in uids]
    today, now_ms = today_in(timezone)
    name = "、".join(row.name or row.uid for row in found[:3]) + (f" … {len(found)}" if len(found) > 3 else "")
    return scope_of(tuple(row.id for row in found), today, now_ms, days=days), name


def console() -> Console:
    """Wide enough for a table where the output is no terminal."""
    found = Console(highlight=False)
    return found if found.is_terminal else Console(highlight=False, width=_WIDTH)


def table(*columns: str, right: Iterable[int] = ()) -> Table:
    made = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for place, title in enumerate(columns):
        made.add_column(title, justify="right" if place in set(right) else "left", overflow="fold")
    return made


def plain(text: str) -> str:
    """A member's name can't colour the terminal: no markup, no control characters."""
    return escape("".join(sign for sign in text if sign.isprintable()))


def figure(value: float | None, unit: Unit, lang: Lang = "zh") -> str:
    """A value with its unit; "—" where there is none."""
    if value is None:
        return "—"
    if unit == "share":
        return f"{value:.1%}"
    number = f"{value:.0f}" if unit in ("people", "count", "score") else f"{value:.2f}".rstrip("0").rstrip(".")
    word = UNITS[unit][lang == "en"]
    return f"{number} {word}"


def percent(share: float | None) -> str:
    return "—" if share is None else f"{share:.0%}"


def between(interval: Interval | None) -> str:
    return "" if interval is None else f"{interval.low:.0%}–{interval.high:.0%}"


def sparkline(values: Sequence[int | None]) -> str:
    """One sign for each value; the lowest for nothing, the highest for the most, `·` for what is not known."""
    most = max((value for value in values if value is not None), default=0)
    signs = ("·" if v is None else BARS[v * (len(BARS) - 1) // most] if most else BARS[0] for v in values)
    return "".join(signs)
