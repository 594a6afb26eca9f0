"""The shop's books: how many of each thing are gone, and every member's orders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Literal

from pydantic import Field

from bot.core.play import Frozen

Status = Literal["waiting", "sent", "cancelled"]
_KEPT = 100
"""Orders that a member's slot keeps; those that wait for delivery are kept whatever their number."""


class State(Frozen):
    """`gone`: thing → how many were given and not cancelled."""

    next: int = 1
    gone: Mapping[str, int] = Field(default_factory=dict)


class Order(Frozen):
    """`price` is what was paid; `key` names the prize that it is, "" for what was bought."""

    no: int
    item: str
    price: int
    at: datetime
    status: Status = "waiting"
    key: str = ""


class Slot(Frozen):
    """One member's orders, oldest first."""

    name: str = ""
    orders: tuple[Order, ...] = ()

    def having(self, item: str) -> int:
        return sum(order.item == item and order.status != "cancelled" for order in self.orders)

    def adding(self, order: Order) -> Slot:
        orders = (*self.orders, order)
        kept = tuple(o for n, o in enumerate(orders) if o.status == "waiting" or n >= len(orders) - _KEPT)
        return self.model_copy(update={"orders": kept})

    def settling(self, no: int, status: Status) -> Slot:
        orders = tuple(o.model_copy(update={"status": status}) if o.no == no else o for o in self.orders)
        return self.model_copy(update={"orders": orders})


def waiting(slots: Mapping[str, Slot]) -> Iterator[tuple[str, Slot, Order]]:
    """(member, slot, order) of all that is to be delivered, by number."""
    found = [
        (order.no, uid, slot, order)
        for uid, slot in slots.items()
        for order in slot.orders
        if order.status == "waiting"
    ]
    for _, uid, slot, order in sorted(found, key=lambda each: each[0]):
        yield uid, slot, order
