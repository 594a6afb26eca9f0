"""What a report play keeps: up to which day it has reported, and the actions by number."""

from __future__ import annotations

from datetime import date

from bot.core.play import Frozen


class State(Frozen):
    """`until`: the last day of the newest span that was sent. `actions`: how many were ever agreed."""

    until: date | None = None
    actions: int = 0


class Slot(Frozen):
    """`action/<number>`. `by` is the uid of who agreed it."""

    number: int
    text: str
    by: str
    on: date
    done: date | None = None
