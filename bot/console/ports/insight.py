"""What the analytics pages ask: figures with their intervals, courses with their gaps, cohorts, funnels, tiers, boards, reports.

Days are ISO text of the groups' calendars. A group is named by its uid; "" means all groups that the caller sees.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Literal, Protocol

from bot.console.models import View
from bot.console.ports.work import Work
from bot.console.words import Language
from bot.core.play import Window

Sees = Callable[[str], bool] | None
"""Which groups the caller sees; None: every group there is, which need not be looked at one by one."""
By = Literal["cohort", "channel", "play"]
Board = Literal["activity", "points"]
Span = Literal["day", "week", "month", "camp"]
Form = Literal["html", "xlsx", "png", "text"]


class Place(View):
    uid: str
    name: str
    size: int = 0


class MetricRow(View):
    """A definition of the catalogue, in the caller's language. `level` 2 explains the one in `of`."""

    id: str
    name: str
    level: int
    of: str
    unit: str
    formula: str
    owner: str
    caveat: str
    is_proxy: bool
    is_lower_better: bool
    norm: float | None


class Figure(View):
    """A metric, measured. `value` None: it can't be defended, `reasons` say why. `low`, `high`: 95 % interval."""

    id: str
    name: str
    level: int
    of: str
    unit: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    norm: float | None
    is_lower_better: bool
    reasons: tuple[str, ...]


class Day(View):
    """`active` None: the day was not counted. `lost`: the share of it in which nobody was heard (of several groups: in
    which some group was not)."""

    day: str
    active: int | None
    msgs: int
    joins: int
    leaves: int
    lost: float


class Overview(View):
    """`work`: the figures are still being measured, `figures` is empty until they are. `stage` tells where one group is in
    its life: its name, why, and what counts now."""

    group: Place
    groups: int
    first: str
    last: str
    days: int
    seen: float
    course: tuple[Day, ...]
    figures: tuple[Figure, ...]
    stage: tuple[str, str, str] | None = None
    work: Work | None = None


class Kept(View):
    n: int
    hits: int
    of: int
    low: float | None
    high: float | None


class Cohort(View):
    id: str
    name: str
    size: int
    kept: tuple[Kept, ...]


class Retention(View):
    group: Place
    by: By
    first: str
    last: str
    days: int
    cohorts: tuple[Cohort, ...]


class Step(View):
    """`people` took this step and all before it; `took` took it at all. Shares None: of nobody."""

    id: str
    name: str
    people: int
    took: int
    of_first: float | None
    of_previous: float | None
    low: float | None
    high: float | None


class Funnel(View):
    """`playbook` "": the way of newcomers into the group. `playbooks`: those that ever ran here."""

    group: Place
    playbook: str
    playbooks: tuple[str, ...]
    first: str
    last: str
    days: int
    steps: tuple[Step, ...]


class Share(View):
    """`norm`: what the field holds to be healthy; `before`: a month ago."""

    value: str
    name: str
    people: int
    share: float
    low: float | None
    high: float | None
    norm: float | None
    before: float | None


class Somebody(View):
    uid: str
    name: str
    title: str
    because: str


class Move(View):
    """So many who stood `old` a month ago stand `new` now; "" is nowhere: not in the group."""

    old: str
    new: str
    people: int


class Standing(View):
    """How many stood where on one day."""

    day: str
    people: tuple[int, ...]


class Tiers(View):
    """Lists of people are empty for who may not see members; `silent`, `never_spoke`, `risky` count them all the same."""

    group: Place
    day: str
    observed: int
    pyramid: tuple[Share, ...]
    ladder: tuple[Share, ...]
    rfm: tuple[tuple[str, int], ...]
    states: tuple[tuple[str, str], ...]
    """(value, name) of the states in `moves`, in the order of the ladder."""
    moves: tuple[Move, ...]
    drift: tuple[Standing, ...]
    """The pyramid week by week, oldest first, `people` in its order; what was not written down yet is missing."""
    shortlist: tuple[Somebody, ...]
    at_risk: tuple[Somebody, ...]
    went_silent: tuple[Somebody, ...]
    risky: int
    silent: int
    never_spoke: int


class Ranked(View):
    uid: str
    name: str
    total: float
    parts: tuple[tuple[str, float], ...]


class Leaders(View):
    group: Place
    board: Board
    window: Window
    rows: tuple[Ranked, ...]


class ReportRow(View):
    """A report that was ordered in this console. It is forgotten after some hours; the same order makes the same one."""

    id: str
    group: Place
    span: Span
    first: str
    last: str
    work: Work


class ReportPage(View):
    """`forms`: what can be opened or downloaded, once it is made. `text`: the report in words."""

    row: ReportRow
    forms: tuple[Form, ...] = ()
    text: str = ""


class InsightPort(Protocol):
    """None: there is no such group. Reports belong to the actor who ordered them."""

    def catalogue(self, language: Language) -> tuple[MetricRow, ...]: ...

    async def places(self, sees: Sees, containing: str, limit: int) -> tuple[Place, ...]:
        """Groups whose name or uid has these words, the largest first."""
        ...

    async def overview(self, group: str, sees: Sees, days: int, language: Language) -> Overview | None:
        """Of one group at once; of several the figures take their time: `work` goes on while it is asked again."""
        ...

    def measuring(self, work: str) -> Work | None:
        """How far the figures of several groups are."""
        ...

    async def retention(self, group: str, by: By, days: int, language: Language) -> Retention | None: ...

    async def funnel(self, group: str, playbook: str, days: int, language: Language) -> Funnel | None: ...

    async def tiers(self, group: str, day: date | None, language: Language, *, with_people: bool) -> Tiers | None: ...

    async def leaders(self, group: str, board: Board, window: Window) -> Leaders | None: ...

    def reports(self, actor: str) -> tuple[ReportRow, ...]:
        """Newest first."""
        ...

    async def order(self, group: str, span: Span, on: date | None, begins: date | None, actor: str) -> str:
        """Begins a report; its id. `on` None: the newest span that is over. Raises `Refused`: `no_such_group`,
        `too_much_work`."""
        ...

    def report(self, report: str, actor: str) -> ReportPage | None: ...

    def made(self, report: str, form: Form, actor: str) -> tuple[str, bytes] | None:
        """(file name, content) once it is made."""
        ...
