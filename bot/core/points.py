"""Points as money: accounts, entries, what is left of old ones, and the rules that a group declares.

An entry moves points between a member and one account of the group. `issue` is where awards come from and where they go
back to when they are undone; what is paid goes to `fee` or `shop`, what lapses to `expiry`, what leaving costs to
`forfeit`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Account = Literal["issue", "fee", "shop", "expiry", "forfeit"]

MOST_ENTRIES = 10
"""How many of a member's newest entries a play is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of a member. `id` names it for `Award.undoes`; `points` is what the member gained, negative: paid."""

    id: str
    at: datetime
    points: int
    balance: int
    account: str = "issue"
    source: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PointRules:
    """What a group's plan says about every award: the most a member gains in a day, by source (`checkin`, `quiz` …) and
    in all; 0 is no limit. `titles` are what members read for a source."""

    caps: Mapping[str, int] = field(default_factory=dict)
    a_day: int = 0
    titles: Mapping[str, str] = field(default_factory=dict)

    def left(self, source: str, earned: Mapping[str, int]) -> int | None:
        """How much more `source` may bring today after `earned` (source → points); None: as much as it likes."""
        rooms = []
        if source in self.caps:
            rooms.append(self.caps[source] - earned.get(source, 0))
        if self.a_day:
            rooms.append(self.a_day - sum(earned.values()))
        return max(0, min(rooms)) if rooms else None


def held_since(entries: Iterable[tuple[int, int, str]], until: int) -> int:
    """How many of a member's points came at or before `until` and are still there.

    `entries`: (at, points, account), oldest first. What is paid takes the oldest points, what is undone (goes back to
    `issue`) the newest.
    """
    lots: deque[list[int]] = deque()
    for at, points, account in entries:
        if points > 0:
            lots.append([at, points])
            continue
        left = -points
        while left and lots:
            lot = lots[-1] if account == "issue" else lots[0]
            taken = min(left, lot[1])
            lot[1] -= taken
            left -= taken
            if not lot[1]:
                (lots.pop if account == "issue" else lots.popleft)()
    return sum(points for at, points in lots if at <= until)
