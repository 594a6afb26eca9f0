"""分队赛: members are drawn into teams of equal size, and teams compared by points per head."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from bot.core.draw import share
from bot.plays.quiz.record import Sheet
from bot.plays.quiz.scoring import Place, half_up


@dataclass(frozen=True, slots=True)
class TeamPlace:
    """`average` in tenths of a point per member: a large team has no advantage."""

    rank: int
    name: str
    members: int
    points: int
    average_tenths: int


def next_team(names: Sequence[str], sizes: Sequence[int], seed: str, member: str) -> int:
    """The index of the smallest team; among equals the draw by (seed, member) decides."""
    known = [*sizes, *[0] * len(names)][: len(names)]
    smallest = [n for n, size in enumerate(known) if size == min(known)]
    return smallest[int(share(seed, member) * len(smallest))]


def team_ranking(names: Iterable[str], sheets: Iterable[tuple[str, Sheet]], places: Sequence[Place]) -> list[TeamPlace]:
    """Teams with at least one participant, best average first; equal averages share a rank."""
    team_of: Mapping[str, str] = {uid: sheet.team for uid, sheet in sheets}
    rows = []
    for name in names:
        points = [place.points for place in places if team_of.get(place.member) == name]
        if points:
            rows.append((Fraction(sum(points), len(points)), name, len(points), sum(points)))
    rows.sort(key=lambda row: -row[0])
    return [
        TeamPlace(1 + sum(other[0] > row[0] for other in rows), row[1], row[2], row[3], half_up(row[0] * 10))
        for row in rows
    ]
