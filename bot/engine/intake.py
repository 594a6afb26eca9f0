"""The front of a cycle: who and where, the log with its dedupe, the day's rollup, and what the engine remembers of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import blake2b
from typing import Any

import orjson

from bot.core.events import (
    Event,
    GroupRenamed,
    MemberJoined,
    MemberLeft,
    MessageEdited,
    MessageRecalled,
    MessageReceived,
    NameChanged,
    RoleChanged,
)
from bot.core.play import Recent
from bot.core.segments import Text
from bot.core.text import fold
from bot.engine import codec
from bot.engine.batch import Batch
from bot.engine.clock import to_ms
from bot.engine.counting import Counting
from bot.engine.directory import Directory, Person, Room
from bot.engine.traffic import Counters, Inbound
from storage.writer import ROLLUP, Writer

_MSGS, _CHARS, _REPLIES = (ROLLUP.index(name) for name in ("msgs", "chars", "replies"))
_BASE = frozenset(("id", "account", "chat", "at", "member"))


@dataclass(slots=True)  # not frozen: made for every event
class Fresh:
    """An event that was not known before. `room` is where it is stepped, None: only logged. `event` names persons, as
    plays see them, `raw` the ids that the network gave."""

    event: Event
    raw: Event
    room: Room | None
    logged_in: Room
    at_ms: int
    age_s: float
    is_backfill: bool


class Intake:
    """Logs what arrived, once, and keeps people and rollups true."""

    def __init__(self, writer: Writer, directory: Directory, counters: Counters) -> None:
        self._writer = writer
        self._directory = directory
        self._counters = counters
        self._private_group: dict[str, str] = {}
        self._counting = Counting(writer, directory)

    def take(self, batch: Batch, inbound: Sequence[Inbound]) -> list[Fresh]:
        """Logs the batch; what comes back is new, in order of arrival."""
        if not inbound:
            return []
        self._resolve(inbound)
        rows: list[list[Any]] = []
        messages: list[list[Any]] = []
        events: list[list[Any]] = []
        arrived, arrived_ms = None, 0
        for item in inbound:
            if item.arrived_at is not arrived:  # what came together has one time
                arrived, arrived_ms = item.arrived_at, to_ms(item.arrived_at)
            row = self._row(item, arrived_ms)
            rows.append(row)
            (messages if isinstance(item.event, MessageReceived) else events).append(row)
        self._counting.warm(inbound)
        new = self._writer.log_messages(messages) | self._writer.log_events(events)
        fresh = []
        rooms, persons = self._directory.rooms, self._directory.persons
        for item, row in zip(inbound, rows, strict=True):
            account_id, room_id, _, mark, _, at_ms = row[:6]
            event = item.event
            room = rooms[event.chat]
            batch.rooms[room_id] = room
            key = (room_id, account_id, mark)
            if key not in new:
                self._counters.duplicates += 1
                continue
            new.discard(key)
            self._counters.events += 1
            age_s = (item.arrived_at - event.at).total_seconds() if item.is_backfill else 0.0
            seen = persons.event(event) if persons else event
            stepped_in = self._stepped_in(batch, room, event)
            fresh.append(Fresh(seen, event, stepped_in, room, at_ms, age_s, item.is_backfill))
        return fresh

    def forget(self, uid: str) -> None:
        """The member was erased."""
        self._private_group.pop(uid, None)

    def before_step(self, batch: Batch, item: Fresh) -> None:
        """What the event changes in people, marks and the day, before any play sees it."""
        event, room = item.raw, item.logged_in
        people = self._directory.people(room)
        match event:
            case MessageReceived():
                person = self._person(batch, room, event.member, event.name, event.role)
                if room.kind == "group" and event.account == room.primary:
                    self._count(batch, room, person, event, item.at_ms)
            case MemberJoined():
                is_new = event.member not in people
                person = self._person(batch, room, event.member, event.name)
                person.joined_at = event.at
                self._counting.joined(batch, room, person.id, to_ms(event.at))
                self._stale(batch, room, event)
                self._directory.changed(room)
                self._membership(batch, room, person)
                if is_new:
                    self._resize(batch, room, max(room.size + 1, len(people)))
            case MemberLeft():
                self._stale(batch, room, event)
                gone = people.pop(event.member, None)
                if gone is not None:
                    room.roster = None
                    row = [room.id, gone.id, gone.name, "member", None, to_ms(event.at)]
                    batch.memberships[(room.id, gone.id)] = row
                    self._resize(batch, room, max(0, room.size - 1))
            case RoleChanged():
                self._person(batch, room, event.member, "", event.role)
            case NameChanged() if event.what == "card" and event.new:
                self._person(batch, room, event.member, event.new)
            case NameChanged() if event.what == "title" and event.member in people:
                people[event.member].title = event.new
                self._directory.changed(room)
            case GroupRenamed():
                room.name = event.name
                self._facts(batch, room)
            case MessageRecalled():
                batch.recalled.append(self._place(room, event))
                if room.kind == "group":
                    self._counting.recalled(batch, room, event)
            case MessageEdited():
                batch.edited.append(self._place(room, event))
            case _:
                pass

    def after_step(self, item: Fresh) -> None:
        """Remembers the message for plays that ask what came before."""
        event, room = item.raw, item.logged_in
        if room.recent is not None and isinstance(event, MessageReceived) and event.account == room.primary:
            room.recent.add(Recent(event.member, event.at, event.text, event.message_id))

    # -- inside -----------------------------------------------------------------------------------------------------

    def _resolve(self, inbound: Sequence[Inbound]) -> None:
        known = self._directory
        accounts: set[str] = set()
        chats: set[tuple[str, str]] = set()
        members: dict[str, str] = {}
        for item in inbound:
            event = item.event
            if event.account not in known.accounts:
                accounts.add(event.account)
            if event.chat not in known.rooms:
                chats.add((event.chat, "private" if ":@" in event.chat else "group"))
            if event.member and event.member not in known.members:
                members[event.member] = getattr(event, "name", "") or members.get(event.member, "")
            if type(event) is not MessageReceived and (by := getattr(event, "by", "")) and by not in known.members:
                members.setdefault(by, "")
        if accounts or chats or members:
            known.resolve(accounts, chats, members)

    def _row(self, item: Inbound, arrived: int) -> list[Any]:
        """The log's row. Of both kinds the first six columns are account, chat, member, key, what, at."""
        event = item.event
        d = self._directory
        room_id, account_id = d.rooms[event.chat].id, d.accounts[event.account]
        member_id = d.members[event.member] if event.member else None
        at, is_copy = to_ms(event.at), d.rooms[event.chat].primary not in ("", event.account)
        if isinstance(event, MessageReceived):
            is_plain = not event.segments or (len(event.segments) == 1 and type(event.segments[0]) is Text)
            flags = (
                event.is_private | event.is_to_bot << 1 | event.mentions_all << 2 | item.is_backfill << 3
                | is_copy << 4
            )  # fmt: skip
            return [
                account_id, room_id, member_id, _bounded(event), event.message_id[:120], at, arrived, event.kind,
                event.text, None if is_plain else orjson.dumps(codec.encode_segments(codec.without_inline(event.segments))).decode(),
                event.reply_to, orjson.dumps(event.mentions).decode() if event.mentions else None, int(flags),
            ]  # fmt: skip
        if isinstance(event, MessageEdited):
            event = replace(event, segments=codec.without_inline(event.segments))
        data = {key: value for key, value in asdict(event).items() if key not in _BASE and value not in ("", None)}
        return [
            account_id, room_id, member_id, _bounded(event), type(event).__name__, at, arrived,
            orjson.dumps(data, default=str).decode(), int(is_copy),
        ]  # fmt: skip

    def _stepped_in(self, batch: Batch, room: Room, event: Event) -> Room | None:
        """The room whose plays see the event: the primary account's copy only; a private message finds its group."""
        if room.kind == "private":
            return self._group_of(event) if isinstance(event, MessageReceived) else None
        if not room.primary:
            room.primary = event.account
            self._facts(batch, room)
        if isinstance(event, (MemberJoined, MemberLeft)) and self._is_here_anyway(room, event.member):
            return None
        return room if room.primary == event.account else None

    def _is_here_anyway(self, room: Room, uid: str) -> bool:
        """Whether the person is here under another id: then an id that comes or goes is nobody coming or going."""
        persons = self._directory.persons
        if not persons:
            return False
        people = self._directory.people(room)
        return any(each != uid and each in people for each in persons.ids(uid))

    def _group_of(self, event: MessageReceived) -> Room | None:
        """The group that a private message concerns: the one named by `切换 <群名>`, else where the member spoke last,
        else the only one the member is in."""
        rooms = [
            room for room in self._directory.rooms.values()
            if room.plan is not None and room.primary == event.account and event.member in self._directory.people(room)
        ]  # fmt: skip
        if not rooms:
            return None
        words = event.text.split(None, 1)
        if len(words) == 2 and words[0] in ("切换", "切换群", "群"):
            named = [room for room in rooms if fold(words[1]) in (fold(room.name), fold(room.uid))]
            if named:
                self._private_group[event.member] = named[0].uid
        chosen = self._private_group.get(event.member)
        return next((room for room in rooms if room.uid == chosen), rooms[0])

    def _person(self, batch: Batch, room: Room, uid: str, name: str, role: Any = None) -> Person:
        people = self._directory.people(room)
        person = people.get(uid)
        if person is None:
            if uid not in self._directory.members:
                self._directory.resolve((), (), {uid: name})
            person = people[uid] = Person(self._directory.members[uid], uid, name or uid, role or "member")
            room.roster = None
            self._membership(batch, room, person)
        elif (name and name != person.name) or (role and role != person.role):
            person.name, person.role = name or person.name, role or person.role
            self._directory.changed(room)
            self._membership(batch, room, person)
        if room.kind == "group":
            self._private_group.setdefault(uid, room.uid)
        return person

    def _place(self, room: Room, event: MessageRecalled | MessageEdited) -> list[Any]:
        """Which logged message is meant, and when that happened to it."""
        return [room.id, self._directory.accounts[event.account], event.message_id, to_ms(event.at)]

    def _membership(self, batch: Batch, room: Room, person: Person) -> None:
        joined = to_ms(person.joined_at) if person.joined_at else None
        batch.memberships[(room.id, person.id)] = [room.id, person.id, person.name, person.role, joined, None]

    def _resize(self, batch: Batch, room: Room, size: int) -> None:
        room.size = size
        self._facts(batch, room)

    def _facts(self, batch: Batch, room: Room) -> None:
        primary = self._directory.accounts.get(room.primary)
        batch.chat_facts[room.id] = [room.id, room.name, room.size, primary]

    def _stale(self, batch: Batch, room: Room, event: Event) -> None:
        batch.stale_days.add((room.id, self._directory.day(room, to_ms(event.at))))

    def _count(self, batch: Batch, room: Room, person: Person, event: MessageReceived, at: int) -> None:
        day = self._directory.day(room, at)
        row = batch.day_of(room, day, person.id)
        row[_MSGS] += 1
        self._directory.spoke(room, person, event.at)
        row[_CHARS] += len(event.text)
        row[-1] = at
        if event.reply_to:
            row[_REPLIES] += 1
        self._counting.count(batch, room, person.id, event, at, row)


def _bounded(event: Event) -> str:
    """The event's key, or a digest where the column could not hold it."""
    return event.id if len(event.id) <= 120 else blake2b(event.id.encode(), digest_size=24).hexdigest()
