"""Analytics: what `bot.insight` measures, as the console's pages show it.

One group is measured while the page waits, in a thread. All groups of a large house take seconds of the processor: a process
beside the bot measures them, and what it found is kept.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot.console.ports import insight as views
from bot.console.ports.insight import (
    Board,
    By,
    Figure,
    Form,
    Funnel,
    Leaders,
    MetricRow,
    Overview,
    Place,
    ReportPage,
    ReportRow,
    Retention,
    Sees,
    Span,
    Tiers,
)  # fmt: skip
from bot.console.ports.work import Work
from bot.console.words import Language
from bot.core.metrics import METRICS, Metric
from bot.core.play import Window
from bot.core.scoring import since
from bot.engine.clock import to_ms
from bot.engine.live import LiveEngine
from bot.insight.catalogue import Scope, Value, measure, scope_of
from bot.insight.cohorts import retention
from bot.insight.figures import Figures
from bot.insight.funnel import newcomers, of_playbook
from bot.insight.life import series, stage
from bot.playbook.load import Loaded
from bot.playbook.model import Header
from bot.usecases.aside import Commands
from bot.usecases.reports import ReportDesk
from bot.usecases.standing import tiers_of_group
from bot.usecases.works import Undone, Works
from storage import boards, measures
from storage.database import Database

R = TypeVar("R")
_PATIENCE_S = 300.0
_MOST_RANKED = 50
_HOUSE = "house"
"""Whose work the figures of all groups are: everybody who may see the same groups shares them."""


class InsightDesk:
    """Answers `bot.console.ports.insight.InsightPort`."""

    def __init__(
        self, database: Database, engine: LiveEngine, loaded: Callable[[], Loaded], playbooks: Path, templates: Path,
        now: Callable[[], datetime], zone: ZoneInfo,
    ) -> None:  # fmt: skip
        self._database, self._loaded, self._now, self._zone = database, loaded, now, zone
        self._commands = Commands(database, playbooks, templates)
        self._measured = Works[dict[str, Any]](now)
        self._reports = ReportDesk(database, engine, loaded, self._commands, now, zone)

    def catalogue(self, language: Language) -> tuple[MetricRow, ...]:
        return tuple(_definition(metric, language) for metric in METRICS.values())

    async def places(self, sees: Sees, containing: str, limit: int) -> tuple[Place, ...]:
        words = containing.casefold()

        def work(connection: Connection) -> tuple[Place, ...]:
            rows = [row for row in measures.groups(connection) if sees is None or sees(row.uid)]
            found = [row for row in rows if words in (row.name or "").casefold() or words in row.uid.casefold()]
            found.sort(key=lambda row: (-row.size, row.uid))
            return tuple(_place(row) for row in found[:limit])

        return await self._database.read(work)

    async def overview(self, group: str, sees: Sees, days: int, language: Language) -> Overview | None:
        return await (self._one(group, days, language) if group else self._several(sees, days, language))

    def measuring(self, work: str) -> Work | None:
        found = self._measured.find(work, _HOUSE)
        return found.view if found is not None else None

    async def retention(self, group: str, by: By, days: int, language: Language) -> Retention | None:
        def work(connection: Connection, row: Any) -> Retention:
            scope = self._scope(row.id, days)
            return Retention(
                group=_place(row), by=by, first=scope.first.isoformat(), last=scope.last.isoformat(), days=days,
                cohorts=tuple(
                    views.Cohort(
                        id=each.id, name=each.en if language == "en" else each.zh, size=each.size,
                        kept=tuple(
                            views.Kept(
                                n=kept.n, hits=kept.hits, of=kept.of, low=kept.interval.low if kept.interval else None,
                                high=kept.interval.high if kept.interval else None,
                            )
                            for kept in each.kept
                        ),
                    )
                    for each in retention(connection, scope, by)
                ),
            )  # fmt: skip

        return await self._of(group, work)

    async def funnel(self, group: str, playbook: str, days: int, language: Language) -> Funnel | None:
        def work(connection: Connection, row: Any) -> Funnel:
            scope = self._scope(row.id, days)
            found = of_playbook(connection, scope, playbook) if playbook else newcomers(Figures(connection, scope))
            return Funnel(
                group=_place(row), playbook=playbook, playbooks=tuple(measures.playbooks_of(connection, row.id)),
                first=scope.first.isoformat(), last=scope.last.isoformat(), days=days,
                steps=tuple(
                    views.Step(
                        id=each.id, name=each.en if language == "en" else each.zh, people=each.people, took=each.took,
                        of_first=each.of_first, of_previous=each.of_previous,
                        low=each.interval.low if each.interval else None,
                        high=each.interval.high if each.interval else None,
                    )
                    for each in found
                ),
            )  # fmt: skip

        return await self._of(group, work)

    async def tiers(self, group: str, day: date | None, language: Language, *, with_people: bool) -> Tiers | None:
        yesterday = self._today() - timedelta(days=1)

        def work(connection: Connection, row: Any) -> Tiers:
            newest = measures.newest_day(connection, row.id)
            counted = min(date.fromisoformat(newest), yesterday) if newest else yesterday
            return tiers_of_group(
                connection, row.id, _place(row), min(day or counted, yesterday), language, with_people=with_people
            )

        return await self._of(group, work)

    async def leaders(self, group: str, board: Board, window: Window) -> Leaders | None:
        header = next((play.header for play in self._loaded().plan(group).plays.values()), Header(playbook=""))
        start = timedelta(hours=header.day_starts.hour, minutes=header.day_starts.minute)
        today = (self._now().astimezone(header.zone) - start).date()

        def work(connection: Connection, row: Any) -> Leaders:
            began = since(window, today, header.zone, header.day_starts)
            rows = boards.board(connection, row.id, board, began, _MOST_RANKED)
            return Leaders(
                group=_place(row), board=board, window=window,
                rows=tuple(
                    views.Ranked(
                        uid=each.member, name=each.name or each.member, total=each.total,
                        parts=tuple(sorted(each.parts.items(), key=lambda part: -part[1])),
                    )
                    for each in rows
                ),
            )  # fmt: skip

        return await self._of(group, work)

    def reports(self, actor: str) -> tuple[ReportRow, ...]:
        return self._reports.reports(actor)

    async def order(self, group: str, span: Span, on: date | None, begins: date | None, actor: str) -> str:
        return await self._reports.order(group, span, on, begins, actor)

    def report(self, report: str, actor: str) -> ReportPage | None:
        return self._reports.report(report, actor)

    def made(self, report: str, form: Form, actor: str) -> tuple[str, bytes] | None:
        return self._reports.made(report, form, actor)

    # -- inside -----------------------------------------------------------------------------------------------------

    async def _one(self, group: str, days: int, language: Language) -> Overview | None:
        def work(connection: Connection, row: Any) -> Overview:
            scope = self._scope(row.id, days)
            figures = Figures(connection, scope)
            is_en, life = language == "en", stage(figures)
            return _overview(_place(row), 1, scope, figures).model_copy(
                update={
                    "figures": tuple(_figure(each, language) for each in measure(connection, scope)),
                    "stage": (life.en if is_en else life.zh, life.because[is_en], life.aim[is_en]) if life else None,
                }
            )

        return await self._of(group, work)

    async def _several(self, sees: Sees, days: int, language: Language) -> Overview:
        def work(connection: Connection) -> tuple[Overview, Sequence[str] | None]:
            rows = [row for row in measures.groups(connection) if sees is None or sees(row.uid)]
            scope = self._scope(None if sees is None else tuple(row.id for row in rows), days)
            uids = None if sees is None else [row.uid for row in rows]
            return _overview(Place(uid="", name=""), len(rows), scope, Figures(connection, scope)), uids

        found, uids = await self._database.read(work)
        if not found.groups:
            return found
        words = ["metrics", "--format", "json", "--progress", "--days", str(days), "--timezone", self._zone.key]
        for uid in uids or ():
            words += ["--group", uid]
        begun = self._measured.begin(
            _HOUSE, f"{found.last} {words}", "metrics", lambda tell: self._measure(words, tell)
        )
        if begun.result is None:
            return found.model_copy(update={"work": begun.view})
        measured = tuple(_told(each, language) for each in begun.result["metrics"])
        return found.model_copy(update={"figures": measured})

    async def _measure(self, words: Sequence[str], tell: Callable[[float], None]) -> dict[str, Any]:
        with tempfile.TemporaryDirectory(prefix="qunops-figures-") as name:
            ended = await self._commands.run(words, Path(name), patience_s=_PATIENCE_S, progress=tell)
        if ended.code:
            raise Undone(ended.complaint[-500:] or "failed")
        told: dict[str, Any] = json.loads(ended.out)
        return told

    def _scope(self, chat: measures.Chats, days: int) -> Scope:
        now = self._now()
        return scope_of(chat, self._today(), to_ms(now), days=days)

    def _today(self) -> date:
        return self._now().astimezone(self._zone).date()

    async def _of(self, group: str, work: Callable[[Connection, Any], R]) -> R | None:
        def on(connection: Connection) -> R | None:
            row = measures.group(connection, group)
            return work(connection, row) if row is not None else None

        return await self._database.read(on)


def _place(row: Any) -> Place:
    return Place(uid=row.uid, name=row.name or row.uid, size=row.size)


def _overview(place: Place, groups: int, scope: Scope, figures: Figures) -> Overview:
    counts = {day.day: day for day in figures.days}
    return Overview(
        group=place, groups=groups, first=scope.first.isoformat(), last=scope.last.isoformat(),
        days=(scope.last - scope.first).days + 1, seen=figures.coverage.seen if figures.days else 1.0,
        course=tuple(
            views.Day(
                day=each.day, active=each.active, msgs=each.msgs,
                joins=counts[each.day]["joins"] if each.day in counts else 0,
                leaves=counts[each.day]["leaves"] if each.day in counts else 0,
                lost=min(1.0, each.lost_ms / 86_400_000),
            )
            for each in series(figures)
        ),
        figures=(),
    )  # fmt: skip


def _definition(metric: Metric, language: Language) -> MetricRow:
    is_en = language == "en"
    return MetricRow(
        id=metric.id, name=metric.en if is_en else metric.zh, level=metric.level, of=metric.of, unit=metric.unit,
        formula=metric.formula[is_en], owner=metric.owner[is_en], caveat=metric.caveat[is_en],
        is_proxy=metric.is_proxy, is_lower_better=metric.is_lower_better, norm=metric.norm,
    )  # fmt: skip


def _figure(value: Value, language: Language) -> Figure:
    return _told(
        {"id": value.metric.id, "value": value.value, "low": value.low, "high": value.high, "n": value.n,
         "reasons": value.reasons},
        language,
    )  # fmt: skip


def _told(row: dict[str, Any], language: Language) -> Figure:
    """A figure as `qunops metrics --format json` tells it."""
    metric = METRICS[row["id"]]
    return Figure(
        id=metric.id, name=metric.en if language == "en" else metric.zh, level=metric.level, of=metric.of,
        unit=metric.unit, value=row["value"], low=row["low"], high=row["high"], n=row["n"], norm=metric.norm,
        is_lower_better=metric.is_lower_better, reasons=tuple(row["reasons"]),
    )  # fmt: skip
