"""What the networks list (groups, members) against what we know: differences become facts and events."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from bot.core.events import MemberJoined, MemberLeft
from bot.core.play import Member
from bot.engine.batch import Batch
from bot.engine.clock import to_ms
from bot.engine.directory import Directory, Person, Room
from bot.transports.base import Group
from storage.writer import Writer

if TYPE_CHECKING:
    from bot.core.events import Event


def take_groups(
    batch: Batch, writer: Writer, directory: Directory, account: str, groups: Sequence[Group]
) -> list[Room]:
    """The account's groups, made known; the first account of a group is its primary. Returns the rooms."""
    directory.resolve([account], [(group.uid, "group") for group in groups], {})
    account_id = directory.accounts[account]
    rooms = []
    for group in groups:
        room = directory.rooms[group.uid]
        batch.rooms[room.id] = room
        room.name, room.size = group.name or room.name, group.size or room.size
        room.primary = room.primary or account
        batch.chat_facts[room.id] = [room.id, room.name, room.size, directory.accounts[room.primary]]
        rooms.append(room)
    writer.chat_accounts([[directory.rooms[group.uid].id, account_id, group.role] for group in groups])
    return rooms


def take_members(
    batch: Batch, directory: Directory, account: str, chat: str, members: Sequence[Member], now: datetime
) -> list[Event]:
    """The whole member list of one group. What the log missed comes back as joins and leaves. A group of which less
    than half was known is only learned: its list is the first one, even if somebody joined or spoke a moment before."""
    directory.resolve([account], [(chat, "group")], {member.uid: member.name for member in members})
    room = directory.rooms[chat]
    batch.rooms[room.id] = room
    people = directory.people(room)
    listed = {member.uid: member for member in members}
    is_first = 2 * len(listed.keys() & people.keys()) < len(listed)
    events: list[Event] = []
    for uid, member in listed.items():
        person = people.get(uid)
        if person is None and not is_first:
            at = member.joined_at or now
            events.append(
                MemberJoined(
                    id=f"list:join:{uid}:{to_ms(at)}", account=account, chat=chat, member=uid, at=at, name=member.name
                )
            )
            continue
        if person is None:
            person = people[uid] = Person(directory.members[uid], uid, member.name or uid)
        person.name, person.role = member.name or person.name, member.role
        person.joined_at, person.is_bot = person.joined_at or member.joined_at, person.is_bot or member.is_bot
        person.title = member.title if member.title is not None else person.title
        directory.changed(room)
        joined = to_ms(person.joined_at) if person.joined_at else None
        batch.memberships[(room.id, person.id)] = [room.id, person.id, person.name, person.role, joined, None]
    for uid in people.keys() - listed.keys():
        events.append(MemberLeft(id=f"list:leave:{uid}:{to_ms(now)}", account=account, chat=chat, member=uid, at=now))
    room.size = len(listed)
    batch.chat_facts[room.id] = [room.id, room.name, room.size, directory.accounts.get(room.primary)]
    return events
