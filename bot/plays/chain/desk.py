"""Orders from the console and the terminal: what the chat's commands do, without an answer in the group.

The group hears what is for the group: a list, a reminder.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from bot.core.effects import Effect
from bot.core.events import OperatorOrdered
from bot.core.jielong import Chain
from bot.plays.chain import money
from bot.plays.chain.closing import missing, reminder
from bot.plays.chain.posts import arm, post
from bot.plays.chain.records import Board
from bot.plays.chain.shelf import Ctx, Shelf

REMIND_AGAIN = timedelta(minutes=10)
"""Two operators who press the same button are one reminder."""

Obeyed = tuple[list[Effect], str]
"""What follows, and why nothing does."""


def obey(shelf: Shelf, event: OperatorOrdered, ctx: Ctx) -> Obeyed:
    """`event.about` is the chain's number; `pay` and `undo` take entries or a step from `event.data`."""
    chain = shelf.group.chains.get(_number(event.about))
    wanted = _ORDERS.get(event.order)
    if chain is None or wanted is None:
        return [], "no_such_chain" if chain is None else "no_such_order"
    shelf.group.pass_time(event.at)
    return wanted(shelf, chain, event, ctx)


def _pay(shelf: Shelf, chain: Chain, event: OperatorOrdered, ctx: Ctx) -> Obeyed:
    """`entries`: ids with commas between; `paid` "" takes the payment back. Entries, not numbers: the list may have
    moved since the operator looked at it."""
    if ctx.params.type != "group_buy":
        return [], "nothing_to_pay"
    ids = [_number(word) for word in event.data.get("entries", "").split(",") if word]
    found = [entry for entry in (chain.entries.get(entry_id) for entry_id in ids) if entry is not None]
    if not found or len(found) < len(ids):
        return [], "no_such_entry"
    for entry in found:
        money.settle(shelf, chain, entry, is_paid=bool(event.data.get("paid")))
    return [], ""


def _undo(shelf: Shelf, chain: Chain, event: OperatorOrdered, ctx: Ctx) -> Obeyed:
    if not shelf.group.undo(chain, _number(event.data.get("step", "")), event.member, event.at):
        return [], "cannot_undo"
    return arm(shelf, chain, ctx), ""


def _remind(shelf: Shelf, chain: Chain, event: OperatorOrdered, ctx: Ctx) -> Obeyed:
    if not chain.is_open:
        return [], "chain_closed"
    if not missing(chain, ctx):
        return [], "nobody_missing"
    return _said_once(shelf, chain, ctx, reminder(shelf, chain, ctx))


def _dun(shelf: Shelf, chain: Chain, event: OperatorOrdered, ctx: Ctx) -> Obeyed:
    if ctx.params.type != "group_buy":
        return [], "nothing_to_pay"
    bill = money.bill(shelf, chain, ctx)
    return _said_once(shelf, chain, ctx, bill) if bill is not None else ([], "all_paid")


def _said_once(shelf: Shelf, chain: Chain, ctx: Ctx, said: Effect) -> Obeyed:
    board = shelf.boards.get(chain.id, Board())
    if board.reminded_at is not None and ctx.now - board.reminded_at < REMIND_AGAIN:
        return [], "just_reminded"
    shelf.boards[chain.id] = board.model_copy(update={"reminded_at": ctx.now})
    return [said], ""


def _close(shelf: Shelf, chain: Chain, event: OperatorOrdered, ctx: Ctx) -> Obeyed:
    if not chain.is_open:
        return [], "chain_closed"
    chain.close(event.at)
    return [], ""


def _reopen(shelf: Shelf, chain: Chain, event: OperatorOrdered, ctx: Ctx) -> Obeyed:
    if chain.is_open:
        return [], "chain_open"
    chain.reopen(event.at)
    return arm(shelf, chain, ctx), ""


def _post(shelf: Shelf, chain: Chain, event: OperatorOrdered, ctx: Ctx) -> Obeyed:
    return [post(shelf, chain, ctx)], ""


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1


_ORDERS: Mapping[str, Callable[[Shelf, Chain, OperatorOrdered, Ctx], Obeyed]] = {
    "pay": _pay, "undo": _undo, "remind": _remind, "dun": _dun, "close": _close, "reopen": _reopen, "post": _post,
}  # fmt: skip
