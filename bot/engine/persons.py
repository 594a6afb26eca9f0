"""Which ids are one person, in memory: what plays see of an event is the person, what the network is told is an id.

An operator's word joins ids (`qunops identity`); nothing here guesses. Rows keep the ids that the network gave.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from typing import Any

from bot.core.events import Event, MessageReceived
from bot.core.segments import Mention, Segment
from bot.engine.drawings import DrawnMessage, Unsent
from bot.transports.base import Message

_NAMING = ("member", "by", "target")


class PersonMap:
    """Id → head, head → ids. False while nobody is merged, and then nothing is looked at."""

    def __init__(self, links: Iterable[tuple[str, str]] = ()) -> None:
        """`links`: (id, head), the oldest first."""
        self._heads: dict[str, str] = {}
        self._ids: dict[str, tuple[str, ...]] = {}
        for uid, head in links:
            self._heads[uid] = head
            self._ids[head] = (*self._ids.get(head, (head,)), uid)

    def __bool__(self) -> bool:
        return bool(self._heads)

    def head(self, uid: str) -> str:
        return self._heads.get(uid, uid)

    def ids(self, uid: str) -> tuple[str, ...]:
        """Every id of the person, the head first and the one merged last at the end."""
        head = self.head(uid)
        return self._ids.get(head, (head,))

    def event(self, event: Event) -> Event:
        """The event with heads for ids; the event itself where that changes nothing."""
        if not self._heads:
            return event
        changes: dict[str, Any] = {
            name: head for name in _NAMING if (uid := getattr(event, name, "")) and (head := self.head(uid)) != uid
        }
        if isinstance(event, MessageReceived):
            for name in ("mentions", "line_authors"):
                uids = getattr(event, name)
                if any(uid in self._heads for uid in uids):
                    changes[name] = tuple(map(self.head, uids))
            if any(isinstance(part, Mention) and part.target in self._heads for part in event.segments):
                changes["segments"] = tuple(_with(part, self._heads) for part in event.segments)
        return replace(event, **changes) if changes else event


def with_ids(outgoing: Unsent, ids: Mapping[str, str]) -> Unsent:
    """What goes to the network with ids for persons."""
    if isinstance(outgoing, DrawnMessage):
        message = with_ids(outgoing.message, ids)
        assert isinstance(message, Message)
        return replace(outgoing, message=message)
    changes: dict[str, Any] = {
        field.name: ids[value]
        for field in fields(outgoing)
        if field.name in ("member", "to") and (value := getattr(outgoing, field.name)) in ids
    }
    if isinstance(outgoing, Message) and any(isinstance(p, Mention) and p.target in ids for p in outgoing.segments):
        changes["segments"] = tuple(_with(part, ids) for part in outgoing.segments)
    return replace(outgoing, **changes) if changes else outgoing


def named_in(outgoing: Unsent) -> set[str]:
    """The uids that an outgoing names."""
    if isinstance(outgoing, DrawnMessage):
        return named_in(outgoing.message)
    found = {getattr(outgoing, "member", ""), getattr(outgoing, "to", "") or ""}
    if isinstance(outgoing, Message):
        found |= {part.target for part in outgoing.segments if isinstance(part, Mention)}
    return found - {""}


def _with(part: Segment, ids: Mapping[str, str]) -> Segment:
    return replace(part, target=ids[part.target]) if isinstance(part, Mention) and part.target in ids else part
