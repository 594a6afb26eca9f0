"""What the run remembers.

State holds a counter only. A chain lives in slots: `c12/h` its head, `c12/e5` one entry, `c12/s7` one step; what a
member still has to tell in private is `f/<uid>`. A message writes its step, the entries that it changed and the head.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pydantic import Field

from bot.core.jielong import Entry, Head, Step
from bot.core.play import Frozen


class State(Frozen):
    next_id: int = 1


class Board(Frozen):
    """What is to be posted. `post_at`: a timer is set. `kept`: entries that a list left out or changed in vain.

    `late_at`: when a list was last told that it came too late. `reminded_at`: when an operator last had members reminded.
    `has_ids`: the network tells the ids of what we post, so a reply to something unknown is a reply to something else.
    """

    post_at: datetime | None = None
    posted_at: datetime | None = None
    posts: int = 0
    kept: tuple[int, ...] = ()
    long: int = 0
    refused: int = 0
    has_ids: bool = False
    late_at: datetime | None = None
    reminded_at: datetime | None = None


class Pending(Frozen):
    """A member's open private questions: `fields` still to answer, the first is the one that was asked."""

    chain: int
    entry: int
    fields: tuple[str, ...]
    asked_at: datetime


class Slot(Frozen):
    """Exactly one of `head`, `entry`, `step`, `pending`. `paid`: the amount at the time of payment, "" = unpaid.
    `answers`: private answers of a form by field."""

    head: Head | None = None
    board: Board = Board()
    entry: Entry | None = None
    paid: str = ""
    answers: Mapping[str, str] = Field(default_factory=dict)
    step: Step | None = None
    pending: Pending | None = None
