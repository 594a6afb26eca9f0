"""What rules caught in a history: which message, by which rule, and what was done about it."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import Connection, select

from bot.engine.clock import from_ms
from storage import tables as t

VERDICT = "verdict"
"""The note that the play `rules` writes for each message that it judged."""


@dataclass(frozen=True, slots=True)
class Hit:
    """`text` is the message as it was heard, "" when it is not in the log any more. `mode`: shadow only notes it. `done`:
    warn, delete, mute, kick."""

    at: datetime
    member: str
    text: str
    rule: str
    level: int
    mode: str
    done: tuple[str, ...]


Said = Mapping[str, Sequence[tuple[datetime, str]]]
"""Member → what was heard of them and when, in order."""


def hits_of(connection: Connection, chat_id: int | None, since_ms: int, said: Said) -> Iterator[Hit]:
    """The verdicts since then, in order."""
    note = t.note.c
    rows = connection.execute(
        select(note.at, note.data, t.member.c.uid)
        .join_from(t.note, t.member, t.member.c.id == note.member_id)
        .where(note.chat_id == chat_id, note.what == VERDICT, note.at >= since_ms)
        .order_by(note.at, note.id)
    )
    for row in rows:
        data, at = orjson.loads(row.data), from_ms(row.at)
        heard = said.get(row.uid, ())
        place = bisect_right(heard, at, key=lambda each: each[0])
        yield Hit(
            at=at, member=row.uid, text=heard[place - 1][1] if place else "", rule=str(data.get("rule", "")),
            level=int(data.get("level", 0)), mode=str(data.get("mode", "")), done=tuple(data.get("done", ())),
        )  # fmt: skip


def changed(before: Iterable[Hit], after: Iterable[Hit]) -> tuple[list[Hit], list[Hit]]:
    """(caught only in the second history, caught only in the first), in the order of time. A hit is the same where the moment,
    the member and the rule are; two of one moment are two."""
    old, new = _told_apart(before), _told_apart(after)
    return [hit for key, hit in new.items() if key not in old], [hit for key, hit in old.items() if key not in new]


def _told_apart(hits: Iterable[Hit]) -> dict[tuple[datetime, str, str, int], Hit]:
    seen: Counter[tuple[datetime, str, str]] = Counter()
    found = {}
    for hit in hits:
        same = (hit.at, hit.member, hit.rule)
        found[(*same, seen[same])] = hit
        seen[same] += 1
    return found
