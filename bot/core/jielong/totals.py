"""What a chain adds up to: persons, or goods and money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from bot.core.jielong.chain import Chain
from bot.core.jielong.goods import Good, Order, order_of
from bot.core.jielong.quantity import quantity_of
from bot.core.jielong.records import Entry


@dataclass(frozen=True, slots=True)
class Counted:
    """One entry with what it counts. `order` only in a chain with goods."""

    entry: Entry
    quantity: Decimal
    order: Order | None
    is_waiting: bool


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over the active entries, the waitlist included."""

    entries: tuple[Counted, ...]
    quantity: Decimal = Decimal(0)
    items: dict[str, Decimal] = field(default_factory=dict)
    amount: Decimal = Decimal("0.00")


def totals_of(
    chain: Chain,
    goods: Sequence[Good],
    *,
    capacity: int | None = None,
    counts_guests: bool = False,
    counts_people: bool = False,
) -> Totals:
    """Every active entry counted, in order, and the sums. `capacity` is of entries, with `counts_people` of what they
    stand for; who comes after one that waits waits too, also where a smaller one would still fit."""
    counted, items = [], dict[str, Decimal]()
    quantity, amount = Decimal(0), Decimal("0.00")
    for place, entry in enumerate(chain.active):
        order = order_of(entry.text, goods, counts_guests=counts_guests) if goods else None
        if order is None:
            count = quantity_of(entry.text, counts_guests=counts_guests)
        else:
            count = sum(order.items.values(), Decimal(0))
            amount += order.amount
            for name, number in order.items.items():
                items[name] = items.get(name, Decimal(0)) + number
        quantity += count
        is_waiting = capacity is not None and (quantity > capacity if counts_people else place >= capacity)
        counted.append(Counted(entry, count, order, is_waiting))
    in_order = {good.name: items[good.name] for good in goods if good.name in items}
    return Totals(tuple(counted), quantity, in_order, amount)
