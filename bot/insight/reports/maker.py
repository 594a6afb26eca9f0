"""Makes the reports that plays order, when they are sent: counts what still waits, reads one snapshot, draws the shape."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import date, datetime
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from bot.core.effects import Drawing, SendReport
from bot.core.segments import Text
from bot.engine.drawings import DrawnMessage
from bot.engine.reporting import Made, NotMade
from bot.insight.reports.build import build
from bot.insight.reports.card import NAME, card
from bot.insight.reports.gather import gather
from bot.insight.reports.model import Report
from bot.insight.reports.page import file_name, html, plain
from bot.insight.reports.period import Period
from bot.insight.reports.purpose import purpose_of
from bot.insight.reports.workbook import workbook
from bot.playbook.load import Loaded
from bot.playbook.model import Header
from bot.transports.base import FileMessage, Message
from storage import measures
from storage.database import Database

log = logging.getLogger(__name__)


class ReportMaker:
    """`count` brings the coarse figures of a group up to date first; `loaded` gives the playbooks as they are now."""

    def __init__(
        self,
        database: Database,
        templates: Path,
        loaded: Callable[[], Loaded],
        now: Callable[[], datetime],
        count: Callable[[str], Awaitable[object]],
    ) -> None:
        self._database, self._templates, self._loaded = database, templates, loaded
        self._now, self._count = now, count

    async def make(self, chat: str, order: SendReport) -> Made:
        """Raises `NotMade`: the row says why, and the operator sends it again when it is mended."""
        try:
            await self._count(chat)
            return await asyncio.to_thread(self._make, chat, order)
        except (LookupError, ValueError, OSError, SQLAlchemyError) as error:
            log.exception("no report on %s", chat)
            raise NotMade(f"no report: {type(error).__name__}: {error}") from error

    def _make(self, chat: str, order: SendReport) -> Made:
        report, folder = self._report(chat, order), self._templates
        words = Message(segments=(Text(plain(report, folder)),), to=order.to)
        name = file_name(report, folder)
        match order.form:
            case "html":
                return FileMessage(name=f"{name}.html", content=html(report, folder).encode(), to=order.to)
            case "xlsx":
                return FileMessage(name=f"{name}.xlsx", content=workbook(report, folder), to=order.to)
            case "png":
                return DrawnMessage(message=words, drawing=Drawing(NAME, card(report, folder)))
            case _:
                return words

    def _report(self, chat: str, order: SendReport) -> Report:
        loaded = self._loaded()
        header = next((play.header for play in loaded.plan(chat).plays.values()), Header(playbook=""))
        period = Period(order.period, date.fromisoformat(order.first), date.fromisoformat(order.last))  # type: ignore[arg-type]
        with self._database.reading() as connection:
            group = measures.group(connection, chat)
            if group is None:
                raise LookupError(chat)
            material = gather(connection, group.id, period, self._now(), zone=header.zone, day_starts=header.day_starts)
        return build(material, purpose_of(loaded, chat))
