"""`qunops stats`: how the groups are doing."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import Progress

from bot.cli import NO
from bot.cli.database import Url, reading
from bot.cli.tables import figure, percent, plain, sparkline, today_in
from bot.core.metrics import METRICS
from bot.core.play import Score
from bot.core.scoring import TITLES, since
from bot.core.stages import Stage
from bot.insight.catalogue import Value, scope_of, value_of
from bot.insight.figures import Figures
from bot.insight.life import stage
from storage.boards import board
from storage.figures import GroupFigures, groups

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
    today, now_ms = today_in(timezone)
    start = since(window, today, ZoneInfo(timezone))
    with reading(db) as connection, Progress(console=Console(stderr=True), transient=True) as progress:
        found = groups(connection, today, uid=group)
        boards: dict[str, dict[str, tuple[Score, ...]]] = {}
        lives: dict[str, _Life] = {}
        for each in progress.track(found, description="统计 counting"):
            boards[each.uid] = {
                kind: board(connection, each.id, kind, start, top) if top else () for kind in ("activity", "points")
            }
            lives[each.uid] = _life(Figures(connection, scope_of(each.id, today, now_ms)))
    if format == "json":
        rows = [
            {
                **asdict(each),
                **_document(lives[each.uid]),
                "boards": {k: _rows(v) for k, v in boards[each.uid].items()},
            }
            for each in found
        ]
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
    else:
        console = Console(highlight=False, soft_wrap=True)
        for each in found:
            _print(console, each, lives[each.uid], boards[each.uid], _WINDOWS[window])
    if not found:
        typer.echo(f"没有群 {group} · no such group" if group else "还没有群 · no groups yet", err=True)
        raise typer.Exit(NO)


@dataclass(frozen=True, slots=True)
class _Life:
    """`values`: DAU/MAU and D7 of the last 30 days that are over. `seen`: the share of that time that was heard."""

    stage: Stage | None
    values: tuple[Value, ...]
    seen: float


def _life(figures: Figures) -> _Life:
    values = tuple(value_of(figures, METRICS[id]) for id in ("activity.dau_mau", "retention.d7"))
    return _Life(stage(figures), values, figures.coverage.seen)


def _document(life: _Life) -> dict[str, object]:
    return {
        "stage": life.stage.zh if life.stage else None,
        "seen": round(life.seen, 4),
        **{value.metric.id: value.value for value in life.values},
    }


def _rows(scores: tuple[Score, ...]) -> list[dict[str, object]]:
    return [{"member": s.member, "name": s.name, "total": s.total, "parts": dict(s.parts)} for s in scores]


def _print(
    console: Console, each: GroupFigures, life: _Life, boards: dict[str, tuple[Score, ...]], window: str
) -> None:
    console.print(f"[bold]{plain(each.name or each.uid)}[/bold]  {plain(each.uid)}")
    console.print(f"  成员 {each.members}（群内 {each.size}）  消息 {each.messages}  打卡 {each.checkins}")
    console.print(f"  活跃：今天 {each.active_today}，7 天 {each.active_7d}，30 天 {each.active_30d}")
    console.print(f"  近 {len(each.daily)} 天 {sparkline(each.daily)} 最多 {max(each.daily, default=0)} 条/天")
    if life.stage is not None:
        told = "  ".join(f"{value.metric.zh} {figure(value.value, value.metric.unit)}" for value in life.values)
        heard = f"  离线 {percent(1 - life.seen)}" if life.seen < 1 else ""
        console.print(f"  阶段 {life.stage.zh}（{life.stage.because[0]}）  {told}{heard}")
    for kind, title in (("activity", "活跃榜"), ("points", "积分榜")):
        for place, score in enumerate(boards[kind], 1):
            head = f"  {window}{title}" if place == 1 else "  " + "　" * (len(window) + len(title))
            parts = "  ".join(f"{_title(name)} {points:g}" for name, points in score.parts.items())
            console.print(f"{head}  {place}. {plain(score.name)} {score.total:g}（{plain(parts)}）")
    console.print()


def _title(name: str) -> str:
    return TITLES.get(name, name)
