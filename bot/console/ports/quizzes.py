"""What the pages about 答题 ask: sessions with their rankings, statistics of questions, and members' own questions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Literal, Protocol

from pydantic import Field

from bot.console.models import Query, View

Sees = Callable[[str, str], bool]
"""Whether the caller sees this group (uid) and playbook."""
Format = Literal["xlsx", "csv"]
Flag = Literal["", "hard", "easy", "flat", "few"]


class QuizRow(View):
    """`flagged`: questions that deserve a look; `offers`: members' questions that wait for an operator."""

    group: str
    group_name: str
    play: str
    state: Literal["running", "paused", "over", "never"]
    last_at: datetime | None
    participants: int
    questions: int
    flagged: int
    offers: int


class Quizzes(View):
    quizzes: tuple[QuizRow, ...]
    total: int
    page: int
    pages: int
    q: str


class Place(View):
    """`right` is None where only the ledger remembers the session."""

    rank: int
    name: str
    points: int
    right: int | None


class Asked(View):
    """One question of a session. `rate`: share of right answers, None before it is closed and where nobody answered."""

    number: int
    question: str
    text: str
    answered: int
    right: int
    rate: float | None
    is_void: bool


class Session(View):
    """`participants`: who answered at least once; for sessions of which only notes are left, the most that answered one
    question. Questions that are still to come are not told."""

    id: str
    at: datetime | None
    state: Literal["running", "paused", "over"]
    participants: int
    total: int
    ranking: tuple[Place, ...]
    questions: tuple[Asked, ...]
    teams: tuple[tuple[str, int, float], ...] = ()
    """(name, members, points a head)."""


class Results(View):
    group: str
    group_name: str
    play: str
    last: Session | None
    earlier: tuple[Session, ...]
    offers: int
    flagged: int


class Item(View):
    """One question. `low` and `high` bound the share of right answers with 95 % (Wilson); `discrimination`: upper third
    less lower third, over `spreads` sessions that were large enough. `few`: too few answers to say anything."""

    id: str
    bank: str
    author: str
    text: str
    category: str
    asked: int
    answered: int
    right: int
    rate: float | None
    low: float | None
    high: float | None
    discrimination: float | None
    spreads: int
    last_on: date | None
    flag: Flag


class Items(View):
    group: str
    group_name: str
    play: str
    banks: tuple[str, ...]
    items: tuple[Item, ...]
    total: int
    never: int
    """Questions that were not asked yet."""
    flagged: int
    offers: int
    bank: str = ""
    flag: str = ""
    page: int = 1
    pages: int = 1


class Offer(View):
    """A member's question. `task` is the question to operators that answers it."""

    task: int
    name: str
    at: datetime
    type: str
    text: str
    options: tuple[str, ...]
    answer: str
    explanation: str


class Offers(View):
    group: str
    group_name: str
    play: str
    points: int
    offers: tuple[Offer, ...]
    flagged: int
    may_decide: bool = False


class Decision(Query):
    task: int
    choice: Literal["通过", "不用"]
    text: str = Field(default="", max_length=500)


class Table(View):
    name: str
    media_type: str
    content: bytes


class QuizzesPort(Protocol):
    async def quizzes(self, sees: Sees, *, words: str, page: int) -> Quizzes:
        """Those that run first, then those with most to decide."""
        ...

    async def results(self, group: str, play: str) -> Results | None: ...

    async def items(self, group: str, play: str) -> Items | None:
        """All of them, those that deserve a look first."""
        ...

    async def offers(self, group: str, play: str) -> Offers | None: ...

    async def decide(self, group: str, play: str, decision: Decision, actor: str) -> None:
        """Raises `Refused` when the question is not open there."""
        ...

    async def table(self, group: str, play: str, what: Literal["items", "ranking"], form: Format) -> Table | None: ...
