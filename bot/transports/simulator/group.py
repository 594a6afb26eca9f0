"""The things of the simulated world: members, messages, join requests, groups."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from bot.core.errors import QunOpsError
from bot.core.events import Role
from bot.core.segments import Segment


class Impossible(QunOpsError):
    """What a person or a script wanted cannot happen in this world: no such member, muted, group full."""


@dataclass(slots=True, kw_only=True)
class Person:
    """Somebody's membership of one group. `muted_until` lies in the past when it no longer counts."""

    uid: str
    name: str
    role: Role = "member"
    joined_at: datetime | None = None
    card: str = ""
    title: str = ""
    muted_until: datetime | None = None
    is_bot: bool = False

    @property
    def shown(self) -> str:
        """The name that the group reads."""
        return self.card or self.name

    @property
    def is_admin(self) -> bool:
        return self.role != "member"

    def is_muted(self, now: datetime) -> bool:
        return self.muted_until is not None and now < self.muted_until


@dataclass(slots=True, kw_only=True)
class Said:
    """A message as the network keeps it."""

    message_id: str
    member: str
    at: datetime
    text: str
    segments: tuple[Segment, ...]
    is_recalled: bool = False


@dataclass(slots=True, kw_only=True)
class Request:
    """Somebody asks to join (`is_invitation`: a bot account is asked to). `is_decided`: answered already."""

    flag: str
    member: str
    name: str
    is_invitation: bool = False
    is_decided: bool = False


@dataclass(slots=True, kw_only=True)
class Room:
    """A group. `allows_private`: members who are not friends may be written to through it."""

    uid: str
    name: str
    people: dict[str, Person] = field(default_factory=dict)
    messages: dict[str, Said] = field(default_factory=dict)
    requests: dict[str, Request] = field(default_factory=dict)
    announcements: list[str] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    banned: set[str] = field(default_factory=set)
    is_muted: bool = False
    allows_private: bool = True
    mention_all_used: tuple[date | None, int] = (None, 0)

    def person(self, uid: str) -> Person:
        found = self.people.get(uid)
        if found is None:
            raise Impossible(f"{uid} 不在「{self.name}」 · not in the group")
        return found

    def named(self, name: str) -> Person | None:
        """By card or name; a card wins, the longest membership decides between equals."""
        for person in self.people.values():
            if person.card == name:
                return person
        return next((person for person in self.people.values() if person.name == name), None)
