"""What the play keeps: the round that is on and the last one that is over; of each member the own sheet (`<uid>`)."""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias

from bot.core.play import Context, Frozen
from bot.core.turn import Turn
from bot.plays.survey.params import Params

JOINED = 0
"""The round of those who are asked after joining: each has their own time."""


class Round(Frozen):
    """`listen_until`: until when a bare number in the group is an answer. `asked`: how many people it was put to."""

    number: int
    opened: datetime
    until: datetime
    listen_until: datetime
    is_private: bool = False
    asked: int = 0
    reminded: int = 0


class State(Frozen):
    """`rounds`: how many there were. `last`: the newest that is over."""

    rounds: int = 0
    round: Round | None = None
    last: Round | None = None


class Sheet(Frozen):
    """`until`: the end of the own time (`JOINED`), None: the round's. `waits`: the follow-up was asked, in private. `takes`:
    how often something was handed in."""

    round: int
    score: int | None = None
    said: str = ""
    until: datetime | None = None
    waits: bool = False
    takes: int = 0


Ctx: TypeAlias = Context[Params]
Hand: TypeAlias = Turn[Params, State]
