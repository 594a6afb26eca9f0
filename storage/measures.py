"""The queries behind the metrics: over rollups and short indexes, for one group or all of them, never over the message log.

Days are ISO text of the groups' calendars, both ends included. `chat` is a group, several, or None for every group. Bots are
nobody, and ids that are one person count as that person (`member_id` of an answer is then the head's).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import ColumnElement, Connection, Date, Select, Table, case, cast, distinct, func, select, union

from bot.core.retention import shifted
from storage import tables as t
from storage.persons import heads, is_anybody_merged, merged_ids, under_any_id, unmoved, who
from storage.rollups import bots

Chats: TypeAlias = int | tuple[int, ...] | None
"""Row ids: one group, several, None for all of them."""
COUNTS = (
    "members", "active", "msgs", "chars", "replies", "checkins", "checkin_members", "quiz", "quiz_members", "chain",
    "chain_members", "helped", "joins", "leaves", "posts", "post_replies", "questions", "answered", "logged",
)  # fmt: skip


class Joined(NamedTuple):
    chat_id: int
    member_id: int
    joined_at: int


@dataclass(frozen=True, slots=True)
class DayCounts:
    """A day of a group, or the sums over all groups. `from_at`, `to_at`: its bounds in ms."""

    day: str
    from_at: int
    to_at: int
    counts: Mapping[str, int]

    def __getitem__(self, name: str) -> int:
        return self.counts[name]


def group(connection: Connection, uid: str) -> Any:
    """(id, uid, name, size) of the group, None when there is none."""
    c = t.chat.c
    query = select(c.id, c.uid, c.name, c.size).where(c.uid == uid, c.kind == "group")
    return connection.execute(query).one_or_none()


def groups(connection: Connection) -> Sequence[Any]:
    """(id, uid, name, size) of every group, by uid."""
    c = t.chat.c
    return connection.execute(select(c.id, c.uid, c.name, c.size).where(c.kind == "group").order_by(c.uid)).all()


def newest_day(connection: Connection, chat: Chats) -> str | None:
    """The newest day that was counted."""
    query = select(func.max(t.day_stat.c.day))
    found: str | None = connection.execute(_in(query, t.day_stat, chat)).scalar()
    return found


def days(connection: Connection, chat: Chats, first: str, last: str) -> list[DayCounts]:
    """The counted days, oldest first. Days that nobody counted are missing."""
    s = t.day_stat.c
    sums = [func.sum(s[name]).label(name) for name in COUNTS]
    query = select(s.day, func.min(s.from_at), func.max(s.to_at), *sums).where(s.day >= first, s.day <= last)
    rows = connection.execute(_in(query, t.day_stat, chat).group_by(s.day).order_by(s.day))
    return [DayCounts(r[0], r[1], r[2], {n: int(v) for n, v in zip(COUNTS, r[3:], strict=True)}) for r in rows]


def opening(connection: Connection, chat: int) -> str | None:
    """The day on which the first person spoke, as far as the bot heard."""
    found: str | None = connection.execute(
        select(func.min(t.member_life.c.first_day)).where(t.member_life.c.chat_id == chat)
    ).scalar()
    return found


def active(connection: Connection, chat: Chats, first: str, last: str) -> frozenset[int]:
    """People (member ids) with words or a counted deed in the days."""
    d = t.member_day.c
    query = select(d.member_id).where(d.day >= first, d.day <= last).distinct()
    found = frozenset(connection.execute(_in(query, t.member_day, chat)).scalars()) - bots(connection)
    known = heads(connection)
    return frozenset(known.get(each, each) for each in found) if known else found


def did(connection: Connection, chat: Chats, first: str, last: str, column: str) -> int:
    """Distinct people whose `column` of the rollup is above 0 in one of the days."""
    d = t.member_day.c
    query = select(func.count(distinct(who(connection, d.member_id)))).where(
        d.day >= first, d.day <= last, d[column] > 0, _person(connection, d)
    )
    return connection.execute(_in(query, t.member_day, chat)).scalar() or 0


def members(connection: Connection, chat: Chats, at: int) -> int:
    """Distinct people who were in the group, or in any, at that moment (ms), as far as their newest join and leave tell."""
    ms = t.membership.c
    person = who(connection, ms.member_id)
    query = select(func.count(distinct(person))).where(*_was_in(ms, at), _person(connection, ms))
    return connection.execute(_in(query, t.membership, chat)).scalar() or 0


def quiet(connection: Connection, chat: Chats, since: str, last: str, at: int) -> tuple[int, int]:
    """(who spoke before `since` but not from then to `last`, who never spoke up to `last`) among those who were in the group at
    `at`. What is said later changes neither: a figure of a span that is over stays."""
    if is_anybody_merged(connection):
        return _quiet_persons(connection, chat, since, last, at)
    ms, life, d = t.membership.c, t.member_life.c, t.member_day.c
    here = t.membership.join(
        t.member_life, (life.chat_id == ms.chat_id) & (life.member_id == ms.member_id), isouter=True
    )
    spoke = _in(select(d.chat_id, d.member_id).where(d.day >= since, d.day <= last), t.member_day, chat).distinct()
    lately = spoke.subquery()
    query = (
        select(
            func.coalesce(func.sum(case(((life.first_day < since) & lately.c.member_id.is_(None), 1), else_=0)), 0),
            func.coalesce(func.sum(case((life.first_day.is_(None) | (life.first_day > last), 1), else_=0)), 0),
        )
        .select_from(
            here.join(lately, (lately.c.chat_id == ms.chat_id) & (lately.c.member_id == ms.member_id), isouter=True)
        )
        .where(*_was_in(ms, at), _person(connection, ms))
    )
    row = connection.execute(_in(query, t.membership, chat)).one()
    return int(row[0]), int(row[1])


def cohorts(
    connection: Connection, chat: Chats, first: str, last: str, until: str, after: Iterable[int]
) -> dict[tuple[str, str], int]:
    """(first day, day) → people whose first day lies in `first`..`last` and who were active on that day, up to `until`.

    The days are the first one, which is the cohort's size, and those so many days `after` it: each is one probe of the index
    for each member, where all days of all members would be millions of rows. Over all groups somebody's first day is the first
    anywhere.
    """
    life = t.member_life.c
    person = who(connection, life.member_id).label("member_id")
    born = _in(select(person, func.min(life.first_day).label("began")), t.member_life, chat).group_by(person)
    cohort = born.having(func.min(life.first_day) >= first, func.min(life.first_day) <= last).subquery().c
    found: dict[tuple[str, str], int] = {}
    sizes = select(cohort.began, func.count().label("n")).group_by(cohort.began)
    wanted = sorted(set(after) - {0})
    for n in wanted:
        sizes = sizes.add_columns(func.sum(case((_is_there(connection, chat, cohort, n), 1), else_=0)))
    for began, size, *hits in connection.execute(sizes):
        days = {shifted(began, n): int(each) for n, each in zip(wanted, hits, strict=True)}
        found |= {(began, day): each for day, each in {began: size, **days}.items() if day <= until}
    return found


def kept_doing(
    connection: Connection, chat: Chats, column: str, days: tuple[int, int], until: str
) -> tuple[int, int, int]:
    """Of everybody whose `column` was ever above 0: (those who did it again so many days after their first time, from the first
    to the second of `days`; those for whom these days are over; all). Somebody in two groups counts twice."""
    d = t.member_day.c
    person = who(connection, d.member_id).label("member_id")
    first = select(d.chat_id, person, func.min(d.day).label("began")).where(
        d[column] > 0, d.day <= until, _person(connection, d)
    )
    began = _in(first, t.member_day, chat).group_by(d.chat_id, person).subquery().c
    later = [_later(connection, began.began, n) for n in range(days[0], days[1] + 1)]

    def again(member: ColumnElement[int]) -> ColumnElement[bool]:
        days_of = select(d.day).where(
            d.chat_id == began.chat_id, d.member_id == member, d[column] > 0, d.day.in_(later)
        )
        return days_of.correlate_except(t.member_day).exists()

    is_ripe = began.began <= shifted(until, -days[1])
    query = select(
        func.coalesce(func.sum(case((is_ripe & under_any_id(connection, began.member_id, again), 1), else_=0)), 0),
        func.coalesce(func.sum(case((is_ripe, 1), else_=0)), 0),
        func.count(),
    ).select_from(began.began.table)
    hits, ripe, everyone = connection.execute(query).one()
    return int(hits), int(ripe), everyone


def takers(connection: Connection, chat: Chats, first: str, last: str, columns: Iterable[str]) -> set[tuple[int, int]]:
    """(group, member) of those with one of `columns` above 0 in the days."""
    d = t.member_day.c
    some = [d[name] > 0 for name in columns]
    any_of: ColumnElement[bool] = some[0]
    for each in some[1:]:
        any_of = any_of | each
    person = who(connection, d.member_id).label("member_id")
    query = select(d.chat_id, person).where(d.day >= first, d.day <= last, any_of, _person(connection, d)).distinct()
    return {(r.chat_id, r.member_id) for r in connection.execute(_in(query, t.member_day, chat))}


def links(connection: Connection, chat: Chats, first: str, last: str, active: frozenset[int]) -> tuple[int, int, int]:
    """(who answered or mentioned somebody, who was answered or mentioned, either): distinct people of those `active`."""
    r = t.reply_day.c
    span: tuple[ColumnElement[bool], ...] = (r.day >= first, r.day <= last)
    known = heads(connection)
    if known:
        # Who answers under another id of one's own answers nobody.
        span = (*span, who(connection, r.member_id) != who(connection, r.to_id))
    gave, got = (
        set(connection.execute(_in(select(column).where(*span).distinct(), t.reply_day, chat)).scalars())
        for column in (r.member_id, r.to_id)
    )
    given = {known.get(each, each) for each in gave - bots(connection)}
    received = {known.get(each, each) for each in got} & active
    return len(given), len(received), len(given | received)


def answers(
    connection: Connection, chat: Chats, first: str, last: str, within_ms: int
) -> tuple[int, int, int, float | None]:
    """(questions, answered, answered within `within_ms`, median wait in ms of those answered)."""
    q = t.question.c
    span = (q.day >= first, q.day <= last)
    query = select(
        func.count(),
        func.count(q.answer_ms),
        func.coalesce(func.sum(case((q.answer_ms <= within_ms, 1), else_=0)), 0),
    ).where(*span)
    asked, answered, soon = connection.execute(_in(query, t.question, chat)).one()
    if not answered:
        return asked, 0, 0, None
    waits = _in(select(q.answer_ms).where(*span, q.answer_ms.is_not(None)), t.question, chat).order_by(q.answer_ms)
    middle = connection.execute(waits.offset((answered - 1) // 2).limit(2 - answered % 2)).scalars().all()
    return asked, answered, int(soon), sum(middle) / len(middle)


def noted(connection: Connection, chat: Chats, what: str, from_at: int, to_at: int, containing: str = "") -> int:
    """How many notes of the kind; `containing` narrows to those whose data holds that text."""
    n = t.note.c
    query = select(func.count()).where(n.what == what, n.at >= from_at, n.at < to_at)
    if containing:
        query = query.where(n.data.contains(containing, autoescape=True))
    return connection.execute(_everywhere(query, chat)).scalar() or 0


def notes(connection: Connection, chat: Chats, what: str, from_at: int, to_at: int) -> Sequence[Any]:
    """(chat_id, member_id, data, at) of the notes of the kind, oldest first."""
    n = t.note.c
    person = who(connection, n.member_id).label("member_id")
    query = select(n.chat_id, person, n.data, n.at).where(n.what == what, n.at >= from_at, n.at < to_at)
    return connection.execute(_everywhere(query, chat).order_by(n.at, n.id)).all()


def joined(connection: Connection, chat: Chats, from_at: int, to_at: int) -> Sequence[Any]:
    """(chat_id, member_id, joined_at) of those whose newest join lies in the span, those who left again included."""
    ms = t.membership.c
    query = select(ms.chat_id, ms.member_id, ms.joined_at).where(
        ms.joined_at >= from_at, ms.joined_at < to_at, _person(connection, ms)
    )
    found = connection.execute(_in(query, t.membership, chat)).all()
    return found if not found or not is_anybody_merged(connection) else _joined_persons(connection, found)


def join_events(connection: Connection, chat: Chats, from_at: int, to_at: int) -> Sequence[Any]:
    """(chat_id, member_id, data) of the joins."""
    e = t.event.c
    query = (
        select(e.chat_id, who(connection, e.member_id).label("member_id"), e.data)
        .where(e.kind == "MemberJoined", e.at >= from_at, e.at < to_at, e.is_copy == 0)
        .where(e.id.not_in(unmoved(connection)))
    )
    return connection.execute(_in(query, t.event, chat)).all()


def deeds_of_joined(
    connection: Connection, chat: Chats, first: str, last: str, from_at: int, to_at: int
) -> Sequence[Any]:
    """(chat_id, member_id, day, msgs, plays) of the days of those whose newest join lies in the span of time; `plays` counts
    check-ins, answers and lines."""
    ms = t.membership.c
    them = _in(select(ms.member_id).where(ms.joined_at >= from_at, ms.joined_at < to_at), t.membership, chat)
    return _deeds(connection, chat, first, last, them)


def deeds_of_noted(
    connection: Connection, chat: Chats, first: str, last: str, what: str, from_at: int, to_at: int
) -> Sequence[Any]:
    """The same of those about whom a note of the kind was made in the span of time."""
    n = t.note.c
    them = select(n.member_id).where(n.what == what, n.at >= from_at, n.at < to_at, n.member_id.is_not(None))
    return _deeds(connection, chat, first, last, _everywhere(them, chat))


def runs_of(connection: Connection, chat: int, playbook: str) -> Sequence[Any]:
    """(id, ref, kind) of the playbook's runs in the group, in the order in which they began."""
    r = t.run.c
    query = select(r.id, r.ref, r.kind).where(r.chat_id == chat, r.ref.startswith(f"{playbook}/", autoescape=True))
    return connection.execute(query.order_by(r.started_at, r.id)).all()


