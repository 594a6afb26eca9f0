"""What the language is given from outside: the kinds of play, parsers of assets, and the engine's two judgements."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from bot.core.play import Play, Schedule
from bot.core.units import AssetParser
from bot.playbook.wording import NOTHING, Wording


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateFault:
    """What is wrong in a template. `line` and `col` count from 1 within its text; `name` is an unknown variable."""

    line: int
    col: int
    message: Wording
    length: int = 1
    name: str = ""
    hint: Wording = NOTHING


class TemplateCheck(Protocol):
    def __call__(self, source: str, names: frozenset[str]) -> Sequence[TemplateFault]:
        """The faults of one template that may use `names`. Never raises."""
        ...


NextFire = Callable[[Schedule, ZoneInfo], datetime | None]
"""The next time at which a schedule fires, None when it never will."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """Without a template check or `next_fire` those two judgements are left out."""

    kinds: Mapping[str, Play[Any, Any]]
    parsers: Mapping[str, AssetParser] = field(default_factory=dict)
    check_template: TemplateCheck | None = None
    next_fire: NextFire | None = None
