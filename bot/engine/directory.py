"""Who and where: uid → row ids, and what the engine keeps in memory of each chat.

Everything here can be forgotten at any moment and is read again from the database: a failed transaction drops the rooms
that it touched.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from bot.core.events import PointsEarned, Role
from bot.core.play import MOST_RECENT, Capability, Member, Recent
from bot.core.points import PointRules
from bot.core.scoring import DEFAULT, Scoring
from bot.core.tally import Tally
from bot.engine.clock import from_ms, to_ms
from bot.engine.drawings import Unsent
from bot.engine.persons import PersonMap, named_in, with_ids
from bot.engine.recent import RecentMessages
from bot.engine.runner import Heard
from bot.playbook.model import ActivePlay, GroupPlan, RelayRule
from storage.persons import links
from storage.scoring import active
from storage.writer import Writer


@dataclass(slots=True)
class Person:
    """A member as one chat knows it."""

    id: int
    uid: str
    name: str
    role: Role = "member"
    joined_at: datetime | None = None
    tags: set[str] = field(default_factory=set)
    standing: tuple[str, ...] = ()
    """Labels of the tiers: `tier:核心`, `rfm:重要价值`."""
    spoke_at: datetime | None = None
    is_bot: bool = False
    title: str | None = None
    """The network's special title, by its last list or word; None: not heard since the start."""


@dataclass(slots=True)
class Run:
    """One play of one playbook in one group, with what is loaded of its state."""

    id: int
    ref: str
    active: ActivePlay
    state: Any
    state_json: str
    rev: int = 0
    status: str = "open"
    slots: dict[str, Any] = field(default_factory=dict)
    """Key → slot, or None where the database is known to have none."""
    is_complete: bool = False
    """Every slot of the run is in `slots`."""

    def takes(self, heard: Heard) -> bool:
        """Whether it is stepped for what its play hears: it goes on, and attends to chat if it is that."""
        return self.status == "open" and (not heard.is_chat or self.active.play.attends(self.state))


@dataclass(slots=True)
class Room:
    """One chat."""

    id: int
    uid: str
    platform: str
    kind: str
    name: str = ""
    size: int = 0
    primary: str = ""
    plan: GroupPlan | None = None
    operators: frozenset[str] = frozenset()
    roles: Mapping[str, frozenset[str]] = field(default_factory=dict)
    relay: RelayRule | None = None
    people: dict[str, Person] | None = None
    roster: dict[str, Member] | None = None
    runs: dict[str, Run] | None = None
    balances: dict[str, int] = field(default_factory=dict)
    point_rules: PointRules | None = None
    hears_points: bool = False
    """Whether a play of the group listens to `PointsEarned`."""
    earned: dict[str, dict[str, int]] = field(default_factory=dict)
    """Member → source → points of the day `earned_on`: kept only where the plan caps them."""
    earned_on: date | None = None
    recent: RecentMessages | None = None
    tally: Tally | None = None
    """What counts of the group's day so far; None: to be made from the log."""
    refused: dict[str, dict[str, int]] = field(default_factory=dict)
    """Account → capability → until when (ms) a refusal counts."""
    zone: ZoneInfo = ZoneInfo("Asia/Shanghai")
    day_starts: time = time(0)
    day: tuple[int, int, str] = (0, 0, "")
    """The last day asked for: from, until (ms) and its text."""
    started_version: int = -1
    """The generation of plans whose runs have been started here."""


