"""What the play keeps: of the group how it stood at the last count, of each member the level and how it was come by."""

from __future__ import annotations

from datetime import date
from typing import TypeAlias

from pydantic import Field

from bot.core.marks import Mark
from bot.core.play import Context, Frozen
from bot.core.turn import Turn
from bot.plays.levels.params import Params


class State(Frozen):
    """`lines`: level → score needed, -1: closed. `held`: level → people. `risen`: (member, level) not announced yet."""

    counted: int = 0
    lines: dict[str, float] = Field(default_factory=dict)
    held: dict[str, int] = Field(default_factory=dict)
    risen: tuple[tuple[str, str], ...] = ()


class Place(Frozen):
    """One member. `below`: counts in a row at which the level was not reached; `warned`: how many of them there were when
    the member was told, None: not told."""

    level: str = ""
    since: date
    below: int = 0
    warned: int | None = None
    tags: tuple[str, ...] = ()
    mark: Mark = Mark()


Ctx: TypeAlias = Context[Params]
Hand: TypeAlias = Turn[Params, State]


def index_of(params: Params, name: str) -> int:
    """The place of a level by its name, -1: there is none (any more)."""
    return next((at for at, level in enumerate(params.levels) if level.name == name), -1)
