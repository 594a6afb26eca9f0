"""Counters of a day made from the log, the versions of the score, and the events behind one member's score."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, bindparam, desc, func, insert, select, text

from bot.core.scoring import DEFAULT, FOLDED, Scoring, scoring_of
from bot.core.tally import DAY_MS, LOOK_BACK_MS, Counting, Credit, Tally
from storage import tables as t
from storage.bulk import BulkInsert
from storage.persons import by_person
from storage.prepared import Prepared


def _text(sql: str) -> Prepared:
    return Prepared(text(sql))


_SAID = _text(
    "SELECT member_id, sent_at, text, platform_id, reply_to, recalled_at FROM message WHERE chat_id = :chat"
    " AND sent_at >= :begin AND sent_at < :end AND flags & 16 = 0 AND member_id IS NOT NULL ORDER BY sent_at, id"
)
_JOINS = _text(
    "SELECT member_id, at FROM event WHERE chat_id = :chat AND at >= :begin AND at < :end AND kind = 'MemberJoined'"
    " AND member_id IS NOT NULL ORDER BY at, id"
)
_COUNTERS = BulkInsert(
    t.member_day, ("chat_id", "day", "member_id", *FOLDED), key=("chat_id", "day", "member_id"),
    conflict=", ".join(f"{column} = excluded.{column}" for column in FOLDED),
)  # fmt: skip
_WEEK_MS = 7 * DAY_MS
_NEWEST_AT = Prepared(select(func.max(t.message.c.sent_at)).where(t.message.c.chat_id == bindparam("chat")))


@dataclass(frozen=True, slots=True)
class Span:
    """A group's day with its bounds in ms."""

    chat_id: int
    day: str
    begin: int
    end: int


Counts = dict[int, list[int]]
"""Member → counters of a day in the order of `FOLDED`."""
Heard = Callable[[Any, Credit, int], None]
"""Is told of each message row of the day, its credit and the number of messages before it."""


def active(connection: Connection) -> Scoring:
    """The version in force: the one adopted last, else the built-in one."""
    newest = select(t.scoring.c.source).order_by(desc(t.scoring.c.adopted_at), desc(t.scoring.c.version)).limit(1)
    source = connection.execute(newest).scalar()
    return _parsed(source) if source else DEFAULT


def adopt(connection: Connection, scoring: Scoring, at: int) -> None:
    """Puts a version in force. Raises no error for one that was in force before: it is again."""
    row = {"version": scoring.version, "source": json.dumps(scoring.document()), "adopted_at": at}
    changed = t.scoring.update().where(t.scoring.c.version == scoring.version).values(row)
    if not connection.execute(changed).rowcount:
        connection.execute(insert(t.scoring).values(row))


def fold(connection: Connection, span: Span, rules: Counting, heard: Heard | None = None) -> tuple[Tally, Counts, int]:
    """The day's tally at its end, member → counters in the order of `FOLDED`, and how many messages the log had."""
    ((tally, counts, said),) = fold_days(connection, [span], rules, heard)
    return tally, counts, said


def fold_days(
    connection: Connection, spans: Sequence[Span], rules: Counting, heard: Heard | None = None
) -> Iterator[tuple[Tally, Counts, int]]:
    """What `fold` gives for each of a group's days, which are in order: one pass over the log, one tally for all of them."""
    days = iter(spans)
    span = next(days)
    bounds = {"chat": span.chat_id, "begin": span.begin - LOOK_BACK_MS, "end": spans[-1].end}
    joins = _JOINS.run(connection, **{**bounds, "begin": span.begin - rules.newcomer_days * DAY_MS})
    tally, said, next_join = Tally(rules, span.day), 0, 0
    counts: Counts = {}
    # As tuples: the names of a row cost as much as counting it.
    for row in _SAID.run(connection, **bounds):
        member, at, words, message_id, reply_to, recalled_at = row
        while at >= span.end:
            yield tally, counts, said
            span, counts, said = next(days), {}, 0
            tally.turn(span.day)
        if at < span.begin:
            tally.note(member, at, message_id)
            continue
        while next_join < len(joins) and joins[next_join].at <= at:
            tally.joined[joins[next_join].member_id] = joins[next_join].at
            next_join += 1
        credit = tally.count(member, at, words, message_id, reply_to, span.begin, recalled=recalled_at is not None)
        if credit.verdict == "counted":
            _add(counts, member, credit)
        if heard is not None:
            heard(row, credit, said)
        said += 1
    for join in joins[next_join:]:
        tally.joined[join.member_id] = join.at
    yield tally, counts, said
    for span in days:
        tally.turn(span.day)
        yield tally, {}, 0


def recount(connection: Connection, span: Span, rules: Counting) -> Tally | None:
    """Replaces the counters of a day by those of its log; None, and nothing done, where the log was cut."""
    tally, counts, said = fold(connection, span, rules)
    d = t.member_day.c
    here = (d.chat_id == span.chat_id, d.day == span.day)
    known = connection.execute(select(d.member_id, d.msgs).where(*here)).all()
    if said < sum(row.msgs for row in known):
        return None
    for row in known:
        counts.setdefault(row.member_id, [0] * len(FOLDED))
    _COUNTERS.run(connection, [[span.chat_id, span.day, who, *each] for who, each in sorted(counts.items())])
    return tally


def newest_at(connection: Connection, chat_id: int) -> int:
    """When the newest logged message of the group was sent; 0 without any."""
    return _NEWEST_AT.first(connection, chat=chat_id) or 0


def sent_at(connection: Connection, chat_id: int, message_id: str, before: int) -> Sequence[int]:
    """When the messages with this id of the week before `before` were sent."""
    m = t.message.c
    query = select(m.sent_at).where(
        m.chat_id == chat_id, m.sent_at > before - _WEEK_MS, m.sent_at <= before + 60_000, m.platform_id == message_id
    )
    return connection.execute(query).scalars().all()


def days_of(connection: Connection, chat_id: int) -> Sequence[str]:
    """The days of a group that have counters, oldest first."""
    d = t.member_day.c
    return connection.execute(select(d.day).where(d.chat_id == chat_id).distinct().order_by(d.day)).scalars().all()


def _add(counts: Counts, member: int, credit: Credit) -> None:
    own = counts.get(member)
    if own is None:
        own = counts[member] = [0] * len(FOLDED)
    own[0] += 1
    own[1] += credit.chars
    own[2] += bool(credit.answered)
    own[4] += credit.helped
    if credit.replied:
        counts.setdefault(credit.replied, [0] * len(FOLDED))[3] += 1


@lru_cache(maxsize=16)
def _parsed(source: str) -> Scoring:
    return scoring_of(json.loads(source))


def days_with_names(connection: Connection, chat_id: int, since: str) -> Iterable[Any]:
    """The rollup of a group from the day `since` on, with members' names, without bots."""
    d, m = by_person(connection, t.member_day, chat_id), t.member
    query = select(d, m.c.name).join_from(d, m, m.c.id == d.c.member_id)
    return connection.execute(query.where(d.c.chat_id == chat_id, d.c.day >= since, m.c.is_bot == 0)).mappings()