class Directory:
    """Accounts, rooms and members by uid."""

    def __init__(self, writer: Writer, plan_for: Callable[[str], GroupPlan | None], operators: frozenset[str]) -> None:
        self._writer = writer
        self._operators = operators
        self._plan_for = plan_for
        self.accounts: dict[str, int] = {}
        self.rooms: dict[str, Room] = {}
        self.members: dict[str, int] = {}
        self.persons = PersonMap()
        self.machines: set[int] = set()
        """Members who are bots."""
        self.scoring: Scoring = DEFAULT
        self.changes = 0
        """How often anybody changed: what was made of a person before is out of date then."""
        self._by_id: dict[int, Room] = {}
        self._fresh: list[tuple[dict[str, Any], str]] = []

    def load(self) -> None:
        """Every known chat, without its people and runs, and the score's version in force."""
        self.scoring = active(self._writer.connection)
        self.load_rooms()
        self.read_persons()
        self.read_machines()
        # A timer may be due before the account comes online.
        self.resolve({room.primary for room in self.rooms.values() if room.primary}, (), {})
        self.settled()

    def load_rooms(self) -> None:
        """The chats alone; nothing is written."""
        for row in self._writer.all_chats():
            self._add_room(Room(row.id, row.uid, row.platform, row.kind, row.name, row.size, row.primary_uid or ""))

    def read_persons(self) -> None:
        """Which ids are one person, as the rows say."""
        rows = links(self._writer.connection)
        for row in rows:
            self.members[row.member], self.members[row.head] = row.member_id, row.head_id
        self.persons = PersonMap((row.member, row.head) for row in rows)

    def read_machines(self) -> None:
        self.machines = self._writer.machines()

    def replan(self, plan_for: Callable[[str], GroupPlan | None]) -> None:
        """New playbooks: every room's plan anew. Runs follow when they are next needed."""
        self._plan_for = plan_for
        for room in self.rooms.values():
            self._adopt_plan(room)

    def resolve(self, accounts: Iterable[str], chats: Iterable[tuple[str, str]], members: Mapping[str, str]) -> None:
        """Creates what is not known yet: accounts, (chat uid, kind), member uid → name."""
        new_accounts = sorted({uid for uid in accounts if uid not in self.accounts})
        if new_accounts:
            self._remember(
                self.accounts, self._writer.ids("account", [[uid, platform_of(uid)] for uid in new_accounts])
            )
        new_chats = sorted({pair for pair in chats if pair[0] not in self.rooms})
        if new_chats:
            ids = self._writer.ids("chat", [[uid, platform_of(uid), kind, ""] for uid, kind in new_chats])
            for uid, kind in new_chats:
                self._add_room(Room(ids[uid], uid, platform_of(uid), kind))
                self._fresh.append((self.rooms, uid))
        new_members = sorted((uid, name) for uid, name in members.items() if uid not in self.members)
        if new_members:
            self._remember(self.members, self._writer.ids("member", [list(pair) for pair in new_members]))

    def is_operator_everywhere(self, uid: str) -> bool:
        """Whether the settings name any id of the person as an operator."""
        return not self._operators.isdisjoint(self.persons.ids(uid))

    @property
    def operators(self) -> frozenset[str]:
        """Those whom the settings name."""
        return self._operators

    def room_by_id(self, chat_id: int) -> Room:
        return self._by_id[chat_id]

    def people(self, room: Room) -> dict[str, Person]:
        """The chat's people, loaded on first use."""
        if room.people is None:
            tags: dict[int, set[str]] = {}
            for row in self._writer.tags(room.id):
                tags.setdefault(row.member_id, set()).add(row.tag)
            room.people = {}
            for row in self._writer.roster(room.id):
                self.members[row.uid] = row.id
                joined = from_ms(row.joined_at) if row.joined_at is not None else None
                mine = set().union(*(tags.get(self.members[uid], ()) for uid in self.persons.ids(row.uid)))
                room.people[row.uid] = Person(
                    row.id,
                    row.uid,
                    row.name or row.nick,
                    row.role,
                    joined,
                    mine,
                    is_bot=bool(row.is_bot),
                )
            self.restand(room)
            for account in self._writer.accounts_of_chat(room.id):
                room.refused[account.uid] = orjson.loads(account.refused)
        return room.people

    def restand(self, room: Room) -> None:
        """Takes everybody's tiers and last words from the database, if the people are in memory at all."""
        if room.people is None:
            return
        labels: dict[int, list[str]] = {}
        for row in self._writer.standings(room.id):
            what = "rfm" if row.scheme == "rfm" else "tier"
            labels.setdefault(row.member_id, []).append(f"{what}:{row.value}")
        spoke = {row.member_id: from_ms(row.last_at) for row in self._writer.last_words(room.id) if row.last_at}
        for person in room.people.values():
            person.standing = tuple(labels.get(person.id, ()))
            known = [at for at in (person.spoke_at, spoke.get(person.id)) if at is not None]
            person.spoke_at = max(known, default=None)
        room.roster = None

    def person(self, room: Room, uid: str) -> Person | None:
        """Who is here under any id of the person: the one that was merged last."""
        people = self.people(room)
        if not self.persons:
            return people.get(uid)
        return next((people[each] for each in reversed(self.persons.ids(uid)) if each in people), None)

    def own_id(self, room: Room, uid: str) -> str:
        """The id under which the network knows the person here."""
        person = self.person(room, uid) if self.persons else None
        return person.uid if person is not None else uid

    def acting_id(self, acting: Mapping[str, str], room: Room, uid: str) -> str:
        """The id that a row about the person is written under: the one that acts, else the one that is here."""
        return acting.get(uid) or self.own_id(room, uid)

    def outward(self, room: Room, outgoing: Unsent) -> Unsent:
        """`outgoing` with the ids that the network knows the persons by."""
        if not self.persons:
            return outgoing
        ids = {uid: own for uid in named_in(outgoing) if (own := self.own_id(room, uid)) != uid}
        return with_ids(outgoing, ids) if ids else outgoing

    def roster(self, room: Room) -> dict[str, Member]:
        if room.roster is None:
            people: Iterable[Person] = self.people(room).values()
            if self.persons:
                heads = dict.fromkeys(self.persons.head(person.uid) for person in people)
                people = [person for uid in heads if (person := self.person(room, uid)) is not None]
            room.roster = {member.uid: member for member in (self.member(room, person) for person in people)}
        return room.roster

    def member(self, room: Room, person: Person) -> Member:
        """What plays see of a person. Made anew each time: kept for everybody it would double what a member costs."""
        ids = self.persons.ids(person.uid)
        labels = {*(f"id:{uid}" for uid in ids), f"role:{person.role}"}
        if person.role != "member" or not room.operators.isdisjoint(ids):
            labels.add("role:operator")
        labels.update(f"role:{role}" for role, uids in room.roles.items() if not uids.isdisjoint(ids))
        for tag in person.tags:
            labels.update((tag, f"tag:{tag}"))
        labels.update(person.standing)
        return Member(
            uid=ids[0], name=person.name, role=person.role, joined_at=person.joined_at, spoke_at=person.spoke_at,
            labels=frozenset(labels), is_bot=person.is_bot or person.id in self.machines or person.uid in self.accounts, title=person.title,
        )  # fmt: skip

    def spoke(self, room: Room, person: Person, at: datetime) -> None:
        """The member's last words, without making the roster anew."""
        if person.spoke_at is None or person.spoke_at < at:
            person.spoke_at = at
            if room.roster is not None and person.uid in room.roster:
                room.roster[person.uid] = replace(room.roster[person.uid], spoke_at=at)

    def changed(self, room: Room) -> None:
        """Somebody's name, role, title or tags are not what they were."""
        room.roster = None
        self.changes += 1

    def recent(self, room: Room, coming: Collection[str] = ()) -> RecentMessages:
        """The chat's last messages, read from the log on first use; those named in `coming` are logged but not stepped."""
        if room.recent is None:
            said = self.said(room, MOST_RECENT + len(coming))
            room.recent = RecentMessages(one for one in said if one.message_id not in coming)
        return room.recent

    def said(self, room: Room, limit: int) -> tuple[Recent, ...]:
        """The same from the log itself, however many."""
        rows = self._writer.recent_messages(room.id, limit)
        return tuple(Recent(row.uid, from_ms(row.sent_at), row.text, row.platform_id) for row in reversed(rows))

    def refusals(self, room: Room, account: str, now_ms: int) -> frozenset[Capability]:
        """Capabilities that the network refused to `account` here not long ago."""
        refused = room.refused.get(account)
        if not refused:
            return frozenset()
        return frozenset(Capability(name) for name, until in refused.items() if until > now_ms)

    def day(self, room: Room, at_ms: int) -> str:
        """The group's day of a moment, as the rollup spells it. The last answer is kept: a day is asked for often."""
        begin, end, text = room.day
        if not begin <= at_ms < end:
            day = self.date(room, from_ms(at_ms))
            (begin, end), text = self.bounds(room, day), day.isoformat()
            room.day = (begin, end, text)
        return text

    def bounds(self, room: Room, day: date) -> tuple[int, int]:
        """From when to when (ms) the group's `day` lasts."""
        starts = (datetime.combine(each, room.day_starts, room.zone) for each in (day, day + timedelta(days=1)))
        begin, end = (to_ms(at.astimezone(UTC)) for at in starts)
        return begin, end

    def date(self, room: Room, at: datetime) -> date:
        """The group's day that `at` belongs to."""
        starts = room.day_starts
        return (at.astimezone(room.zone) - timedelta(hours=starts.hour, minutes=starts.minute)).date()

    def settled(self) -> None:
        """The transaction stands: what it created stays."""
        self._fresh.clear()

    def forget(self, rooms: Iterable[Room]) -> None:
        """The transaction failed: ids it created are gone, and its rooms are read again."""
        for where, uid in self._fresh:
            gone = where.pop(uid, None)
            if isinstance(gone, Room):
                self._by_id.pop(gone.id, None)
        self._fresh.clear()
        for room in rooms:
            room.people = room.roster = room.runs = room.recent = room.tally = None
            room.balances.clear()
            room.earned.clear()
            room.started_version = -1

    def reread(self) -> None:
        """What a failed transaction may have changed of the chats themselves."""
        self.read_persons()
        self.read_machines()
        for row in self._writer.all_chats():
            room = self.rooms.get(row.uid)
            if room is not None:
                room.name, room.size, room.primary = row.name, row.size, row.primary_uid or ""

    def _remember(self, where: dict[str, int], ids: Mapping[str, int]) -> None:
        where.update(ids)
        self._fresh.extend((where, uid) for uid in ids)

    def _add_room(self, room: Room) -> None:
        self.rooms[room.uid] = room
        self._by_id[room.id] = room
        self._adopt_plan(room)

    def _adopt_plan(self, room: Room) -> None:
        room.plan = self._plan_for(room.uid) if room.kind == "group" else None
        headers = [active.header for active in room.plan.plays.values()] if room.plan else []
        if headers:
            if (room.zone, room.day_starts) != (headers[0].zone, headers[0].day_starts):
                room.tally = None
            room.zone, room.day_starts, room.day = headers[0].zone, headers[0].day_starts, (0, 0, "")
        room.operators = self._operators.union(*(header.operators for header in headers))
        roles: dict[str, frozenset[str]] = {}
        for header in headers:
            for role, uids in header.roles.items():
                roles[role] = roles.get(role, frozenset()) | uids
        room.roles = roles
        room.relay = next((header.relay for header in headers if header.relay is not None), None)
        rules = (active.play.point_rules(active.params) for active in room.plan.plays.values()) if room.plan else ()
        room.point_rules = next((found for found in rules if found is not None), None)
        listening = (active.play.listens for active in room.plan.plays.values()) if room.plan else ()
        room.hears_points = any(PointsEarned in events for events in listening)
        room.roster = None


def platform_of(uid: str) -> str:
    return uid.partition(":")[0]
