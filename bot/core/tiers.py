"""Where a member stands: the pyramid 基础/激活/核心, RFM, the ladder of nine states, and who is about to leave.

All are pure rules over one month of counts, so that a member can be told which rule placed them. The pyramid goes by what
somebody does, not by percentile: 75/15/10 is what a healthy group looks like, and the distance from it is the news.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil

BASE, ACTIVATED, CORE = "基础", "激活", "核心"
PYRAMID: Mapping[str, float] = {BASE: 0.75, ACTIVATED: 0.15, CORE: 0.10}
"""Value → the share that the field holds to be healthy."""
LADDER = ("潜在", "新人", "尝试", "常客", "活跃贡献", "KOC", "KOL", "沉默", "流失")
RFM = {
    (True, True, True): "重要价值", (False, True, True): "重要保持", (True, False, True): "重要发展", (False, False, True): "重要挽留",
    (True, True, False): "一般价值", (False, True, False): "一般保持", (True, False, False): "一般发展", (False, False, False): "一般挽留",
}  # fmt: skip
"""(recent, often, much) → class."""
ENGLISH: Mapping[str, str] = {
    "基础": "base", "激活": "activated", "核心": "core", "潜在": "potential", "新人": "newcomer", "尝试": "trying", "常客": "regular",
    "活跃贡献": "contributor", "KOC": "KOC", "KOL": "KOL", "沉默": "silent", "流失": "lapsed", "重要价值": "champion",
    "重要保持": "to keep", "重要发展": "to develop", "重要挽留": "to win back", "一般价值": "steady", "一般保持": "fading",
    "一般发展": "fresh", "一般挽留": "dormant",
}  # fmt: skip
NAMES: frozenset[str] = frozenset({*PYRAMID, *LADDER})
"""What may follow `tier:` in a playbook."""

MONTH = 30
CORE_DAYS, CORE_GIVEN = 12, 3
ACTIVATED_DAYS = 4
SILENT_DAYS, LAPSED_DAYS = 14, 30
NEW_DAYS = 7
RECENT_DAYS = 7
KOL_PEOPLE, KOL_SHARE = 5, 0.02
KOC_ANSWERS, KOC_PEOPLE = 3, 3
_RISK_DAYS, _RISK_DROP = 6, 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One member's month (the last 30 days), of a person who is in the group.

    `silent_days`: whole days since the last words, None: never spoke as far as the bot heard. `joined_days`: None: unknown.
    `given`: replies and help to others; `plays`: check-ins, answers, lines; `received_from`, `helped_people`: distinct people.
    `answers`: questions of others answered. `days_before`: active days in the four weeks before the last two weeks, `days_now` in
    the last two. `rank`: share of the conversation by `bot.core.influence`.
    """

    id: int
    uid: str = ""
    name: str = ""
    joined_days: int | None = None
    silent_days: int | None = None
    days: int = 0
    msgs: int = 0
    given: int = 0
    plays: int = 0
    received_from: int = 0
    helped_people: int = 0
    answers: int = 0
    days_before: int = 0
    days_now: int = 0
    rank: float = 0.0

    @property
    def contribution(self) -> int:
        """What M of RFM is made of, where no orders are known: help, answers and plays, not mere words."""
        return self.given + 2 * self.answers + self.plays


@dataclass(frozen=True, slots=True)
class Placed:
    """Where one member stands, and in words why."""

    facts: Facts
    pyramid: str
    rfm: str
    ladder: str
    because: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Promising:
    """Somebody for the shortlist: `title` is KOL or KOC, `because` in Chinese and English."""

    facts: Facts
    title: str
    because: tuple[str, str]


def place(people: Iterable[Facts], observed: int = MONTH) -> list[Placed]:
    """Everybody's standing. `observed`: days since the group was opened; a young group needs fewer days."""
    everyone = list(people)
    share = min(1.0, max(1, observed) / MONTH)
    often = _median([facts.days for facts in everyone if facts.days])
    much = _median([facts.contribution for facts in everyone if facts.contribution])
    titles = {each.facts.id: each.title for each in shortlist(everyone, observed)}
    placed = []
    for facts in everyone:
        tier, because = pyramid(facts, share)
        rfm = RFM[
            (
                facts.silent_days is not None and facts.silent_days <= RECENT_DAYS,
                facts.days > 0 and facts.days >= often,
                facts.contribution > 0 and facts.contribution >= much,
            )
        ]
        placed.append(Placed(facts, tier, rfm, ladder(facts, tier, titles.get(facts.id, "")), because))
    return placed


