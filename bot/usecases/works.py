"""Long work that pages ask for: few at a time, known by what it is, forgotten when it is old."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from bot.console.ports.accounts import Refused
from bot.console.ports.work import Work, WorkState

log = logging.getLogger(__name__)
T = TypeVar("T")
_AT_ONCE = 2
_MOST_OF_ONE = 4
_MOST_WAITING = 16
_MOST_KEPT = 24
_KEPT = timedelta(hours=3)

Job = Callable[[Callable[[float], None]], Awaitable[T]]
"""Does the work; is given what to tell its progress to."""


class Undone(Exception):
    """The work can't be done: a word of the catalogue, or what the command said."""


@dataclass(slots=True)
class Begun(Generic[T]):
    """One piece of work. `result` is there when its state is done."""

    id: str
    actor: str
    key: str
    title: str
    begun_at: datetime
    state: WorkState = "waiting"
    done: float = 0.0
    problem: str = ""
    result: T | None = None
    about: Any = None
    task: asyncio.Task[None] | None = field(default=None, repr=False)

    @property
    def view(self) -> Work:
        return Work(id=self.id, title=self.title, state=self.state, done=round(self.done, 3), problem=self.problem)


class Works(Generic[T]):
    """What was begun, by id. The same `key` of the same actor is the same work while it is kept, unless it failed."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._begun: dict[str, Begun[T]] = {}
        self._turn = asyncio.Semaphore(_AT_ONCE)

    def begin(self, actor: str, key: str, title: str, job: Job[T], about: Any = None) -> Begun[T]:
        """Raises `Refused` `too_much_work` while too much of it waits, of this actor or of all."""
        self._forget()
        same = next((each for each in self._begun.values() if (each.actor, each.key) == (actor, key)), None)
        if same is not None and same.state != "failed":
            return same
        if same is not None:
            del self._begun[same.id]
        open_ = [each for each in self._begun.values() if each.state in ("waiting", "running")]
        if len(open_) >= _MOST_WAITING or sum(each.actor == actor for each in open_) >= _MOST_OF_ONE:
            raise Refused("too_much_work", retry_after_s=5.0)
        made = Begun[T](secrets.token_urlsafe(9), actor, key, title, self._now(), about=about)
        self._begun[made.id] = made
        made.task = asyncio.create_task(self._do(made, job), name=f"work {title}")
        return made

    def find(self, id: str, actor: str) -> Begun[T] | None:
        found = self._begun.get(id)
        return found if found is not None and found.actor == actor else None

    def of(self, actor: str) -> list[Begun[T]]:
        """Newest first."""
        return [each for each in reversed(self._begun.values()) if each.actor == actor]

    async def _do(self, begun: Begun[T], job: Job[T]) -> None:
        def progress(done: float) -> None:
            begun.done = max(begun.done, done)

        async with self._turn:
            begun.state = "running"
            try:
                begun.result = await job(progress)
            except TimeoutError:
                begun.state, begun.problem = "failed", "timeout"
            except Undone as undone:
                begun.state, begun.problem = "failed", str(undone)
            except Exception:
                log.exception("%s failed", begun.title)
                begun.state, begun.problem = "failed", "failed"
            else:
                begun.state, begun.done = "done", 1.0

    def _forget(self) -> None:
        """What is over and old, and the oldest of what is over when it is too many."""
        over = [each for each in self._begun.values() if each.state in ("done", "failed")]
        for place, each in enumerate(over):
            if self._now() - each.begun_at > _KEPT or place < len(over) - _MOST_KEPT:
                del self._begun[each.id]
