"""Courses of deeds (`bot.core.deeds`) from the rollup, the notes and the questions: who did what on which day.

By the ids that the networks gave; who is one person is the caller's business. Only what the rules ask for is read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

import orjson
from sqlalchemy import ColumnElement, Connection, select

from storage import tables as t

DayOf: TypeAlias = Callable[[int], str]
"""Milliseconds → the group's day."""
Courses: TypeAlias = dict[int, dict[str, dict[str, int]]]
"""Member id → deed → day → how often."""
Who: TypeAlias = Sequence[int] | None

_COLUMNS = {
    "messages": "counted", "active_days": "msgs", "active_streak": "msgs", "checkins": "checkins",
    "checkin_streak": "checkins", "answers": "answers", "helped": "helped", "replied": "replied",
}  # fmt: skip
"""Deed → column of the rollup."""
_DAYS = frozenset(("active_days", "active_streak", "checkin_streak"))
"""Deeds that count the day, however often."""
_PERFECT, _LED = 3, 3


def courses(
    connection: Connection, chat: int, deeds: Collection[str], day_of: DayOf, who: Who = None
) -> Courses:  # fmt: skip
    """What everybody (or only `who`) did. Days on which nothing came of it may be missing."""
    found: Courses = defaultdict(lambda: defaultdict(lambda: defaultdict(int)))
    parts: list[Iterator[tuple[int, str, str, int]]] = []
    if wanted := [deed for deed in _COLUMNS if deed in deeds]:
        parts.append(_rolled_up(connection, chat, wanted, who))
    if "checkin_streak" in deeds:
        parts.append(_bridges(connection, chat, who))
    if "quiz_right" in deeds or "quiz_perfect" in deeds:
        parts.append(_quizzes(connection, chat, day_of, who))
    if "chains" in deeds or "chains_led" in deeds:
        parts.append(_chains(connection, chat, day_of, who))
    if "first_answers" in deeds:
        parts.append(_first_answers(connection, chat, who))
    for part in parts:
        for member, deed, day, n in part:
            if deed in deeds:
                found[member][deed][day] += n
    return found


def uids_of(connection: Connection, members: Sequence[int]) -> dict[int, str]:
    """Member id → uid."""
    found: dict[int, str] = {}
    for start in range(0, len(members), 500):
        query = select(t.member.c.id, t.member.c.uid).where(t.member.c.id.in_(members[start : start + 500]))
        found.update((row.id, row.uid) for row in connection.execute(query))
    return found


def _rolled_up(
    connection: Connection, chat: int, deeds: Sequence[str], who: Who
) -> Iterator[tuple[int, str, str, int]]:
    d = t.member_day.c
    columns = sorted({_COLUMNS[deed] for deed in deeds})
    query = select(d.member_id, d.day, *(d[column] for column in columns)).where(d.chat_id == chat)
    places = [(deed, 2 + columns.index(_COLUMNS[deed]), deed in _DAYS) for deed in deeds]
    for row in connection.execute(_of(query, d.member_id, who)):
        for deed, at, is_day in places:
            if n := row[at]:
                yield row[0], deed, row[1], 1 if is_day else n


def _bridges(connection: Connection, chat: int, who: Who) -> Iterator[tuple[int, str, str, int]]:
    """Days made up for count, days of leave are no gap."""
    for row in _notes(connection, chat, ("makeup", "leave"), who):
        day = row.key.partition("|")[2][:10]
        if row.member_id is not None and len(day) == 10:
            yield row.member_id, "checkin_streak", day, int(row.what == "makeup")


def _quizzes(connection: Connection, chat: int, day_of: DayOf, who: Who) -> Iterator[tuple[int, str, str, int]]:
    asked: dict[tuple[int, str], int] = defaultdict(int)
    for row in _notes(connection, chat, ("quiz_item",), None):
        asked[(row.run_id, row.key.rpartition("|")[0])] += 1
    right: dict[tuple[int, str, int], int] = defaultdict(int)
    ended: dict[tuple[int, str, int], str] = {}
    for row in _notes(connection, chat, ("quiz",), who):
        if row.member_id is None or not orjson.loads(row.data).get("is_right"):
            continue
        day = day_of(row.at)
        yield row.member_id, "quiz_right", day, 1
        session = (row.run_id, row.key.rsplit("|", 2)[0], row.member_id)
        right[session] += 1
        ended[session] = max(day, ended.get(session, ""))
    for (run, session_id, member), n in right.items():
        if n >= _PERFECT and n == asked.get((run, session_id)):
            yield member, "quiz_perfect", ended[(run, session_id, member)], 1


def _chains(connection: Connection, chat: int, day_of: DayOf, who: Who) -> Iterator[tuple[int, str, str, int]]:
    stood: set[tuple[int, str, int]] = set()
    for row in _notes(connection, chat, ("chain_entry", "chain"), who):
        if row.member_id is None:
            continue
        if row.what == "chain":
            if len(orjson.loads(row.data).get("entries", ())) >= _LED:
                yield row.member_id, "chains_led", day_of(row.at), 1
            continue
        chain = (row.run_id, row.key.partition(":")[0], row.member_id)
        if chain not in stood:
            stood.add(chain)
            yield row.member_id, "chains", day_of(row.at), 1


def _first_answers(connection: Connection, chat: int, who: Who) -> Iterator[tuple[int, str, str, int]]:
    q = t.question.c
    query = select(q.answered_by, q.day).where(q.chat_id == chat, q.answered_by.is_not(None))
    for row in connection.execute(_of(query, q.answered_by, who)):
        yield row.answered_by, "first_answers", row.day, 1


def _notes(connection: Connection, chat: int, what: Iterable[str], who: Who) -> Sequence[Any]:
    n = t.note.c
    query = select(n.run_id, n.member_id, n.what, n.key, n.data, n.at).where(n.chat_id == chat, n.what.in_(list(what)))
    return connection.execute(_of(query, n.member_id, who).order_by(n.id)).all()


def _of(query: Any, member: ColumnElement[int], who: Who) -> Any:
    return query if who is None else query.where(member.in_(list(who)))
