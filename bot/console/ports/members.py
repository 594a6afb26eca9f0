"""What the pages about members ask: people over their ids and groups, each within the caller's bounds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Literal, Protocol

from bot.console.models import View
from bot.console.ports.moderation import Named

Sees = Callable[[str], bool]
"""Whether the caller sees members of this group (uid)."""
Window = Literal["day", "week", "month", "all"]


class Person(View):
    """One row of the list. `follow_on`: the first day on which somebody wants to look again."""

    uid: str
    id: int
    name: str
    groups: tuple[Named, ...]
    tags: tuple[str, ...]
    tier: str
    ladder: str
    points: int
    spoke_at: datetime | None
    follow_on: str
    ids: int


class People(View):
    people: tuple[Person, ...]
    older: str
    q: str
    group: str
    tag: str
    tier: str
    follow: bool
    today: str
    groups: tuple[Named, ...]
    tags: tuple[str, ...]
    tiers: tuple[str, ...]


class Tagged(View):
    tag: str
    at: datetime


class InGroup(View):
    """The person in one group, all ids together. `first_day`, `days`, `msgs`: of the log."""

    group: str
    name: str
    shown_as: str
    role: str
    joined_at: datetime | None
    left_at: datetime | None
    spoke_at: datetime | None
    first_day: str
    days: int
    msgs: int
    points: int
    tier: str
    ladder: str
    rfm: str
    tags: tuple[Tagged, ...]
    may_edit: bool = False


class Fact(View):
    """One field of the profile. `what`: key of its words; `source`: who says so; `at`: since when or when it was said."""

    what: str
    value: str
    source: str
    group_name: str
    at: datetime | None


class Linked(View):
    """An id that an operator said is this person. `is_newest`: the merge that can be taken back."""

    uid: str
    evidence: str
    by: str
    at: datetime
    is_newest: bool


class Candidate(View):
    """Another id of the same name in the same group. `both`: days on which both wrote, which speaks against it."""

    uid: str
    name: str
    group_name: str
    is_older: bool
    until: str
    since: str
    both: int
    namesakes: int


class Entry(View):
    at: datetime
    group_name: str
    delta: int
    balance: int
    reason: str
    source: str


class Placed(View):
    scheme: str
    value: str
    since: str
    until: str
    group_name: str


class Streak(View):
    group_name: str
    play: str
    streak: int
    best: int
    total: int
    last: str


class Paper(View):
    at: datetime
    group_name: str
    play: str
    number: int
    code: str


class Offence(View):
    """A case of a rules play, to be looked at in Moderation."""

    at: datetime
    group: str
    group_name: str
    playbook: str
    play: str
    number: int
    rule: str
    mode: str
    is_undone: bool


class Note(View):
    id: int
    group: str
    group_name: str
    author: str
    text: str
    at: datetime
    follow_on: str
    is_due: bool
    done_at: datetime | None
    done_by: str


class Member(View):
    """`uid` is the one that the person goes by; what lies outside the caller's bounds is left out."""

    uid: str
    name: str
    platform: str
    today: str
    groups: tuple[InGroup, ...]
    facts: tuple[Fact, ...]
    linked: tuple[Linked, ...]
    candidates: tuple[Candidate, ...]
    entries: tuple[Entry, ...]
    placed: tuple[Placed, ...]
    streaks: tuple[Streak, ...]
    papers: tuple[Paper, ...]
    offences: tuple[Offence, ...]
    notes: tuple[Note, ...]
    may_edit: bool = False
    may_merge: bool = False
    may_export: bool = False
    may_erase: bool = False


class Line(View):
    """One event of the log. `parts`: what it brought, by kind; `why_not`: why it does not count, `capped`: what a cap
    cut."""

    at: datetime
    points: float
    text: str
    by: str
    parts: tuple[tuple[str, float], ...]
    why_not: str
    capped: tuple[str, ...]


class Day(View):
    day: str
    points: float
    lines: tuple[Line, ...]


class Score(View):
    """`points` is the sum of the days, each of which is the sum of its lines."""

    uid: str
    name: str
    group: str
    groups: tuple[Named, ...]
    window: Window
    version: str
    points: float
    days: tuple[Day, ...]


class MembersPort(Protocol):
    """None for somebody whom the caller sees in no group."""

    async def people(
        self, sees: Sees, *, is_all: bool, q: str, group: str, tag: str, tier: str, follow: bool, before: str
    ) -> People: ...

    async def member(self, uid: str, sees: Sees) -> Member | None: ...

    async def score(self, uid: str, sees: Sees, group: str, window: Window) -> Score | None: ...

    async def where(self, uid: str) -> tuple[str, ...]:
        """The groups in which the person, by any id, was ever seen; () for nobody."""
        ...

    async def set_tag(self, uid: str, group: str, tag: str, is_on: bool, actor: str) -> bool:
        """False when nothing changed."""
        ...

    async def add_note(self, uid: str, group: str, text: str, follow_on: str, actor: str) -> bool:
        """False when the person was never seen in the group."""
        ...

    async def note_place(self, uid: str, note: int) -> str | None:
        """The group of a note about the person that is not done."""
        ...

    async def settle_note(self, note: int, actor: str) -> bool: ...

    async def merge(self, older: str, newer: str, evidence: str, actor: str) -> None:
        """Raises `Refused`: `merge_refused` with the reason."""
        ...

    async def split(self, newer: str, actor: str) -> None: ...

    async def export(self, uid: str, sees: Sees) -> bytes:
        """All that is stored about the person in these groups, as JSON."""
        ...

    async def erase(self, uid: str, actor: str) -> None:
        """Every id of the person, for good."""
        ...