def playbooks_of(connection: Connection, chat: int) -> list[str]:
    """The playbooks that ever ran in the group, by name."""
    refs = connection.execute(select(t.run.c.ref).where(t.run.c.chat_id == chat).distinct()).scalars()
    return sorted({ref.partition("/")[0] for ref in refs})


def doers(connection: Connection, runs: Sequence[int], from_at: int, to_at: int) -> Sequence[Any]:
    """(run_id, member_id) of those about whom a run noted anything in the span."""
    n = t.note.c
    query = select(n.run_id, who(connection, n.member_id).label("member_id")).where(
        n.run_id.in_(runs), n.member_id.is_not(None), n.at >= from_at, n.at < to_at
    )
    return connection.execute(query.distinct()).all()


def present(connection: Connection, chat: int) -> Sequence[int]:
    """Who is in the group now."""
    ms = t.membership.c
    person = who(connection, ms.member_id)
    query = select(person).where(ms.chat_id == chat, ms.left_at.is_(None), _person(connection, ms)).distinct()
    return connection.execute(query).scalars().all()


def lives(connection: Connection, chat: int) -> list[tuple[int, str]]:
    """(member, first day) of everybody who was ever active in the group."""
    life = t.member_life.c
    person = who(connection, life.member_id).label("member_id")
    query = select(person, func.min(life.first_day).label("first_day")).where(life.chat_id == chat)
    return [(row.member_id, row.first_day) for row in connection.execute(query.group_by(person))]


