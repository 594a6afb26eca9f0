"""What the pages about 接龙 ask: every chain, one chain with its list, payments, absentees and history, and orders."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Literal, Protocol

from pydantic import Field

from bot.console.models import Query, View

Sees = Callable[[str, str], bool]
"""Whether the caller sees this group (uid) and playbook."""
Format = Literal["xlsx", "csv"]


class ChainRow(View):
    """One chain of the list. `amount` and `unpaid` are None where no money is collected."""

    group: str
    group_name: str
    play: str
    id: int
    title: str
    type: str
    is_open: bool
    entries: int
    waiting: int
    capacity: int | None
    amount: float | None
    unpaid: int | None
    opened_at: datetime
    active_at: datetime
    deadline: datetime | None
    closed_at: datetime | None


class Chains(View):
    """One page of them. `open`: of all that the caller sees."""

    chains: tuple[ChainRow, ...]
    total: int
    open: int
    page: int
    pages: int
    q: str
    state: str


class Answer(View):
    """What a line answers to one field of a form; private ones only for who may change the chain."""

    field: str
    value: str
    is_private: bool


class Entry(View):
    """One line of the list. `author` wrote it, `owner` is whom it is for. `paid`: the amount that was marked, "" none;
    `differs`: the line costs something else by now."""

    id: int
    number: int
    text: str
    author: str
    author_name: str
    owner: str
    owner_name: str
    is_own: bool
    is_waiting: bool
    quantity: float
    amount: float | None
    is_unparsed: bool
    paid: str
    differs: bool
    answers: tuple[Answer, ...]


class Left(View):
    """A line that was paid and then taken off the list."""

    id: int
    text: str
    paid: str


class Item(View):
    name: str
    count: float


class Step(View):
    """One change of the list. `message`: its message in the log, None: not a message, or not there any more."""

    n: int
    kind: str
    at: datetime
    by: str
    by_name: str
    message: int | None
    added: tuple[str, ...]
    edited: tuple[str, ...]
    removed: tuple[str, ...]
    is_undone: bool
    may_undo: bool


class Chain(View):
    group: str
    group_name: str
    play: str
    id: int
    title: str
    name: str
    """The first line of the title."""
    type: str
    is_open: bool
    creator_name: str
    opened_at: datetime
    closed_at: datetime | None
    deadline: datetime | None
    capacity: int | None
    places_left: int
    waiting: int
    list: str
    """As members copy it."""
    entries: tuple[Entry, ...]
    gone: tuple[Left, ...]
    quantity: float
    items: tuple[Item, ...]
    amount: float | None
    paid_amount: float
    unpaid: int | None
    missing: tuple[str, ...]
    """Names of those who have no line; `missing_more` beyond them."""
    missing_more: int
    steps: tuple[Step, ...]
    """The newest first."""
    steps_more: int
    hides_private: bool
    may_edit: bool = False
    mark: str = ""
    """Of all that is shown: a stream goes on from here."""
    key: str = ""
    """For the next order: the same key is the same press of a button."""


class Order(Query):
    """What an operator wants of a chain. `pay` takes entries and whether they are paid, `undo` a step."""

    order: Literal["pay", "undo", "remind", "dun", "close", "reopen", "post"]
    entries: tuple[int, ...] = Field(default=(), max_length=500)
    paid: bool = True
    step: int = 0
    key: str = Field(default="", max_length=64)


class Table(View):
    name: str
    media_type: str
    content: bytes


class ChainsPort(Protocol):
    async def chains(self, sees: Sees, *, words: str, state: str, page: int) -> Chains:
        """Open ones first, the newest activity first; `state` open, closed or ""."""
        ...

    async def chain(self, group: str, play: str, number: int, *, shows_private: bool) -> Chain | None: ...

    async def table(self, group: str, play: str, number: int, form: Format, *, shows_private: bool) -> Table | None: ...

    async def order(self, group: str, play: str, number: int, order: Order, actor: str) -> None:
        """Raises `Refused` with the play's own code."""
        ...
