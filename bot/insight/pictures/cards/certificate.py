"""结课证书、表彰证书、荣誉证书: a landscape page with a name in the middle."""

from __future__ import annotations

from datetime import date
from typing import Any

from bot.insight.pictures.canvas import Canvas
from bot.insight.pictures.cards.base import CardKind, Inks
from bot.insight.pictures.cards.letter import frame, rule
from bot.insight.pictures.fonts import Fonts
from bot.insight.pictures.template import DatedTemplate, Part, fill, phrase

_WIDE, _TALL = 1440.0, 1018.0


class Data(Part):
    """`kind`: a key of the template's `kinds`, or the title itself. `reason`: what it is given for, one sentence."""

    kind: str
    name: str
    title: str
    number: str = ""
    code: str = ""
    day: date | None = None
    verify: str = ""
    reason: str = ""


_NAMES = ("name", "title", "number", "code", "day", "verify", "reason")


class Kind(Part):
    """`bare`: the body where no reason is given."""

    title: str
    latin: str
    body: phrase(*_NAMES)  # type: ignore[valid-type]
    bare: phrase(*_NAMES)  # type: ignore[valid-type]


class Texts(Part):
    before: str
    number: phrase("number")  # type: ignore[valid-type]
    signed: phrase("title")  # type: ignore[valid-type]
    code: phrase("code")  # type: ignore[valid-type]
    qr: phrase(*_NAMES)  # type: ignore[valid-type]
    seal: str
    nameless: str


class Template(DatedTemplate):
    kinds: dict[str, Kind]
    texts: Texts


def draw(data: Data, template: Template, fonts: Fonts) -> Canvas:
    texts, colors, ink = template.texts, template.colors, Inks(template)
    canvas = Canvas((_WIDE, _TALL), colors.paper, fonts, template.width)
    frame(canvas, template)
    kind = template.kinds.get(data.kind) or Kind(title=data.kind, latin="", body="{reason}", bare="")
    day = template.dates.of(data.day)
    known = {"name": data.name or texts.nameless, "title": data.title, "number": data.number, "code": data.code,
             "day": day, "verify": data.verify, "reason": data.reason}  # fmt: skip
    left, wide = 170.0, _WIDE - 340
    canvas.text((left, 124), kind.title, ink("accent", 100, "serif", 0.22), width=wide, align="center", least=60)
    canvas.text((left, 250), kind.latin, ink("second", 24, "serif", 0.3), width=wide, align="center", least=16)
    rule(canvas, 316, colors.second, colors.paper, half=330)
    canvas.text((left, 360), texts.before, ink("soft", 28), width=wide, align="center")
    canvas.text((left, 412), known["name"], ink("ink", 84, "serif", 0.06), width=wide, align="center", least=40)
    canvas.panel((_WIDE / 2 - 300, 524, _WIDE / 2 + 300, 526), colors.second)
    body, style = fill(kind.body if data.reason else kind.bare, **known), ink("ink", 34)
    lines = 3
    top = 566 + (3 * 34 * 1.7 - canvas.height_of(body, style, width=wide - 120, lines=lines, leading=1.7)) / 2
    canvas.paragraph((left + 60, top), body, style, width=wide - 120, lines=lines, leading=1.7, align="center")
    side = 116.0
    y = _TALL - 250.0
    if data.code:
        canvas.code(
            (left - 20, y + 8, left - 20 + side, y + 8 + side),
            fill(texts.qr, **known),
            dark=colors.ink,
            light=colors.paper,
        )
        canvas.text((left + side + 12, y + 24), fill(texts.number, number=data.number), ink("soft", 24), width=330)
        canvas.text((left + side + 12, y + 66), fill(texts.code, code=data.code), ink("soft", 24), width=330)
    right = _WIDE - left
    canvas.text(
        (right - 560, y + 24),
        fill(texts.signed, title=data.title),
        ink("ink", 34, "serif"),
        width=400,
        align="right",
        least=22,
    )
    canvas.text((right - 560, y + 78), day, ink("soft", 28), width=400, align="right")
    canvas.stamp((right - 56, y + 66), 132, texts.seal, colors.accent)
    return canvas


_SAMPLE: dict[str, Any] = {
    "kind": "completion", "name": "苏晓晨", "title": "晨光共读营", "number": "JY-0042", "code": "AB2C3D4E",
    "day": "2026-11-21", "verify": "验证证书", "reason": "二十一天里打卡 20 天",
}  # fmt: skip

CARD = CardKind("certificate", Data, Template, draw, _SAMPLE)
