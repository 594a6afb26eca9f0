"""收款 of a group buy: operators mark who paid, the rest is reminded, and who paid and left is not forgotten."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.core.effects import Effect, Say, Template
from bot.core.events import MessageReceived
from bot.core.jielong import Chain, Entry, goods_of, totals_of
from bot.core.jielong.goods import Order, order_of
from bot.core.jielong.keys import comparison_key, name_key
from bot.core.play import Command
from bot.core.segments import Mention
from bot.core.text import fold
from bot.plays.chain.posts import answer, first_line
from bot.plays.chain.shelf import Ctx, Shelf

_RANGE = re.compile(r"([0-9]{1,3})\s*(?:[-~—–]|到|至)\s*([0-9]{1,3})")
_NUMBER = re.compile(r"第?([0-9]{1,3})[号条]?")
_EVERYTHING = frozenset(("全部", "所有", "全部人", "所有人", "全都", "全"))
_PARTS = re.compile(r"[\s,，、;；.。和]+")


def mark_paid(shelf: Shelf, event: MessageReceived, command: Command, chain: Chain, ctx: Ctx) -> list[Effect]:
    """`已付 2 5-8`, `已付 阿杰`, `已付 全部`; `未付 2` takes it back."""
    found, unknown = _named(chain, command.rest)
    if not found:
        return [answer(ctx, event, "which_paid", command=command.name, unknown=unknown)]
    for _, entry in found:
        settle(shelf, chain, entry, is_paid=command.name == "已付")
    marked = [{"number": number, "text": first_line(entry)} for number, entry in found]
    left = _unpaid(shelf, chain, ctx)
    return [answer(ctx, event, "paid", is_paid=command.name == "已付", marked=marked, unknown=unknown, left=len(left))]


def settle(shelf: Shelf, chain: Chain, entry: Entry, *, is_paid: bool) -> None:
    """Notes what the entry costs now as paid, or takes the note back."""
    where = (chain.id, entry.id)
    if is_paid:
        shelf.paid[where] = f"{_order(shelf, chain, entry).amount:.2f}"
    else:
        shelf.paid.pop(where, None)


def payments(shelf: Shelf, event: MessageReceived, chain: Chain, ctx: Ctx) -> list[Effect]:
    rows = [_bill(shelf, chain, number, entry) for number, entry in enumerate(chain.active, start=1)]
    gone = [
        {"text": first_line(entry), "paid": shelf.paid[chain.id, entry.id]}
        for entry in chain.entries.values()
        if not entry.is_active and shelf.paid.get((chain.id, entry.id))
    ]
    return [answer(ctx, event, "payments", name=chain.head.title.split("\n", 1)[0], rows=rows, gone=gone)]


def dun(shelf: Shelf, event: MessageReceived, chain: Chain, ctx: Ctx) -> list[Effect]:
    """Said in the group, also when ordered in private."""
    reminder = bill(shelf, chain, ctx)
    return [reminder or answer(ctx, event, "all_paid")]


def bill(shelf: Shelf, chain: Chain, ctx: Ctx) -> Say | None:
    """Reminds, once per owner, who has not paid; None: everybody has."""
    left = _unpaid(shelf, chain, ctx)
    if not left:
        return None
    owners = list(dict.fromkeys(entry.owner for _, entry in left))
    called = owners[: ctx.params.unpaid_mention_at_most]
    names = shelf.group.directory
    data = {
        "name": chain.head.title.split("\n", 1)[0],
        "mentions": [Mention(uid, names.name(uid)) for uid in called],
        "more": len(owners) - len(called),
        "rows": [_bill(shelf, chain, number, entry) for number, entry in left if entry.owner in called],
    }
    return Say(words=Template("chain/unpaid", data))


def _named(chain: Chain, text: str) -> tuple[list[tuple[int, Entry]], list[str]]:
    """(number, entry) of every line that `text` names by number, range or name, and the words that name none."""
    active = chain.active
    wanted: dict[int, None] = {}
    unknown: list[str] = []
    rest = _RANGE.sub(lambda match: f" {match[1]}-{match[2]} ", fold(text))
    for word in filter(None, _PARTS.split(rest)):
        numbers = _numbers(word, active)
        if numbers and all(1 <= number <= len(active) for number in numbers):
            wanted.update(dict.fromkeys(numbers))
        else:
            unknown.append(word)
    return [(number, active[number - 1]) for number in wanted], unknown


def _numbers(word: str, active: Sequence[Entry]) -> list[int]:
    if word in _EVERYTHING:
        return list(range(1, len(active) + 1))
    if match := _RANGE.fullmatch(word):
        first, last = sorted((int(match[1]), int(match[2])))
        return list(range(first, last + 1))
    if match := _NUMBER.fullmatch(word):
        return [int(match[1])]
    name = comparison_key(word.removeprefix("@"))
    return [number for number, entry in enumerate(active, start=1) if name_key(entry.text) == name]


def _order(shelf: Shelf, chain: Chain, entry: Entry) -> Order:
    options = shelf.group.options
    return order_of(entry.text, goods_of(chain, options), counts_guests=options.counts_guests)


def _bill(shelf: Shelf, chain: Chain, number: int, entry: Entry) -> dict[str, object]:
    """One row of what is owed."""
    order = _order(shelf, chain, entry)
    paid = shelf.paid.get((chain.id, entry.id), "")
    amount = f"{order.amount:.2f}"
    return {
        "number": number,
        "text": first_line(entry),
        "amount": amount,
        "is_unparsed": order.is_unparsed,
        "paid": paid,
        "differs": bool(paid) and paid != amount,
    }


def _unpaid(shelf: Shelf, chain: Chain, ctx: Ctx) -> list[tuple[int, Entry]]:
    """Who owes: nobody who waits for a place does."""
    params = ctx.params
    totals = totals_of(chain, (), capacity=params.capacity, counts_people=params.counts_people)
    return [
        (number, counted.entry)
        for number, counted in enumerate(totals.entries, start=1)
        if not counted.is_waiting and not shelf.paid.get((chain.id, counted.entry.id))
    ]
