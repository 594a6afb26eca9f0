"""What a scope holds, loaded once and only when a metric asks for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from sqlalchemy import Connection

from bot.core.retention import Pairs, shifted
from bot.insight.coverage import Coverage, coverage
from storage import measures, standings
from storage.measures import Chats, DayCounts

RETENTION_DAYS = (1, 7, 30)
_COHORT_DAYS = 60
"""How far back the cohorts of D30 reach from the end of the scope."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """A group (its row id), several or, `chat` None, all groups; days of the groups' calendars, both included.

    `today` is the day that is not over: nothing is measured on it but counts. `now_ms` ends the time that can have gaps.
    """

    chat: Chats
    first: date
    last: date
    today: date
    now_ms: int

    @property
    def weeks(self) -> float:
        return ((self.last - self.first).days + 1) / 7


def scope_of(chat: Chats, today: date, now_ms: int, *, days: int = 30) -> Scope:
    """The last `days` days that are over."""
    last = today - timedelta(days=1)
    return Scope(chat=chat, first=last - timedelta(days=days - 1), last=last, today=today, now_ms=now_ms)


class Figures:
    """The scope's raw material. Every attribute is one or two queries."""

    def __init__(self, connection: Connection, scope: Scope) -> None:
        self.connection, self.scope = connection, scope
        self.first, self.last = scope.first.isoformat(), scope.last.isoformat()
        self.over = min(scope.last, scope.today - timedelta(days=1)).isoformat()
        """The last day of the scope that is over."""

    @cached_property
    def days(self) -> list[DayCounts]:
        return measures.days(self.connection, self.scope.chat, self.first, self.last)

    @cached_property
    def span(self) -> tuple[int, int]:
        """From, until in ms; (0, 0) when nothing was counted."""
        return (self.days[0].from_at, max(day.to_at for day in self.days)) if self.days else (0, 0)

    @property
    def end_ms(self) -> int:
        """When the scope ends, or now."""
        return min(self.span[1] or self.scope.now_ms, self.scope.now_ms)

    @cached_property
    def coverage(self) -> Coverage:
        return coverage(self.connection, self.scope.chat, *self.span, self.scope.now_ms)

    def total(self, name: str) -> int:
        return sum(day[name] for day in self.days)

    def back(self, days: int) -> str:
        """The first of the last `days` days of the scope."""
        return (self.scope.last - timedelta(days=days - 1)).isoformat()

    def active_in(self, days: int) -> int:
        first = self.back(days)
        if first == self.first:
            return self.active
        return len(measures.active(self.connection, self.scope.chat, first, self.last))

    @cached_property
    def active_people(self) -> frozenset[int]:
        return measures.active(self.connection, self.scope.chat, self.first, self.last)

    @property
    def active(self) -> int:
        """How many people were active in the scope."""
        return len(self.active_people)

    @cached_property
    def month(self) -> int:
        return self.active_in(30)

    @cached_property
    def members(self) -> int:
        """People in the group at the end of the scope."""
        return measures.members(self.connection, self.scope.chat, self.end_ms)

    @cached_property
    def quiet(self) -> tuple[int, int]:
        """(went silent, never spoke) of those who were in the group at the end of the scope."""
        return measures.quiet(self.connection, self.scope.chat, self.back(14), self.last, self.end_ms)

    @cached_property
    def pairs(self) -> Pairs:
        first = (self.scope.last - timedelta(days=_COHORT_DAYS - 1)).isoformat()
        return measures.cohorts(self.connection, self.scope.chat, first, self.last, self.over, RETENTION_DAYS)

    @cached_property
    def links(self) -> tuple[int, int, int]:
        return measures.links(self.connection, self.scope.chat, self.first, self.last, self.active_people)

    @cached_property
    def answers(self) -> tuple[int, int, int, float | None]:
        return measures.answers(self.connection, self.scope.chat, self.first, self.last, 30 * 60_000)

    def did(self, column: str) -> int:
        return measures.did(self.connection, self.scope.chat, self.first, self.last, column)

    def noted(self, what: str, containing: str = "") -> int:
        return measures.noted(self.connection, self.scope.chat, what, *self.span, containing)

    def notes(self, what: str) -> Sequence[Any]:
        return measures.notes(self.connection, self.scope.chat, what, *self.span)

    def takers(self, week: int) -> set[tuple[int, int]]:
        """Who took part in a play in the last week of the scope (0) or the one before (1)."""
        last = shifted(self.last, -7 * week)
        columns = ("checkins", "quiz", "chain")
        return measures.takers(self.connection, self.scope.chat, shifted(last, -6), last, columns)

    @cached_property
    def standing(self) -> Mapping[str, Mapping[str, int]]:
        """Scheme → value → people, as of the scope's last day."""
        return standings.shares(self.connection, self.scope.chat, self.last)

    @cached_property
    def opening(self) -> str | None:
        chat = self.scope.chat
        return measures.opening(self.connection, chat) if isinstance(chat, int) else None
