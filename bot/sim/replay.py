"""A changed playbook over the real log: what it would have done differently, member by member.

The log of one group is read in the order of arrival and goes through a fresh kernel in memory, from its beginning, so
that streaks, points and sessions are what they would have been; only the last days are compared. Nothing is sent. What
operators decided in between is not repeated: those questions stay open in the replay.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import Connection, and_, func, or_, select

from bot.core import events as ev
from bot.core.events import Event, MessageReceived
from bot.core.play import Member
from bot.engine import codec
from bot.engine.clock import from_ms, to_ms
from bot.engine.kernel import Kernel
from bot.engine.logged import LOGGED, event_of, message_of
from bot.engine.traffic import Dispatch, Inbound, Settled
from bot.playbook.model import GroupPlan
from bot.sim.hits import Hit, hits_of
from bot.sim.house import House
from bot.transports.base import Group
from storage import tables as t
from storage.copies import no_copy
from storage.history import IMPORTED

_BACKFILLED = 8


@dataclass(frozen=True, slots=True)
class Recorded:
    """The log of one group. `until`: the last thing that was heard or done."""

    chat: str
    name: str
    account: str
    inbound: tuple[Inbound, ...]
    members: tuple[Member, ...]
    until: datetime

    @property
    def names(self) -> Mapping[str, str]:
        return {member.uid: member.name for member in self.members}


@dataclass(frozen=True, slots=True)
class Answered:
    """What the bot did because of one thing that happened. `member` is who made it happen, "" for time."""

    at: datetime
    member: str
    heard: str
    lines: tuple[str, ...]


@dataclass(slots=True)
class Outcome:
    """What one history came to. Answers by their cause; points by (member, source); notes by (member, what);
    `hits`: what rules caught."""

    answers: dict[str, Answered] = field(default_factory=dict)
    points: dict[tuple[str, str], int] = field(default_factory=dict)
    notes: dict[tuple[str, str], int] = field(default_factory=dict)
    hits: tuple[Hit, ...] = ()
    failures: int = 0


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that would have been different for `member` ("" for the group as a whole)."""

    member: str
    at: datetime | None
    what: str
    before: tuple[str, ...]
    after: tuple[str, ...]


def groups_in(connection: Connection) -> list[str]:
    """The groups of the log that have messages."""
    query = select(t.chat.c.uid).where(t.chat.c.kind == "group", t.chat.c.id.in_(select(t.message.c.chat_id)))
    return [row.uid for row in connection.execute(query.order_by(t.chat.c.uid))]


def read_log(connection: Connection, chat: str, newest: int = 0) -> Recorded:
    """What was heard in `chat` and in private from its members, in the order of arrival. `newest`: only so many messages
    of the group, and what was heard since the first of them; 0: everything."""
    room = connection.execute(
        select(t.chat.c.id, t.chat.c.name, t.account.c.uid)
        .outerjoin(t.account, t.account.c.id == t.chat.c.primary_account_id)
        .where(t.chat.c.uid == chat)
    ).one()
    members = _members(connection, room.id)
    roles = {member.uid: member for member in members}
    message, event = t.message, t.event
    mine = select(t.membership.c.member_id).where(t.membership.c.chat_id == room.id)
    private = select(t.chat.c.id).where(t.chat.c.kind == "private")
    floor = _floor(connection, room.id, newest)
    where = or_(message.c.chat_id == room.id, message.c.chat_id.in_(private) & message.c.member_id.in_(mine))
    if floor:
        where = and_(where, message.c.sent_at >= floor)
    messages = connection.execute(
        select(message, t.member.c.uid.label("member_uid"), t.chat.c.uid.label("chat_uid"))
        .outerjoin(t.member, t.member.c.id == message.c.member_id)
        .join(t.chat, t.chat.c.id == message.c.chat_id)
        .where(where, no_copy(), message.c.flags.op("&")(IMPORTED) == 0)
    )
    inbound = [
        Inbound(message_of(row, room.uid, roles), from_ms(row.received_at), bool(row.flags & _BACKFILLED))
        for row in messages
    ]
    events = connection.execute(
        select(event, t.member.c.uid.label("member_uid"))
        .outerjoin(t.member, t.member.c.id == event.c.member_id)
        .where(event.c.chat_id == room.id, event.c.is_copy == 0, event.c.kind.in_(LOGGED))
        .where(event.c.at >= floor)
    )
    inbound += [Inbound(event_of(row, chat, room.uid), from_ms(row.received_at)) for row in events]
    inbound.sort(key=lambda item: (item.arrived_at, item.event.at, item.event.id))
    done_at = connection.execute(select(func.max(t.outbox.c.created_at)).where(t.outbox.c.chat_id == room.id)).scalar()
    last = max([from_ms(done_at or 0), *(item.arrived_at for item in inbound[-1:])])
    return Recorded(chat, room.name, room.uid or "", tuple(inbound), tuple(members), last)


