"""Tags that operators give from outside the chat: the row, its audit row, and what the engine remembers of the group."""

from __future__ import annotations

from datetime import datetime

from bot.engine.clock import to_ms
from bot.engine.kernel import Kernel
from storage.members import set_tag


def tag(kernel: Kernel, chat: str, uid: str, name: str, *, on: bool, by: str, now: datetime) -> bool:
    """Puts a tag on a member of a group, or takes it off; False when nothing changed."""
    done = kernel.in_transaction(lambda connection: set_tag(connection, chat, uid, name, on=on, by=by, at=to_ms(now)))
    room = kernel.directory.rooms.get(chat)
    if done and room is not None:
        # Its roster is read again: plays see the tag with the next message.
        kernel.directory.forget([room])
    return done
