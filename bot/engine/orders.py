"""Orders of operators who sit at the console or a terminal: a row of the log in each group, then the play's own step.

An order is known by the key that its form carried. The log takes a key once per group, so a button that is pressed twice,
a request that is sent again and a restart in between come to the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import orjson

from bot.core.events import OperatorOrdered
from bot.engine.batch import Batch
from bot.engine.directory import Directory, Room
from storage.writer import Writer

NOT_RUNNING, FAILED = "not_running", "step_failed"
"""Why an order is not done where its play does not say so itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """`play` is a ref, `chats` the groups, `by` who; `action` and `detail` go into the audit row."""

    key: str
    play: str
    order: str
    about: str
    chats: tuple[str, ...]
    by: str
    action: str
    detail: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)
    """What the play needs besides `about`."""


def take_order(
    batch: Batch, writer: Writer, directory: Directory, order: Order
) -> list[tuple[Room, OperatorOrdered]]:  # fmt: skip
    """Logs it; the events that are new. Groups without the play, or without an account, are left out."""
    directory.resolve((), (), {order.by: ""})
    found: list[tuple[Room, OperatorOrdered]] = []
    for chat in order.chats:
        room = directory.rooms.get(chat)
        if room is not None and room.plan is not None and order.play in room.plan.plays and room.primary:
            event = OperatorOrdered(
                id=f"order:{order.key}", account=room.primary, chat=chat, member=order.by, at=batch.now,
                play=order.play, order=order.order, about=order.about, data=order.data,
            )  # fmt: skip
            found.append((room, event))
    said = orjson.dumps({"play": order.play, "order": order.order, "about": order.about, **order.data}).decode()
    who = directory.members[order.by]
    new = writer.log_events([
        [
            directory.accounts[event.account], room.id, who, event.id, type(event).__name__, batch.now_ms, batch.now_ms,
            said, 0,
        ]
        for room, event in found
    ])  # fmt: skip
    return [each for each in found if (each[0].id, directory.accounts[each[1].account], each[1].id) in new]


def audit_order(batch: Batch, writer: Writer, order: Order, chats: Sequence[str]) -> None:
    """One row for the groups where it is done."""
    if chats:
        detail = {"order": order.order, "about": order.about, "groups": chats, **order.detail, **order.data}
        writer.audit([[order.by, order.action, order.play, orjson.dumps(detail).decode(), batch.now_ms]])
