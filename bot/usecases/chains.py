"""接龙 as the bot keeps them: read from the runs' documents, changed by orders to the play."""

from __future__ import annotations

import json
import secrets
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bot.console.ports.accounts import Refused
from bot.console.ports.chains import Chain as Board
from bot.console.ports.chains import ChainRow, Chains, Format, Order, Sees, Table
from bot.engine.clock import to_ms
from bot.engine.files import write_table
from bot.engine.live import LiveEngine
from bot.engine.orders import Order as EngineOrder
from bot.plays.chain.shelf import load
from bot.usecases.chain_board import STEPS, Shown, board_of, row_of, table_of
from bot.usecases.runs import Kept, Paging, People, kept_of, meant, people_in, runs_in
from storage import play_runs
from storage.database import Database

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_NEWEST = 500
"""So many chains of a run are listed at most; older ones have long been archived."""


class ChainsDesk:
    """Answers `bot.console.ports.chains.ChainsPort`."""

    def __init__(self, database: Database, engine: LiveEngine, now: Callable[[], datetime]) -> None:
        self._database, self._engine, self._now = database, engine, now

    async def chains(self, sees: Sees, *, words: str, state: str, page: int) -> Chains:
        return await self._database.read(
            lambda connection: paged(connection, self._now(), sees, words=words, state=state, page=page)
        )

    async def chain(self, group: str, play: str, number: int, *, shows_private: bool) -> Board | None:
        def work(connection: Connection) -> Board | None:
            found = one(connection, group, play, number, self._now())
            if found is None:
                return None
            shown, people = found
            said = [(step.message, to_ms(step.at)) for step in shown.chain.steps[-STEPS:] if step.message]
            messages = play_runs.logged_at(connection, shown.kept.chat_id, said)
            return board_of(shown, people, messages, shows_private=shows_private)

        return await self._database.read(work)

    async def table(self, group: str, play: str, number: int, form: Format, *, shows_private: bool) -> Table | None:
        def work(connection: Connection) -> Table | None:
            found = one(connection, group, play, number, self._now())
            if found is None:
                return None
            file = write_table(table_of(found[0], form, shows_private=shows_private))
            media_type = _XLSX if form == "xlsx" else "text/csv; charset=utf-8"
            return Table(name=file.name, media_type=media_type, content=file.content)

        return await self._database.read(work)

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


def listed(connection: Connection, now: datetime, group: str = "") -> Iterator[ChainRow]:
    """Every chain that is kept, by group and number."""
    for kept in runs_in(connection, "chain", group):
        yield from _rows(connection, kept, _heads(connection, {kept.id: kept.state.next_id}).get(kept.id, {}), now)


def paged(connection: Connection, now: datetime, sees: Sees, *, words: str, state: str, page: int) -> Chains:
    """One page. All heads are looked at, lines are read for what is on the page."""
    runs = {row.id: row for row in meant(connection, "chain", sees, "")}
    heads = _heads(connection, {run: json.loads(row.state)["next_id"] for run, row in runs.items()})
    found = [
        (_is_open(head), head["active_at"], run, key)
        for run, documents in heads.items()
        for key, data in documents.items()
        if _is_named(runs[run], head := json.loads(data)["head"], words)
    ]
    chosen = [each for each in found if state in ("", "open" if each[0] else "closed")]
    chosen.sort(key=lambda each: each[:2], reverse=True)
    paging = Paging(len(chosen), page)
    rows: list[ChainRow] = []
    for _, _, run, key in paging.of(chosen):
        kept = kept_of(connection, runs[run])
        rows += _rows(connection, kept, {key: heads[run][key]}, now) if kept is not None else []
    return Chains(
        chains=tuple(rows), total=len(chosen), open=sum(each[0] for each in found), page=paging.page,
        pages=paging.pages, q=words, state=state,
    )  # fmt: skip


def _heads(connection: Connection, next_ids: Mapping[int, int]) -> Mapping[int, dict[str, str]]:
    """Run → its chains' heads by key, given the number that its next chain gets; by their keys, not by looking through
    the lines and steps of every group."""
    keys = [(run, f"c{n}/h") for run, next_id in next_ids.items() for n in range(max(1, next_id - _NEWEST), next_id)]
    found: defaultdict[int, dict[str, str]] = defaultdict(dict)
    for row in play_runs.slots_at(connection, keys):
        found[row.run_id][row.key] = row.data
    return found


def _is_open(head: Mapping[str, Any]) -> bool:
    return head["closed_at"] is None


def _is_named(run: Any, head: Mapping[str, Any], words: str) -> bool:
    wanted = words.casefold()
    return any(wanted in text.casefold() for text in (head["title"], run.chat_name or run.chat)) or words == run.chat


def _rows(connection: Connection, kept: Kept, heads: Mapping[str, str], now: datetime) -> Iterator[ChainRow]:
    """The chains of these heads with their lines; histories are not read."""
    if not heads:
        return
    marks = [key.removesuffix("h") + "e" for key in heads]
    ctx = kept.context(now, kept.read_slots({**heads, **play_runs.slots_of(connection, kept.id, *marks)}), {})
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
