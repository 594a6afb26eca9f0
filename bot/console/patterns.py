"""Lists of patterns as people write them: one per line, or with commas between."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator

from bot.console.access import ANY, Patterns


def parse(text: str) -> Patterns:
    """Nothing written means everything."""
    return tuple(word for word in re.split(r"[\s,，、]+", text) if word) or ANY


def shown(patterns: Patterns) -> str:
    return ", ".join(patterns)


def _lines(value: Any) -> Any:
    if isinstance(value, str):
        return parse(value)
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str):
        return parse(value[0])
    return value


Lines = Annotated[Patterns, BeforeValidator(_lines)]
