"""What the play keeps. The state holds the round that is on; `n/<uid>` what somebody nominated, `v/<uid>` whom somebody
voted for, `w/<uid>` when somebody won and what title it brought."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypeAlias

from bot.core.marks import Mark
from bot.core.play import Context, Frozen
from bot.core.turn import Turn
from bot.plays.honours.params import Params

NOMINATION, VOTE, WINNER = "n/", "v/", "w/"
Phase = Literal["nominate", "vote", "runoff"]


class Candidate(Frozen):
    """`nominations`: by how many; `since`: the first of them."""

    uid: str
    name: str
    reason: str = ""
    nominations: int = 1
    since: datetime


class Round(Frozen):
    """`opened`: who joined later does not vote. `seats`: places that the vote at hand decides; `fixed`: who has won
    already, before a runoff. `named`: people nominated so far."""

    number: int
    phase: Phase = "nominate"
    opened: datetime
    until: datetime
    candidates: tuple[Candidate, ...] = ()
    seats: int = 1
    fixed: tuple[Candidate, ...] = ()


class State(Frozen):
    """`rounds`: how many there were."""

    rounds: int = 0
    round: Round | None = None


class Paper(Frozen):
    """A nomination (`candidate`, `name`, `reason`), a vote (`candidate`), or a win (`name`, `mark`) of round `round`."""

    round: int
    at: datetime
    candidate: str = ""
    name: str = ""
    reason: str = ""
    mark: Mark = Mark()


Ctx: TypeAlias = Context[Params]
Hand: TypeAlias = Turn[Params, State]
