"""What the play remembers: little about the group, one record per offender, one case per verdict."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from bot.core.play import Frozen


class Entry(Frozen):
    """Points of one verdict."""

    case: int
    at: datetime
    points: int


class Judged(Frozen):
    """A message that rules have acted on: none of them does again."""

    message_id: str
    rules: tuple[str, ...]


class Pending(Frozen):
    """A removal that waits for an operator."""

    case: int
    message_id: str
    at: datetime


class Record(Frozen):
    """One member. Somebody who never broke a rule has none. `recalled`: messages that they took back lately, where
    pictures are read: what a picture said may come later than its end."""

    entries: tuple[Entry, ...] = ()
    judged: tuple[Judged, ...] = ()
    flooded: dict[str, datetime] = Field(default_factory=dict)
    reminded: dict[str, str] = Field(default_factory=dict)
    first_seen: datetime | None = None
    pending: Pending | None = None
    last_case: int = 0
    recalled: tuple[str, ...] = ()


class HitRecord(Frozen):
    """One finding inside a case: `span` is what stood in the original."""

    rule: str
    level: int
    base: str = ""
    span: str = ""
    views: tuple[str, ...] = ()


class Case(Frozen):
    """The evidence of one verdict. `wanted` and `done` name actions (warn, delete, mute, kick), `replaced` says which
    was done instead and why it had to be. `image`: the digest of the picture that said it. `appeal`: "", open, upheld; `is_undone` by an operator."""

    number: int
    member: str
    name: str
    message_id: str
    at: datetime
    text: str
    rule: str
    version: str
    image: str = ""
    level: int
    mode: str
    hits: tuple[HitRecord, ...]
    points: int = 0
    points_before: int = 0
    points_after: int = 0
    wanted: tuple[str, ...] = ()
    done: tuple[str, ...] = ()
    replaced: dict[str, str] = Field(default_factory=dict)
    error: str = ""
    muted_until: datetime | None = None
    appeal: str = ""
    is_undone: bool = False
    decided_by: str = ""


class Slot(Frozen):
    """A record under a member's uid, a case under `case:<number>`, or under `lists` hashes of the lines of 接龙 lists
    that were seen, so that nobody answers for a line that they copied."""

    record: Record | None = None
    case: Case | None = None
    lines: tuple[str, ...] = ()


class Appeals(Frozen):
    """How many appeals in a row were turned down, and when the last."""

    upheld: int
    at: datetime


class State(Frozen):
    """`stats`: rule → its last verdicts (case numbers). `undone` cases give no points and count as false alarms.

    `newcomers`: who joined lately, for raids. `refused`: capability → until when it is taken as missing.
    `known`: the rules that were there at the last step; one that is new only observes at first. `watched` rules observe.
    """

    next_case: int = 1
    allow: tuple[str, ...] = ()
    undone: tuple[int, ...] = ()
    stats: dict[str, tuple[int, ...]] = Field(default_factory=dict)
    watched: tuple[str, ...] = ()
    refused: dict[str, datetime] = Field(default_factory=dict)
    kicks: tuple[datetime, ...] = ()
    acts: tuple[datetime, ...] = ()
    is_paused: bool = False
    newcomers: dict[str, datetime] = Field(default_factory=dict)
    known: tuple[str, ...] = ()
    appeals: dict[str, Appeals] = Field(default_factory=dict)


def case_key(number: int) -> str:
    return f"case:{number}"
