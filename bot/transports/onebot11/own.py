"""The account's own messages, as far as they were heard: how a send with an unknown outcome is found again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from bot.core.segments import Image, Mention, Segment, Text

_LIMIT = 2000


def fingerprint(segments: Iterable[Segment]) -> str:
    """What stays the same on the way through the network: the words without spaces, the mentions, the pictures."""
    parts: list[str] = []
    for segment in segments:
        if isinstance(segment, Text):
            parts.append("".join(segment.text.split()))
        elif isinstance(segment, Mention):
            parts.append(f"\x1f@{segment.target}\x1f")
        elif isinstance(segment, Image):
            parts.append("\x1fimage\x1f")
    return "".join(parts)


@dataclass(slots=True)
class _Own:
    at: datetime
    print: str
    is_claimed: bool = False


@dataclass(slots=True)
class OwnMessages:
    """Bounded. A message is *claimed* once it is known which send it came from, so that it proves no other one."""

    _messages: OrderedDict[tuple[str, str], _Own] = field(default_factory=OrderedDict)

    def heard(self, chat: str, message_id: str, at: datetime, segments: Iterable[Segment]) -> None:
        known = self._messages.get((chat, message_id))
        if known is not None:
            known.at, known.print = at, fingerprint(segments)
            return
        self._add(chat, message_id, _Own(at, fingerprint(segments)))

    def sent(self, chat: str, message_id: str, at: datetime, segments: Iterable[Segment]) -> None:
        """A receipt: this message belongs to a send that is settled."""
        if message_id:
            self._add(chat, message_id, _Own(at, fingerprint(segments), is_claimed=True))

    def find(self, chats: Iterable[str], segments: Iterable[Segment], since: datetime) -> tuple[str, datetime] | None:
        """The oldest unclaimed message with this content since then; it is claimed by the answer."""
        wanted, within = fingerprint(segments), set(chats)
        for (chat, message_id), own in sorted(self._messages.items(), key=lambda item: item[1].at):
            if chat in within and own.print == wanted and own.at >= since and not own.is_claimed:
                own.is_claimed = True
                return message_id, own.at
        return None

    def _add(self, chat: str, message_id: str, own: _Own) -> None:
        self._messages[chat, message_id] = own
        self._messages.move_to_end((chat, message_id))
        while len(self._messages) > _LIMIT:
            self._messages.popitem(last=False)
