"""Slots → chains, and what a step changed → slots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.core.jielong import Chain, Directory, Entry, Group, Options
from bot.core.jielong.goods import Good
from bot.core.jielong.records import ENTRY_LIMIT, Step
from bot.core.play import Context
from bot.plays.chain.params import Params
from bot.plays.chain.records import Board, Slot, State

Ctx = Context[Params]


@dataclass(slots=True)
class Shelf:
    """The chains of this run as loaded, and everything that goes beside them."""

    group: Group
    loaded: Mapping[str, Slot]
    boards: dict[int, Board]
    paid: dict[tuple[int, int], str]
    answers: dict[tuple[int, int], dict[str, str]]
    slots: dict[str, Slot | None] = field(default_factory=dict)
    """Changes besides those of the chains."""

    def state(self) -> State:
        return State(next_id=self.group.next_id)

    def changed(self) -> dict[str, Slot | None]:
        """Only the slots that differ from what was loaded."""
        found = dict(self.slots)
        for chain in self.group.chains.values():
            for key, slot in self._of(chain):
                old = self.loaded.get(key)
                if old is None or not _is_same(old, slot):
                    found[key] = slot
        return found

    def drop(self, chain_id: int) -> None:
        """Takes the chain off the shelf with all its slots."""
        del self.group.chains[chain_id]
        self.slots |= {key: None for key in self.loaded if key.startswith(f"c{chain_id}/")}

    def _of(self, chain: Chain) -> list[tuple[str, Slot]]:
        mark = f"c{chain.id}/"
        rows = [(f"{mark}h", Slot(head=chain.head, board=self.boards.get(chain.id, Board())))]
        for entry in chain.entries.values():
            old = self.loaded.get(f"{mark}e{entry.id}")
            where = (chain.id, entry.id)
            paid, answers = self.paid.get(where, ""), self.answers.get(where, {})
            if old is None or old.entry is not entry or old.paid != paid or old.answers != answers:
                rows.append((f"{mark}e{entry.id}", Slot(entry=entry, paid=paid, answers=answers)))
        for step in reversed(chain.steps):
            old = self.loaded.get(f"{mark}s{step.n}")
            if old is None or old.step is not step:
                rows.append((f"{mark}s{step.n}", Slot(step=step)))
        return rows


def _is_same(old: Slot, new: Slot) -> bool:
    return new.head is not None and old.head is new.head and old.board == new.board


def load(state: State, ctx: Ctx) -> Shelf:
    """Every chain among the loaded slots."""
    heads: dict[int, Any] = {}
    entries: dict[int, list[Entry]] = {}
    steps: dict[int, list[Step]] = {}
    boards, paid, answers = {}, {}, {}
    for key, slot in ctx.slots.items():
        if not key.startswith("c"):
            continue
        chain_id = int(key[1 : key.index("/")])
        if slot.head is not None:
            heads[chain_id], boards[chain_id] = slot.head, slot.board
        elif slot.entry is not None:
            entries.setdefault(chain_id, []).append(slot.entry)
            if slot.paid:
                paid[chain_id, slot.entry.id] = slot.paid
            if slot.answers:
                answers[chain_id, slot.entry.id] = dict(slot.answers)
        elif slot.step is not None:
            steps.setdefault(chain_id, []).append(slot.step)
    chains = [Chain(head, entries.get(chain_id, ()), steps.get(chain_id, ())) for chain_id, head in heads.items()]
    directory = Directory((member.uid, (member.name,)) for member in ctx.roster.values() if not member.is_bot)
    return Shelf(
        group=Group(options(ctx), directory, chains, next_id=state.next_id),
        loaded=ctx.slots,
        boards=boards,
        paid=paid,
        answers=answers,
    )


def options(ctx: Ctx) -> Options:
    """The playbook's params as the merge understands them; of operators only the acting one matters."""
    params, member = ctx.params, ctx.member
    return Options(
        operators=frozenset({member.uid}) if member is not None and member.is_operator else frozenset(),
        goods=tuple(
            Good(name=good.name, price=good.price, key=good.key.upper(), aliases=tuple(good.aliases))
            for good in params.goods
        ),
        capacity=params.capacity if params.waitlist else None,
        one_per_member=params.one_per_member,
        counts_guests=params.plus_mode == "guests",
        follows_header=True,
        limit=ENTRY_LIMIT if params.waitlist or params.capacity is None else params.capacity,
    )


def closing_time(ctx: Ctx, opened_at: datetime) -> datetime | None:
    """When a chain opened now closes by the playbook."""
    close = ctx.params.close
    if close is None or isinstance(close, timedelta):
        return opened_at + close if close else None
    local = ctx.local(opened_at)
    at = local.replace(hour=close.hour, minute=close.minute, second=0, microsecond=0)
    return at if at > local else at + timedelta(days=1)
