"""What every card has: a name, the model of its data, the model of its template, a function that draws it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.insight.pictures.canvas import Canvas
from bot.insight.pictures.fonts import Face, Fonts
from bot.insight.pictures.template import CardTemplate, Part
from bot.insight.pictures.text import Style

MARGIN = 72.0


@dataclass(frozen=True, slots=True)
class CardKind:
    """`draw(data, template, fonts)` gives the finished canvas; `sample` is data to preview the template with."""

    name: str
    Data: type[Part]
    Template: type[CardTemplate]
    draw: Callable[[Any, Any, Fonts], Canvas]
    sample: dict[str, Any]


class Inks:
    """Styles in a template's colours."""

    def __init__(self, template: CardTemplate) -> None:
        self._colors = template.colors

    def __call__(self, color: str, size: float, face: Face = "sans", tracking: float = 0.0) -> Style:
        """`color` is a colour's name in the template, or a colour itself."""
        return Style(face, size, color if color.startswith("#") else getattr(self._colors, color), tracking)


def number(value: float) -> str:
    """12 as 12, 12.5 as 12.5, 12345.0 as 12,345."""
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"
