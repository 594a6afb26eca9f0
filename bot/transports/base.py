"""What a network is to the engine: events in, outgoing actions out, and an honest answer what became of each.

A transport settles its network's quirks (ids as numbers or strings, seconds or milliseconds, markup) at the border. It
may deliver an event twice or late; it must never deliver it changed, and never invent one. `send` ends in exactly one
of: a `Receipt`; `SendRefused` (the network said no); `SendDeferred` (later); `SendUnknown` (nobody knows).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias

from bot.core.effects import (
    Approve,
    Forward,
    Invite,
    Kick,
    Mute,
    MuteAll,
    Recall,
    Rename,
    SetCard,
    SetRemark,
    SetTitle,
)
from bot.core.events import Event
from bot.core.play import Capability, Member
from bot.core.segments import Segment


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message to the chat, or in private to the member `to` (the chat then says through which group they meet)."""

    segments: tuple[Segment, ...]
    to: str | None = None
    reply_to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileMessage:
    name: str
    content: bytes
    to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """The network's own group notice (群公告)."""

    text: str


Outgoing: TypeAlias = (
    Message | FileMessage | Announcement | Recall | Mute | MuteAll | Kick | Approve | SetCard | SetTitle | Invite | Rename
    | Forward | SetRemark
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Receipt:
    """The network took it. `message_id` is "" where it gives none; `at` is the network's time where it tells."""

    message_id: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A group as the network lists it. `role` is the account's own."""

    uid: str
    name: str = ""
    size: int = 0
    role: str = "member"


class Sink(Protocol):
    """Where a transport puts what it hears. `events` waits while the engine is full: then the socket is not read."""

    async def events(self, events: Sequence[Event], *, is_backfill: bool = False) -> None: ...

    async def groups(self, account: str, groups: Sequence[Group]) -> None: ...

    async def members(self, account: str, chat: str, members: Sequence[Member]) -> None:
        """The whole list of one group: who is missing from it has left."""

    async def connected(self, account: str, *, app: str = "") -> None:
        """The account is online; `app` names the implementation. Opens the outbox; ends a gap."""

    async def disconnected(self, account: str, reason: str) -> None:
        """The account is offline: its outbox waits, a gap begins."""

    async def backfilled(
        self, account: str, chat: str, *, since: datetime, until: datetime, reached: datetime | None
    ) -> None:
        """The history of the gap was read back to `reached`: to `since` where nothing is missing, None where nothing could
        be read."""

    def last_seen(self, account: str, chat: str) -> datetime | None:
        """The platform time of the newest logged message: where a backfill begins."""

    def frame(self, account: str, raw: str) -> None:
        """A raw frame for the debug ring; dropped unless it is on."""

    def malformed(self, account: str, raw: str, error: str) -> None:
        """A frame that could not be decoded: counted and shown, never fatal."""


class Transport(Protocol):
    """One network. `run` serves until it is cancelled and reconnects by itself."""

    platform: str
    reads_history: bool
    """Whether it fetches what was said while an account was away, and says so of each group (`Sink.backfilled`)."""

    async def run(self, sink: Sink) -> None: ...

    async def send(self, account: str, chat: str, outgoing: Outgoing) -> Receipt: ...

    def capabilities(self, account: str, chat: str) -> frozenset[Capability]:
        """What the network and the account's role allow; refusals are remembered by the engine."""

    async def find_sent(self, account: str, chat: str, message: Message, since: datetime) -> Receipt | None:
        """The account's own message in the history since then; None: certainly not there. Raises `SendUnknown` when
        the network cannot tell."""
