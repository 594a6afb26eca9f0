"""日报、周报: the figures of a group at a glance: key figures, one course over time, short lists, remarks."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import Field

from bot.insight.pictures.canvas import Canvas, mixed
from bot.insight.pictures.cards.base import MARGIN, CardKind, Inks
from bot.insight.pictures.fonts import Fonts
from bot.insight.pictures.template import DatedTemplate, Part, fill, phrase

_WIDE = 1080 - 2 * MARGIN
_FIGURE, _GAP, _CHART, _ROW = 176.0, 16.0, 380.0, 66.0


class Figure(Part):
    """`value` as it is to be read. `change` likewise ("+12%"); `trend` colours it."""

    label: str
    value: str
    change: str = ""
    trend: Literal["good", "bad", "even"] = "even"


class Course(Part):
    """One figure over time, at most 62 points; None is a gap in the log and is left white. `labels`: as many as points,
    or none; as many are written as fit."""

    label: str
    points: tuple[float | None, ...] = Field(max_length=62)
    labels: tuple[str, ...] = ()


class Item(Part):
    name: str
    value: str = ""


class Listing(Part):
    """At most 6 items are shown."""

    label: str
    items: tuple[Item, ...]


class Data(Part):
    """At most 8 figures, 4 lists and 4 remarks are shown."""

    kind: str
    group: str
    first: date | None = None
    last: date | None = None
    figures: tuple[Figure, ...] = ()
    course: Course | None = None
    lists: tuple[Listing, ...] = ()
    remarks: tuple[str, ...] = ()
    footer: str = ""


class Texts(Part):
    kinds: dict[str, str]
    title: phrase("kind")  # type: ignore[valid-type]
    remarks: str
    nameless: str
    footer: phrase("group", "day")  # type: ignore[valid-type]


class Template(DatedTemplate):
    """`good` and `bad` colour changes."""

    good: str
    bad: str
    texts: Texts


def draw(data: Data, template: Template, fonts: Fonts) -> Canvas:
    colors, ink, texts = template.colors, Inks(template), template.texts
    figures, lists, remarks = data.figures[:8], data.lists[:4], data.remarks[:4]
    tall_lists = [_lists_height(lists[at : at + 2]) for at in range(0, len(lists), 2)]
    canvas = Canvas((1080, 1), colors.paper, fonts, template.width)
    style = ink("ink", 30)
    said = [canvas.height_of(remark, style, width=_WIDE - 110, lines=3, leading=1.55) + 14 for remark in remarks]
    height = 316.0 + -(-len(figures) // 2) * (_FIGURE + _GAP) + (_CHART + _GAP if data.course else 0)
    height += sum(each + _GAP for each in tall_lists) + (sum(said) + 118 if remarks else 0) + 96
    canvas = Canvas((1080, height), colors.paper, fonts, template.width)
    canvas.panel((0, 0, 1080, 252), colors.accent)
    day = template.dates.of(data.first, data.last)
    title = fill(texts.title, kind=texts.kinds.get(data.kind, data.kind))
    canvas.text((MARGIN, 56), title, ink("on_accent", 76, "serif", 0.06), width=_WIDE - 320, least=44)
    canvas.text((MARGIN, 164), data.group, ink("on_accent", 34), width=_WIDE - 330)
    canvas.text((1080 - MARGIN - 320, 170), day, ink("on_accent", 28), width=320, align="right", least=18)
    y = 284.0
    for nth, figure in enumerate(figures):
        left = MARGIN + nth % 2 * ((_WIDE + _GAP) / 2)
        _figure(canvas, (left, y), figure, template)
        if nth % 2 or nth == len(figures) - 1:
            y += _FIGURE + _GAP
    if data.course:
        _course(canvas, y, data.course, template)
        y += _CHART + _GAP
    for at, tall in zip(range(0, len(lists), 2), tall_lists, strict=True):
        pair = lists[at : at + 2]
        wide = _WIDE if len(pair) == 1 else (_WIDE - _GAP) / 2
        for nth, listing in enumerate(pair):
            _list(canvas, (MARGIN + nth * (wide + _GAP), y), wide, tall, listing, template)
        y += tall + _GAP
    if remarks:
        _remarks(canvas, y, remarks, said, template)
    footer = data.footer or fill(texts.footer, group=data.group, day=day)
    canvas.text((MARGIN, height - 70), footer, ink("soft", 24), width=_WIDE, align="center")
    return canvas


def _figure(canvas: Canvas, at: tuple[float, float], figure: Figure, template: Template) -> None:
    ink, (x, y), wide = Inks(template), at, (_WIDE - _GAP) / 2
    canvas.panel((x, y, x + wide, y + _FIGURE), template.colors.panel, radius=24)
    canvas.text((x + 34, y + 28), figure.label, ink("soft", 30), width=wide - 68)
    color = {"good": template.good, "bad": template.bad, "even": template.colors.soft}[figure.trend]
    taken = min(190.0, canvas.width_of(figure.change, ink(color, 30, "bold")))
    room = wide - 68 - (taken + 24 if figure.change else 0)
    canvas.text((x + 34, y + 82), figure.value, ink("ink", 64, "bold"), width=room, least=32)
    if figure.change:
        place = (x + wide - 34 - 190, y + 82 + 0.88 * (64 - 30))
        canvas.text(place, figure.change, ink(color, 30, "bold"), width=190, align="right", least=20)


def _course(canvas: Canvas, y: float, course: Course, template: Template) -> None:
    """Bars: days are separate things, and a missing one is a hole."""
    colors, ink = template.colors, Inks(template)
    canvas.panel((MARGIN, y, 1080 - MARGIN, y + _CHART), colors.panel, radius=24)
    canvas.text((MARGIN + 34, y + 30), course.label, ink("soft", 30), width=_WIDE - 68)
    known = [point for point in course.points if point is not None]
    most = max(known, default=0) or 1.0
    left, right, top, bottom = MARGIN + 34, 1080 - MARGIN - 34, y + 118.0, y + _CHART - 70
    canvas.panel((left, bottom, right, bottom + 2), colors.line)
    if not course.points:
        return
    step = (right - left) / len(course.points)
    bar = min(56.0, step * 0.62)
    every = max(1, -(-len(course.points) // 10))
    for nth, point in enumerate(course.points):
        x = left + nth * step + step / 2
        if point is None:
            canvas.panel((x - bar / 2, top, x + bar / 2, bottom), mixed(colors.panel, colors.line, 0.7), radius=8)
        else:
            tall = (bottom - top) * max(0.0, point) / most
            is_peak = point == most
            color = colors.accent if is_peak else mixed(colors.accent, colors.panel, 0.5)
            canvas.panel((x - bar / 2, bottom - max(4.0, tall), x + bar / 2, bottom), color, radius=8)
            if is_peak and known.index(most) == len([p for p in course.points[:nth] if p is not None]):
                canvas.text(
                    (x - 70, bottom - tall - 38), f"{point:,.0f}", ink("accent", 28, "bold"), width=140, align="center"
                )
        if course.labels and nth < len(course.labels) and nth % every == 0:
            room = step * every
            canvas.text(
                (x - room / 2, bottom + 18), course.labels[nth], ink("soft", 24), width=room, align="center", least=16
            )


def _lists_height(lists: tuple[Listing, ...]) -> float:
    return 108 + max(min(6, len(each.items)) for each in lists) * _ROW


def _list(
    canvas: Canvas, at: tuple[float, float], wide: float, tall: float, listing: Listing, template: Template
) -> None:
    colors, ink, (x, y) = template.colors, Inks(template), at
    canvas.panel((x, y, x + wide, y + tall), colors.panel, radius=24)
    canvas.text((x + 34, y + 28), listing.label, ink("soft", 30), width=wide - 68)
    for nth, item in enumerate(listing.items[:6]):
        top = y + 86 + nth * _ROW
        if nth:
            canvas.panel((x + 34, top - 4, x + wide - 34, top - 2), colors.line)
        style = ink("accent", 32, "bold")
        taken = min(wide * 0.45, canvas.width_of(item.value, style)) if item.value else 0.0
        canvas.text((x + 34, top + 12), item.name or template.texts.nameless, ink("ink", 32), width=wide - 88 - taken)
        if item.value:
            canvas.text(
                (x + wide - 34 - wide * 0.45, top + 12), item.value, style, width=wide * 0.45, align="right", least=20
            )


def _remarks(canvas: Canvas, y: float, remarks: tuple[str, ...], said: list[float], template: Template) -> None:
    colors, ink = template.colors, Inks(template)
    canvas.panel((MARGIN, y, 1080 - MARGIN, y + sum(said) + 102), colors.panel, radius=24)
    canvas.text((MARGIN + 34, y + 28), template.texts.remarks, ink("soft", 30), width=_WIDE - 68)
    y += 84
    for remark, tall in zip(remarks, said, strict=True):
        canvas.disc((MARGIN + 44, y + 16), 6, colors.accent)
        canvas.paragraph((MARGIN + 70, y), remark, ink("ink", 30), width=_WIDE - 110, lines=3, leading=1.55)
        y += tall


_SAMPLE: dict[str, Any] = {
    "kind": "weekly", "group": "晨光共读营", "first": "2026-11-16", "last": "2026-11-22",
    "figures": [
        {"label": "消息", "value": "3,482", "change": "+12%", "trend": "good"},
        {"label": "说过话的人", "value": "86 / 214", "change": "−3", "trend": "bad"},
        {"label": "打卡率", "value": "61%", "change": "+4%", "trend": "good"},
        {"label": "新人 / 退群", "value": "12 / 5", "change": "持平"},
    ],
    "course": {"label": "每天的消息", "points": [412, 530, 466, None, 702, 812, 560],
               "labels": ["周一", "周二", "周三", "周四", "周五", "周六", "周日"]},
    "lists": [
        {"label": "说得最多", "items": [{"name": "苏晓晨", "value": "312"}, {"name": "<b>老王</b>", "value": "268"}, {"name": "Lily Chen 🌷", "value": "201"}]},
        {"label": "值得认识", "items": [{"name": "𠮷田 さくら", "value": "答了 9 问"}, {"name": "陈小满", "value": "带了 4 新"}, {"name": "早起的鸟儿🐦"}]},
    ],
    "remarks": ["周四断线 3 小时，当天的数字不完整，用浅色标出。", "有 7 位老成员两周没出现，名单在 HTML 报告里。"],
}  # fmt: skip

CARD = CardKind("report", Data, Template, draw, _SAMPLE)
