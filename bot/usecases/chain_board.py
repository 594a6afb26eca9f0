"""A chain as stored → what operators see of it. Pure: the console, the command line and exports share it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot.console.ports.chains import Answer, ChainRow, Entry, Item, Left, Step
from bot.console.ports.chains import Chain as Board
from bot.core.effects import SendFile
from bot.core.jielong import Chain, goods_of, totals_of
from bot.core.jielong.totals import Counted
from bot.plays.chain.closing import missing
from bot.plays.chain.forms import read_line
from bot.plays.chain.orders import did
from bot.plays.chain.params import Params
from bot.plays.chain.posts import first_line, summary
from bot.plays.chain.shelf import Ctx, Shelf
from bot.plays.chain.table import Format, export
from bot.usecases.runs import Kept, People

STEPS = 60
_NAMES = 60


@dataclass(frozen=True, slots=True)
class Shown:
    """One chain with what is needed to tell of it. `ctx` knows everybody who was ever there."""

    kept: Kept
    shelf: Shelf
    chain: Chain
    ctx: Ctx

    @property
    def name(self) -> str:
        return self.chain.head.title.split("\n", 1)[0] or "接龙"

    @property
    def is_paid_for(self) -> bool:
        return bool(self.ctx.params.type == "group_buy")

    def counted(self) -> tuple[Counted, ...]:
        options, params = self.shelf.group.options, self.ctx.params
        goods = goods_of(self.chain, options) if self.is_paid_for else ()
        return totals_of(
            self.chain, goods, capacity=options.capacity, counts_guests=options.counts_guests,
            counts_people=params.counts_people,
        ).entries  # fmt: skip

    def paid(self, entry_id: int) -> str:
        return self.shelf.paid.get((self.chain.id, entry_id), "")

    def unpaid(self) -> int | None:
        """Who waits for a place owes nothing."""
        if not self.is_paid_for:
            return None
        return sum(not each.is_waiting and not self.paid(each.entry.id) for each in self.counted())


def row_of(shown: Shown) -> ChainRow:
    head, params, counted = shown.chain.head, shown.ctx.params, shown.counted()
    return ChainRow(
        group=shown.kept.chat, group_name=shown.kept.chat_name, play=shown.kept.ref, id=shown.chain.id, title=shown.name,
        type=params.type, is_open=shown.chain.is_open, entries=len(counted),
        waiting=sum(each.is_waiting for each in counted), capacity=params.capacity, amount=_amount(counted),
        unpaid=shown.unpaid(), opened_at=shown.ctx.local(head.opened_at), active_at=head.active_at, deadline=head.deadline,
        closed_at=head.closed_at,
    )  # fmt: skip


def board_of(shown: Shown, people: People, messages: Mapping[str, int], *, shows_private: bool) -> Board:
    """`messages`: platform id → id in the log, of the messages that the steps name."""
    chain, params, head = shown.chain, shown.ctx.params, shown.chain.head
    told, counted = summary(shown.shelf, chain, shown.ctx), shown.counted()
    left = [member.name for member in missing(chain, replace(shown.ctx, roster=people.here))]
    made = [step for step in chain.steps if step.changes]
    amount = _amount(counted)
    return Board(
        group=shown.kept.chat, group_name=shown.kept.chat_name, play=shown.kept.ref, id=chain.id, title=head.title,
        name=shown.name, type=params.type, is_open=chain.is_open,
        creator_name=people.name(head.creator) if head.creator else "",
        opened_at=head.opened_at, closed_at=head.closed_at, deadline=head.deadline, capacity=params.capacity,
        places_left=told["places_left"], waiting=told["waiting"], list=told["list"] or _plain_list(told),
        entries=tuple(
            _entry(shown, people, number, each, shows_private=shows_private)
            for number, each in enumerate(counted, start=1)
        ),
        gone=tuple(
            Left(id=entry.id, text=first_line(entry), paid=shown.paid(entry.id))
            for entry in chain.entries.values()
            if not entry.is_active and shown.paid(entry.id)
        ),
        quantity=float(told["quantity"]),
        items=tuple(Item(name=each["name"], count=float(each["count"])) for each in told["items"]), amount=amount,
        paid_amount=sum(float(shown.paid(each.entry.id) or 0) for each in counted), unpaid=shown.unpaid(),
        missing=tuple(left[:_NAMES]), missing_more=max(0, len(left) - _NAMES),
        steps=tuple(_step(chain, step.n, people, messages) for step in reversed(made[-STEPS:])),
        steps_more=max(0, len(made) - STEPS), hides_private=not shows_private and any(f.private for f in params.fields),
    )  # fmt: skip


def table_of(shown: Shown, form: Format, *, shows_private: bool) -> SendFile:
    """The export that operators also get in the chat; without private columns for who may only look."""
    ctx = shown.ctx
    if not shows_private:
        params: Params = ctx.params
        public = [field for field in params.fields if not field.private]
        ctx = replace(ctx, params=params.model_copy(update={"fields": public}))
    return export(shown.shelf, shown.chain, ctx, "", form)


def _entry(shown: Shown, people: People, number: int, counted: Counted, *, shows_private: bool) -> Entry:
    entry, order = counted.entry, counted.order
    amount = None if order is None or order.is_unparsed else float(order.amount)
    paid = shown.paid(entry.id)
    return Entry(
        id=entry.id, number=number, text=entry.text, author=entry.author, author_name=people.name(entry.author),
        owner=entry.owner, owner_name=people.name(entry.owner), is_own=entry.author == entry.owner,
        is_waiting=counted.is_waiting, quantity=float(counted.quantity), amount=amount,
        is_unparsed=order is not None and order.is_unparsed, paid=paid,
        differs=bool(paid) and amount is not None and abs(float(paid) - amount) > 0.004,
        answers=_answers(shown, counted, shows_private=shows_private),
    )  # fmt: skip


def _answers(shown: Shown, counted: Counted, *, shows_private: bool) -> tuple[Answer, ...]:
    fields = shown.ctx.params.fields
    if not fields:
        return ()
    known = read_line(counted.entry.text, fields).answers
    known |= shown.shelf.answers.get((shown.chain.id, counted.entry.id), {})
    return tuple(
        Answer(field=field.name, value=known.get(field.name, ""), is_private=field.private)
        for field in fields
        if shows_private or not field.private
    )


def _step(chain: Chain, n: int, people: People, messages: Mapping[str, int]) -> Step:
    step = next(each for each in chain.steps if each.n == n)
    changed = did(chain, step)
    return Step(
        n=n, kind=step.kind, at=step.at, by=step.by, by_name=people.name(step.by), message=messages.get(step.message),
        added=tuple(changed["added"]), edited=tuple(changed["edited"]), removed=tuple(changed["removed"]),
        is_undone=step.is_undone,
        may_undo=not step.is_undone and any(chain.entries[change.entry].step == n for change in step.changes),
    )  # fmt: skip


def _amount(counted: tuple[Counted, ...]) -> float | None:
    orders = [each.order for each in counted if each.order is not None]
    return float(sum(order.amount for order in orders)) if orders else None


def _plain_list(told: Mapping[str, object]) -> str:
    """Where the playbook does not post the native form."""
    texts = told["texts"]
    assert isinstance(texts, list)
    return "\n".join([str(told["title"]), "", *(f"{n}. {text}" for n, text in enumerate(texts, start=1))])
