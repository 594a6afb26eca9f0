"""接龙 as the bot keeps them: read from the runs' documents, changed by orders to the play."""

from __future__ import annotations

import asyncio
import secrets
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection

from bot.console.ports.accounts import Refused
from bot.console.ports.chains import Chain as Board
from bot.console.ports.chains import ChainRow, Format, Order, Sees, Table
from bot.engine.clock import to_ms
from bot.engine.files import write_table
from bot.engine.live import LiveEngine
from bot.engine.orders import Order as EngineOrder
from bot.plays.chain.shelf import load
from bot.usecases.chain_board import STEPS, Shown, board_of, row_of, table_of
from bot.usecases.runs import Kept, People, people_in, runs_in
from storage import play_runs
from storage.database import Database

R = TypeVar("R")
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class ChainsDesk:
    """Answers `bot.console.ports.chains.ChainsPort`."""

    def __init__(self, database: Database, engine: LiveEngine, now: Callable[[], datetime]) -> None:
        self._database, self._engine, self._now = database, engine, now

    async def chains(self, sees: Sees) -> tuple[ChainRow, ...]:
        found = await self._read(lambda connection: list(listed(connection, self._now(), sees=sees)))
        return tuple(sorted(found, key=lambda row: (not row.is_open, -row.active_at.timestamp())))

    async def chain(self, group: str, play: str, number: int, *, shows_private: bool) -> Board | None:
        def work(connection: Connection) -> Board | None:
            found = one(connection, group, play, number, self._now())
            if found is None:
                return None
            shown, people = found
            said = [(step.message, to_ms(step.at)) for step in shown.chain.steps[-STEPS:] if step.message]
            messages = play_runs.logged_at(connection, shown.kept.chat_id, said)
            return board_of(shown, people, messages, shows_private=shows_private)

        return await self._read(work)

    async def table(self, group: str, play: str, number: int, form: Format, *, shows_private: bool) -> Table | None:
        def work(connection: Connection) -> Table | None:
            found = one(connection, group, play, number, self._now())
            if found is None:
                return None
            file = write_table(table_of(found[0], form, shows_private=shows_private))
            media_type = _XLSX if form == "xlsx" else "text/csv; charset=utf-8"
            return Table(name=file.name, media_type=media_type, content=file.content)

        return await self._read(work)

    async def order(self, group: str, play: str, number: int, order: Order, actor: str) -> None:
        data = {}
        if order.order == "pay":
            data = {"entries": ",".join(map(str, order.entries)), "paid": "yes" if order.paid else ""}
        elif order.order == "undo":
            data = {"step": str(order.step)}
        wanted = EngineOrder(
            key=order.key or secrets.token_hex(8), play=play, order=order.order, about=str(number), chats=(group,),
            by=actor, action=f"chain.{order.order}", data=data,
        )  # fmt: skip
        refused = await self._engine.call(lambda kernel: kernel.order_one(wanted, self._now()))
        if refused:
            raise Refused(refused)

    async def _read(self, work: Callable[[Connection], R]) -> R:
        """In a thread: a chain of five hundred lines is worth milliseconds that the loop has other uses for."""

        def read() -> R:
            with self._database.reading() as connection:
                return work(connection)

        return await asyncio.to_thread(read)


def listed(
    connection: Connection, now: datetime, group: str = "", sees: Sees = lambda group, playbook: True
) -> Iterator[ChainRow]:
    """Every chain that is kept, by their heads and lines: histories are not read."""
    documents: defaultdict[int, dict[str, str]] = defaultdict(dict)
    heads = play_runs.slots_like(connection, "chain", "c", "/h")
    for row in heads:
        documents[row.run_id][row.key] = row.data
    for kept in runs_in(connection, "chain", group):
        if kept.id not in documents or not sees(kept.chat, kept.playbook):
            continue
        marks = [key.removesuffix("h") + "e" for key in documents[kept.id]]
        found = documents[kept.id] | play_runs.slots_of(connection, kept.id, *marks)
        ctx = kept.context(now, kept.read_slots(found), {})
        shelf = load(kept.state, ctx)
        for chain in shelf.group.chains.values():
            yield row_of(Shown(kept, shelf, chain, ctx))


def one(connection: Connection, group: str, play: str, number: int, now: datetime) -> tuple[Shown, People] | None:
    """The chain with its whole history; None when it is not kept (any more)."""
    for kept in runs_in(connection, "chain", group, play):
        shown = _whole(connection, kept, f"c{number}/", now)
        if shown is not None:
            return shown
    return None


def _whole(connection: Connection, kept: Kept, mark: str, now: datetime) -> tuple[Shown, People] | None:
    people = people_in(connection, kept)
    ctx = kept.context(now, kept.slots(connection, mark), people.everybody)
    shelf = load(kept.state, ctx)
    return next(((Shown(kept, shelf, chain, ctx), people) for chain in shelf.group.chains.values()), None)
