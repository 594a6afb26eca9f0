"""What people and time do in a script: one type per deed, nothing about how a line spells it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

from bot.core.events import Role
from bot.sim.moments import When


@dataclass(frozen=True, slots=True)
class Says:
    """`reply_to`: the name of the one whose last message is quoted."""

    name: str
    text: str
    is_private: bool = False
    reply_to: str = ""


@dataclass(frozen=True, slots=True)
class Joins:
    names: tuple[str, ...]
    by: str = ""


@dataclass(frozen=True, slots=True)
class Leaves:
    name: str
    kicked_by: str = ""


@dataclass(frozen=True, slots=True)
class AsksToJoin:
    name: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Recalls:
    """The newest message of `of` that contains `text`, taken back by `name`."""

    name: str
    of: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Renames:
    name: str
    card: str


@dataclass(frozen=True, slots=True)
class Pokes:
    name: str
    target: str


@dataclass(frozen=True, slots=True)
class Mutes:
    """`for_s` = 0 lifts."""

    name: str
    target: str
    for_s: int


@dataclass(frozen=True, slots=True)
class MutesAll:
    name: str
    on: bool


@dataclass(frozen=True, slots=True)
class Promotes:
    """Gives `name` a role."""

    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class Decides:
    """An operator answers an open question; `key` may be any part of its key or text, "" the oldest."""

    name: str
    key: str
    choice: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Passes:
    span: timedelta


@dataclass(frozen=True, slots=True)
class Waits:
    """Until a moment that the line gives."""


Deed: TypeAlias = (
    Says
    | Joins
    | Leaves
    | AsksToJoin
    | Recalls
    | Renames
    | Pokes
    | Mutes
    | MutesAll
    | Promotes
    | Decides
    | Passes
    | Waits
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a script. `number` counts from 1 in its file or text."""

    number: int
    source: str
    when: When | None
    deed: Deed
