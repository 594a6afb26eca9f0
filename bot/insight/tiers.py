"""The tiers of a group for operators: who stands where and why, how far from 75/15/10, who moved, who may leave, who to win.

Reading can't be seen on QQ or WeChat. So there are three kinds of quiet people, and the difference between the first two is not
known: who never spoke may read everything or nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection

from bot.core.intervals import Interval, wilson
from bot.core.tiers import LADDER, PYRAMID, SILENT_DAYS, Facts, Placed, Promising, at_risk, place, shortlist
from storage import people, standings


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """`before`: the share a month earlier, None when nothing was known then. `norm`: the healthy share, None where there is none."""

    value: str
    people: int
    share: float
    interval: Interval | None
    norm: float | None
    before: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiers:
    """`moves`: (state a month ago, state now) → people, "" for not in the group. `never_spoke`, `went_silent`: lurkers."""

    day: str
    observed: int
    placed: tuple[Placed, ...]
    pyramid: tuple[Share, ...]
    ladder: tuple[Share, ...]
    rfm: Mapping[str, int]
    moves: Mapping[tuple[str, str], int]
    never_spoke: tuple[Facts, ...]
    went_silent: tuple[Facts, ...]
    at_risk: tuple[tuple[Facts, tuple[str, str]], ...]
    shortlist: tuple[Promising, ...]


def tiers_of(connection: Connection, chat: int, day: date, *, drift_days: int = 30) -> Tiers:
    """The group's tiers as of the end of `day`, counted now from the rollups; the history is what the nights wrote."""
    last, then = day.isoformat(), (day - timedelta(days=drift_days)).isoformat()
    everyone, observed = people.month(connection, chat, last)
    placed = place(everyone, observed)
    earlier = standings.shares(connection, chat, then)
    silent = [f for f in everyone if f.silent_days is not None and f.silent_days >= SILENT_DAYS]
    risks = [(facts, why) for facts in everyone if (why := at_risk(facts)) is not None]
    return Tiers(
        day=last,
        observed=observed,
        placed=tuple(placed),
        pyramid=_shares(Counter(each.pyramid for each in placed), earlier.get("pyramid", {}), PYRAMID),
        ladder=_shares(Counter(each.ladder for each in placed), earlier.get("ladder", {}), dict.fromkeys(LADDER)),
        rfm=Counter(each.rfm for each in placed),
        moves=standings.transitions(connection, chat, "ladder", then, last),
        never_spoke=tuple(f for f in everyone if f.silent_days is None),
        went_silent=tuple(sorted(silent, key=lambda f: (-(f.silent_days or 0), f.uid))),
        at_risk=tuple(sorted(risks, key=lambda each: (each[0].days_now - each[0].days_before, each[0].uid))),
        shortlist=tuple(shortlist(everyone, observed)),
    )


def _shares(now: Counter[str], before: Mapping[str, int], norms: Mapping[str, float | None]) -> tuple[Share, ...]:
    of, then = now.total(), sum(before.values())
    return tuple(
        Share(
            value=value,
            people=now[value],
            share=now[value] / of if of else 0.0,
            interval=wilson(now[value], of),
            norm=norm,
            before=before.get(value, 0) / then if then else None,
        )
        for value, norm in norms.items()
    )
