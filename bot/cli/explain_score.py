"""`qunops explain score MEMBER`: every event behind a member's activity score, and that they add up."""

from __future__ import annotations

import json
from zoneinfo import ZoneInfo

import typer
from sqlalchemy import select

from bot.cli import NO
from bot.cli.database import reading
from bot.config import load_settings
from bot.core.play import Window
from bot.core.scoring import TITLES, Line
from bot.engine.clock import WallClock
from bot.engine.playbooks import PlaybookFolder
from bot.usecases.scores import calendar_of, days_of
from storage import explanation, scoring
from storage import tables as t

_WHY = {
    "flood": "10 秒内只算一条 · flood", "repeat": "今天说过了 · repeated", "copy": "今天有人说过 · copied",
    "short": "太短 · too short", "recalled": "已撤回 · recalled", explanation.GONE: "日志已清理，没有明细 · log deleted",
}  # fmt: skip


def explain_score(member: str, group: str, window: Window, db: str, format: str) -> None:
    """Prints the lines of each group. Exit 1: nobody of that uid has a score there."""
    now = WallClock().now()
    loaded = PlaybookFolder(load_settings().playbooks, WallClock().now).load()
    with reading(db) as connection:
        who = explanation.ids_of(connection, member)
        version = scoring.active(connection)
        found = []
        for chat in connection.execute(select(t.chat.c.id, t.chat.c.uid).where(t.chat.c.kind == "group")):
            if not who or (group and chat.uid != group):
                continue
            zone, starts = calendar_of(loaded, chat.uid)
            days = list(days_of(connection, chat.id, who, version, zone, starts, window, now))
            if days:
                found.append((chat.uid, zone, days))
    if format == "json":
        rows = [
            {"group": uid, "version": version.version, "points": sum(day.mp for day in days) / 1000,
             "days": [{"day": day.day, "points": day.mp / 1000, "lines": [_json(line, zone) for line in day.lines]}
                      for day in days]}
            for uid, zone, days in found
        ]  # fmt: skip
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
    else:
        for uid, zone, days in found:
            typer.echo(f"{uid}  {member}  {_points(sum(day.mp for day in days))} 分（规则 {version.version}）")
            for day in days:
                typer.echo(f"  {day.day}  {_points(day.mp)}")
                for line in day.lines:
                    typer.echo(f"    {_text(line, zone)}")
    if not found:
        typer.echo(f"{member} 在这段时间没有活跃分 · no score", err=True)
        raise typer.Exit(NO)


def _text(line: Line, zone: ZoneInfo) -> str:
    event = line.event
    said = f"{_plain(event.by)} 回复：{_plain(event.text)}" if event.by else _plain(event.text)
    parts = "、".join(f"{TITLES.get(part, part)} {_points(mp)}" for part, mp in line.parts.items())
    notes = [_WHY[event.why_not]] if event.why_not else []
    notes += [f"{'、'.join(TITLES[part] for part in line.capped)}到上限 · cap reached"] if line.capped else []
    tail = f"（{'；'.join(notes)}）" if notes else ""
    return f"{event.at.astimezone(zone):%H:%M:%S} {_points(line.mp, sign=True):>8}  {parts}  {said}{tail}"


def _json(line: Line, zone: ZoneInfo) -> dict[str, object]:
    return {
        "at": line.event.at.astimezone(zone).isoformat(), "points": line.mp / 1000, "text": line.event.text,
        "parts": {part: mp / 1000 for part, mp in line.parts.items()}, "by": line.event.by,
        "why_not": line.event.why_not, "capped": list(line.capped),
    }  # fmt: skip


def _points(mp: int, *, sign: bool = False) -> str:
    text = f"{mp / 1000:+.3f}" if sign and mp else f"{mp / 1000:.3f}"
    return text.rstrip("0").rstrip(".")


def _plain(text: str) -> str:
    """Members' words can't steer the terminal."""
    return "".join(sign for sign in text if sign.isprintable())