def _floor(connection: Connection, chat_id: int, newest: int) -> int:
    """When the first of the group's `newest` messages was sent (ms), 0 when there are no more."""
    m = t.message.c
    query = select(m.sent_at).where(m.chat_id == chat_id).order_by(m.sent_at.desc()).offset(newest - 1).limit(1)
    return (connection.execute(query).scalar() or 0) if newest else 0


def _members(connection: Connection, chat_id: int) -> list[Member]:
    rows = connection.execute(
        select(t.member.c.uid, t.member.c.name.label("nick"), t.membership.c.name, t.membership.c.role,
               t.membership.c.joined_at, t.member.c.is_bot)
        .join(t.membership, t.membership.c.member_id == t.member.c.id)
        .where(t.membership.c.chat_id == chat_id)
    )  # fmt: skip
    return [
        Member(
            uid=row.uid, name=row.name or row.nick or row.uid, role=row.role, is_bot=bool(row.is_bot),
            joined_at=from_ms(row.joined_at) if row.joined_at is not None else None,
        )
        for row in rows
    ]  # fmt: skip


def replay(
    recorded: Recorded,
    plan: GroupPlan,
    *,
    progress: Callable[[float], None] = lambda done: None,
) -> House:
    """The log through a fresh kernel under `plan`; the house that it leaves is the caller's to read and close."""
    items = recorded.inbound
    began = items[0].arrived_at if items else from_ms(0)
    house = House(began, lambda uid: plan if uid == recorded.chat else None)
    kernel, account = house.kernel, recorded.account
    kernel.account_online(account, began)
    joined_later = {item.event.member for item in items if isinstance(item.event, ev.MemberJoined)}
    there = [member for member in recorded.members if member.uid not in joined_later]
    group = Group(uid=recorded.chat, name=recorded.name, size=len(there))
    _accept(kernel, began, kernel.learn_groups(account, [group], began))
    _accept(kernel, began, kernel.learn_members(account, recorded.chat, there, began))
    for count, item in enumerate(items):
        _let_pass(kernel, item.arrived_at)
        _accept(kernel, item.arrived_at, kernel.cycle(item.arrived_at, [item]))
        if count % 200 == 0:
            progress(count / len(items))
    _let_pass(kernel, recorded.until + timedelta(milliseconds=1))
    return house


def _let_pass(kernel: Kernel, end: datetime) -> None:
    """Fires what comes due before `end`."""
    last = None
    while (wake := kernel.next_wake()) is not None and wake < end and wake != last:
        _accept(kernel, wake, kernel.cycle(wake))
        last = wake


def _accept(kernel: Kernel, now: datetime, dispatches: Iterable[Dispatch]) -> None:
    """A network that takes everything and tells nobody."""
    while dispatches := list(dispatches):
        settled = [
            Settled(id=dispatch.id, outcome="done", message_id=f"replay-{dispatch.id}", at=now)
            for dispatch in dispatches
        ]
        dispatches = kernel.cycle(now, (), settled)


def outcome_of(connection: Connection, recorded: Recorded, since: datetime) -> Outcome:
    """What a database says was done in the group since then."""
    outcome = Outcome()
    chat_id = connection.execute(select(t.chat.c.id).where(t.chat.c.uid == recorded.chat)).scalar()
    start = to_ms(since)
    heard = {item.event.id: item.event for item in recorded.inbound}
    outbox = t.outbox
    rows = connection.execute(
        select(outbox.c.cause, outbox.c.kind, outbox.c.body, outbox.c.created_at)
        .where(outbox.c.chat_id == chat_id, outbox.c.created_at >= start)
        .order_by(outbox.c.id)
    )
    lines: dict[str, list[str]] = defaultdict(list)
    times: dict[str, datetime] = {}
    for row in rows:
        at = from_ms(row.created_at)
        cause = row.cause.partition(">")[0]
        # What neither a member nor a schedule caused is known only by its minute: ids of rows differ.
        key = cause if cause in heard or "#" in cause else f"@{at:%Y-%m-%dT%H:%M}"
        lines[key].append(_said(row.kind, row.body))
        times.setdefault(key, at)
    for key, said in lines.items():
        event = heard.get(key)
        outcome.answers[key] = Answered(
            times[key], event.member if event else "", _heard(event) if event else _timer(key), tuple(sorted(said))
        )
    outcome.points = _sums(connection, recorded, chat_id, start)
    outcome.notes = _notes(connection, recorded, chat_id, start)
    outcome.hits = tuple(hits_of(connection, chat_id, start, _said_by(recorded)))
    outcome.failures = int(
        connection.execute(
            select(func.count())
            .select_from(t.dead_event)
            .where(t.dead_event.c.chat_id == chat_id, t.dead_event.c.at >= start)
        ).scalar()
        or 0
    )
    return outcome


