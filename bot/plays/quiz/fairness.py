"""Signs that somebody copied or was too fast to have read: shown to operators, never punished."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bot.plays.quiz.record import Played, Sheet

_BEHIND_S = 3
_RUSH = 20
"""Only the answers just before one's own are looked at: in a rush of more within 3 s following somebody is no sign."""
_ENOUGH_QUESTIONS = 5
_FASTEST_S = 1
_LONG_TEXT = 30


@dataclass(frozen=True, slots=True)
class Copier:
    member: str
    source: str
    agreed: int
    of: int


def copiers(played: Sequence[Played], sheets: Sequence[tuple[str, Sheet]]) -> list[Copier]:
    """Who followed one other member within 3 s with the same answer in at least 8 of 10 questions."""
    rounds: dict[int, list[tuple[int, str, float, object]]] = {}
    for uid, sheet in sheets:
        for index, given in {given.index: given for given in sheet.answers if not given.is_late}.items():
            if not played[index].is_void:
                row = (given.seq, uid, given.at.timestamp(), given.letters or given.text)
                rounds.setdefault(index, []).append(row)
    asked = sum(one.is_closed and not one.is_void for one in played)
    if asked < _ENOUGH_QUESTIONS:
        return []
    followed: Counter[tuple[str, str]] = Counter()
    for rows in rounds.values():
        rows.sort(key=lambda row: row[0])
        for place, (_, uid, at, answer) in enumerate(rows):
            for _, other, before, same in rows[max(0, place - _RUSH) : place]:
                if answer == same and 0 <= at - before <= _BEHIND_S:
                    followed[uid, other] += 1
    return [Copier(uid, other, n, asked) for (uid, other), n in followed.most_common() if n * 10 >= asked * 8]


def too_fast(played: Sequence[Played], sheets: Sequence[tuple[str, Sheet]]) -> list[str]:
    """Members who answered a long question in less than a second."""
    return [
        uid
        for uid, sheet in sheets
        if any(
            len(one.question.text) > _LONG_TEXT
            and one.asked_at is not None
            and 0 <= (given.at - one.asked_at).total_seconds() < _FASTEST_S
            for given in sheet.answers
            for one in (played[given.index],)
        )
    ]
