"""What a chain remembers, as stored: immutable records that survive JSON."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.core.jielong.goods import Good

ENTRY_LIMIT = 500
TEXT_LIMIT = 200

StepKind = Literal["list", "join", "cancel", "fragment", "remove", "recall", "undo", "edit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`deadline` and `goods` from the configuration win over what the list's header says. `limit`: active entries
    beyond it are refused; beyond `capacity` they wait. `follows_header`: a 截止 that the creator or an operator changes
    in the header moves the deadline; the replay format knows the first list's only."""

    operators: frozenset[str] = frozenset()
    deadline: datetime | None = None
    goods: tuple[Good, ...] = ()
    capacity: int | None = None
    one_per_member: bool = False
    counts_guests: bool = False
    limit: int = ENTRY_LIMIT
    follows_header: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """`active_at`: time of the last accepted message. `closed_at` None: open. `related`: ids of the newest messages
    that concern the chain without having changed it (the bot's own posts, late ones), so that a reply finds it."""

    id: int
    title: str
    creator: str
    opened_at: datetime
    active_at: datetime
    example: str = ""
    tail: str = ""
    deadline: datetime | None = None
    closed_at: datetime | None = None
    related: tuple[str, ...] = ()

    @property
    def lines(self) -> list[str]:
        """What stands around the list, line by line."""
        return [line for part in (self.title, self.example, self.tail) for line in part.split("\n")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """`rank` orders, `step` is the number of the step that changed it last."""

    id: int
    text: str
    author: str
    owner: str
    rank: int
    step: int
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class Change:
    """One entry before a step touched it; None: the step added it."""

    entry: int
    before: Entry | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One accepted message that made a snapshot or a change.

    `lines` are new rows (K, N, entry id or 0) of the chain's table of lines; `sent` and `merged` are snapshots as rows
    of that table. `merged_by` is "" where the merged list is attributed to nobody.
    """

    n: int
    kind: StepKind
    message: str
    by: str
    at: datetime
    lines: tuple[tuple[str, str, int], ...] = ()
    sent: tuple[int, ...] | None = None
    merged: tuple[int, ...] = ()
    merged_by: str = ""
    changes: tuple[Change, ...] = ()
    is_undone: bool = False