def _said_by(recorded: Recorded) -> Mapping[str, Sequence[tuple[datetime, str]]]:
    """Member → when what was heard of them, in order."""
    found: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for item in recorded.inbound:
        if isinstance(item.event, MessageReceived):
            found[item.event.member].append((item.arrived_at, _heard(item.event)))
    return found


def _sums(connection: Connection, recorded: Recorded, chat_id: int | None, start: int) -> dict[tuple[str, str], int]:
    rows = connection.execute(
        select(t.member.c.uid, t.ledger.c.source, func.sum(t.ledger.c.delta))
        .join(t.member, t.member.c.id == t.ledger.c.member_id)
        .where(t.ledger.c.chat_id == chat_id, t.ledger.c.at >= start)
        .group_by(t.member.c.uid, t.ledger.c.source)
    )
    return {(uid, source): int(total) for uid, source, total in rows if total}


def _notes(connection: Connection, recorded: Recorded, chat_id: int | None, start: int) -> dict[tuple[str, str], int]:
    rows = connection.execute(
        select(t.member.c.uid, t.note.c.what, func.count())
        .join(t.member, t.member.c.id == t.note.c.member_id)
        .where(t.note.c.chat_id == chat_id, t.note.c.at >= start)
        .group_by(t.member.c.uid, t.note.c.what)
    )
    return {(uid, what): int(count) for uid, what, count in rows}


def _said(kind: str, body: str) -> str:
    if kind != "message":
        return f"[{kind}] {codec.plain(kind, body)}"
    to = orjson.loads(body).get("to")
    return ("(私聊) " if to else "") + codec.plain(kind, body)


def _heard(event: Event) -> str:
    if isinstance(event, MessageReceived):
        return event.text or f"[{event.kind}]"
    return _EVENTS.get(type(event).__name__, type(event).__name__)


_EVENTS = {"MemberJoined": "进群", "MemberLeft": "退群", "JoinRequested": "申请进群", "MessageRecalled": "撤回"}


def _timer(key: str) -> str:
    ref, _, rest = key.partition("#")
    return f"{ref.rpartition('/')[0] or ref} {rest.partition('@')[0]}".strip("@ ") if rest else "定时"


def differences(before: Outcome, after: Outcome) -> Iterator[Difference]:
    """What the second history has otherwise, in the order of time, sums last."""
    causes = sorted(
        before.answers.keys() | after.answers.keys(),
        key=lambda cause: ((before.answers.get(cause) or after.answers[cause]).at, cause),
    )
    for cause in causes:
        one, other = before.answers.get(cause), after.answers.get(cause)
        if (one.lines if one else ()) != (other.lines if other else ()):
            seen = one or other
            assert seen is not None
            yield Difference(seen.member, seen.at, seen.heard, one.lines if one else (), other.lines if other else ())
    for word, old, new in (("积分", before.points, after.points), ("记录", before.notes, after.notes)):
        for member, source in sorted(old.keys() | new.keys()):
            was, would = old.get((member, source), 0), new.get((member, source), 0)
            if was != would:
                yield Difference(member, None, f"{word} {source}", (str(was),), (str(would),))


def by_member(found: Iterable[Difference]) -> dict[str, list[Difference]]:
    """The differences of each member, the group's own ("") last."""
    sorted_: dict[str, list[Difference]] = defaultdict(list)
    for difference in found:
        sorted_[difference.member].append(difference)
    return dict(sorted(sorted_.items(), key=lambda item: (item[0] == "", item[0])))


def window(recorded: Recorded, days: int) -> datetime:
    """Where the comparison begins: `days` before the last thing in the log, 0 for all of it."""
    if not recorded.inbound:
        return from_ms(0)
    first, last = recorded.inbound[0].arrived_at, recorded.inbound[-1].arrived_at
    return max(first, last - timedelta(days=days)) if days else first


def render(found: Mapping[str, Sequence[Difference]], names: Mapping[str, str], zone: ZoneInfo) -> Iterator[str]:
    """Lines to read, grouped by member."""
    for member, rows in found.items():
        yield names.get(member, member.partition(":")[2]) if member else "全群 / 定时"
        for row in rows:
            if row.at is None:
                yield f"  {row.what}: 以前 {row.before[0]},现在 {row.after[0]}"
                continue
            yield f"  {row.at.astimezone(zone):%m-%d %H:%M} 「{_short(row.what)}」"
            yield from (f"    - {_short(line, 120)}" for line in row.before if line not in row.after)
            yield from (f"    + {_short(line, 120)}" for line in row.after if line not in row.before)


def _short(text: str, most: int = 40) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= most else flat[: most - 1] + "…"