def deeds_of_kinds(
    connection: Connection, chat: int, first: str, last: str, people: Mapping[int, Any]
) -> Sequence[Any]:
    """(member_id, day, checkins, quiz, chain) of the days of these people."""
    d = t.member_day.c
    query = select(who(connection, d.member_id).label("member_id"), d.day, d.checkins, d.quiz, d.chain).where(
        d.chat_id == chat, d.day >= first, d.day <= last
    )
    return [row for row in connection.execute(query) if row.member_id in people]


def gaps(connection: Connection, chat: Chats, from_at: int, to_at: int) -> tuple[Sequence[Any], Sequence[Any]]:
    """(of accounts, of chats): rows (account_id, chat_id, from_at, to_at, status) that touch the span and may have lost something."""
    g, c = t.gap.c, t.chat.c
    columns = (g.account_id, g.chat_id, g.from_at, g.to_at, g.status)
    touching = (g.from_at < to_at, (g.to_at >= from_at) | (g.status == "open"))
    of_accounts = select(*columns).where(g.chat_id.is_(None), *touching)
    if chat is not None:
        primary = select(c.primary_account_id).where(of_chat(c.id, chat))
        of_accounts = of_accounts.where(g.account_id.in_(primary))
    of_chats = select(*columns).where(g.chat_id.is_not(None), g.status.in_(("open", "partial")), *touching)
    if chat is not None:
        of_chats = of_chats.where(of_chat(g.chat_id, chat))
    return connection.execute(of_accounts).all(), connection.execute(of_chats).all()


