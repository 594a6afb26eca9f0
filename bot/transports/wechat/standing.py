"""Where the account stands in its rooms: owner, admin or member, and so what it can do. Plain state, no I/O."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.core.events import Event, GroupRenamed, MemberJoined, MemberLeft, Role
from bot.core.play import Capability
from bot.transports.base import Group
from bot.transports.wechat.wire import RawRoom, chat_of, uid

_EVERYONE = frozenset({Capability.RECALL_OWN, Capability.PICTURE, Capability.PRIVATE, Capability.FILE})
_ADMINS = frozenset({Capability.KICK, Capability.ANNOUNCE})


@dataclass(slots=True)
class RoomStanding:
    name: str
    owner: str
    admins: frozenset[str]
    members: dict[str, None]
    """Uids, in the order of the network's list."""

    def role_of(self, member: str) -> Role:
        return "owner" if member == self.owner else "admin" if member in self.admins else "member"


@dataclass(slots=True)
class Standing:
    account: str = ""
    rooms: dict[str, RoomStanding] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)

    def learn(self, raw: RawRoom) -> RoomStanding:
        chat = chat_of(raw.id)
        room = RoomStanding(
            raw.topic, uid(raw.owner), frozenset(map(uid, raw.admins)), dict.fromkeys(map(uid, raw.members))
        )
        self.rooms[chat] = room
        self.gone.discard(chat)
        return room

    def listed(self) -> list[Group]:
        return [
            Group(uid=chat, name=room.name, size=len(room.members), role=room.role_of(self.account))
            for chat, room in self.rooms.items()
        ]

    def role_of(self, chat: str, member: str) -> Role:
        room = self.rooms.get(chat)
        return room.role_of(member) if room is not None else "member"

    def apply(self, event: Event) -> None:
        """Takes in what an event says about a room and who is in it."""
        room = self.rooms.get(event.chat)
        match event:
            case MemberJoined(member=member):
                if member == self.account:
                    self.gone.discard(event.chat)
                if room is not None:
                    room.members[member] = None
            case MemberLeft(member=member):
                if member == self.account:
                    self.rooms.pop(event.chat, None)
                    self.gone.add(event.chat)
                elif room is not None:
                    room.members.pop(member, None)
            case GroupRenamed(name=name) if room is not None:
                room.name = name
            case _:
                pass

    def capabilities(self, chat: str) -> frozenset[Capability]:
        if chat in self.gone:
            return frozenset()
        may_lead = self.role_of(chat, self.account) != "member"
        return _EVERYONE | _ADMINS if may_lead else _EVERYONE
