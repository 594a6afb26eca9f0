"""Which chain of the group does a list belong to?"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.jielong.base import MessageLine, find_base
from bot.core.jielong.chain import Chain
from bot.core.jielong.cleaning import fold_width
from bot.core.jielong.keys import comparison_key

NEW_ROUND = timedelta(hours=8)
LATE = timedelta(days=7)
FRAGMENT = timedelta(hours=24)

_DAY = re.compile(r"(?<![0-9])(1[0-2]|0?[1-9])(?:月([0-9]{1,2})[日号]|[/.-]([0-9]{1,2})(?![0-9:点]))")
_WEEKDAY = re.compile("(?:周|星期|礼拜)([一二三四五六日天])")


def date_tokens(title: str) -> frozenset[str]:
    """The days that a title names: `3-9`, `周日`."""
    text = fold_width(title)
    days = {
        f"{int(month)}-{int(first or second)}"
        for month, first, second in _DAY.findall(text)
        if 1 <= int(first or second) <= 31
    }
    return frozenset(days | {"周" + day.replace("天", "日") for day in _WEEKDAY.findall(text)})


@dataclass(frozen=True, slots=True)
class Candidate:
    """An open chain that a list may belong to. Sorts by how well it fits."""

    chain: Chain
    is_same_title: bool
    overlap: int

    @property
    def fit(self) -> tuple[bool, int, datetime, int]:
        return self.is_same_title, self.overlap, self.chain.head.active_at, self.chain.id


def overlap(chain: Chain, lines: Sequence[MessageLine]) -> int:
    return sum(chain.knows(key) for key, _ in lines)


def same_list(chain: Chain, sender: str, lines: Sequence[MessageLine], may_change: Callable[[int], bool]) -> int | None:
    """The exact pairs with the best base when there are enough of them to call it the same list, else None."""
    n = len(lines)
    if 2 * overlap(chain, lines) < max(4, n):
        return None
    base = find_base(chain, sender, lines, may_change)
    return base.exact if base.exact >= 2 and 2 * base.exact >= max(n, len(base.lines)) else None


def choose(
    chains: Sequence[Chain],
    title: str,
    sender: str,
    lines: Sequence[MessageLine],
    at: datetime,
    may_change: Callable[[Chain], Callable[[int], bool]],
) -> Chain | None:
    """The open chain that a list with this header belongs to."""
    found = [
        candidate
        for chain in chains
        if chain.is_open and (candidate := _candidate(chain, title, sender, lines, at, may_change(chain)))
    ]
    return max(found, key=lambda candidate: candidate.fit).chain if found else None


def _candidate(
    chain: Chain,
    title: str,
    sender: str,
    lines: Sequence[MessageLine],
    at: datetime,
    may_change: Callable[[int], bool],
) -> Candidate | None:
    key, known = comparison_key(title), overlap(chain, lines)
    if key == comparison_key(chain.head.title):
        is_new_round = len(lines) == 1 and at - chain.head.active_at >= NEW_ROUND
        return None if known == 0 and (not key or is_new_round) else Candidate(chain, True, known)
    days, its_days = date_tokens(title), date_tokens(chain.head.title)
    if days and its_days and days != its_days:
        return None
    return None if same_list(chain, sender, lines, may_change) is None else Candidate(chain, False, known)


def late_for(chains: Sequence[Chain], title: str, lines: Sequence[MessageLine], at: datetime) -> Chain | None:
    """The newest closed chain that a list comes too late for."""
    key = comparison_key(title)
    found = [
        chain
        for chain in chains
        if not chain.is_open
        and comparison_key(chain.head.title) == key
        and at - chain.head.active_at <= LATE
        and overlap(chain, lines) >= 1
    ]
    return max(found, key=lambda chain: chain.id, default=None)
