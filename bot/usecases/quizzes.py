"""答题 as the bot keeps it: read from the runs' documents; members' questions are answered as any question to operators."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Literal, TypeVar

from sqlalchemy import Connection

from bot.console.ports.accounts import Refused
from bot.console.ports.quizzes import Decision, Format, Items, Offers, QuizRow, Quizzes, Results, Sees, Table
from bot.engine.files import write_table
from bot.engine.live import LiveEngine
from bot.usecases.quiz_board import EARLIER, Shown, items_of, offers_of, reason_of, results_of, row_of, table_of
from bot.usecases.runs import Kept, Paging, kept_of, meant, runs_in
from storage import play_runs
from storage.database import Database

R = TypeVar("R")
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class QuizzesDesk:
    """Answers `bot.console.ports.quizzes.QuizzesPort`."""

    def __init__(self, database: Database, engine: LiveEngine, now: Callable[[], datetime]) -> None:
        self._database, self._engine, self._now = database, engine, now

    async def quizzes(self, sees: Sees, *, words: str, page: int) -> Quizzes:
        return await self._database.read(
            lambda connection: paged(connection, self._now(), sees, words=words, page=page)
        )

    async def results(self, group: str, play: str) -> Results | None:
        return await self._database.read(lambda connection: results(connection, group, play, self._now()))

    async def items(self, group: str, play: str) -> Items | None:
        return await self._of(group, play, items_of)

    async def offers(self, group: str, play: str) -> Offers | None:
        return await self._of(group, play, offers_of)

    async def decide(self, group: str, play: str, decision: Decision, actor: str) -> None:
        found = await self.offers(group, play)
        if found is None or all(offer.task != decision.task for offer in found.offers):
            raise Refused("already_decided")
        try:
            await self._engine.call(
                lambda kernel: kernel.decide(decision.task, decision.choice, actor, self._now(), decision.text)
            )
        except LookupError:
            raise Refused("already_decided") from None

    async def table(self, group: str, play: str, what: Literal["items", "ranking"], form: Format) -> Table | None:
        def made(shown: Shown) -> Table:
            file = write_table(table_of(shown, what, form))
            media_type = _XLSX if form == "xlsx" else "text/csv; charset=utf-8"
            return Table(name=file.name, media_type=media_type, content=file.content)

        return await self._of(group, play, made)

    async def _of(self, group: str, play: str, view: Callable[[Shown], R]) -> R | None:
        def work(connection: Connection) -> R | None:
            shown = one(connection, group, play, self._now())
            return view(shown) if shown is not None else None

        return await self._database.read(work)


def listed(connection: Connection, now: datetime, group: str = "") -> Iterator[QuizRow]:
    for kept in runs_in(connection, "quiz", group):
        yield row_of(_shown(connection, kept, now))


def paged(connection: Connection, now: datetime, sees: Sees, *, words: str, page: int) -> Quizzes:
    """One page, those that run first, then those with most to decide; questions are read for what is on the page."""
    runs = meant(connection, "quiz", sees, words)
    offers = play_runs.count_tasks(connection, "quiz", "offer|")
    runs.sort(key=lambda row: (not _is_running(row.state), -offers.get(row.id, 0), row.chat_name or row.chat, row.ref))
    paging = Paging(len(runs), page)
    kept = [kept_of(connection, row) for row in paging.of(runs)]
    return Quizzes(
        quizzes=tuple(row_of(_shown(connection, each, now)) for each in kept if each is not None), total=len(runs),
        page=paging.page, pages=paging.pages, q=words,
    )  # fmt: skip


def _is_running(state: str) -> bool:
    session = json.loads(state)["session"]
    return session is not None and not session["is_over"]


def one(connection: Connection, group: str, play: str, now: datetime) -> Shown | None:
    found = next(runs_in(connection, "quiz", group, play), None)
    return _shown(connection, found, now) if found is not None else None


def results(connection: Connection, group: str, play: str, now: datetime) -> Results | None:
    shown = one(connection, group, play, now)
    if shown is None:
        return None
    notes = play_runs.notes_of(connection, shown.kept.id, shown.kept.chat_id, ("quiz_item",), 0)
    sessions = sorted({row.key.partition("|")[0] for row in notes}, reverse=True)[: EARLIER + 1]
    earned = play_runs.earned(connection, shown.kept.chat_id, [reason_of(each) for each in sessions])
    return results_of(shown, notes, earned)


def _shown(connection: Connection, kept: Kept, now: datetime) -> Shown:
    waiting = {
        row.key.partition("|")[2]: (row.id, row.created_at)
        for row in play_runs.open_tasks(connection, kept.id, "offer|")
    }
    return Shown(kept, kept.context(now, kept.slots(connection), {}), waiting)
