"""Why a member has this score: the events of the log behind each counter, in order, with what each brought."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, func, select

from bot.core.scoring import COLUMNS, Event, Line, Scoring, lines_of
from bot.core.tally import Credit
from storage import tables as t
from storage.scoring import Span, fold

GONE = "gone"
"""`Event.why_not` of points whose messages the log no longer has."""
_NOTES: Mapping[str, tuple[str, int]] = {
    "checkin": ("checkins", 1), "checkin_undone": ("checkins", -1), "quiz": ("quiz", 1),
    "chain_entry": ("chain", 1),
}  # fmt: skip
_EXCERPT = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One day of one person. `mp` is the score of the day and the sum of the lines."""

    day: str
    lines: tuple[Line, ...]

    @property
    def mp(self) -> int:
        return sum(line.mp for line in self.lines)


def explain_day(
    connection: Connection, who: Sequence[int], span: Span, scoring: Scoring, age_days: int, pending: Counter[str]
) -> Day:
    """The day of the person with the ids `who`. `pending`: column → what the running transaction adds to the counters."""
    events = [*_said(connection, set(who), span, scoring), *_noted(connection, who, span)]
    events.sort(key=lambda event: event.at)
    there: Counter[str] = Counter()
    for event in events:
        there.update(event.units)
    stored = counts_of(connection, span.chat_id, who, [span.day]).get(span.day, {})
    gone = {
        part: missing
        for part, column in COLUMNS.items()
        if (missing := stored.get(column, 0) + pending[column] - there[part]) > 0
    }
    if gone:
        events.insert(0, Event(at=_moment(span.begin), text="", units=gone, why_not=GONE))
    return Day(day=span.day, lines=tuple(lines_of(scoring, events, age_days)))


def counts_of(
    connection: Connection, chat_id: int, who: Sequence[int], days: Iterable[str]
) -> dict[str, dict[str, int]]:
    """Day → column → count, of all the person's ids together."""
    d = t.member_day
    columns = [func.sum(d.c[column]).label(column) for column in COLUMNS.values()]
    query = select(d.c.day, *columns).where(d.c.chat_id == chat_id, d.c.day.in_(list(days)), d.c.member_id.in_(who))
    return {
        row["day"]: {column: int(row[column]) for column in COLUMNS.values()}
        for row in connection.execute(query.group_by(d.c.day)).mappings()
    }


def ids_of(connection: Connection, uid: str) -> list[int]:
    """The ids of the person that `uid` belongs to; [] when nobody is called so."""
    found = connection.execute(select(t.member.c.id).where(t.member.c.uid == uid)).scalar()
    if found is None:
        return []
    i = t.identity.c
    head = connection.execute(select(i.head_id).where(i.member_id == found, i.parted_at.is_(None))).scalar() or found
    return [head, *connection.execute(select(i.member_id).where(i.head_id == head, i.parted_at.is_(None))).scalars()]


def newest_day(connection: Connection, chat_id: int) -> date | None:
    """The day from which ages are counted."""
    newest = connection.execute(select(func.max(t.member_day.c.day)).where(t.member_day.c.chat_id == chat_id)).scalar()
    return date.fromisoformat(newest) if newest else None


def _said(connection: Connection, who: set[int], span: Span, scoring: Scoring) -> list[Event]:
    found: list[tuple[Any, Credit]] = []

    def heard(row: Any, credit: Credit, place: int) -> None:
        if row[0] in who or credit.replied in who:
            found.append((row, credit))

    fold(connection, span, scoring.counting, heard)
    names = _names(connection, span.chat_id, {row.member_id for row, _ in found} - who)
    events = []
    for row, credit in found:
        at, text = _moment(row.sent_at), _excerpt(row.text)
        if row.member_id in who:
            units = {"messages": 1, "chars": credit.chars, "answers": bool(credit.answered), "helped": credit.helped}
            kept = {part: int(n) for part, n in units.items() if n} if credit.verdict == "counted" else {}
            why = "" if credit.verdict == "counted" else credit.verdict
            events.append(Event(at=at, text=text, units=kept, why_not=why))
        if credit.replied in who:
            events.append(Event(at=at, text=text, units={"replied": 1}, by=names.get(row.member_id, "?")))
    return events


def _noted(connection: Connection, who: Sequence[int], span: Span) -> list[Event]:
    """What plays noted for the day, also later than on it."""
    n = t.note
    query = select(n.c.what, n.c.data, n.c.at).where(
        n.c.chat_id == span.chat_id, n.c.what.in_(_NOTES), n.c.at >= span.begin, n.c.member_id.in_(who)
    )
    events = []
    for row in connection.execute(query.order_by(n.c.at, n.c.id)):
        day = json.loads(row.data).get("day")
        if day == span.day or (not day and row.at < span.end):
            part, units = _NOTES[row.what]
            events.append(Event(at=_moment(row.at), text="", units={part: units}))
    return events


def _names(connection: Connection, chat_id: int, ids: set[int]) -> dict[int, str]:
    m, ms = t.member, t.membership
    shown = func.coalesce(func.nullif(ms.c.name, ""), m.c.name)
    query = (
        select(m.c.id, shown)
        .join_from(m, ms, (ms.c.member_id == m.c.id) & (ms.c.chat_id == chat_id), isouter=True)
        .where(m.c.id.in_(ids))
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def _excerpt(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _EXCERPT else flat[: _EXCERPT - 1] + "…"


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
