"""What a metric is, apart from how it is computed: the one list that the checker, the handbook, commands and reports read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Literal

Unit = Literal["share", "people", "count", "per_day", "per_week", "per_person", "chars", "minutes", "score", "ratio"]
"""`share`: 0 to 1, written as percent. `score`: NPS, -100 to 100. `ratio`: times another figure, may be above 1."""

UNITS: Mapping[str, tuple[str, str]] = {
    "share": ("%", "%"),
    "people": ("人", "people"),
    "count": ("次", "in all"),
    "per_day": ("次/天", "a day"),
    "per_week": ("次/周", "a week"),
    "per_person": ("次/人", "per person"),
    "chars": ("字", "characters"),
    "minutes": ("分钟", "minutes"),
    "score": ("分", "points"),
    "ratio": ("倍", "times"),
}
_BOUNDS: Mapping[str, tuple[float, float]] = {"share": (0.0, 1.0), "score": (-100.0, 100.0)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """`id` is stable: playbooks and stored reports name it. `level`: 1 stands on the first page, 2 explains the one in `of`.

    `is_proxy`: it stands for something that a group chat doesn't show. `is_lower_better`, `norm`: what the field holds to be
    good, None where nobody knows. `is_signed`: may be below 0.
    """

    id: str
    zh: str
    en: str
    level: Literal[1, 2]
    of: str = ""
    unit: Unit
    owner: tuple[str, str]
    formula: tuple[str, str]
    caveat: tuple[str, str] = ("", "")
    is_proxy: bool = False
    is_lower_better: bool = False
    is_signed: bool = False
    norm: float | None = None

    @property
    def bounds(self) -> tuple[float, float]:
        """The lowest and the highest value that can occur."""
        low, high = _BOUNDS.get(self.unit, (0.0, inf))
        return (-high if self.is_signed else low, high)


@dataclass(frozen=True, slots=True)
class TargetRefused:
    """Why a target can't be. `zh`, `en` are sentences."""

    zh: str
    en: str


_NUMBER = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*(%?)\s*")


def parse_target(written: float | str) -> float | None:
    """`60%` and `0.6` are the same; None when it is no number."""
    if isinstance(written, bool):
        return None
    if isinstance(written, int | float):
        return float(written)
    found = _NUMBER.fullmatch(written)
    return float(found[1]) / (100 if found[2] else 1) if found else None


def check_target(metric: Metric, written: float | str) -> float | TargetRefused:
    """The target as a number, or why it is refused."""
    value = parse_target(written)
    if value is None:
        return TargetRefused(f"「{written}」不是数字,写 0.4 或 40%", f"`{written}` is no number; write 0.4 or 40%")
    low, high = metric.bounds
    if low <= value <= high:
        return value
    if metric.id == "activity.dau_mau" and value > 1:
        return TargetRefused(
            f"DAU/MAU 目标是 {value:g},不可能超过 1:每天活跃的人本来就算在每月活跃的人里,热闹的群一般是 0.2 到 0.5",
            f"a DAU/MAU target of {value:g} is above 1: whoever is active on a day is active in the month; "
            "lively groups reach 0.2 to 0.5",
        )
    if value > high:
        return TargetRefused(
            f"「{metric.zh}」的目标是 {value:g},不可能超过 {high:g}",
            f"a target of {value:g} for {metric.en} is above {high:g}, which is the most there can be",
        )
    return TargetRefused(
        f"「{metric.zh}」的目标是 {value:g},不可能低于 {low:g}",
        f"a target of {value:g} for {metric.en} is below {low:g}, which is the least there can be",
    )
