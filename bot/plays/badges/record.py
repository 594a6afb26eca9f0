"""What the play keeps: how many have each badge, and of each member which, why, since when and by what."""

from __future__ import annotations

from datetime import date
from typing import TypeAlias

from pydantic import Field

from bot.core.marks import Mark
from bot.core.play import Context, Frozen
from bot.core.turn import Turn
from bot.plays.badges.params import Params


class Held(Frozen):
    """`day`: on which it was reached, by the log. `deed` and `needed`: what it rests on, "" and 0 by hand; `by`: the
    operator or the play that gave it."""

    day: date
    given_on: date
    reason: str
    deed: str = ""
    needed: int = 0
    by: str = ""


class Holder(Frozen):
    """One member. `badges`: name → how it was come by, in the order of giving."""

    badges: dict[str, Held] = Field(default_factory=dict)
    mark: Mark = Mark()


class State(Frozen):
    """`held`: badge → people, at the last judging."""

    judged: int = 0
    held: dict[str, int] = Field(default_factory=dict)


Ctx: TypeAlias = Context[Params]
Hand: TypeAlias = Turn[Params, State]
