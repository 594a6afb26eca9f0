"""Retention of one group's newcomers, apart by when they came, how they came, or what they took part in first."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from sqlalchemy import Connection

from bot.core.intervals import Interval, wilson
from bot.core.retention import shifted
from bot.insight.figures import Scope
from storage import measures

By = Literal["cohort", "channel", "play"]
DAYS = (1, 7, 30)
_KINDS = ("checkins", "quiz", "chain")
LABELS: Mapping[str, tuple[str, str]] = {
    "invited": ("成员邀请", "invited by a member"),
    "approved": ("申请通过", "approved"),
    "unknown": ("其他途径", "other ways"),
    "checkins": ("第一周打过卡", "checked in within a week"),
    "quiz": ("第一周答过题", "answered a quiz within a week"),
    "chain": ("第一周接过龙", "joined a 接龙 within a week"),
    "none": ("第一周没参加玩法", "took part in nothing within a week"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Of `of` people whose n-th day is over `hits` were active on it; `interval` is Wilson's, None of nobody."""

    n: int
    hits: int
    of: int
    interval: Interval | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """`id`: a week (its first day) or a key of `LABELS`. `size`: everybody of it, ripe or not."""

    id: str
    zh: str
    en: str
    size: int
    kept: tuple[Kept, ...]


def retention(connection: Connection, scope: Scope, by: By = "cohort") -> tuple[Cohort, ...]:
    """The cohorts of those whose first day lies in the scope. Somebody who took part in two plays is in both."""
    assert isinstance(scope.chat, int)
    first, last = scope.first.isoformat(), scope.last.isoformat()
    over = min(scope.last, scope.today - timedelta(days=1)).isoformat()
    born = {who: day for who, day in measures.lives(connection, scope.chat) if first <= day <= last}
    rows = measures.deeds_of_kinds(connection, scope.chat, first, over, born)
    active: defaultdict[int, set[str]] = defaultdict(set)
    kinds: defaultdict[int, set[str]] = defaultdict(set)
    for row in rows:
        active[row.member_id].add(row.day)
        if row.day < shifted(born[row.member_id], 7):
            kinds[row.member_id].update(kind for kind in _KINDS if getattr(row, kind) > 0)
    groups: defaultdict[str, list[int]] = defaultdict(list)
    channels = _channels(connection, scope.chat) if by == "channel" else {}
    for who, day in sorted(born.items()):
        for label in _labels(by, who, day, channels, kinds):
            groups[label].append(who)
    order = sorted(groups) if by == "cohort" else [label for label in LABELS if label in groups]
    return tuple(_cohort(label, groups[label], born, active, over) for label in order)


def _labels(by: By, who: int, day: str, channels: Mapping[int, str], kinds: Mapping[int, set[str]]) -> tuple[str, ...]:
    if by == "cohort":
        return (_week(day),)
    if by == "channel":
        return (channels.get(who, "unknown"),)
    return tuple(sorted(kinds.get(who, ()))) or ("none",)


def _cohort(
    label: str, people: list[int], born: Mapping[int, str], active: Mapping[int, set[str]], over: str
) -> Cohort:
    kept = []
    for n in DAYS:
        ripe = [who for who in people if shifted(born[who], n) <= over]
        hits = sum(shifted(born[who], n) in active[who] for who in ripe)
        kept.append(Kept(n=n, hits=hits, of=len(ripe), interval=wilson(hits, len(ripe))))
    zh, en = LABELS.get(label, (f"{label} 那一周", f"week of {label}"))
    return Cohort(id=label, zh=zh, en=en, size=len(people), kept=tuple(kept))


def _week(day: str) -> str:
    """The Monday of the day's week."""
    found = date.fromisoformat(day)
    return (found - timedelta(days=found.weekday())).isoformat()


def _channels(connection: Connection, chat: int) -> dict[int, str]:
    """Member → how they came, by their newest join that was heard."""
    found: dict[int, str] = {}
    for row in measures.join_events(connection, chat, 0, 1 << 60):
        data = json.loads(row.data)
        if data.get("how") == "approved":
            found[row.member_id] = "approved"
        else:
            found[row.member_id] = "invited" if data.get("by") or data.get("how") == "invited" else "unknown"
    return found
