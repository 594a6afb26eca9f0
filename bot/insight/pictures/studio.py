"""Name and data → a picture: the cards that there are, their templates, and the fonts."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bot.core.errors import TemplateMistake
from bot.engine import templates
from bot.insight.pictures import cards as _cards
from bot.insight.pictures.canvas import Canvas
from bot.insight.pictures.cards.base import CardKind
from bot.insight.pictures.fonts import Fonts
from bot.insight.pictures.template import CardTemplate, load_template


class CardRefused(Exception):
    """No such card, or data that it cannot show; the message says which."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """`missing` counts the signs that no font has; each is drawn as 〓."""

    png: bytes
    width: int
    height: int
    missing: int = 0


@cache
def kinds() -> Mapping[str, CardKind]:
    """Every card, by name: a file in `cards/` that ends in `CARD = CardKind(...)`."""
    names = sorted(module.name for module in pkgutil.iter_modules(_cards.__path__) if module.name != "base")
    found = (importlib.import_module(f"{_cards.__name__}.{name}").CARD for name in names)
    return {card.name: card for card in found}


class Studio:
    """`folder` may hold `cards/`, the fonts are the program's own. A template that was changed on disk is read again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.fonts = Fonts(templates.OWN / "fonts")
        self._templates: dict[str, tuple[int, CardTemplate]] = {}

    def draw(self, name: str, data: Mapping[str, Any]) -> Drawn:
        """The picture. Raises `CardRefused`, or `TemplateMistake` when the card's template cannot be used."""
        canvas = self.canvas(name, data)
        missing = sum(each.missing for each in canvas.placed)
        return Drawn(canvas.png(), *canvas.image.size, missing)

    def canvas(self, name: str, data: Mapping[str, Any]) -> Canvas:
        """The picture before it is a file, with the record of what was placed where."""
        kind = self._kind(name)
        template = self.template(name)
        try:
            checked = kind.Data.model_validate(data)
        except ValidationError as error:
            said = "; ".join(f"{'.'.join(map(str, each['loc'])) or name}: {each['msg']}" for each in error.errors())
            raise CardRefused(f"the data of {name} cannot be shown: {said}"[:500]) from error
        return kind.draw(checked, template, self.fonts)

    def template(self, name: str) -> CardTemplate:
        path = templates.file(self._folder, "cards", f"{name}.yaml")
        changed_ns = path.stat().st_mtime_ns if path.exists() else 0
        known = self._templates.get(name)
        if known is None or known[0] != changed_ns:
            known = self._templates[name] = changed_ns, load_template(path, self._kind(name).Template)
        return known[1]

    def check(self) -> list[TemplateMistake]:
        """What is wrong with the templates of all cards."""
        found = []
        for name in kinds():
            try:
                self.template(name)
            except TemplateMistake as mistake:
                found.append(mistake)
        return found

    def _kind(self, name: str) -> CardKind:
        kind = kinds().get(name)
        if kind is None:
            raise CardRefused(f"no card {name!r}; there are: {', '.join(kinds())}")
        return kind