def pyramid(facts: Facts, share: float = 1.0) -> tuple[str, tuple[str, str]]:
    """The tier, and the rule that gave it in Chinese and English. `share` of a month was observed; one
    lively day makes nobody a regular."""
    core, activated = max(3, ceil(CORE_DAYS * share)), max(2, ceil(ACTIVATED_DAYS * share))
    days = (f"最近 {MONTH} 天活跃 {facts.days} 天", f"active on {facts.days} of the last {MONTH} days")
    given = (f"帮助或回复别人 {facts.given} 次", f"helped or answered {facts.given} times")
    both = (f"{days[0]},{given[0]}", f"{days[1]}, {given[1]}")
    if facts.days >= core and facts.given >= CORE_GIVEN:
        return CORE, both
    if facts.days >= activated:
        return ACTIVATED, both if facts.days >= core else days
    return BASE, days


def ladder(facts: Facts, tier: str, title: str = "") -> str:
    """One of the nine states. Silence outweighs what somebody once was."""
    if facts.silent_days is None:
        is_new = facts.joined_days is not None and facts.joined_days <= NEW_DAYS
        return "新人" if is_new else "潜在"
    if facts.silent_days > LAPSED_DAYS:
        return "流失"
    if facts.silent_days >= SILENT_DAYS:
        return "沉默"
    if title:
        return title
    if tier == CORE or (tier == ACTIVATED and facts.given >= CORE_GIVEN):
        return "活跃贡献"
    return "常客" if tier == ACTIVATED else "尝试"


def at_risk(facts: Facts) -> tuple[str, str] | None:
    """Why somebody may be about to leave: a regular whose activity fell by more than half; None: no sign of it."""
    usual = facts.days_before / 2
    if facts.days_before < _RISK_DAYS or facts.days_now > usual * (1 - _RISK_DROP):
        return None
    return (
        f"之前四周活跃 {facts.days_before} 天,最近两周只有 {facts.days_now} 天",
        f"active on {facts.days_before} days of the four weeks before, on {facts.days_now} of the last two weeks",
    )


def shortlist(people: Iterable[Facts], observed: int = MONTH) -> list[Promising]:
    """KOL: whose words draw answers from many, the top of the graph. KOC: who answers many. The best first; nobody is both."""
    everyone = list(people)
    share = min(1.0, max(1, observed) / MONTH)
    alive = [f for f in everyone if f.silent_days is not None and f.silent_days < SILENT_DAYS]
    heard = sorted((f for f in alive if f.received_from >= KOL_PEOPLE), key=lambda f: (-f.rank, f.uid))
    leaders = heard[: max(1, round(KOL_SHARE * len(everyone)))]
    found = [
        Promising(
            f,
            "KOL",
            (
                f"被 {f.received_from} 个人回复或 @,在群里的对话中占 {f.rank:.0%};最近 {MONTH} 天活跃 {f.days} 天",
                f"answered or mentioned by {f.received_from} people, {f.rank:.0%} of the conversation; active on {f.days} days",
            ),
        )
        for f in leaders
    ]
    chosen = {f.id for f in leaders}
    helpers = [
        f
        for f in alive
        if f.id not in chosen
        and f.answers >= KOC_ANSWERS
        and f.helped_people >= KOC_PEOPLE
        and f.days >= ceil(ACTIVATED_DAYS * share)
    ]
    helpers.sort(key=lambda f: (-f.answers, -f.helped_people, f.uid))
    return found + [
        Promising(
            f,
            "KOC",
            (
                f"回答了 {f.answers} 个提问,回应过 {f.helped_people} 个人;最近 {MONTH} 天活跃 {f.days} 天",
                f"answered {f.answers} questions and {f.helped_people} people; active on {f.days} days",
            ),
        )
        for f in helpers
    ]


def _median(values: list[int]) -> float:
    ordered = sorted(values)
    if not ordered:
        return 0.0
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
