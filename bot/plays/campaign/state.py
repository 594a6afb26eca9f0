"""What a campaign run remembers: one bounded document, no slots.

An *occurrence* is one post at one scheduled time, `<name>@<time>`. It is taken at most once: `taken` holds the newest
scheduled time per post, and time only goes forward. In flight, `Flight.next` is the only part that may be sent.
"""

from __future__ import annotations

from datetime import date, datetime

from pydantic import Field

from bot.core.play import Frozen

EVERYTHING = "*"


class Flight(Frozen):
    """A post being sent, part by part. `on` is the day it stands for; `held_at`: an operator paused it; `told`: whom it
    addresses, () the group."""

    occurrence: str
    name: str
    on: date
    variant: str = ""
    parts: int
    next: int = 0
    began_at: datetime
    told: tuple[str, ...] = ()
    held_at: datetime | None = None


class Waiting(Frozen):
    """`is_by_hand`: an operator wants it now; neither pause nor the daily quota holds it up."""

    occurrence: str
    name: str
    on: date
    is_by_hand: bool = False


class Sent(Frozen):
    """The newest post, for taking it back: ids as the network gave them."""

    occurrence: str
    name: str
    message_ids: tuple[str, ...] = ()
    has_failed: bool = False


class State(Frozen):
    """`began_on` counts days and weeks where the playbook has no `start`. `posted` counts the posts of `posted_on`."""

    began_on: date | None = None
    taken: dict[str, datetime] = Field(default_factory=dict)
    flight: Flight | None = None
    queue: tuple[Waiting, ...] = ()
    paused: tuple[str, ...] = ()
    posted_on: date | None = None
    posted: int = 0
    newest: Sent | None = None
    by_hand: str = ""
