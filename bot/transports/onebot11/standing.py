"""Where the account stands in its groups: its role, whether it may speak, and so what it can do. Plain state, no I/O."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache

from bot.core.events import (
    Event,
    GroupDissolved,
    GroupRenamed,
    MemberJoined,
    MemberLeft,
    MemberMuted,
    Role,
    RoleChanged,
)
from bot.core.play import Capability
from bot.transports.base import Group
from bot.transports.onebot11.dialect import Dialect

_EVERYONE = frozenset({Capability.RECALL_OWN, Capability.PICTURE, Capability.PRIVATE})
_ADMINS = frozenset(
    {
        Capability.MUTE,
        Capability.MUTE_ALL,
        Capability.KICK,
        Capability.RECALL_OTHERS,
        Capability.ANNOUNCE,
        Capability.SET_CARD,
        Capability.MENTION_ALL,
        Capability.APPROVE,
    }
)
_OWNERS = frozenset({Capability.SET_TITLE})
_TWICE = timedelta(seconds=60)
_ALL_MUTED_RETRY_S = 300.0


@dataclass(slots=True)
class GroupStanding:
    """`mentions_all_left`: whether @all is still possible today, None where nobody said."""

    name: str = ""
    size: int = 0
    role: Role = "member"
    muted_until: datetime | None = None
    is_all_muted: bool = False
    mentions_all_left: bool | None = None


_UNKNOWN = GroupStanding()


@cache
def _able(takes_files: bool, has_history: bool, role: Role, has_mentioned_all: bool) -> frozenset[Capability]:
    """Asked for every send and every step: made once."""
    found = set(_EVERYONE)
    if takes_files:
        found.add(Capability.FILE)
    if has_history:
        found.add(Capability.HISTORY)
    if role != "member":
        found |= _ADMINS
        if has_mentioned_all:
            found.discard(Capability.MENTION_ALL)
        if role == "owner":
            found |= _OWNERS
    return frozenset(found)


@dataclass(slots=True)
class Standing:
    account: str
    groups: dict[str, GroupStanding] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    """Groups that the account is known to have left: sending there is refused without asking."""

    def listed(self) -> list[Group]:
        return [Group(uid=uid, name=group.name, size=group.size, role=group.role) for uid, group in self.groups.items()]

    def group(self, chat: str) -> GroupStanding:
        return self.groups.setdefault(chat, GroupStanding())

    def keep_only(self, chats: Iterable[str]) -> None:
        """What the network lists. An empty list is one that is not loaded yet; what is missing may be so, too, and is
        therefore not refused without asking."""
        wanted = set(chats)
        if not wanted:
            return
        self.gone -= wanted
        self.groups = {chat: group for chat, group in self.groups.items() if chat in wanted}

    def apply(self, event: Event) -> bool:
        """Takes in what an event says about the account itself; True if it has just joined a group."""
        is_own = event.member == self.account
        match event:
            case MemberJoined() if is_own:
                self.gone.discard(event.chat)
                self.groups[event.chat] = GroupStanding()
                return True
            case MemberLeft() if is_own:
                self._lose(event.chat)
            case GroupDissolved():
                self._lose(event.chat)
            case RoleChanged(role=role) if is_own:
                self.group(event.chat).role = role
            case GroupRenamed(name=name):
                self.group(event.chat).name = name
            case MemberMuted(for_s=for_s) if event.member == "":
                self.group(event.chat).is_all_muted = for_s != 0
            case MemberMuted(for_s=for_s) if is_own:
                self.group(event.chat).muted_until = event.at + timedelta(seconds=for_s) if for_s else None
            case _:
                pass
        return False

    def silent_for_s(self, chat: str, now: datetime) -> float:
        """How long the account must not speak there; 0 when it may."""
        group = self.groups.get(chat)
        if group is None:
            return 0
        if group.muted_until is not None and group.muted_until > now:
            return (group.muted_until - now).total_seconds()
        return _ALL_MUTED_RETRY_S if group.is_all_muted and group.role == "member" else 0

    def capabilities(self, chat: str, dialect: Dialect) -> frozenset[Capability]:
        if chat in self.gone:
            return frozenset()
        group = self.groups.get(chat) or _UNKNOWN
        return _able(dialect.takes_files, dialect.has_history, group.role, group.mentions_all_left is False)

    def _lose(self, chat: str) -> None:
        self.groups.pop(chat, None)
        self.gone.add(chat)


@dataclass(slots=True)
class Doorway:
    """Makes the second report of one coming or going the same event as the first.

    An invited member's join is reported twice by one implementation, seconds apart. Within a minute, and with no
    opposite event in between, the later report takes over id and time of the earlier one.
    """

    _limit: int = 2000
    _last: OrderedDict[tuple[str, str], MemberJoined | MemberLeft] = field(default_factory=OrderedDict)

    def settle(self, event: Event) -> Event:
        if not isinstance(event, (MemberJoined, MemberLeft)):
            return event
        key = (event.chat, event.member)
        last = self._last.get(key)
        if last is not None and type(last) is type(event) and abs(event.at - last.at) < _TWICE:
            return replace(event, id=last.id, at=last.at)
        self._last[key] = event
        self._last.move_to_end(key)
        while len(self._last) > self._limit:
            self._last.popitem(last=False)
        return event
