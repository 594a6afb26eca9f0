"""Reports that somebody orders at the console: made by `qunops report` beside the bot, kept for some hours."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.console.ports.accounts import Refused
from bot.console.ports.insight import Form, Place, ReportPage, ReportRow, Span
from bot.engine.live import LiveEngine
from bot.engine.rollups import roll_up
from bot.insight.reports.period import Period, period_of
from bot.playbook.load import Loaded
from bot.playbook.model import Header
from bot.usecases.aside import Commands
from bot.usecases.works import Begun, Undone, Works
from storage import measures
from storage.database import Database

_PATIENCE_S = 180.0
_FORMS: dict[Form, str] = {"html": ".html", "xlsx": ".xlsx", "png": ".png", "text": ".txt"}


@dataclass(frozen=True, slots=True)
class Made:
    """`name` without its ending."""

    name: str
    files: dict[Form, bytes]


@dataclass(frozen=True, slots=True)
class _Order:
    place: Place
    period: Period


class ReportDesk:
    """What of `bot.console.ports.insight.InsightPort` is about reports."""

    def __init__(
        self, database: Database, engine: LiveEngine, loaded: Callable[[], Loaded], commands: Commands,
        now: Callable[[], datetime], zone: ZoneInfo,
    ) -> None:  # fmt: skip
        self._database, self._engine, self._loaded, self._commands = database, engine, loaded, commands
        self._now, self._zone = now, zone
        self._works = Works[Made](now)

    def reports(self, actor: str) -> tuple[ReportRow, ...]:
        return tuple(_row(each) for each in self._works.of(actor))

    async def order(self, group: str, span: Span, on: date | None, begins: date | None, actor: str) -> str:
        place = await asyncio.to_thread(self._place, group)
        period = self._period(group, span, on, begins)
        words = ["report", group, "--period", span, "--date", period.last.isoformat()]
        if span == "camp":
            words += ["--begins", period.first.isoformat()]
        words += ["--format", ",".join(_FORMS), "--progress"]
        key = f"{group} {period}"
        title = f"{place.name} {period.slug}"
        return self._works.begin(
            actor, key, title, lambda tell: self._make(place.uid, words, tell), about=_Order(place, period)
        ).id  # fmt: skip

    def report(self, report: str, actor: str) -> ReportPage | None:
        found = self._works.find(report, actor)
        if found is None:
            return None
        made = found.result
        if made is None:
            return ReportPage(row=_row(found))
        text = made.files["text"].decode() if "text" in made.files else ""
        return ReportPage(row=_row(found), forms=tuple(form for form in _FORMS if form in made.files), text=text)

    def made(self, report: str, form: Form, actor: str) -> tuple[str, bytes] | None:
        found = self._works.find(report, actor)
        if found is None or found.result is None or form not in found.result.files:
            return None
        return found.result.name + _FORMS[form], found.result.files[form]

    # -- inside -----------------------------------------------------------------------------------------------------

    def _place(self, group: str) -> Place:
        with self._database.reading() as connection:
            row = measures.group(connection, group)
        if row is None:
            raise Refused("no_such_group")
        return Place(uid=row.uid, name=row.name or row.uid, size=row.size)

    def _period(self, group: str, span: Span, on: date | None, begins: date | None) -> Period:
        """The one that was asked for, else the newest that is over."""
        header = next((play.header for play in self._loaded().plan(group).plays.values()), Header(playbook=""))
        starts = timedelta(hours=header.day_starts.hour, minutes=header.day_starts.minute)
        today = (self._now().astimezone(header.zone) - starts).date()
        if span == "camp" and begins is None:
            raise Refused("camp_without_begin")
        if on is None and span != "camp":
            on = period_of(span, today).first - timedelta(days=1)
        return period_of(span, on or today, begins=begins)

    async def _make(self, group: str, words: list[str], tell: Callable[[float], None]) -> Made:
        await roll_up(self._engine, self._now(), group)
        with tempfile.TemporaryDirectory(prefix="qunops-report-") as name:
            folder = Path(name)
            ended = await self._commands.run(
                [*words, "-o", str(folder / "made")], folder, patience_s=_PATIENCE_S, progress=tell
            )
            if ended.code == 1:
                raise Undone("nothing_heard")
            if ended.code:
                raise Undone(ended.complaint[-500:] or "failed")
            return await asyncio.to_thread(_taken, folder / "made")


def _taken(folder: Path) -> Made:
    files = {form: path.read_bytes() for form, end in _FORMS.items() for path in folder.glob(f"*{end}")}
    return Made(next(folder.iterdir()).stem, files)


def _row(begun: Begun[Made]) -> ReportRow:
    order: _Order = begun.about
    return ReportRow(
        id=begun.id, group=order.place, span=_SPANS[order.period.kind], first=order.period.first.isoformat(),
        last=order.period.last.isoformat(), work=begun.view,
    )  # fmt: skip


_SPANS: dict[str, Span] = {"day": "day", "week": "week", "month": "month", "camp": "camp"}