def of_chat(column: ColumnElement[int], chat: int | tuple[int, ...]) -> ColumnElement[bool]:
    """Whether the row belongs to the group, or to one of them."""
    return column == chat if isinstance(chat, int) else column.in_(chat)


# -- inside -------------------------------------------------------------------------------------------------------------


def _is_there(connection: Connection, chat: Chats, cohort: Any, n: int) -> ColumnElement[bool]:
    """Whether somebody of the cohort was active `n` days after their first."""
    d = t.member_day.c
    day = _later(connection, cohort.began, n)

    def there(member: ColumnElement[int]) -> ColumnElement[bool]:
        days_of = select(d.day).where(d.day == day, d.member_id == member)
        return _in(days_of, t.member_day, chat).correlate_except(t.member_day).exists()

    return under_any_id(connection, cohort.member_id, there)


def _later(connection: Connection, day: ColumnElement[str], n: int) -> ColumnElement[str]:
    """The day `n` days after the ISO text `day`, as the database counts."""
    if connection.dialect.name == "sqlite":
        return func.date(day, f"+{n} day")
    return func.to_char(cast(day, Date) + n, "YYYY-MM-DD")


def _was_in(columns: Any, at: int) -> tuple[ColumnElement[bool], ...]:
    return (
        columns.joined_at.is_(None) | (columns.joined_at < at),
        columns.left_at.is_(None) | (columns.left_at >= at),
    )


