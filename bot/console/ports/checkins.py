"""What the pages about 打卡 ask: how each group stands today, its calendar, and the submissions that wait for a reviewer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Literal, Protocol

from pydantic import Field

from bot.console.models import Query, View

Sees = Callable[[str, str], bool]
"""Whether the caller sees this group (uid) and playbook."""


class CheckinRow(View):
    """How one group stands today. `waiting`: submissions without a verdict, None where nobody reviews."""

    group: str
    group_name: str
    play: str
    word: str
    done: int
    on_leave: int
    missing: int
    waiting: int | None


class Checkins(View):
    checkins: tuple[CheckinRow, ...]
    total: int
    page: int
    pages: int
    q: str


class Day(View):
    """`level` 0 to 4: how many checked in, beside the best day of the span."""

    day: date
    count: int
    level: int


class MemberDays(View):
    """`marks`: one sign a day: `o` checked in, `b` made up, `j` on leave, `-` missed, a blank before it began or after
    today. What is left of this month's 补卡 and 请假 is None where there is none."""

    member: str
    name: str
    marks: str
    streak: int
    best: int
    total: int
    makeups_left: int | None
    leaves_left: int | None


class Calendar(View):
    group: str
    group_name: str
    play: str
    word: str
    today: date
    days: tuple[Day, ...]
    members: tuple[MemberDays, ...]
    total: int
    page: int
    pages: int
    earlier: date | None
    later: date | None
    done: int
    on_leave: int
    missing: tuple[str, ...]
    """Names of the active members without a mark today, the longest streak first."""
    missing_more: int
    waiting: int | None
    may_review: bool = False


class Picture(View):
    """`url` is "" where the network's address is not kept or is none."""

    name: str
    url: str


class Verdict(View):
    verdict: str
    by_name: str
    comment: str
    scores: tuple[tuple[str, int], ...]
    at: datetime


class Version(View):
    """One version of a submission. `message`: its place in the log, None: it is not there any more, then `text` is ""."""

    version: int
    at: datetime
    message: int | None
    text: str
    pictures: tuple[Picture, ...]
    is_recalled: bool
    verdicts: tuple[Verdict, ...]


class Submission(View):
    """`message` is its newest version's, which a verdict names."""

    message: str
    member: str
    name: str
    day: date
    version: int
    status: Literal["waiting", "returned", "passed"]
    versions: tuple[Version, ...]


class Queue(View):
    group: str
    group_name: str
    play: str
    word: str
    rubric: tuple[str, ...]
    points: int
    waiting: tuple[Submission, ...]
    waiting_more: int
    returned: tuple[Submission, ...]
    passed: tuple[Submission, ...]
    key: str = ""


class Judgement(Query):
    """`scores`: 1 to 5 in the order of the rubric, 0 is not given."""

    message: str = Field(min_length=1, max_length=200)
    verdict: Literal["通过", "修改", "点评"]
    comment: str = Field(default="", max_length=500)
    scores: tuple[int, ...] = Field(default=(), max_length=6)
    key: str = Field(default="", max_length=64)


class CheckinsPort(Protocol):
    async def checkins(self, sees: Sees, *, words: str, page: int) -> Checkins:
        """Those with most to review first."""
        ...

    async def calendar(self, group: str, play: str, *, until: date | None, page: int) -> Calendar | None: ...

    async def queue(self, group: str, play: str) -> Queue | None:
        """None when nobody reviews there."""
        ...

    async def judge(self, group: str, play: str, judgement: Judgement, actor: str) -> None:
        """Raises `Refused` with the play's own code."""
        ...
