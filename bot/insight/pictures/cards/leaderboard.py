"""排行海报: the first ones large, up to ten, and where the one who asked stands."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import Field

from bot.insight.pictures.canvas import Canvas, mixed
from bot.insight.pictures.cards.base import MARGIN, CardKind, Inks, number
from bot.insight.pictures.fonts import Fonts
from bot.insight.pictures.template import Color, DatedTemplate, Part, fill, phrase

_MOST_ROWS = 10
_HEAD, _ROW, _TALL, _GAP, _FOOT = 340.0, 92.0, 124.0, 14.0, 96.0


class Row(Part):
    """`note` is a short word beside the name, like a streak."""

    place: int = Field(ge=1)
    name: str
    total: float
    note: str = ""


class Data(Part):
    """`board`, `window` and `unit` are words of the template's tables, or said as they are; `word`: what a
    ritual is called. `own`: who asked, when not
    among the rows. `ranked`: how many are ranked at all. `first`, `last`: the
    days that count."""

    board: str
    word: str = ""
    window: str = ""
    unit: str = ""
    group: str = ""
    first: date | None = None
    last: date | None = None
    rows: tuple[Row, ...] = ()
    own: Row | None = None
    own_place: int = 0
    """The place of who asked, when it is among the rows."""
    ranked: int = 0


class Texts(Part):
    title: phrase("window", "board")  # type: ignore[valid-type]
    group: phrase("group")  # type: ignore[valid-type]
    boards: dict[str, phrase("word")]  # type: ignore[valid-type]
    windows: dict[str, str]
    units: dict[str, str]
    own: str
    own_among: phrase("place")  # type: ignore[valid-type]
    ranked: phrase("count")  # type: ignore[valid-type]
    empty: str
    nameless: str
    footer: str


class Template(DatedTemplate):
    """`medals`: the colours of the first three places."""

    texts: Texts
    medals: tuple[Color, Color, Color]


def draw(data: Data, template: Template, fonts: Fonts) -> Canvas:
    rows = data.rows[:_MOST_ROWS]
    texts, colors, ink = template.texts, template.colors, Inks(template)
    tops = sum(row.place <= 3 for row in rows[:3])
    height = _HEAD + tops * (_TALL + _GAP) + (len(rows) - tops) * _ROW + (40 if len(rows) > tops else 0)
    height += (0 if rows else 260) + (_TALL + 40 if data.own else 0) + _FOOT
    canvas = Canvas((1080, height), colors.paper, fonts, template.width)
    _head(canvas, data, template, ink)
    y, most = _HEAD, max((row.total for row in rows), default=0)
    for row in rows[:tops]:
        _tall(canvas, y, row, data, template, most)
        y += _TALL + _GAP
    if rest := rows[tops:]:
        canvas.panel((MARGIN, y, 1080 - MARGIN, y + len(rest) * _ROW + 16), colors.panel, radius=24)
        y += 8
        for nth, row in enumerate(rest):
            if nth:
                canvas.panel((MARGIN + 36, y, 1080 - MARGIN - 36, y + 2), colors.line)
            _plain(canvas, y, row, data, template, most)
            y += _ROW
        y += 32
    if not rows:
        canvas.text((MARGIN, y + 90), texts.empty, ink("soft", 38), width=1080 - 2 * MARGIN, align="center")
        y += 260
    if data.own:
        y += 8
        _own(canvas, y, data.own, data, template)
        y += _TALL + 32
    _foot(canvas, height, data, texts, ink)
    return canvas


def _head(canvas: Canvas, data: Data, template: Template, ink: Inks) -> None:
    wide, texts = 1080 - 2 * MARGIN, template.texts
    canvas.panel((0, 0, 1080, 14), ink("accent", 1).color)
    if data.group:
        canvas.text((MARGIN, 78), fill(texts.group, group=data.group), ink("soft", 32), width=wide)
    title = fill(
        texts.title,
        window=texts.windows.get(data.window, data.window),
        board=fill(texts.boards.get(data.board, data.board), word=data.word),
    )
    canvas.text((MARGIN - 4, 134), title, ink("ink", 92, "serif", 0.04), width=wide, least=56)
    canvas.panel((MARGIN, 266, MARGIN + 84, 274), ink("accent", 1).color, radius=4)
    if day := template.dates.of(data.first, data.last):
        canvas.text((MARGIN + 108, 252), day, ink("soft", 30), width=wide - 108)


def _tall(canvas: Canvas, y: float, row: Row, data: Data, template: Template, most: float) -> None:
    """One of the first three: a panel with a medal."""
    colors, ink = template.colors, Inks(template)
    medal = template.medals[min(row.place, 3) - 1]
    box = (MARGIN, y, 1080 - MARGIN, y + _TALL)
    canvas.panel(box, mixed(colors.panel, medal, 0.16), radius=24)
    canvas.disc((MARGIN + 72, y + _TALL / 2), 36, medal)
    digit = ink("ink", 42, "bold")
    canvas.text((MARGIN + 32, y + _TALL / 2 - 22), str(row.place), digit, width=80, align="center")
    _name_and_total(canvas, y, _TALL, row, data, template, most, size=44, bar=medal)


def _plain(canvas: Canvas, y: float, row: Row, data: Data, template: Template, most: float) -> None:
    ink = Inks(template)
    canvas.text((MARGIN + 24, y + _ROW / 2 - 19), str(row.place), ink("soft", 36, "bold"), width=96, align="center")
    _name_and_total(canvas, y, _ROW, row, data, template, most, size=36, bar="")


def _own(canvas: Canvas, y: float, row: Row, data: Data, template: Template) -> None:
    colors, ink, texts = template.colors, Inks(template), template.texts
    canvas.panel((MARGIN, y, 1080 - MARGIN, y + _TALL), colors.accent, radius=24)
    canvas.text((MARGIN + 36, y + 24), texts.own, ink("on_accent", 26), width=300)
    canvas.text((MARGIN + 36, y + 60), f"#{row.place}", ink("on_accent", 42, "bold"), width=170, least=28)
    _name_and_total(canvas, y, _TALL, row, data, template, 0, size=40, bar="", color="on_accent", left=210)


def _name_and_total(
    canvas: Canvas, y: float, tall: float, row: Row, data: Data, template: Template, most: float, *,
    size: float, bar: str, color: str = "ink", left: float = 148.0,
) -> None:  # fmt: skip
    ink, texts = Inks(template), template.texts
    soft = color if color != "ink" else "soft"
    unit = texts.units.get(data.unit, data.unit)
    right = 1080 - MARGIN - 40
    if unit:
        taken = min(110.0, canvas.width_of(unit, ink(soft, 26)))
        baseline = y + tall / 2 + 0.38 * (size + 4)
        canvas.text((right - taken, baseline - 0.88 * 26), unit, ink(soft, 26), width=taken + 2)
        right -= taken + 12
    total = ink(color, size + 4, "bold")
    taken = min(280.0, canvas.width_of(number(row.total), total))
    canvas.text(
        (right - 280, y + tall / 2 - (size + 4) / 2), number(row.total), total, width=280, align="right", least=24
    )
    right -= taken + 32
    if row.note:
        taken = min(150.0, canvas.width_of(row.note, ink(soft, 26)))
        canvas.text((right - 150, y + tall / 2 - 14), row.note, ink(soft, 26), width=150, align="right")
        right -= taken + 24
    x = MARGIN + left
    name, style = row.name if row.name.strip() else texts.nameless, ink(color, size, "bold" if bar else "sans")
    up = 14 if bar and most > 0 else 0
    canvas.text((x, y + tall / 2 - size / 2 - up), name, style, width=right - x, least=size * 0.8)
    if up:
        full = right - x
        canvas.panel((x, y + tall - 30, x + full, y + tall - 22), mixed(template.colors.panel, bar, 0.3), radius=4)
        share = max(0.03, min(1.0, row.total / most))
        canvas.panel((x, y + tall - 30, x + full * share, y + tall - 22), bar, radius=4)


def _foot(canvas: Canvas, height: float, data: Data, texts: Texts, ink: Inks) -> None:
    y, half = height - 74, (1080 - 2 * MARGIN) / 2
    said = fill(texts.own_among, place=data.own_place) if data.own_place else texts.footer
    canvas.text((MARGIN, y), said, ink("soft", 26), width=half + 160)
    if data.ranked:
        canvas.text(
            (MARGIN + half + 180, y),
            fill(texts.ranked, count=data.ranked),
            ink("soft", 26),
            width=half - 180,
            align="right",
        )


_NAMES = (
    "苏晓晨",
    "王二小",
    "𠮷田 さくら",
    "Lily Chen 🌷",
    "<b>老王</b>",
    "早起的鸟儿🐦",
    "龘㐂",
    "陈小满",
    "👨‍👩‍👧‍👦 一家四口",
    "阿布",
)
_SAMPLE: dict[str, Any] = {
    "board": "points", "window": "week", "unit": "points", "group": "晨光共读营", "first": "2026-11-16", "last": "2026-11-22",
    "rows": [{"place": n + 1, "name": name, "total": 386 - 31 * n} for n, name in enumerate(_NAMES)],
    "own": {"place": 23, "name": "小林同学", "total": 42}, "ranked": 86,
}  # fmt: skip

CARD = CardKind("leaderboard", Data, Template, draw, _SAMPLE)
