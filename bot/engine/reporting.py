"""Reports on their way out: the row says what to make, who makes it is the app's to choose."""

from __future__ import annotations

from typing import Protocol, TypeAlias

from bot.core.effects import SendReport
from bot.core.segments import Text
from bot.engine.drawings import DrawnMessage
from bot.transports.base import FileMessage, Message

Made: TypeAlias = Message | FileMessage | DrawnMessage


class NotMade(Exception):
    """Why there is no report, in a few words for the outbox."""


class MakesReports(Protocol):
    """A span of a group's log → what is sent."""

    async def make(self, chat: str, order: SendReport) -> Made:
        """Raises `NotMade`."""


def placeholder(order: SendReport) -> Message:
    """What stands for a report where none is made: in a simulation."""
    return Message(segments=(Text(f"[{order.period} {order.first}..{order.last} {order.form}]"),), to=order.to)
