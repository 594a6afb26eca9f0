"""Two ids that turn out to be one person: how a play's documents of both become one, and how they part again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

D = TypeVar("D")


@dataclass(frozen=True, slots=True)
class Deed:
    """A note of the play that one of the two ids caused while they counted as one."""

    what: str
    key: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Persons(Generic[D]):
    """`join(older, newer)` is the one document. `part(now, older, newer, deeds)` takes that back: what the one document is
    now, what both were before, and what the newer id did meanwhile → the older one's and the newer one's document.

    Both are pure, and `part(join(a, b), a, b, ())` is (a, b).
    """

    join: Callable[[D, D], D]
    part: Callable[[D, D, D, Sequence[Deed]], tuple[D, D]]
