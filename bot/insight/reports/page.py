"""A report as one HTML file, and in words: everything inside, nothing fetched, no script."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from bot.engine import templates
from bot.insight.reports import charts
from bot.insight.reports.model import Figure, Report
from bot.insight.reports.words import Words, amount, number, span, words_of

_MOST_LOST = 6
_TEXT_FIGURES = ("activity.dau", "activity.msgs_per_day", "growth.net", "checkin.rate", "interaction.rate")


@cache
def _environment(folder: Path) -> Environment:
    """Our own templates, not operators' text: everything they are given is escaped."""
    found = Environment(
        loader=FileSystemLoader(templates.folders(folder, "reports")), autoescape=select_autoescape(default=True),
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    found.filters["cn"] = _fullwidth
    return found


_AFTER_CHINESE = re.compile(r"(?<=[\u4e00-\u9fff」）”])([,;:?!])\s*")
_WIDE = {",": "，", ";": "；", ":": "：", "?": "？", "!": "！"}
_BRACKETS = re.compile(r"\(([^()]*[\u4e00-\u9fff][^()]*)\)")


def _fullwidth(text: str) -> str:
    """Chinese text with the punctuation of print; operators and catalogues type what their keyboard gives."""
    text = _AFTER_CHINESE.sub(lambda found: _WIDE[found.group(1)], text)
    return _BRACKETS.sub(r"（\1）", text)


def html(report: Report, folder: Path) -> str:
    """The page. `folder` holds `reports/page.html` and its words."""
    words = words_of(folder)
    shown: dict[str, Any] = {
        "r": report, "w": words, "kind": words[f"kinds.{report.period.kind}"], "span": span_of(report, words),
        "before": words[f"spans.before_{report.period.kind}"] if report.period.previous is not None else "",
        "amount": amount, "number": number, "interval": span, "unit": lambda metric: words[f"units.{metric.unit}"],
        "notes": lambda figure: _notes(figure, words), "whisker": _whisker, "spark": lambda figure: Markup(charts.spark(figure.course)), "shade": charts.shade,
        "cohort_days": (1, 7, 14, 28), "chart": _charts(report, words), "coverage": coverage(report, words),
        "style": Markup(templates.file(folder, "reports", "page.css").read_text("utf-8")),
    }  # fmt: skip
    return _environment(folder).get_template("page.html").render(shown)


def plain(report: Report, folder: Path) -> str:
    """The report in a chat message's length: what it says where no file and no picture can be sent."""
    words = words_of(folder)
    lines = words.fill(
        "text.head", kind=words[f"kinds.{report.period.kind}"], group=report.group, span=span_of(report, words)
    ).split("\n")  # fmt: skip
    if report.star is not None:
        lines.append(words.fill("text.star", metric=report.star.now.metric.zh, now=amount(report.star.now), tail=_change(report.star, words)))  # fmt: skip
    lines += ["", *("· " + words.remark("story", remark) for remark in report.story)]
    if report.notable:
        lines += ["", words["text.notable"], *("· " + words.remark("notable", each) for each in report.notable[:4])]
    if report.actions:
        lines += ["", words.fill("text.actions", count=len(report.actions))]
        lines += [f"{action.number}. {action.text}" for action in report.actions[:6]]
    if report.seen < 1:
        lines += ["", coverage(report, words)]
    return "\n".join(lines)


_UNSAFE = re.compile(r'[\\/:*?"<>|\s]+')


def file_name(report: Report, folder: Path) -> str:
    """`周报-读书群-2026-03-02_2026-03-08`, safe on every system."""
    kind = words_of(folder)[f"kinds.{report.period.kind}"]
    return f"{kind}-{_UNSAFE.sub('_', report.group)[:60]}-{report.period.slug}"


def span_of(report: Report, words: Words) -> str:
    period = report.period
    return words.fill(f"spans.{period.kind}", first=period.first, last=period.last, days=period.days)


def coverage(report: Report, words: Words) -> str:
    """What the bot did not hear, in one sentence."""
    if report.seen >= 1:
        return words["page.coverage_full"]
    spans = "、".join(f"{begin}–{end}" for begin, end in report.lost[:_MOST_LOST])
    if len(report.lost) > _MOST_LOST:
        spans = words.fill("page.coverage_more", spans=spans)
    return words.fill("page.coverage_lost", seen=f"{report.seen * 100:.1f}%", count=len(report.lost), spans=spans)


def _change(figure: Figure, words: Words) -> str:
    change = words.change(figure)
    return words.fill("text.change", change=change) if change else ""


def _notes(figure: Figure, words: Words) -> list[str]:
    """What stands small under a figure: target, interval, the period before."""
    found = []
    if figure.target is not None:
        found.append(words.fill("page.target", target=number(figure.now.metric, figure.target)))
    if interval := span(figure.now):
        found.append(words.fill("page.interval", span=interval))
    if figure.before is not None and figure.before.value is not None:
        found.append(words.fill("page.before", before=amount(figure.before)))
    return found


def _whisker(figure: Figure) -> Markup:
    value = figure.now
    if value.value is None or value.low is None or value.high is None or value.metric.unit != "share":
        return Markup("")
    return Markup(charts.whisker(value.low, value.value, value.high, figure.target))


def _charts(report: Report, words: Words) -> dict[str, Markup]:
    names = words["page.days"].split()
    return {
        "course": Markup(charts.course(report.course, words["page.course"], words["page.msgs"], words["page.active"])),
        "hours": Markup(charts.hours(report.hours, words["page.hours"], names)) if report.hours else Markup(""),
        "funnel": Markup(charts.funnel(report.funnel, words["page.funnel"])) if report.funnel else Markup(""),
        "tiers": Markup(charts.tiers(report.tiers, words["page.tiers"])) if report.tiers else Markup(""),
    }
