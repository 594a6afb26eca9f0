"""The fifty metrics once more, from the raw log alone: plain loops over messages, events, notes and memberships.

Nothing here reads a rollup but `standing`, which is where tiers live. Days are counted by arithmetic on the moments.
"""

from __future__ import annotations

import json
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select

from bot.core.conversation import asks
from storage import tables as t
from tests.insight.scene import DAY_MS, HOUR_MS, MONDAY_MS, number_of

FIRST, LAST = 10, 39
"""Numbers of the scope's days, both included."""
_Plain = Callable[["Log"], "float | None"]
PLAIN: dict[str, _Plain] = {}


def plain(id: str) -> Callable[[_Plain], _Plain]:
    def keep(compute: _Plain) -> _Plain:
        PLAIN[id] = compute
        return compute

    return keep


@dataclass
class Log:
    """`active`: day number → people. `firsts`: person → first day. Bots are left out everywhere."""

    messages: list[Any]
    events: list[Any]
    notes: list[Any]
    memberships: list[Any]
    standing: Mapping[str, Counter[str]]
    bots: set[int]
    uids: Mapping[str, int]
    active: Mapping[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    msgs: Mapping[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    helped: Mapping[tuple[int, int], int] = field(default_factory=dict)

    def span(self, first: int = FIRST, last: int = LAST) -> set[int]:
        return set().union(*(self.active[n] for n in range(first, last + 1)))

    @property
    def here(self) -> set[int]:
        return {m.member_id for m in self.memberships if m.left_at is None}

    def members_on(self, day: int) -> int:
        end = MONDAY_MS + (day + 1) * DAY_MS
        return sum(
            (m.joined_at is None or m.joined_at < end) and (m.left_at is None or m.left_at >= end)
            for m in self.memberships
        )

    def noted(self, what: str, first: int = FIRST, last: int = LAST) -> list[Any]:
        return [n for n in self.notes if n.what == what and first <= number_of(n.at) <= last]

    def said(self) -> list[Any]:
        return [m for m in self.messages if FIRST <= number_of(m.sent_at) <= LAST]

    @property
    def firsts(self) -> dict[int, int]:
        found: dict[int, int] = {}
        for day in sorted(self.active):
            for who in self.active[day]:
                found.setdefault(who, day)
        return found

    @property
    def questions(self) -> list[tuple[Any, int | None]]:
        """(message, wait in ms or None) of every question of the scope, by the rules of the handbook."""
        found = []
        for place, asked in enumerate(self.messages):
            if not asks(asked.text) or not FIRST <= number_of(asked.sent_at) <= LAST:
                continue
            later = [m for m in self.messages[place + 1 :] if m.member_id != asked.member_id]
            quoted = [
                m.sent_at - asked.sent_at
                for m in later
                if m.sent_at - asked.sent_at <= 6 * HOUR_MS
                and (m.reply_to == asked.platform_id or asked.member_id in mentioned(self, m))
            ]
            near = [
                m.sent_at - asked.sent_at
                for m in later
                if m.sent_at - asked.sent_at <= HOUR_MS // 6 and not m.reply_to and not asks(m.text)
            ]
            found.append((asked, (quoted or near or [None])[0]))
        return found

    @property
    def links(self) -> list[tuple[int, int]]:
        """(who, to whom) of every quote and mention of the scope. A quote is found where its message lies in the same day, or is
        older or younger by a few hours of the night."""
        found = []
        for message in self.said():
            begin = MONDAY_MS + number_of(message.sent_at) * DAY_MS
            around = (m for m in self.messages if begin <= m.sent_at < begin + DAY_MS + 6 * HOUR_MS)
            author = {m.platform_id: m.member_id for m in around}
            tos = {author.get(message.reply_to)} | set(mentioned(self, message))
            found += [(message.member_id, to) for to in tos if to is not None and to != message.member_id]
        there = self.span()
        return [pair for pair in found if pair[1] in there]


def mentioned(log: Log, message: Any) -> list[int]:
    return [log.uids[uid] for uid in json.loads(message.mentions or "[]") if uid in log.uids]


def read(connection: Connection) -> Log:
    """Everything, read as it lies there."""
    members = connection.execute(select(t.member)).all()
    bots = {m.id for m in members if m.is_bot}
    messages = [m for m in connection.execute(select(t.message).order_by(t.message.c.sent_at, t.message.c.id)) if m.member_id not in bots]  # fmt: skip
    now = connection.execute(select(t.standing).where(t.standing.c.until.is_(None))).all()
    standing: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in now:
        standing[row.scheme][row.value] += 1
    log = Log(
        messages=messages,
        events=list(connection.execute(select(t.event))),
        notes=list(connection.execute(select(t.note).order_by(t.note.c.at, t.note.c.id))),
        memberships=[m for m in connection.execute(select(t.membership)) if m.member_id not in bots],
        standing=standing,
        bots=bots,
        uids={m.uid: m.id for m in members},
        helped={(r.member_id, r.day): r.helped for r in connection.execute(select(t.member_day)) if r.helped},
    )
    for message in messages:
        log.active[number_of(message.sent_at)].add(message.member_id)
        log.msgs[number_of(message.sent_at)].add(message.member_id)
    for note in log.notes:
        if note.what in ("checkin", "quiz", "chain_entry"):
            log.active[number_of(note.at)].add(note.member_id)
    return log


def share(hits: int, of: int) -> float | None:
    return hits / of if of else None


def mean(values: list[float]) -> float | None:
    return statistics.fmean(values) if values else None


SPAN = range(FIRST, LAST + 1)

PLAIN["activity.dau"] = lambda log: mean([len(log.active[n]) for n in SPAN])
PLAIN["activity.wau"] = lambda log: len(log.span(33))
PLAIN["activity.mau"] = lambda log: len(log.span())
PLAIN["activity.dau_mau"] = lambda log: sum(len(log.active[n]) for n in SPAN) / 30 / len(log.span())
PLAIN["activity.msgs_per_day"] = lambda log: len(log.said()) / 30


@plain("activity.decay")
def decay(log: Log) -> float | None:
    began = min(log.firsts.values())
    early, late = (sum(len(log.active[began + n]) for n in days) / len(days) for days in (range(7), range(14, 28)))
    return late / early


def _retention(n: int) -> _Plain:
    def compute(log: Log) -> float | None:
        cohort = {who: day for who, day in log.firsts.items() if day + n <= LAST}
        return share(sum(who in log.active[day + n] for who, day in cohort.items()), len(cohort))

    return compute


for _n in (1, 7, 30):
    PLAIN[f"retention.d{_n}"] = _retention(_n)


@plain("retention.feature")
def feature(log: Log) -> float | None:
    def took(first: int, last: int) -> set[int]:
        return {n.member_id for what in ("checkin", "quiz", "chain_entry") for n in log.noted(what, first, last)}

    return share(len(took(26, 32) & took(33, 39)), len(took(26, 32)))


@plain("checkin.retention_d21")
def d21(log: Log) -> float | None:
    days: defaultdict[int, list[int]] = defaultdict(list)
    for note in log.noted("checkin", 0, 39):
        days[note.member_id].append(number_of(note.at))
    ripe = {who: own for who, own in days.items() if min(own) + 21 <= LAST}
    return share(sum(any(19 <= day - min(own) <= 21 for day in own) for own in ripe.values()), len(ripe))


def _moved(kind: str) -> _Plain:
    return lambda log: sum(e.kind == kind and FIRST <= number_of(e.at) <= LAST for e in log.events)


PLAIN["growth.joins"], PLAIN["growth.leaves"] = _moved("MemberJoined"), _moved("MemberLeft")
PLAIN["growth.net"] = lambda log: PLAIN["growth.joins"](log) - PLAIN["growth.leaves"](log)  # type: ignore[operator]


@plain("growth.leave_rate")
def leave_rate(log: Log) -> float | None:
    joins, leaves = PLAIN["growth.joins"](log), PLAIN["growth.leaves"](log)
    assert joins is not None
    assert leaves is not None
    on_first = [e.kind for e in log.events if number_of(e.at) == FIRST]
    begin = log.members_on(FIRST) - on_first.count("MemberJoined") + on_first.count("MemberLeft")
    return leaves / (begin + joins)


@plain("growth.invited_share")
def invited(log: Log) -> float | None:
    joins = [e for e in log.events if e.kind == "MemberJoined" and FIRST <= number_of(e.at) <= LAST]
    return share(sum("by" in json.loads(e.data) for e in joins), len(joins))


PLAIN["reach.penetration"] = lambda log: share(len(log.span()), len(log.here))
PLAIN["reach.silent_share"] = lambda log: share(
    sum(who in log.firsts and not any(who in log.active[n] for n in range(26, 40)) for who in log.here), len(log.here)
)
PLAIN["reach.never_share"] = lambda log: share(sum(who not in log.firsts for who in log.here), len(log.here))


@plain("wake.uplift")
def uplift(log: Log) -> float | None:
    shares = []
    for arm in ("told", "held"):
        people = [n for n in log.noted("reached") if json.loads(n.data)["arm"] == arm]
        spoke = [any(n.member_id in log.msgs[number_of(n.at) + d] for d in range(1, 8)) for n in people]
        shares.append(sum(spoke) / len(people))
    return shares[0] - shares[1]


PLAIN["interaction.rate"] = lambda log: share(len({who for pair in log.links for who in pair}), len(log.span()))
PLAIN["interaction.answered_share"] = lambda log: share(len({to for _, to in log.links}), len(log.span()))
PLAIN["interaction.frequency"] = lambda log: len(log.said()) / sum(len(log.active[n]) for n in SPAN)
PLAIN["interaction.quality"] = lambda log: share(sum(bool(m.reply_to) for m in log.said()), len(log.said()))
PLAIN["interaction.length"] = lambda log: mean([len(m.text) for m in log.said()])
PLAIN["interaction.helped"] = lambda log: sum(n for (_, day), n in log.helped.items() if day >= "2026-03-12") / 30
PLAIN["rules.false_alarm_rate"] = lambda log: share(len(log.noted("undone")), len(log.noted("verdict")))


@plain("checkin.rate")
def checkin_rate(log: Log) -> float | None:
    return mean([len({n.member_id for n in log.noted("checkin", day, day)}) / log.members_on(day) for day in SPAN])


PLAIN["checkin.members"] = lambda log: len({n.member_id for n in log.noted("checkin")})
PLAIN["checkin.days"] = lambda log: share(len(log.noted("checkin")), len({n.member_id for n in log.noted("checkin")}))
PLAIN["quiz.participation"] = lambda log: share(len({n.member_id for n in log.noted("quiz")}), len(log.span()))
PLAIN["quiz.accuracy"] = lambda log: mean([json.loads(n.data)["is_right"] for n in log.noted("quiz")])
PLAIN["chain.entries"] = lambda log: len(log.noted("chain_entry"))
PLAIN["chain.entries_per_week"] = lambda log: len(log.noted("chain_entry")) / (30 / 7)


def _waits(log: Log) -> list[int]:
    return [wait for _, wait in log.questions if wait is not None]


PLAIN["service.response_time"] = lambda log: statistics.median(_waits(log)) / 60_000
PLAIN["service.answer_rate"] = lambda log: share(len(_waits(log)), len(log.questions))
PLAIN["service.within_30m"] = lambda log: share(sum(w <= HOUR_MS // 2 for w in _waits(log)), len(log.questions))


@plain("nps.score")
def nps(log: Log) -> float | None:
    scores = [json.loads(n.data)["score"] for n in log.noted("nps")]
    return 100 * (sum(s > 8 for s in scores) - sum(s < 7 for s in scores)) / len(scores)


PLAIN["nps.response_rate"] = lambda log: share(len({n.member_id for n in log.noted("nps")}), len(log.here))
PLAIN["content.cadence"] = lambda log: len(log.noted("post")) / (30 / 7)


def _sources(*wanted: str) -> _Plain:
    def compute(log: Log) -> float | None:
        tags = [source for n in log.noted("post") if (source := json.loads(n.data)["source"])]
        return share(sum(tag in wanted for tag in tags), len(tags))

    return compute


PLAIN["content.pgc_share"] = _sources("pgc", "pugc")
PLAIN["content.ugc_share"], PLAIN["content.ogc_share"] = _sources("ugc"), _sources("ogc")


def _responses(log: Log) -> list[int]:
    return [
        len({m.member_id for m in log.messages if 0 <= m.sent_at - post.at < HOUR_MS}) for post in log.noted("post")
    ]


PLAIN["campaign.replies_per_post"] = lambda log: mean([float(n) for n in _responses(log)])
PLAIN["campaign.reach"] = lambda log: (
    sum(_responses(log)) / sum(log.members_on(number_of(post.at)) for post in log.noted("post"))
)


@plain("funnel.conversion")
def conversion(log: Log) -> float | None:
    end = MONDAY_MS + 40 * DAY_MS
    joined = {
        m.member_id: (m.joined_at + 8 * HOUR_MS - MONDAY_MS - 8 * HOUR_MS) // DAY_MS
        for m in log.memberships
        if MONDAY_MS + FIRST * DAY_MS <= m.joined_at < end - 14 * DAY_MS
    }
    deeds = {
        (n.member_id, number_of(n.at)) for w in ("checkin", "quiz", "chain_entry") for n in log.notes if n.what == w
    }
    done = 0
    for who, day in joined.items():
        spoke = any(who in log.msgs[day + n] for n in range(14))
        played = any((who, day + n) in deeds for n in range(14))
        done += spoke and played and any(who in log.active[day + n] for n in range(7, 14))
    return share(done, len(joined))


@plain("welcome.introduced_d7")
def introduced(log: Log) -> float | None:
    end = MONDAY_MS + 40 * DAY_MS
    wrote = {n.member_id: n.at for n in log.noted("self_intro")}
    ripe = [m for m in log.memberships if MONDAY_MS + FIRST * DAY_MS <= m.joined_at < end - 7 * DAY_MS]
    return share(sum(0 <= wrote.get(m.member_id, -1) - m.joined_at <= 7 * DAY_MS for m in ripe), len(ripe))


def _placed(log: Log, scheme: str, *values: str) -> int:
    return sum(log.standing[scheme][value] for value in values)


PLAIN["tier.core_share"] = lambda log: share(_placed(log, "pyramid", "核心"), log.standing["pyramid"].total())
PLAIN["tier.active_share"] = lambda log: share(_placed(log, "pyramid", "激活"), log.standing["pyramid"].total())
PLAIN["tier.koc_share"] = lambda log: share(_placed(log, "ladder", "KOC", "KOL"), _placed(log, "pyramid", "核心"))
