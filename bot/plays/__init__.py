"""The kinds of play. One kind is one file or folder that ends in `PLAY = Play(...)`; it is found by name."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from typing import Any

from bot.core.play import Play


@cache
def all_plays() -> Mapping[str, Play[Any, Any]]:
    """Kind → play, for every module of this package that has a `PLAY`."""
    found: dict[str, Play[Any, Any]] = {}
    for module in pkgutil.iter_modules(__path__):
        play = getattr(importlib.import_module(f"{__name__}.{module.name}"), "PLAY", None)
        if play is not None:
            found[play.kind] = play
    return dict(sorted(found.items()))
