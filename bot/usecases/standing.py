"""The tiers of one group as a page shows them: shares beside what is healthy, moves, the drift of weeks, short lists with reasons."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from sqlalchemy import Connection

from bot.console.ports import insight as views
from bot.console.ports.insight import Place, Tiers
from bot.console.words import Language
from bot.core.tiers import ENGLISH, LADDER, PYRAMID, Facts
from bot.insight.tiers import Share, tiers_of
from storage import standings

_WEEKS = 12
_MOST_NAMES = 30


def tiers_of_group(
    connection: Connection, chat: int, place: Place, day: date, language: Language, *, with_people: bool
) -> Tiers:
    """`with_people` False: nobody is named."""
    found, is_en = tiers_of(connection, chat, day), language == "en"
    moves = tuple(views.Move(old=old, new=new, people=n) for (old, new), n in found.moves.items() if old)
    states = [value for value in (*LADDER, "") if any(value in (each.old, each.new) for each in moves)]
    silent = ("silent for {} days" if is_en else "{} 天没说话").format
    return Tiers(
        group=place, day=found.day, observed=found.observed,
        pyramid=_shares(found.pyramid, language), ladder=_shares(found.ladder, language),
        rfm=tuple((_name(name, language), n) for name, n in sorted(found.rfm.items(), key=lambda each: -each[1])),
        states=tuple((value, _name(value, language)) for value in states), moves=moves,
        drift=_drift(connection, chat, day),
        shortlist=_named(((each.facts, each.title, each.because[is_en]) for each in found.shortlist), with_people),
        at_risk=_named(((facts, "", why[is_en]) for facts, why in found.at_risk), with_people),
        went_silent=_named(((facts, "", silent(facts.silent_days)) for facts in found.went_silent), with_people),
        risky=len(found.at_risk), silent=len(found.went_silent), never_spoke=len(found.never_spoke),
    )  # fmt: skip


def _shares(shares: Iterable[Share], language: Language) -> tuple[views.Share, ...]:
    return tuple(
        views.Share(
            value=each.value, name=_name(each.value, language), people=each.people, share=each.share,
            low=each.interval.low if each.interval else None, high=each.interval.high if each.interval else None,
            norm=each.norm, before=each.before,
        )
        for each in shares
    )  # fmt: skip


def _named(people: Iterable[tuple[Facts, str, str]], with_people: bool) -> tuple[views.Somebody, ...]:
    return tuple(
        views.Somebody(uid=facts.uid, name=facts.name or facts.uid, title=title, because=why)
        for facts, title, why in (list(people)[:_MOST_NAMES] if with_people else ())
    )


def _drift(connection: Connection, chat: int, day: date) -> tuple[views.Standing, ...]:
    found = []
    for week in range(_WEEKS - 1, -1, -1):
        then = (day - timedelta(days=7 * week)).isoformat()
        counts = standings.shares(connection, chat, then).get("pyramid", {})
        if counts:
            found.append(views.Standing(day=then, people=tuple(counts.get(value, 0) for value in PYRAMID)))
    return tuple(found)


def _name(value: str, language: Language) -> str:
    return ENGLISH.get(value, value) if language == "en" else value
