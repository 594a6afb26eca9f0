"""录取通知书: a letter with a number, a name, a code that anybody can have verified, and a seal."""

from __future__ import annotations

from datetime import date
from typing import Any

from bot.insight.pictures.canvas import Canvas, mixed
from bot.insight.pictures.cards.base import CardKind, Inks
from bot.insight.pictures.fonts import Fonts
from bot.insight.pictures.template import CardTemplate, DatedTemplate, Part, fill, phrase

_WIDE, _TALL = 1080.0, 1480.0
_LEFT, _RIGHT = 150.0, 930.0


class Data(Part):
    """`title`: what the member is admitted to. `verify`: the command that verifies a code. `day`: of the admission."""

    name: str
    title: str
    number: str
    code: str
    day: date | None = None
    verify: str = ""
    text: str = ""
    """Instead of the template's body."""


_NAMES = ("name", "title", "number", "code", "day", "verify")


class Texts(Part):
    title: str
    latin: str
    number: phrase("number")  # type: ignore[valid-type]
    name: phrase("name")  # type: ignore[valid-type]
    body: phrase(*_NAMES)  # type: ignore[valid-type]
    signed: phrase("title")  # type: ignore[valid-type]
    code: phrase("code")  # type: ignore[valid-type]
    how: phrase(*_NAMES)  # type: ignore[valid-type]
    qr: phrase(*_NAMES)  # type: ignore[valid-type]
    seal: str
    nameless: str


class Template(DatedTemplate):
    texts: Texts


def draw(data: Data, template: Template, fonts: Fonts) -> Canvas:
    texts, colors, ink = template.texts, template.colors, Inks(template)
    canvas = Canvas((_WIDE, _TALL), colors.paper, fonts, template.width)
    frame(canvas, template)
    day = template.dates.of(data.day)
    known = {"name": data.name or texts.nameless, "title": data.title, "number": data.number, "code": data.code,
             "day": day, "verify": data.verify}  # fmt: skip
    wide = _RIGHT - _LEFT
    canvas.text((_LEFT, 176), texts.title, ink("accent", 108, "serif", 0.1), width=wide, align="center", least=60)
    canvas.text((_LEFT, 312), texts.latin, ink("second", 26, "serif", 0.32), width=wide, align="center", least=16)
    rule(canvas, 386, colors.second, colors.paper)
    canvas.text((_LEFT, 430), fill(texts.number, **known), ink("soft", 30), width=wide, align="center")
    canvas.text((_LEFT, 536), fill(texts.name, name=known["name"]), ink("ink", 58, "serif"), width=wide, least=34)
    body = data.text or fill(texts.body, **known)
    canvas.paragraph((_LEFT, 648), body, ink("ink", 38), width=wide, lines=6, leading=1.85)
    canvas.text(
        (_LEFT + 330, 1134),
        fill(texts.signed, title=data.title),
        ink("ink", 34, "serif"),
        width=wide - 330,
        align="right",
        least=24,
    )
    canvas.text((_LEFT + 330, 1188), day, ink("soft", 30), width=wide - 330, align="right")
    side = 184.0
    qr = fill(texts.qr, **known)
    if qr and data.code:
        canvas.code((_LEFT, 1130, _LEFT + side, 1130 + side), qr, dark=colors.ink, light=colors.paper)
    if data.code:
        canvas.text((_LEFT + 214, 1234), fill(texts.code, code=data.code), ink("soft", 24), width=240)
        canvas.text((_LEFT + 214, 1272), fill(texts.how, **known), ink("soft", 22), width=wide - 214 - 170)
    canvas.stamp((_RIGHT - 78, 1292), 128, texts.seal, colors.accent)
    return canvas


def frame(canvas: Canvas, template: CardTemplate) -> None:
    """A double line with plain corners around the whole card."""
    colors = template.colors
    wide, tall = canvas.size
    pale = mixed(colors.second, colors.paper, 0.35)
    canvas.panel((40, 40, wide - 40, tall - 40), colors.paper, line=colors.second, thickness=5)
    canvas.panel((56, 56, wide - 56, tall - 56), colors.paper, line=pale, thickness=2)
    for x, y in ((56.0, 56.0), (wide - 56, 56.0), (56.0, tall - 56), (wide - 56, tall - 56)):
        inward_x, inward_y = (1 if x < wide / 2 else -1), (1 if y < tall / 2 else -1)
        canvas.path([(x + 46 * inward_x, y), (x + 46 * inward_x, y + 46 * inward_y), (x, y + 46 * inward_y)], pale, 2)
        canvas.panel(
            (x + 14 * inward_x - 7, y + 14 * inward_y - 7, x + 14 * inward_x + 7, y + 14 * inward_y + 7), colors.second
        )


def rule(canvas: Canvas, y: float, color: str, paper: str, *, half: float = 250.0) -> None:
    """A line that fades to both sides, with a rhomb in the middle."""
    middle = canvas.size[0] / 2
    steps = 24
    for step in range(steps):
        share = step / steps
        for side in (-1, 1):
            a, b = middle + side * (26 + half * share), middle + side * (26 + half * (step + 1) / steps)
            canvas.panel((min(a, b), y - 1, max(a, b), y + 1), mixed(color, paper, share))
    canvas.area([(middle - 12, y), (middle, y - 12), (middle + 12, y), (middle, y + 12)], color)


_SAMPLE: dict[str, Any] = {
    "name": "苏晓晨", "title": "晨光共读营", "number": "CG-0042", "code": "AB2C3D4E", "day": "2026-11-21", "verify": "验证",
}  # fmt: skip

CARD = CardKind("letter", Data, Template, draw, _SAMPLE)
