"""What a simulation amounted to: what was sent, to whom, how much of the quota, what never fired, what failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select

from bot.playbook.model import GroupPlan
from bot.sim.simulation import Simulation
from storage import tables as t


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Counts by local day, by play (its name in the playbook) and by kind. `quota` = 0: none is set."""

    days: int
    members: int
    heard: int
    sent_by_day: dict[str, int]
    sent_by_play: dict[str, int]
    to_group: int
    to_members: dict[str, int]
    actions: dict[str, int]
    quota: int
    refused: list[str] = field(default_factory=list)
    undelivered: dict[str, int] = field(default_factory=dict)
    never_fired: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @property
    def sent(self) -> int:
        return sum(self.sent_by_day.values())

    @property
    def busiest(self) -> tuple[str, int]:
        return max(self.sent_by_day.items(), key=lambda item: (item[1], item[0]), default=("", 0))

    def as_dict(self) -> dict[str, Any]:
        return {
            "days": self.days,
            "members": self.members,
            "heard": self.heard,
            "sent": self.sent,
            "sent_by_day": self.sent_by_day,
            "sent_by_play": self.sent_by_play,
            "to_group": self.to_group,
            "to_members": self.to_members,
            "actions": self.actions,
            "quota": {"per_day": self.quota, "busiest_day": self.busiest[0], "busiest": self.busiest[1]},
            "refused": self.refused,
            "undelivered": self.undelivered,
            "never_fired": self.never_fired,
            "failures": self.failures,
        }

    def text(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        day, most = self.busiest
        yield f"{self.days} 天,{self.members} 人,听到 {self.heard} 条,发出 {self.sent} 条"
        private = sum(self.to_members.values())
        yield f"  发给谁    群里 {self.to_group} 条,私聊 {private} 条(给 {len(self.to_members)} 人)"
        if self.actions:
            yield "  做了什么  " + ",".join(f"{name} {count} 次" for name, count in self.actions.items())
        yield "  哪个玩法  " + (",".join(f"{name} {count}" for name, count in self.sent_by_play.items()) or "都没出声")
        yield "  每天      " + " ".join(f"{d[5:]}:{n}" for d, n in self.sent_by_day.items())
        if most:
            share = f",是每天额度 {self.quota} 条的 {most / self.quota:.1%}" if self.quota else ""
            yield f"  最多一天  {day} 发了 {most} 条{share}"
        if self.never_fired:
            yield "  从没动过  " + "、".join(self.never_fired)
        if self.undelivered:
            yield "  没送到    " + ",".join(f"{status} {count}" for status, count in self.undelivered.items())
        for line in self.refused[:10]:
            yield f"  被网络拒绝 {line}"
        if len(self.refused) > 10:
            yield f"  被网络拒绝 …还有 {len(self.refused) - 10} 条"
        for line in self.failures[:10]:
            yield f"  出错      {line}"
        if not self.failures and not self.refused:
            yield "  没有出错,也没有被拒绝"


def report_of(simulation: Simulation, plan: GroupPlan | None) -> Report:
    """Counts the transcript, and asks the simulation's database what fired and what failed."""
    by_day: Counter[str] = Counter()
    by_play: Counter[str] = Counter()
    to_members: Counter[str] = Counter()
    actions: Counter[str] = Counter()
    heard = to_group = 0
    first = simulation.start.date()
    for entry in simulation.transcript.entries:
        if entry.who == "member":
            heard += 1
        if entry.who != "bot":
            continue
        by_day[entry.at.astimezone(simulation.zone).date().isoformat()] += 1
        by_play[play_name(entry.play)] += 1
        if entry.to:
            to_members[entry.to.partition(":")[2]] += 1
        elif entry.kind in ("message", "filemessage", "announcement"):
            to_group += 1
        else:
            actions[_ACTIONS.get(entry.kind, entry.kind)] += 1
    return Report(
        days=(simulation.now.date() - first).days + 1,
        members=sum(not person.is_bot for person in simulation.people.room.people.values()),
        heard=heard,
        sent_by_day=dict(by_day),
        sent_by_play=dict(by_play.most_common()),
        to_group=to_group,
        to_members=dict(to_members.most_common()),
        actions=dict(actions),
        quota=simulation.house.limits.daily_quota,
        refused=[entry.line for entry in simulation.refused],
        undelivered=_undelivered(simulation),
        never_fired=_never_fired(simulation, plan),
        failures=failures(simulation),
    )


_ACTIONS = {
    "recall": "撤回",
    "mute": "禁言",
    "muteall": "全员禁言",
    "kick": "踢出",
    "approve": "审批进群",
    "setcard": "改名片",
    "settitle": "给头衔",
}


def play_name(ref: str) -> str:
    """`<playbook>/<play>` → the play; what the engine does of itself is 群运's."""
    return ref.partition("/")[2] or ref or "群运"


def _rows(simulation: Simulation, query: Any) -> list[Any]:
    connection = simulation.house.connection
    with connection.begin():
        return list(connection.execute(query).all())


def _never_fired(simulation: Simulation, plan: GroupPlan | None) -> list[str]:
    """Plays of which nothing was seen: they sent nothing and noted nothing."""
    noted = select(t.run.c.ref).where(t.run.c.id.in_(select(t.note.c.run_id)))
    queued = select(t.run.c.ref).where(t.run.c.id.in_(select(t.outbox.c.run_id)))
    fired = {row.ref for query in (noted, queued) for row in _rows(simulation, query)}
    return [active.name for ref, active in plan.plays.items() if ref not in fired] if plan is not None else []


def _undelivered(simulation: Simulation) -> dict[str, int]:
    query = (
        select(t.outbox.c.status, func.count())
        .where(t.outbox.c.status.in_(("dead", "expired", "unknown", "ready")))
        .group_by(t.outbox.c.status)
    )
    words = {"dead": "被拒绝", "expired": "过期", "unknown": "不确定", "ready": "还在排队"}
    return {words[status]: count for status, count in _rows(simulation, query)}


def failures(simulation: Simulation) -> list[str]:
    """Steps that raised and events that were buried, each kind once with its count, the latest last."""
    dead = t.dead_event.c
    query = select(dead.ref, dead.error, func.count()).group_by(dead.ref, dead.error).order_by(func.max(dead.id))
    return [
        f"{play_name(ref)}: {error}" + (f" ({count} 次)" if count > 1 else "")
        for ref, error, count in _rows(simulation, query)
    ]
