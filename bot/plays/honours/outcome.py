"""Who is a candidate and who has won: pure counting, so that anybody can recompute it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.plays.honours.record import Candidate, Paper


def candidates(nominations: Iterable[Paper], most: int) -> tuple[Candidate, ...]:
    """Who was nominated, by how many, the most first; equals in the order of their first nomination. The reason shown is
    the first that was given."""
    found: dict[str, Candidate] = {}
    for paper in sorted(nominations, key=lambda paper: (paper.at, paper.candidate)):
        known = found.get(paper.candidate)
        if known is None:
            found[paper.candidate] = Candidate(
                uid=paper.candidate, name=paper.name, reason=paper.reason, since=paper.at
            )
        else:
            found[paper.candidate] = known.model_copy(
                update={"nominations": known.nominations + 1, "reason": known.reason or paper.reason}
            )
    ranked = sorted(found.values(), key=lambda each: (-each.nominations, each.since, each.uid))
    return tuple(ranked[:most])


@dataclass(frozen=True, slots=True)
class Outcome:
    """`tied`: equals for the `left` places that remain; then only `winners` are sure."""

    winners: tuple[Candidate, ...]
    votes: Mapping[str, int]
    tied: tuple[Candidate, ...] = ()
    left: int = 0


def outcome(standing: Sequence[Candidate], votes: Iterable[str], seats: int) -> Outcome:
    """The `seats` with the most votes, nobody without any. `standing`: in the order of the ballot."""
    names = {candidate.uid for candidate in standing}
    counted = Counter(vote for vote in votes if vote in names)
    ranked = sorted((c for c in standing if counted[c.uid]), key=lambda c: -counted[c.uid])
    if len(ranked) <= seats:
        return Outcome(tuple(ranked), counted)
    line = counted[ranked[seats - 1].uid]
    above = tuple(c for c in ranked if counted[c.uid] > line)
    equal = tuple(c for c in ranked if counted[c.uid] == line)
    if len(above) + len(equal) == seats:
        return Outcome((*above, *equal), counted)
    return Outcome(above, counted, equal, seats - len(above))
