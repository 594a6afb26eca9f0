"""A report as the data of the `report` card: the picture that is sent to a chat."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bot.insight.reports.model import Figure, Report
from bot.insight.reports.words import amount, words_of

NAME = "report"
_KINDS = {"day": "daily", "week": "weekly", "month": "monthly", "camp": "camp", "past": "camp"}
_SHOWN = (
    "activity.dau",
    "activity.msgs_per_day",
    "growth.net",
    "checkin.rate",
    "quiz.participation",
    "interaction.rate",
)
_MOST_POINTS = 45
_LONGEST_CHANGE = 12


def card(report: Report, folder: Path) -> dict[str, Any]:
    """Plain values for `Drawing(NAME, …)`."""
    words = words_of(folder)
    chosen = [
        each for each in (*report.first, *report.second) if each.now.metric.id in _SHOWN and each.now.value is not None
    ]
    chosen.sort(key=lambda figure: _SHOWN.index(figure.now.metric.id))
    if report.star is not None and report.star.now.value is not None and report.star not in chosen:
        chosen.insert(0, report.star)
    return {
        "kind": _KINDS[report.period.kind],
        "group": report.group,
        "first": report.period.first.isoformat(),
        "last": report.period.last.isoformat(),
        "figures": [_figure(figure, words.change(figure)) for figure in chosen[:6]],
        "course": {
            "label": words["card.course"],
            "points": [None if bar.lost >= 0.5 else float(bar.msgs) for bar in report.course[:_MOST_POINTS]],
            "labels": [f"{bar.first.month}-{bar.first.day:02}" for bar in report.course[:_MOST_POINTS]],
        } if len(report.course) > 1 else None,
        "lists": [{
            "label": words["card.people"],
            "items": [{"name": person.name, "value": f"{person.msgs:,}"} for person in report.people[:5]],
        }] if report.people else [],
        "remarks": [words.remark("notable", remark) for remark in report.notable[:3]],
        "footer": words["card.footer"],
    }  # fmt: skip


def _figure(figure: Figure, change: str) -> dict[str, Any]:
    return {
        "label": figure.now.metric.zh, "value": amount(figure.now), "change": change if len(change) <= _LONGEST_CHANGE else "",
        "trend": figure.trend,
    }  # fmt: skip
