"""What the group reads: the list, its notes, and short answers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bot.core.effects import Effect, Lane, Say, SetTimer, Template
from bot.core.events import MessageReceived
from bot.core.jielong import Chain, Entry, Totals, goods_of, native, totals_of
from bot.core.jielong.numerals import plain
from bot.plays.chain.params import Params
from bot.plays.chain.records import Board
from bot.plays.chain.shelf import Ctx, Shelf

NOTE_MARK = "※"
"""Begins every line that the bot adds to a list: whoever copies the post doesn't copy the notes into the chain."""


def without_notes(text: str) -> str:
    """A member's message without notes copied from a post of ours."""
    if NOTE_MARK not in text:
        return text
    return "\n".join(line for line in text.split("\n") if not line.lstrip().startswith(NOTE_MARK))


def arm(shelf: Shelf, chain: Chain, ctx: Ctx) -> list[Effect]:
    """A post is due: at most one per chain and debounce time, the last state counts."""
    board = shelf.boards.get(chain.id, Board())
    if not ctx.params.debounce:
        return [post(shelf, chain, ctx)]
    if board.post_at is not None and board.post_at + timedelta(minutes=1) > ctx.now:
        return []
    at = ctx.now + ctx.params.debounce
    shelf.boards[chain.id] = board.model_copy(update={"post_at": at})
    return [SetTimer(name=f"post:{chain.id}", at=at)]


def post(shelf: Shelf, chain: Chain, ctx: Ctx) -> Say:
    """The list as it stands, with what has to be said about it."""
    board = shelf.boards.get(chain.id, Board())
    numbers = {entry.id: number for number, entry in enumerate(chain.active, start=1)}
    kept = [
        {"number": numbers[entry_id], "text": first_line(chain.entries[entry_id])}
        for entry_id in board.kept
        if entry_id in numbers
    ]
    data = {
        **summary(shelf, chain, ctx),
        "kept": kept[:5],
        "kept_more": max(0, len(kept) - 5),
        "long": board.long,
        "refused": board.refused,
    }
    said = {"post_at": None, "kept": (), "long": 0, "refused": 0}
    shelf.boards[chain.id] = board.model_copy(update={**said, "posted_at": ctx.now, "posts": board.posts + 1})
    return Say(words=Template("chain/list", data), key=f"post:{chain.id}:{board.posts + 1}")


def summary(shelf: Shelf, chain: Chain, ctx: Ctx) -> dict[str, Any]:
    """Everything that a template may say about a chain."""
    options, params = shelf.group.options, ctx.params
    goods = goods_of(chain, options)
    totals = totals_of(
        chain, goods, capacity=params.capacity, counts_guests=options.counts_guests, counts_people=params.counts_people
    )
    texts = [entry.text for entry in chain.active]
    deadline = chain.head.deadline
    return {
        "list": native(chain.head, texts or ([""] if chain.is_open else [])) if params.native else "",
        "name": chain.head.title.split("\n", 1)[0] or "接龙",
        "title": chain.head.title,
        "example": chain.head.example,
        "tail": chain.head.tail,
        "texts": texts,
        "type": params.type,
        "word": params.word,
        "is_open": chain.is_open,
        "deadline": f"{ctx.local(deadline):%m月%d日 %H:%M}" if deadline else "",
        "count": len(texts),
        "quantity": plain(totals.quantity),
        "items": [{"name": name, "count": plain(count)} for name, count in totals.items.items()],
        "amount": f"{totals.amount:.2f}" if goods else "",
        "unparsed": [
            {"number": number, "text": first_line(counted.entry)}
            for number, counted in enumerate(totals.entries, start=1)
            if counted.order is not None and counted.order.is_unparsed
        ],
        "capacity": params.capacity or 0,
        "has_waitlist": params.waitlist,
        **_places(totals, params),
    }


def _places(totals: Totals, params: Params) -> dict[str, Any]:
    """How many places are left and who waits. `place_unit` says what a place is where that could be misread."""
    waiting = [number for number, counted in enumerate(totals.entries, start=1) if counted.is_waiting]
    taken = plain(totals.quantity) if params.counts_people else len(totals.entries)
    is_misread = not params.counts_people and totals.quantity != len(totals.entries)
    return {
        "waiting": len(waiting),
        "first_waiting": waiting[0] if waiting else 0,
        "places_left": max(0, params.capacity - taken) if params.capacity else 0,
        "place_unit": "条" if is_misread else "位",
    }


def first_line(entry: Entry) -> str:
    line = entry.text.split("\n", 1)[0]
    return line if len(line) <= 20 else f"{line[:19]}…"


def answer(ctx: Ctx, event: MessageReceived, template: str, /, **data: Any) -> Say:
    """A short answer to one member, where they asked."""
    return Say(
        words=Template(f"chain/{template}", {"word": ctx.params.word, **data}),
        to=event.member if event.is_private else None,
        reply_to=None if event.is_private else event.message_id,
        lane=Lane.ANSWER,
    )
