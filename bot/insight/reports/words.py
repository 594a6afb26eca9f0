"""The words of reports: a catalogue beside the page's template, filled with numbers as people read them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from bot.core.metrics import Metric
from bot.engine import templates
from bot.insight.catalogue import Value
from bot.insight.reports.model import Figure, Remark

_PLACE = re.compile(r"\{(\w+)\}")
NOTHING = "—"


class Words:
    """`templates/reports/words.toml`. What a sentence names and the data lack raises `KeyError`: a test's matter."""

    def __init__(self, found: Mapping[str, Any]) -> None:
        self._found = found

    def __getitem__(self, path: str) -> str:
        """The text at `section.name`."""
        section, _, name = path.partition(".")
        text: str = self._found[section][name]
        return text

    def fill(self, path: str, **data: Any) -> str:
        return _PLACE.sub(lambda found: str(data[found.group(1)]), self[path])

    def remark(self, section: str, remark: Remark) -> str:
        """The sentence of `remark`, of `story`, `notable` or `ideas`."""
        data = {name: self._shown(name, value) for name, value in remark.data.items() if not isinstance(value, Figure)}
        figure = remark.data.get("figure")
        if isinstance(figure, Figure):
            data |= {
                "metric": figure.now.metric.zh, "now": amount(figure.now), "change": self.change(figure),
                "before": amount(figure.before) if figure.before else NOTHING,
                "target": number(figure.now.metric, figure.target) if figure.target is not None else NOTHING,
            }  # fmt: skip
        return self.fill(f"{section}.{remark.code}", **data)

    def change(self, figure: Figure) -> str:
        """`+12%`, `−2.1 个百分点`; "" where there is nothing to compare."""
        if figure.change is None:
            return ""
        unit, change = figure.now.metric.unit, figure.change
        sign = "+" if change > 0 else "−" if change < 0 else "±"
        if unit == "share":
            return self.fill("units.points", number=f"{sign}{abs(change) * 100:.1f}")
        if unit == "score" or figure.now.metric.is_signed:
            return f"{sign}{abs(change):.0f}"
        return f"{sign}{abs(change) * 100:.0f}%"

    def reasons(self, value: Value) -> list[str]:
        return [self[f"reasons.{reason}"] for reason in value.reasons]

    def _shown(self, name: str, value: Any) -> str:
        if isinstance(value, date):
            return f"{value.month} 月 {value.day} 日"
        if name in ("share", "change", "seen"):
            return f"{value * 100:.0f}%"
        if isinstance(value, int):
            return f"{value:,}"
        return str(value)


def amount(value: Value) -> str:
    """The figure as it is read; — where there is none."""
    return number(value.metric, value.value)


def number(metric: Metric, value: float | None) -> str:
    """`value` in the metric's unit, without its name."""
    if value is None:
        return NOTHING
    match metric.unit:
        case "share":
            return f"{value * 100:.1f}%"
        case "people" | "count" | "score" | "chars":
            return (f"{value:+,.0f}" if metric.is_signed and value else f"{value:,.0f}").replace("-", "−")
        case "minutes":
            return f"{value:,.0f}" if value >= 10 else f"{value:,.1f}"
        case _:
            return f"{value:+,.2f}" if metric.is_signed else f"{value:,.1f}" if value >= 10 else f"{value:,.2f}"


def span(value: Value) -> str:
    """The interval as it is read, "" without one."""
    if value.low is None or value.high is None or value.value is None:
        return ""
    return f"{number(value.metric, value.low)} – {number(value.metric, value.high)}"


@cache
def words_of(folder: Path) -> Words:
    """The catalogue in `folder` (`templates`)."""
    return Words(tomllib.loads(templates.file(folder, "reports", "words.toml").read_text("utf-8")))
