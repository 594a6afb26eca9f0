"""One function per metric: figures in, a raw number out. The words of each formula are in `bot.core.metrics`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from bot.core.intervals import Interval, difference, nps
from bot.core.retention import Kept, kept, shifted
from bot.insight.figures import Figures
from bot.insight.funnel import newcomers
from storage import measures


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """`hits` of `of` where the value is a share of independent things, so that it has Wilson's interval; `interval` where it has
    one of its own. `is_people`: `of` counts people."""

    value: float | None = None
    hits: int | None = None
    of: int = 0
    interval: Interval | None = None
    is_people: bool = False
    is_too_early: bool = False


COMPUTED: Mapping[str, Callable[[Figures], Raw]]
_found: dict[str, Callable[[Figures], Raw]] = {}
_TOO_EARLY = Raw(is_too_early=True)


def _metric(id: str) -> Callable[[Callable[[Figures], Raw]], Callable[[Figures], Raw]]:
    def keep(compute: Callable[[Figures], Raw]) -> Callable[[Figures], Raw]:
        _found[id] = compute
        return compute

    return keep


def _share(hits: int, of: int, *, is_people: bool = True) -> Raw:
    return Raw(value=hits / of if of else None, hits=hits, of=of, is_people=is_people)


def _ratio(some: float, of: float) -> Raw:
    return Raw(value=some / of if of else None, of=int(of))


def _count(figures: Figures, number: int) -> Raw:
    return Raw(value=float(number) if figures.days else None)


def _per_day(figures: Figures, name: str) -> Raw:
    return _ratio(figures.total(name), len(figures.days))


def _daily_share(figures: Figures, some: str, of: str) -> Raw:
    """The mean over days of a share of that day."""
    shares = [day[some] / day[of] for day in figures.days if day[of]]
    return Raw(value=sum(shares) / len(shares) if shares else None)


# -- activity -----------------------------------------------------------------------------------------------------------


@_metric("activity.dau_mau")
def _dau_mau(figures: Figures) -> Raw:
    if not figures.days or not figures.month:
        return Raw()
    daily = figures.days[-30:]
    return Raw(value=sum(day["active"] for day in daily) / len(daily) / figures.month)


@_metric("activity.dau")
def _dau(figures: Figures) -> Raw:
    return _per_day(figures, "active")


@_metric("activity.wau")
def _wau(figures: Figures) -> Raw:
    return _count(figures, figures.active_in(7))


@_metric("activity.mau")
def _mau(figures: Figures) -> Raw:
    return _count(figures, figures.month)


@_metric("activity.msgs_per_day")
def _msgs_per_day(figures: Figures) -> Raw:
    return _per_day(figures, "msgs")


@_metric("activity.decay")
def _decay(figures: Figures) -> Raw:
    began = figures.opening
    if began is None:
        return Raw()
    if shifted(began, 27) > figures.over:
        return _TOO_EARLY
    early, late = (_mean_active(figures, began, *span) for span in ((0, 6), (14, 27)))
    return _ratio(late, early)


def _mean_active(figures: Figures, began: str, first: int, last: int) -> float:
    days = measures.days(figures.connection, figures.scope.chat, shifted(began, first), shifted(began, last))
    return sum(day["active"] for day in days) / (last - first + 1)


# -- retention ----------------------------------------------------------------------------------------------------------


def _retained(figures: Figures, n: int) -> Raw:
    found: Kept = kept(figures.pairs, n, figures.over)
    return _share(found.hits, found.of) if found.of or not figures.pairs else _TOO_EARLY


@_metric("retention.d1")
def _d1(figures: Figures) -> Raw:
    return _retained(figures, 1)


@_metric("retention.d7")
def _d7(figures: Figures) -> Raw:
    return _retained(figures, 7)


@_metric("retention.d30")
def _d30(figures: Figures) -> Raw:
    return _retained(figures, 30)


@_metric("retention.feature")
def _feature(figures: Figures) -> Raw:
    before = figures.takers(1)
    return _share(len(before & figures.takers(0)), len(before))


@_metric("checkin.retention_d21")
def _checkin_d21(figures: Figures) -> Raw:
    began: dict[tuple[int, int], str] = {}
    back: set[tuple[int, int]] = set()
    for row in measures.deed_days(figures.connection, figures.scope.chat, "checkins", figures.over):
        person = (row.chat_id, row.member_id)
        first = began.setdefault(person, row.day)
        if shifted(first, 19) <= row.day <= shifted(first, 21):
            back.add(person)
    ripe = {person for person, first in began.items() if shifted(first, 21) <= figures.over}
    return _share(len(back & ripe), len(ripe)) if ripe or not began else _TOO_EARLY


# -- growth -------------------------------------------------------------------------------------------------------------


@_metric("growth.net")
def _net(figures: Figures) -> Raw:
    return _count(figures, figures.total("joins") - figures.total("leaves"))


@_metric("growth.joins")
def _joins(figures: Figures) -> Raw:
    return _count(figures, figures.total("joins"))


@_metric("growth.leaves")
def _leaves(figures: Figures) -> Raw:
    return _count(figures, figures.total("leaves"))


@_metric("growth.leave_rate")
def _leave_rate(figures: Figures) -> Raw:
    if not figures.days:
        return Raw()
    first = figures.days[0]
    begin = max(0, first["members"] - first["joins"] + first["leaves"])
    leaves, of = figures.total("leaves"), begin + figures.total("joins")
    return _share(min(leaves, of), of)


@_metric("growth.invited_share")
def _invited(figures: Figures) -> Raw:
    joins = measures.join_events(figures.connection, figures.scope.chat, *figures.span)
    return _share(sum(bool(json.loads(row.data).get("by")) for row in joins), len(joins))


# -- reach --------------------------------------------------------------------------------------------------------------


@_metric("reach.penetration")
def _penetration(figures: Figures) -> Raw:
    # Who was active and left since is still one of those who were there.
    return _share(min(figures.active, figures.members), figures.members)


@_metric("reach.silent_share")
def _silent(figures: Figures) -> Raw:
    return _share(figures.quiet[0], figures.members)


@_metric("reach.never_share")
def _never(figures: Figures) -> Raw:
    return _share(figures.quiet[1], figures.members)


@_metric("wake.uplift")
def _uplift(figures: Figures) -> Raw:
    """Whoever was addressed or held out, and whether they spoke in the 7 days after."""
    arms: dict[str, list[tuple[int, int, str]]] = {"told": [], "held": []}
    for row in figures.notes("reached"):
        data = json.loads(row.data)
        if data.get("arm") in arms and shifted(data["day"], 7) <= figures.over:
            arms[data["arm"]].append((row.chat_id, row.member_id, data["day"]))
    if not all(arms.values()):
        return Raw()
    spoke = [_spoke_after(figures, people) for people in arms.values()]
    (told, held) = (len(people) for people in arms.values())
    return Raw(
        value=spoke[0] / told - spoke[1] / held, of=told + held, is_people=True,
        interval=difference(spoke[0], told, spoke[1], held),
    )  # fmt: skip


def _spoke_after(figures: Figures, people: list[tuple[int, int, str]]) -> int:
    first = min(day for _, _, day in people)
    rows = measures.deeds(figures.connection, figures.scope.chat, first, figures.over, {who for _, who, _ in people})
    spoke = {(row.chat_id, row.member_id, row.day) for row in rows if row.msgs}
    return sum(any((chat, who, shifted(day, n)) in spoke for n in range(1, 8)) for chat, who, day in people)


# -- interaction --------------------------------------------------------------------------------------------------------


@_metric("interaction.rate")
def _interaction(figures: Figures) -> Raw:
    return _share(figures.links[2], figures.active)


@_metric("interaction.answered_share")
def _answered_share(figures: Figures) -> Raw:
    return _share(figures.links[1], figures.active)


@_metric("interaction.frequency")
def _frequency(figures: Figures) -> Raw:
    return _ratio(figures.total("msgs"), figures.total("active"))


@_metric("interaction.quality")
def _quality(figures: Figures) -> Raw:
    return _ratio(figures.total("replies"), figures.total("msgs"))


@_metric("interaction.length")
def _length(figures: Figures) -> Raw:
    return _ratio(figures.total("chars"), figures.total("msgs"))


@_metric("interaction.helped")
def _helped(figures: Figures) -> Raw:
    return _per_day(figures, "helped")


@_metric("rules.false_alarm_rate")
def _false_alarms(figures: Figures) -> Raw:
    verdicts = figures.noted("verdict")
    return _share(min(figures.noted("undone"), verdicts), verdicts, is_people=False)


# -- plays --------------------------------------------------------------------------------------------------------------


@_metric("checkin.rate")
def _checkin_rate(figures: Figures) -> Raw:
    return _daily_share(figures, "checkin_members", "members")


@_metric("checkin.members")
def _checkin_members(figures: Figures) -> Raw:
    return _count(figures, figures.did("checkins"))


@_metric("checkin.days")
def _checkin_days(figures: Figures) -> Raw:
    return _ratio(figures.total("checkin_members"), figures.did("checkins"))


@_metric("quiz.participation")
def _participation(figures: Figures) -> Raw:
    return _share(figures.did("quiz"), figures.active)


@_metric("quiz.accuracy")
def _accuracy(figures: Figures) -> Raw:
    return _share(figures.noted("quiz", '"is_right":true'), figures.noted("quiz"), is_people=False)


@_metric("chain.entries")
def _entries(figures: Figures) -> Raw:
    return _count(figures, figures.noted("chain_entry"))


@_metric("chain.entries_per_week")
def _entries_per_week(figures: Figures) -> Raw:
    return _ratio(figures.noted("chain_entry"), figures.scope.weeks) if figures.days else Raw()


# -- service ------------------------------------------------------------------------------------------------------------


@_metric("service.response_time")
def _response_time(figures: Figures) -> Raw:
    asked, _, _, median = figures.answers
    return Raw(value=median / 60_000 if median is not None else None, of=asked)


@_metric("service.answer_rate")
def _answer_rate(figures: Figures) -> Raw:
    return _share(figures.answers[1], figures.answers[0], is_people=False)


@_metric("service.within_30m")
def _within_30m(figures: Figures) -> Raw:
    return _share(figures.answers[2], figures.answers[0], is_people=False)


@_metric("nps.score")
def _nps(figures: Figures) -> Raw:
    scores = list(_scores(figures).values())
    promoters, detractors = sum(s >= 9 for s in scores), sum(s <= 6 for s in scores)
    found = nps(promoters, len(scores) - promoters - detractors, detractors)
    return Raw(value=found[0], interval=found[1], of=len(scores), is_people=True) if found else Raw()


@_metric("nps.response_rate")
def _nps_responses(figures: Figures) -> Raw:
    answered = {who for _, who in _scores(figures)}
    return _share(min(len(answered), figures.members), figures.members) if answered else Raw()


def _scores(figures: Figures) -> dict[tuple[int, int], int]:
    """(group, member) → the newest score."""
    return {(r.chat_id, r.member_id): int(json.loads(r.data)["score"]) for r in figures.notes("nps")}


# -- content ------------------------------------------------------------------------------------------------------------


@_metric("content.cadence")
def _cadence(figures: Figures) -> Raw:
    return _ratio(figures.total("posts"), figures.scope.weeks) if figures.days else Raw()


def _source_share(figures: Figures, *wanted: str) -> Raw:
    sources = Counter(json.loads(row.data).get("source") or "" for row in figures.notes("post"))
    tagged = sources.total() - sources[""]
    return _share(sum(sources[each] for each in wanted), tagged, is_people=False)


@_metric("content.pgc_share")
def _pgc(figures: Figures) -> Raw:
    return _source_share(figures, "pgc", "pugc")


@_metric("content.ugc_share")
def _ugc(figures: Figures) -> Raw:
    return _source_share(figures, "ugc")


@_metric("content.ogc_share")
def _ogc(figures: Figures) -> Raw:
    return _source_share(figures, "ogc")


@_metric("campaign.replies_per_post")
def _replies_per_post(figures: Figures) -> Raw:
    return _ratio(figures.total("post_replies"), figures.total("posts"))


@_metric("campaign.reach")
def _reach(figures: Figures) -> Raw:
    of = sum(day["posts"] * day["members"] for day in figures.days)
    return Raw(value=min(1.0, figures.total("post_replies") / of) if of else None)


# -- newcomers and tiers ------------------------------------------------------------------------------------------------


@_metric("funnel.conversion")
def _conversion(figures: Figures) -> Raw:
    steps = newcomers(figures)
    return _share(steps[-1].people, steps[0].people) if steps[0].people else _TOO_EARLY if figures.days else Raw()


@_metric("welcome.introduced_d7")
def _introduced(figures: Figures) -> Raw:
    if not figures.days:
        return Raw()
    week = int(timedelta(days=7).total_seconds() * 1000)
    until = figures.span[1] - week
    joined = measures.joined(figures.connection, figures.scope.chat, figures.span[0], max(until, figures.span[0]))
    if not joined:
        return _TOO_EARLY
    wrote = {(row.chat_id, row.member_id): row.at for row in figures.notes("self_intro")}
    hits = sum(0 <= wrote.get((r.chat_id, r.member_id), -1) - r.joined_at <= week for r in joined)
    return _share(hits, len(joined))


def _tier(figures: Figures, scheme: str, *values: str) -> tuple[int, int]:
    found = figures.standing.get(scheme, {})
    return sum(found.get(value, 0) for value in values), sum(found.values())


@_metric("tier.core_share")
def _core(figures: Figures) -> Raw:
    return _share(*_tier(figures, "pyramid", "核心"))


@_metric("tier.active_share")
def _activated(figures: Figures) -> Raw:
    return _share(*_tier(figures, "pyramid", "激活"))


@_metric("tier.koc_share")
def _koc(figures: Figures) -> Raw:
    koc, _ = _tier(figures, "ladder", "KOC", "KOL")
    core, _ = _tier(figures, "pyramid", "核心")
    return _share(min(koc, core), core)


COMPUTED = MappingProxyType(_found)
