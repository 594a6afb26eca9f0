"""打卡 as the bot keeps it: every member's record, what was submitted, and the verdicts of reviewers."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from bot.console.ports.accounts import Refused
from bot.console.ports.checkins import Calendar, CheckinRow, Checkins, Judgement, Queue, Sees
from bot.engine.clock import to_ms
from bot.engine.live import LiveEngine
from bot.engine.orders import Order
from bot.plays.checkin.params import Params
from bot.usecases.checkin_board import Shown, calendar_of, here, queue_of, row_of, scores_text
from bot.usecases.runs import Kept, Paging, kept_of, meant, people_in, play_of, runs_in
from storage import play_runs
from storage.database import Database

_ON_ITS_WAY = timedelta(minutes=20)
"""How much older than its note a message may be: a gap was filled."""


class CheckinsDesk:
    """Answers `bot.console.ports.checkins.CheckinsPort`."""

    def __init__(self, database: Database, engine: LiveEngine, now: Callable[[], datetime]) -> None:
        self._database, self._engine, self._now = database, engine, now

    async def checkins(self, sees: Sees, *, words: str, page: int) -> Checkins:
        return await self._database.read(
            lambda connection: paged(connection, self._now(), sees, words=words, page=page)
        )

    async def calendar(self, group: str, play: str, *, until: date | None, page: int) -> Calendar | None:
        def work(connection: Connection) -> Calendar | None:
            shown = one(connection, group, play, self._now())
            return calendar_of(shown, until, page) if shown is not None else None

        return await self._database.read(work)

    async def queue(self, group: str, play: str) -> Queue | None:
        return await self._database.read(lambda connection: reviewed(connection, group, play, self._now()))

    async def judge(self, group: str, play: str, judgement: Judgement, actor: str) -> None:
        order = Order(
            key=judgement.key or secrets.token_hex(8), play=play, order="review", about=judgement.message, chats=(group,),
            by=actor, action="checkin.review", data=data_of(judgement),
        )  # fmt: skip
        refused = await self._engine.call(lambda kernel: kernel.order_one(order, self._now()))
        if refused:
            raise Refused(refused)


def data_of(judgement: Judgement) -> dict[str, str]:
    """What the play needs to know of a verdict."""
    return {
        "verdict": judgement.verdict, "comment": judgement.comment, "scores": scores_text(judgement.scores),
    }  # fmt: skip


def listed(connection: Connection, now: datetime, group: str = "") -> Iterator[CheckinRow]:
    for kept in runs_in(connection, "checkin", group):
        yield row_of(_shown(connection, kept, now))


def paged(connection: Connection, now: datetime, sees: Sees, *, words: str, page: int) -> Checkins:
    """One page, those with most to review first; records are read for what is on the page."""
    runs = meant(connection, "checkin", sees, words)
    reviewing = [row.id for row in runs if _is_reviewed(connection, row)]
    waiting = play_runs.count_slots(connection, reviewing, '"status":"waiting"')
    runs.sort(key=lambda row: (-waiting.get(row.id, 0), row.chat_name or row.chat, row.ref))
    paging = Paging(len(runs), page)
    found = [kept_of(connection, row) for row in paging.of(runs)]
    return Checkins(
        checkins=tuple(row_of(_shown(connection, each, now)) for each in found if each is not None), total=len(runs),
        page=paging.page, pages=paging.pages, q=words,
    )  # fmt: skip


def _is_reviewed(connection: Connection, row: Any) -> bool:
    active = play_of(connection, row.version)
    return active is not None and isinstance(active.params, Params) and active.params.review is not None


def one(connection: Connection, group: str, play: str, now: datetime) -> Shown | None:
    found = next(runs_in(connection, "checkin", group, play), None)
    return _shown(connection, found, now) if found is not None else None


def reviewed(connection: Connection, group: str, play: str, now: datetime) -> Queue | None:
    """The review queue with the words of every version, as far as the log has them."""
    shown = one(connection, group, play, now)
    if shown is None:
        return None
    days = [work.day for slot in shown.ctx.slots.values() for work in slot.works]
    since = to_ms(now - timedelta(days=(shown.today - min(days)).days + 2)) if days else to_ms(now)
    notes = play_runs.notes_of(connection, shown.kept.id, shown.kept.chat_id, ("submission", "review"), since)
    reach = int(_ON_ITS_WAY.total_seconds() * 1000)
    named = [(row.key.rpartition("|")[2], row.at - reach, row.at + reach) for row in notes if row.what == "submission"]
    return queue_of(shown, notes, play_runs.said_as(connection, shown.kept.chat_id, named))


def _shown(connection: Connection, kept: Kept, now: datetime) -> Shown:
    people = people_in(connection, kept)
    return here(kept, kept.context(now, kept.slots(connection), people.everybody), people)
