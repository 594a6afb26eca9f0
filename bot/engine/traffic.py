"""What goes in and out of a cycle, and what is counted on the way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.core.events import Event
from bot.engine.drawings import Unsent


@dataclass(slots=True)  # not frozen: made for every event, and setting frozen fields costs three times as much
class Inbound:
    """An event as it arrived. `is_backfill`: fetched from the history after a gap."""

    event: Event
    arrived_at: datetime
    is_backfill: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What became of an outbox row. `outcome`: done, refused, deferred, unknown, absent (certainly not there).

    `error` of what is done says what was done in another way: the words instead of a drawing.
    """

    id: int
    outcome: str
    message_id: str = ""
    at: datetime | None = None
    error: str = ""
    retry_after_s: float = 0.0
    capability: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """One send, to be handed to the network now; its answer comes back as `Settled`."""

    id: int
    account: str
    chat: str
    outgoing: Unsent
    attempts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Buried:
    """Something that a play or the engine could not take: which play ("": the engine), of what, and what went wrong."""

    ref: str
    cause: str
    error: str


@dataclass(slots=True)
class Counters:
    """What health and metrics show, since the start."""

    events: int = 0
    duplicates: int = 0
    failed_steps: int = 0
    buried: int = 0
    commits: int = 0
    last_batch: int = 0
    sent: int = 0
    unknown: int = 0
    dead: int = 0
    expired: int = 0
    fired: int = 0
    missed: int = 0
