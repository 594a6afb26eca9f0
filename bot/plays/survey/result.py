"""What came of a round: pure sums over sheets, with the uncertainty that few answers have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.core.draw import shuffled
from bot.core.intervals import nps
from bot.plays.survey.record import Sheet

_QUOTED, _FEW = 20, 3


@dataclass(frozen=True, slots=True)
class Result:
    """`counts`: answers by score. `said`: what stood behind the scores, in an order that says nothing of whom."""

    asked: int
    counts: Mapping[int, int]
    said: Sequence[str]

    @property
    def answered(self) -> int:
        return sum(self.counts.values())

    @property
    def mean(self) -> float:
        return sum(score * n for score, n in self.counts.items()) / self.answered if self.answered else 0.0

    def between(self, low: int, high: int) -> int:
        return sum(n for score, n in self.counts.items() if low <= score <= high)


def result(sheets: Iterable[Sheet], asked: int, seed: str) -> Result:
    answered = [sheet for sheet in sheets if sheet.score is not None]
    counts = Counter(sheet.score for sheet in answered if sheet.score is not None)
    said = [sheet.said for sheet in answered if sheet.said]
    return Result(max(asked, len(answered)), counts, shuffled(seed, said))


def told(found: Result, choices: Sequence[str]) -> dict[str, Any]:
    """As templates show it. Words of fewer than three people are kept back: their authors could be guessed."""
    up, down = found.between(9, 10), found.between(0, 6)
    score = nps(up, found.answered - up - down, down)
    rate = found.answered / found.asked if found.asked else 0.0
    by_choice = Counter(said for said in found.said if said in choices)
    return {
        "asked": found.asked,
        "answered": found.answered,
        "rate": round(100 * rate),
        "is_thin": rate < 0.2,
        "mean": f"{found.mean:.1f}",
        "nps": round(score[0]) if score else None,
        "low": round(score[1].low) if score else None,
        "high": round(score[1].high) if score else None,
        "up": up,
        "middle": found.answered - up - down,
        "down": down,
        "counts": [{"score": n, "people": found.counts[n]} for n in range(10, -1, -1) if found.counts.get(n)],
        "choices": [{"choice": each, "people": by_choice[each]} for each in choices],
        "said": [] if choices or found.answered < _FEW else list(found.said[:_QUOTED]),
        "more": max(0, len(found.said) - _QUOTED) if not choices else 0,
    }