def _deeds(connection: Connection, chat: Chats, first: str, last: str, them: Select[Any]) -> Sequence[Any]:
    d = t.member_day.c
    ids: Any = union(them, *merged_ids()) if is_anybody_merged(connection) else them
    person = who(connection, d.member_id).label("member_id")
    query = select(d.chat_id, person, d.day, d.msgs, (d.checkins + d.quiz + d.chain).label("plays"))
    query = query.where(d.day >= first, d.day <= last, d.member_id.in_(ids))
    return connection.execute(_in(query, t.member_day, chat)).all()


def _quiet_persons(connection: Connection, chat: Chats, since: str, last: str, at: int) -> tuple[int, int]:
    ms, life, d = t.membership.c, t.member_life.c, t.member_day.c
    there, lived, spoke = (who(connection, each.member_id).label("person") for each in (ms, life, d))
    here = select(ms.chat_id, there).where(*_was_in(ms, at), _person(connection, ms)).distinct()
    began = select(life.chat_id, lived, func.min(life.first_day)).group_by(life.chat_id, lived)
    first = {(row[0], row[1]): row[2] for row in connection.execute(_in(began, t.member_life, chat))}
    days = select(d.chat_id, spoke).where(d.day >= since, d.day <= last).distinct()
    lately = {(row[0], row[1]) for row in connection.execute(_in(days, t.member_day, chat))}
    silent = never = 0
    for row in connection.execute(_in(here, t.membership, chat)):
        day = first.get((row[0], row[1]))
        never += day is None or day > last
        silent += day is not None and day < since and (row[0], row[1]) not in lately
    return silent, never


def _joined_persons(connection: Connection, found: Sequence[Any]) -> list[Any]:
    """The newest join of each person; none of somebody who was there under another id all the time."""
    known, ms = heads(connection), t.membership
    ids = known.keys() | set(known.values())
    query = select(ms.c.chat_id, ms.c.member_id, ms.c.joined_at, ms.c.left_at).where(ms.c.member_id.in_(ids))
    places: dict[tuple[int, int], list[Any]] = {}
    for row in connection.execute(query):
        places.setdefault((row.chat_id, known.get(row.member_id, row.member_id)), []).append(row)
    newest: dict[tuple[int, int], Joined] = {}
    for row in found:
        person = (row.chat_id, known.get(row.member_id, row.member_id))
        if any(
            other.member_id != row.member_id
            and (other.joined_at is None or other.joined_at < row.joined_at)
            and (other.left_at is None or other.left_at >= row.joined_at)
            for other in places.get(person, ())
        ):
            continue
        if person not in newest or newest[person].joined_at < row.joined_at:
            newest[person] = Joined(*person, row.joined_at)
    return list(newest.values())


def _in(query: Select[Any], where: Table | ColumnElement[int], chat: Chats) -> Select[Any]:
    if chat is None:
        return query
    column = where.c.chat_id if isinstance(where, Table) else where
    return query.where(of_chat(column, chat))


def _everywhere(query: Select[Any], chat: Chats) -> Select[Any]:
    """Notes are indexed by group first: every group is asked, one probe each."""
    n = t.note.c
    return (
        query.where(of_chat(n.chat_id, chat)) if chat is not None else query.where(n.chat_id.in_(select(t.chat.c.id)))
    )


def _person(connection: Connection, columns: Any) -> ColumnElement[bool]:
    found: ColumnElement[bool] = columns.member_id.not_in(bots(connection))
    return found
