"""The kinds of play. One kind is one file or folder that ends in `PLAY = Play(...)`; it is found by name."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from types import ModuleType
from typing import Any

from bot.core.play import Play
from bot.core.units import AssetParser


def _modules() -> Iterator[ModuleType]:
    for module in pkgutil.iter_modules(__path__):
        yield importlib.import_module(f"{__name__}.{module.name}")


@cache
def all_plays() -> Mapping[str, Play[Any, Any]]:
    """Kind → play, for every module of this package that has a `PLAY`."""
    found: dict[str, Play[Any, Any]] = {}
    for module in _modules():
        play = getattr(module, "PLAY", None)
        if play is not None:
            found[play.kind] = play
    return dict(sorted(found.items()))


@cache
def asset_parsers() -> Mapping[str, AssetParser]:
    """Kind of asset (`bank`, `lexicon`) → its parser, from the `ASSET_PARSERS` of each module of this package."""
    found: dict[str, AssetParser] = {}
    for module in _modules():
        found.update(getattr(module, "ASSET_PARSERS", {}))
    return found
