"""Who carries the conversation: PageRank over who answered or mentioned whom.

An answer passes weight from the one who answers to the one who is answered, so words that draw answers from people whose own
words draw answers count most. Plain power iteration: a group has hundreds of people, a library would be heavier than the sum.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import TypeAlias

Links: TypeAlias = Mapping[tuple[int, int], float]
"""(who, to whom) → weight above 0."""
_DAMPING = 0.85
_CLOSE = 1e-10
_MOST_ROUNDS = 200


def ranks(links: Links) -> dict[int, float]:
    """Everybody in the graph → a share of the whole; they add up to 1. The same links give the same numbers in any order."""
    people = sorted({who for pair in links for who in pair})
    if not people:
        return {}
    out: defaultdict[int, float] = defaultdict(float)
    into: defaultdict[int, list[tuple[int, float]]] = defaultdict(list)
    for (who, to), weight in sorted(links.items()):
        out[who] += weight
        into[to].append((who, weight))
    rank = dict.fromkeys(people, 1 / len(people))
    for _ in range(_MOST_ROUNDS):
        # Who answers nobody passes on to everybody alike.
        idle = sum(rank[who] for who in people if not out[who])
        base = (1 - _DAMPING + _DAMPING * idle) / len(people)
        fresh = {
            who: base + _DAMPING * sum(rank[other] * weight / out[other] for other, weight in into[who])
            for who in people
        }
        moved = sum(abs(fresh[who] - rank[who]) for who in people)
        rank = fresh
        if moved < _CLOSE:
            break
    return rank
