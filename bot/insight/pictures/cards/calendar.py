"""打卡日历: one month of one member as a heat map, darker the longer the row of days."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from typing import Any, Literal

from pydantic import Field

from bot.insight.pictures.canvas import Canvas, contrast, mixed
from bot.insight.pictures.cards.base import MARGIN, CardKind, Inks
from bot.insight.pictures.fonts import Fonts
from bot.insight.pictures.template import CardTemplate, Part, fill, phrase

_CELL, _GAP, _TOP = 120.0, 16.0, 520.0
_SHADES = (0.42, 0.26, 0.12, 0.0)
"""How much of the paper is in the colour of a day: the 1st, the 2nd to 3rd, the 4th to 6th, from the 7th day of a row."""

Mark = Literal["o", "b", "j", "-"]


class Data(Part):
    """`marks`: one per day from the 1st: `o` done, `b` made up, `j` on leave, `-` none. `today`: its day, 0: another
    month. `word`: what the ritual is called. `row_before`: days of the row that the month began with."""

    name: str
    word: str
    year: int = Field(ge=1, le=9999)
    month: int = Field(ge=1, le=12)
    marks: tuple[Mark, ...] = Field(max_length=31)
    today: int = Field(0, ge=0, le=31)
    row_before: int = Field(0, ge=0)
    streak: int = Field(0, ge=0)
    best: int = Field(0, ge=0)
    total: int = Field(0, ge=0)
    title: str = ""


class Texts(Part):
    heading: phrase("year", "month", "word")  # type: ignore[valid-type]
    weekdays: tuple[str, str, str, str, str, str, str]
    month_days: str
    streak: str
    best: str
    total: str
    days: str
    done: str
    made_up: str
    leave: str
    nameless: str


class Template(CardTemplate):
    texts: Texts


def draw(data: Data, template: Template, fonts: Fonts) -> Canvas:
    texts, colors, ink = template.texts, template.colors, Inks(template)
    days, first = monthrange(data.year, data.month)[1], date(data.year, data.month, 1).weekday()
    weeks = (first + days + 6) // 7
    height = _TOP + 64 + weeks * (_CELL + _GAP) + 150
    canvas = Canvas((1080, height), colors.paper, fonts, template.width)
    wide = 1080 - 2 * MARGIN
    heading = fill(texts.heading, year=data.year, month=data.month, word=data.word)
    if data.title:
        canvas.text((MARGIN, 64), data.title, ink("soft", 30), width=wide)
    canvas.text((MARGIN, 112), data.name or texts.nameless, ink("ink", 68, "serif"), width=wide, least=40)
    canvas.text((MARGIN, 212), heading, ink("accent", 36, "bold"), width=wide)
    _figures(canvas, data, template, sum(mark in "ob" for mark in data.marks[:days]))
    for weekday, name in enumerate(texts.weekdays):
        canvas.text((_x(weekday), _TOP), name, ink("soft", 28), width=_CELL, align="center")
    rows = _rows(data)
    for day in range(1, days + 1):
        column, week = (first + day - 1) % 7, (first + day - 1) // 7
        mark = data.marks[day - 1] if day <= len(data.marks) else "-"
        _day(canvas, (_x(column), _TOP + 64 + week * (_CELL + _GAP)), day, mark, rows.get(day, 0), data, template)
    _legend(canvas, height - 110, template)
    return canvas


def _x(column: int) -> float:
    return MARGIN + column * (_CELL + _GAP)


def _rows(data: Data) -> dict[int, int]:
    """Day → the how-manieth of its row it is."""
    found, length = {}, data.row_before
    for day, mark in enumerate(data.marks, 1):
        if mark in "ob":
            length += 1
            found[day] = length
        elif mark == "-":
            length = 0
    return found


def _figures(canvas: Canvas, data: Data, template: Template, counted: int) -> None:
    texts, colors, ink = template.texts, template.colors, Inks(template)
    canvas.panel((MARGIN, 290, 1080 - MARGIN, 472), colors.panel, radius=24)
    wide = (1080 - 2 * MARGIN) / 4
    figures = (
        (counted, texts.month_days),
        (data.streak, texts.streak),
        (data.best, texts.best),
        (data.total, texts.total),
    )
    for nth, (value, label) in enumerate(figures):
        x = MARGIN + nth * wide
        style = ink("accent" if nth == 1 else "ink", 64, "bold")
        taken = min(canvas.width_of(str(value), style), wide - 70)
        unit = ink("soft", 26)
        start = x + (wide - taken - 34) / 2
        canvas.text((start, 318), str(value), style, width=taken + 2, least=30)
        canvas.text((start + taken + 8, 318 + 0.88 * (64 - 26)), texts.days, unit, width=40)
        canvas.text((x + 8, 412), label, ink("soft", 28), width=wide - 16, align="center")
        if nth:
            canvas.panel((x - 1, 326, x + 1, 436), colors.line)


def _day(
    canvas: Canvas, at: tuple[float, float], day: int, mark: Mark, row: int, data: Data, template: Template
) -> None:
    colors, ink = template.colors, Inks(template)
    x, y = at
    box = (x, y, x + _CELL, y + _CELL)
    color = "ink"
    if mark in "ob":
        shade = mixed(colors.accent, colors.paper, _SHADES[(row > 1) + (row > 3) + (row > 6)])
        if mark == "o":
            canvas.panel(box, shade, radius=22)
            color = colors.on_accent if contrast(colors.on_accent, shade) >= 3 else "ink"
        else:
            canvas.panel(box, colors.panel, radius=22, line=shade, thickness=7)
            color = "accent"
    elif mark == "j":
        canvas.panel(box, mixed(colors.second, colors.paper, 0.72), radius=22)
    elif data.today and day >= data.today:
        canvas.panel(box, colors.paper, radius=22, line=colors.line, thickness=3)
        color = "soft"
    else:
        canvas.panel(box, colors.line, radius=22)
        color = "soft"
    canvas.text((x, y + _CELL / 2 - 20), str(day), ink(color, 40, "bold"), width=_CELL, align="center")
    if day == data.today:
        below = colors.on_accent if mark == "o" else colors.accent
        canvas.disc((x + _CELL / 2, y + _CELL - 20), 6, below)


def _legend(canvas: Canvas, y: float, template: Template) -> None:
    texts, colors, ink = template.texts, template.colors, Inks(template)
    x = MARGIN
    for label, kind in ((texts.done, "o"), (texts.made_up, "b"), (texts.leave, "j")):
        box = (x, y, x + 36, y + 36)
        if kind == "o":
            canvas.panel(box, colors.accent, radius=9)
        elif kind == "b":
            canvas.panel(box, colors.panel, radius=9, line=colors.accent, thickness=5)
        else:
            canvas.panel(box, mixed(colors.second, colors.paper, 0.72), radius=9)
        taken = canvas.text((x + 50, y + 3), label, ink("soft", 28), width=200)
        x += 50 + taken + 48


_SAMPLE: dict[str, Any] = {
    "name": "苏晓晨", "word": "早起打卡", "title": "晨光共读营", "year": 2026, "month": 11,
    "marks": list("oo-ooooojoo-obooooooo"), "today": 21, "streak": 9, "best": 15, "total": 128, "row_before": 2,
}  # fmt: skip

CARD = CardKind("calendar", Data, Template, draw, _SAMPLE)
