"""Which list did the sender have before their eyes? The snapshot that explains the message best."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.core.jielong.chain import Chain, Line

MessageLine = tuple[str, str]
"""(K, N) of one line of a message."""


@dataclass(frozen=True, slots=True)
class Base:
    lines: tuple[Line, ...]
    exact: int


def find_base(chain: Chain, sender: str, lines: Sequence[MessageLine], may_change: Callable[[int], bool]) -> Base:
    """The best snapshot. `may_change`: of an entry id; for an operator it is always true."""
    best: tuple[int, ...] = ()
    best_rank, exact = (-(10**9), 0), 0
    rows = [row for key in {key for key, _ in lines} for row in chain.rows_of_key.get(key, ())]
    near = frozenset(rows)
    unknown = sum(not chain.knows(key) for key, _ in lines)
    for snapshot in _candidates(chain, sender):
        if _bound(len(near.intersection(snapshot)), len(snapshot), len(lines), unknown) < best_rank[0]:
            continue
        found, rank = _score(chain, snapshot, lines, may_change)
        if rank > best_rank:
            best, best_rank, exact = snapshot, rank, found
    return Base(tuple(chain.lines[row] for row in best), exact)


def _candidates(chain: Chain, sender: str) -> list[tuple[int, ...]]:
    """The snapshots that the sender may have seen, newest first, each content once."""
    snapshots = chain.snapshots()
    own = max((index for index, (by, _) in enumerate(snapshots) if by == sender), default=0)
    return list(dict.fromkeys(rows for _, rows in reversed(snapshots[own:])))


def _bound(exact: int, snapshot: int, lines: int, unknown: int) -> int:
    """What a snapshot can score at most, from counts alone: most need no closer look."""
    exact = min(exact, snapshot, lines)
    names = min(snapshot - exact, lines - exact)
    known_left = max(0, lines - exact - unknown - names)
    return 2 * exact + names - 2 * (snapshot - exact - names) - 2 * known_left


def _score(
    chain: Chain, snapshot: tuple[int, ...], lines: Sequence[MessageLine], may_change: Callable[[int], bool]
) -> tuple[int, tuple[int, int]]:
    """(exact pairs, (score, −left-over lines of others))."""
    table = chain.lines
    waiting: defaultdict[str, deque[int]] = defaultdict(deque)
    for place, row in enumerate(snapshot):
        waiting[table[row][0]].append(place)
    left: list[MessageLine] = []
    for line in lines:
        same = waiting.get(line[0])
        if same:
            same.popleft()
        else:
            left.append(line)
    exact = len(lines) - len(left)
    unpaired = {place for same in waiting.values() for place in same} if len(snapshot) > exact else set()
    names = known_left = 0
    if unpaired:
        by_name: defaultdict[str, list[int]] = defaultdict(list)
        for place in sorted(unpaired):
            by_name[table[snapshot[place]][1]].append(place)
        for same_name in by_name.values():
            same_name.sort(key=lambda place: not may_change(table[snapshot[place]][2]))
        for key, name in left:
            if by_name.get(name):
                unpaired.remove(by_name[name].pop(0))
                names += 1
            else:
                known_left += chain.knows(key)
    else:
        known_left = sum(chain.knows(key) for key, _ in left)
    score = 2 * exact + names - 2 * len(unpaired) - 2 * known_left
    return exact, (score, -sum(not may_change(table[snapshot[place]][2]) for place in unpaired))
