"""What the bot could not see: the time without a connection that no backfill filled.

An account's gap says when it was offline; a chat's gap says from its newest message on, and what became of it. Lost is what
lies in both, and all of a gap that is still open.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sqlalchemy import Connection

from storage import measures

Span: TypeAlias = tuple[int, int]
"""From, until (ms)."""
_LONG_ENOUGH_MS = 60_000
"""A reconnect that takes less is no gap worth a mark."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """`lost` are spans in which a group was not heard, in order; `seen` is the share of the time, over the groups asked for."""

    lost: tuple[Span, ...]
    seen: float


def coverage(connection: Connection, chat: measures.Chats, from_at: int, to_at: int, now_ms: int) -> Coverage:
    """What was seen of the span, of one group, several or all; the future doesn't count."""
    end = min(to_at, now_ms)
    if end <= from_at:
        return Coverage((), 1.0)
    of_accounts, of_chats = measures.gaps(connection, chat, from_at, end)
    ended: defaultdict[int, list[Span]] = defaultdict(list)
    lost: list[Span] = []
    for row in of_accounts:
        if row.status == "open":
            lost.append((row.from_at, end))
        else:
            ended[row.account_id].append((row.from_at, row.to_at))
    per_chat: defaultdict[int, list[Span]] = defaultdict(list)
    for row in of_chats:
        per_chat[row.chat_id] += within([(row.from_at, row.to_at)], ended[row.account_id])
    if isinstance(chat, int):
        spans = merged(within(lost + per_chat[chat], [(from_at, end)]))
        return Coverage(tuple(spans), 1 - _length(spans) / (end - from_at))
    # Over several groups: the mean of what each lost; an account that is offline takes its share of the groups along.
    groups = max(1, len(chat if chat is not None else measures.groups(connection)))
    total = sum(_length(merged(within(spans, [(from_at, end)]))) for spans in per_chat.values())
    offline = merged(within(lost, [(from_at, end)]))
    missing = (total / groups + _length(offline)) / (end - from_at)
    everywhere = merged(within([span for spans in per_chat.values() for span in spans], [(from_at, end)]) + offline)
    return Coverage(tuple(everywhere), max(0.0, 1 - missing))


def merged(spans: Iterable[Span]) -> list[Span]:
    """The spans in order, those that touch as one, those too short to matter left out."""
    found: list[Span] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, end))
    return [(begin, end) for begin, end in found if end - begin >= _LONG_ENOUGH_MS]


def within(spans: Sequence[Span], others: Sequence[Span]) -> list[Span]:
    """What lies in one of `spans` and in one of `others`."""
    return [(max(a, c), min(b, d)) for a, b in spans for c, d in others if max(a, c) < min(b, d)]


def _length(spans: Iterable[Span]) -> int:
    return sum(end - begin for begin, end in spans)
