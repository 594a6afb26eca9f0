"""What the page Today asks: the state of everything at one moment, and the two decisions that are made there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from bot.console.models import View


@dataclass(frozen=True, slots=True)
class Sight:
    """What the caller sees. `sees`: whether what concerns this group (uid) and playbook (None: any of them) is shown;
    `is_all`: everything is."""

    sees: Callable[[str, str | None], bool]
    is_all: bool


class Connection(View):
    """One account of the bot. `qr` is the text of the code that has to be scanned."""

    account: str
    name: str
    platform: str
    app: str
    state: Literal["online", "offline", "connecting", "scan", "logged_out"]
    since: datetime | None = None
    reason: str = ""
    qr: str = ""
    quota_left: int | None = None
    quota: int | None = None


class Waiting(View):
    """A question for a person. `about` says what kind: kick, appeal, join, …, other. `relayed`: what the person is to
    send for the bot, text by text."""

    id: int
    about: str
    group: str
    group_name: str
    play: str
    member: str
    member_name: str
    text: str
    relayed: tuple[str, ...] = ()
    choices: tuple[str, ...]
    asked_at: datetime
    expires_at: datetime | None
    may_decide: bool = False


class Unsent(View):
    """A send of which nobody knows whether it arrived, or that failed."""

    id: int
    status: str
    group: str
    group_name: str
    text: str
    error: str
    at: datetime
    may_resend: bool = False


class Firing(View):
    at: datetime
    name: str
    play: str
    kind: str
    group: str
    group_name: str


class Wrong(View):
    """Something that went wrong: a step that failed, a playbook with errors, a connection that is gone."""

    what: Literal["step", "playbook", "gap", "database"]
    at: datetime | None
    group: str
    text: str
    detail: str = ""


class Running(View):
    kind: str
    count: int


class Today(View):
    at: datetime
    groups: int
    running: tuple[Running, ...]
    connections: tuple[Connection, ...]
    waiting: tuple[Waiting, ...]
    waiting_more: int
    unsent: tuple[Unsent, ...]
    unsent_more: int
    next: tuple[Firing, ...]
    wrong: tuple[Wrong, ...]
    outbox_waiting: int
    outbox_age_s: float
    heard_at: datetime | None


class TaskPlace(View):
    """Where an open question belongs, and how it can be answered."""

    group: str
    playbook: str
    choices: tuple[str, ...]


class TodayPort(Protocol):
    async def today(self, sight: Sight) -> Today: ...

    async def task(self, task_id: int) -> TaskPlace | None:
        """None when it is not open."""
        ...

    async def decide(self, task_id: int, choice: str, text: str, actor: str) -> bool:
        """False when somebody else was quicker."""
        ...

    async def unsent_place(self, row_id: int) -> str | None:
        """The group of an outbox row that may be sent again."""
        ...

    async def resend(self, row_id: int, actor: str) -> bool: ...
