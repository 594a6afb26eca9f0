"""`scoring.yaml`: the version of the activity score that a house wants. Whatever it leaves out is as built in."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Literal

from pydantic import Field, field_validator

from bot.core.scoring import DEFAULT, Scoring
from bot.core.tally import Counting
from bot.core.units import Duration
from bot.playbook.header import Written

SCORING = "scoring.yaml"
PartName = Literal["messages", "chars", "answers", "replied", "checkins", "quiz", "chain", "helped"]


class Part(Written):
    """What one unit is worth, and how many count in a day."""

    points: float = Field(ge=0, le=1000, description="每个单位几分,最细 0.001;0 不算 · points for each unit")
    cap: int = Field(ge=0, le=100_000, description="每天最多算几个 · units of a day that count at most")

    @field_validator("points")
    @classmethod
    def _in_thousandths(cls, points: float) -> float:
        if abs(points * 1000 - round(points * 1000)) > 1e-6:
            raise ValueError(f"最细到 0.001 分 · thousandths at most, not {points}")
        return points


class Rules(Written):
    """What counts. Another rule here means that the log must be counted again."""

    flood: Duration = Field(
        default=timedelta(seconds=10), description="多久内只算一条,0s 不限 · one message in this span"
    )
    min_chars: int = Field(default=1, ge=0, le=200, description="少于几个字不算 · shorter texts don't count")
    longest: int = Field(default=200, ge=1, le=5000, description="一条最多算几个字 · characters of one message")
    copies_from: int = Field(
        default=8, ge=1, le=500, description="几个字以上,今天别人说过一样的就不算 · from this length copies don't count"
    )
    newcomer: Duration = Field(default=timedelta(days=7), description="进群多久内算新人 · how long somebody is new")


class ScoringFile(Written):
    version: str = Field(
        min_length=1,
        max_length=40,
        description="版本名,改了规则就换一个 · name of the version; a new one for new rules",
    )
    note: str = Field(default="", description="为什么改,给同事看 · why, for colleagues")
    weights: dict[PartName, Part] = Field(
        default_factory=dict, description="每部分的分值,没写的照旧 · what parts are worth"
    )
    half_life: Duration | None = Field(
        default=None, description="多久后旧分减半,不写就不减 · after this long old points are worth half"
    )
    counting: Rules = Field(default_factory=Rules, description="什么算数 · what counts")

    def scoring(self) -> Scoring:
        """As the engine uses it."""
        weights = dict(DEFAULT.weights)
        for name, part in self.weights.items():
            weights[name] = replace(weights[name], mp=round(part.points * 1000), cap=part.cap)
        rules = self.counting
        return Scoring(
            version=self.version,
            weights=weights,
            half_life_days=self.half_life.total_seconds() / 86_400 if self.half_life else 0,
            counting=Counting(
                flood_s=int(rules.flood.total_seconds()), min_chars=rules.min_chars, longest=rules.longest,
                copies_from=rules.copies_from, newcomer_days=rules.newcomer.days,
            ),
        )  # fmt: skip
