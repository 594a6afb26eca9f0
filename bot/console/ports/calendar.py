"""The calendar: what fires when in a week, what became of it, what it will cost, and moving, sending, stopping it.

An occurrence is known by its play (`<playbook>/<play>`), the name of its schedule and its time. Days and clocks are the
playbook's own; instants are aware.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, Protocol

from bot.console.models import View
from bot.console.ports.playbooks import Finding
from bot.console.words import Language

Fate = Literal[
    "sent", "late", "partly", "stopped", "recalled", "failed", "unknown", "skipped", "missed", "flying", "waiting",
    "planned", "paused",
]  # fmt: skip
Fault = Literal["clash", "quiet_wait", "quiet_skip", "no_content", "over_limit", "day_empty", "slot_empty"]
Act = Literal["pause", "resume", "stop", "send", "recall"]


@dataclass(frozen=True, slots=True)
class Sight:
    """`sees`: whether what this playbook does in this group (uid) is shown; `is_all`: everything is."""

    sees: Callable[[str, str], bool]
    is_all: bool


class Slot(View):
    """A row of the week; `name` "": what fits in no slot. `is_named`: a playbook calls it so."""

    name: str
    start: str
    end: str
    is_named: bool
    is_empty: bool = False
    """The matrix has nothing in it this week."""


class Count(View):
    fate: Fate
    groups: int


class Entry(View):
    """One occurrence over groups. `what`: what a play other than a campaign does then, "" for a post. `messages`: in each
    group, None: nobody knows before. `is_ahead`: it has not been due yet. `hand`: which order of an operator it was, ""
    when the calendar sent it. `has_more`: there is a page about it."""

    playbook: str
    play: str
    kind: str
    name: str
    title: str
    what: str
    at: datetime
    day: date
    clock: str
    slot: str
    groups: int
    group: str
    fate: Fate
    fates: tuple[Count, ...]
    is_ahead: bool
    can_move: bool
    is_matrix: bool = False
    """It belongs to a slot by name."""
    hand: str = ""
    has_more: bool = True
    messages: int | None = 1
    lasts_s: int = 0
    spread_s: int = 0
    faults: tuple[Fault, ...] = ()


class Day(View):
    """`cells` stand in the order of the week's slots."""

    day: date
    is_today: bool
    is_past: bool
    cells: tuple[tuple[Entry, ...], ...]
    messages: int
    is_least: bool
    posts: int


class Notice(View):
    """Something to look at. `first`, `second`: titles of what is concerned; `n`: groups, or a limit."""

    fault: Fault
    playbook: str
    play: str
    first: str = ""
    second: str = ""
    day: date | None = None
    clock: str = ""
    slot: str = ""
    minutes: int = 0
    n: int = 0


class Cost(View):
    """What an account will send. `days` in the order of the week; `left`: today, None without a quota."""

    account: str
    name: str
    quota: int
    left: int | None
    days: tuple[int, ...]
    is_over: bool


class Option(View):
    value: str
    label: str


class Flight(View):
    """A post that is going out at this moment, or that waits."""

    playbook: str
    play: str
    name: str
    group: str
    group_name: str
    sent: int
    parts: int
    is_held: bool
    is_waiting: bool


class Flights(View):
    """What is going out at this moment. `key` as in `Week`."""

    flights: tuple[Flight, ...]
    key: str = ""
    may_send: bool = False


class Week(View):
    first: date
    earlier: date
    later: date
    today: date
    slots: tuple[Slot, ...]
    days: tuple[Day, ...]
    notices: tuple[Notice, ...]
    notices_more: int
    costs: tuple[Cost, ...]
    flights: tuple[Flight, ...]
    paused: tuple[str, ...]
    """Plays (`<playbook>/<play>`) of which everything is paused in some group."""
    playbooks: tuple[Option, ...]
    groups: tuple[Option, ...]
    playbook: str
    group: str
    within: int
    """Minutes: two posts in a group that are nearer than this clash."""
    key: str = ""
    """Of the orders that this page gives."""
    may_edit: bool = False
    may_send: bool = False


class Reached(View):
    """One group. `why`: the reason of a skip, or the network's words. `told`: members that were addressed by name;
    `replies`: people who said something within an hour, which need not be because of the post."""

    group: str
    group_name: str
    members: int
    fate: Fate
    why: str = ""
    at: datetime | None = None
    sent: int = 0
    parts: int = 0
    told: int = 0
    replies: int | None = None
    variant: str = ""


class Text(View):
    """What one group will read. `problem`: why it can't be shown."""

    group: str
    group_name: str
    members: int
    variant: str
    messages: tuple[str, ...]
    pictures: tuple[str, ...] = ()
    problem: str = ""


class Detail(View):
    """One occurrence. `texts`: previews, of one group per variant unless a group was asked for."""

    entry: Entry
    reached: tuple[Reached, ...]
    reached_more: int
    texts: tuple[Text, ...]
    arms: tuple[str, ...]
    topic: str
    points: tuple[str, ...]
    when: str
    reached_groups: int
    reached_members: int
    reached_replies: int
    told: int
    slots: tuple[Option, ...]
    groups: tuple[Option, ...]
    cost: int
    """Messages over all groups, against the accounts' quotas."""
    key: str = ""
    may_edit: bool = False
    may_send: bool = False


class Place(View):
    """Which occurrence (`play` without the playbook); `hand` as in `Entry`."""

    playbook: str
    play: str
    name: str
    at: datetime
    hand: str = ""


class Goal(View):
    day: date
    slot: str = ""
    clock: str = ""


class Move(View):
    """What moving would write. `problem`: why it can't be moved here, "" else. `source` is the whole new text; `base`
    what the file is known by; `with_it`: other days of the same line that change, too; `again`: it went out already
    and would once more."""

    place: Place
    goal: Goal
    title: str
    book: str
    selectors: tuple[str, ...]
    before: str
    after: str
    problem: str = ""
    base: str = ""
    changed: tuple[tuple[Literal["+", "-", " ", "@"], str], ...] = ()
    changes: str = ""
    findings: tuple[Finding, ...] = ()
    is_sound: bool = False
    with_it: tuple[str, ...] = ()
    again: bool = False
    groups: int = 0


class CalendarPort(Protocol):
    async def week(self, sight: Sight, day: date | None, *, playbook: str, group: str, within: int) -> Week:
        """The week that `day` lies in, None: this one."""
        ...

    async def flights(self, sight: Sight, *, playbook: str, group: str) -> Flights:
        """What is going out, or waits, in these groups at this moment."""
        ...

    async def detail(self, sight: Sight, place: Place, group: str) -> Detail | None:
        """One occurrence; None when it is not in the calendar. `group`: preview as this group sees it."""
        ...

    async def groups_of(self, playbook: str, play: str) -> tuple[str, ...]:
        """Where a campaign runs."""
        ...

    async def move(self, place: Place, goal: Goal, language: Language) -> Move | None:
        """What moving would do; nothing is written. None when the play is not there."""
        ...

    async def moved(self, place: Place, goal: Goal, base: str, actor: str) -> None:
        """Writes and publishes it, as the playbooks' editor does. Raises `Refused`."""
        ...

    async def order(
        self, playbook: str, play: str, act: Act, about: str, groups: tuple[str, ...], key: str, actor: str
    ) -> int:  # fmt: skip
        """Pauses, resumes, stops, sends or takes back; in how many groups it was new. The same key is the same order."""
        ...
