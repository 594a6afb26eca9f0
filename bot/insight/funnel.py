"""Funnels: how many of those who came took the next step. A step counts people who took it and every step before it.

`newcomers` is the way into the group (拉新-留存-活跃-转化), `of_playbook` one step per play of a playbook.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias

from sqlalchemy import Connection

from bot.core.intervals import Interval, wilson
from bot.core.retention import shifted
from storage import measures

if TYPE_CHECKING:
    from bot.insight.figures import Figures, Scope

Person: TypeAlias = tuple[int, int]
"""(group, member)."""
_DAY_MS = 86_400_000
_WATCHED = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """`people` took this step and all before it; `took` took it at all. `of_first`, `of_previous`: shares, None of nobody;
    `interval` is that of `of_previous`."""

    id: str
    zh: str
    en: str
    people: int
    took: int
    of_first: float | None
    of_previous: float | None
    interval: Interval | None


def newcomers(figures: Figures) -> tuple[Step, ...]:
    """Of those who joined in the scope, 14 days or longer ago: spoke, took part in a play, were active in the second week."""
    scope = figures.scope
    until = figures.span[1] - _WATCHED * _DAY_MS
    joined = measures.joined(figures.connection, scope.chat, figures.span[0], until) if figures.days else []
    came = {(row.chat_id, row.member_id): _day(row.joined_at) for row in joined}
    spoke: set[Person] = set()
    played: set[Person] = set()
    stayed: set[Person] = set()
    rows = (
        measures.deeds_of_joined(
            figures.connection, scope.chat, shifted(min(came.values()), -1), figures.last, figures.span[0], until
        )
        if came
        else ()
    )
    for row in rows:
        person = (row.chat_id, row.member_id)
        began = came.get(person)
        # A day of the group may begin before the day of UTC that the join falls on.
        if began is None or not shifted(began, -1) <= row.day < shifted(began, _WATCHED):
            continue
        if row.msgs:
            spoke.add(person)
        if row.plays:
            played.add(person)
        if row.day >= shifted(began, 7):
            stayed.add(person)
    return _steps(
        [
            ("joined", "入群", "joined", set(came)),
            ("spoke", "发言", "spoke", spoke),
            ("took_part", "参加玩法", "took part in a play", played),
            ("returned", "第二周仍活跃", "active in the second week", stayed),
        ]
    )


def of_playbook(connection: Connection, scope: Scope, playbook: str) -> tuple[Step, ...]:
    """Of those who are in the group: who spoke, then who did anything in each play of the playbook, in the order in which
    the plays began. Empty when the playbook never ran there."""
    assert isinstance(scope.chat, int)
    found = measures.days(connection, scope.chat, scope.first.isoformat(), scope.last.isoformat())
    runs = measures.runs_of(connection, scope.chat, playbook)
    if not runs or not found:
        return ()
    span = (found[0].from_at, found[-1].to_at)
    here = {(scope.chat, who) for who in measures.present(connection, scope.chat)}
    first, last = scope.first.isoformat(), scope.last.isoformat()
    spoke = measures.takers(connection, scope.chat, first, last, ("msgs",))
    stages = [("members", "在群", "in the group", here), ("spoke", "发言", "spoke", spoke & here)]
    doers: defaultdict[int, set[Person]] = defaultdict(set)
    for row in measures.doers(connection, [run.id for run in runs], *span):
        doers[row.run_id].add((scope.chat, row.member_id))
    for run in runs:
        name = run.ref.partition("/")[2]
        if doers[run.id]:
            stages.append((run.ref, name, name, doers[run.id] & here))
    return _steps(stages)


def _steps(stages: list[tuple[str, str, str, set[Person]]]) -> tuple[Step, ...]:
    found: list[Step] = []
    left: set[Person] = set()
    for place, (id, zh, en, took) in enumerate(stages):
        before = len(left)
        left = took if place == 0 else left & took
        first = found[0].people if found else len(left)
        found.append(
            Step(
                id=id,
                zh=zh,
                en=en,
                people=len(left),
                took=len(took),
                of_first=len(left) / first if first else None,
                of_previous=(len(left) / before if before else None) if place else None,
                interval=wilson(len(left), before) if place else None,
            )
        )
    return tuple(found)


def _day(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).date().isoformat()
