"""What fires by schedule in a week, purely: from the plays that run in groups to occurrences with their groups.

Groups that share a version of a play share its occurrences: a thousand groups of one playbook cost as much as one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from bot.core.effects import Words
from bot.core.play import Context, Schedule
from bot.engine import runner
from bot.engine.calendar import next_fire
from bot.engine.runner import Facts
from bot.playbook.model import ActivePlay, GroupPlan
from bot.plays.campaign import agenda, content
from bot.plays.campaign.agenda import Item
from bot.plays.campaign.params import Params, Row
from bot.plays.campaign.state import State

CAMPAIGN = "campaign"
WHAT: Mapping[tuple[str, str], str] = {
    ("checkin", "remind"): "checkin_remind", ("checkin", "summary"): "checkin_summary", ("quiz", "start"): "quiz",
    ("rules", "close"): "rules_close", ("rules", "open"): "rules_open", ("chain", "open"): "chain_open",
    ("report", "report"): "report", ("certificate", "award"): "certificate",
    ("levels", "count"): "levels", ("badges", "judge"): "badges", ("honours", "open"): "honours_open",
    ("survey", "open"): "survey_open",
}  # fmt: skip
"""(kind, beginning of a schedule's name) → what it does, for people. Others do nothing that a group would see."""
TIMERS: Mapping[tuple[str, str], str] = {
    ("chain", "close"): "chain_close", ("chain", "remind"): "chain_remind", ("chain", "post"): "chain_post",
    ("honours", "close"): "honours_close", ("survey", "close"): "survey_close", ("survey", "remind"): "survey_remind",
}  # fmt: skip
_MOST = 100
"""Firings of one schedule in a week that are shown."""


@dataclass(frozen=True, slots=True)
class Group:
    """`account` speaks there; `size` counts its members."""

    id: int
    uid: str
    name: str
    size: int
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One occurrence: `name` is the schedule's, `at` its time, `clock` and `day` the same on the playbook's wall clock.

    `parts`: messages that it sends in each group, None: nobody knows before; 0: its content is missing. `spread_s`: over
    how long groups are spread.
    """

    ref: str
    kind: str
    name: str
    title: str
    what: str
    at: datetime
    local: datetime
    groups: tuple[Group, ...]
    active: ActivePlay | None = None
    item: Item | None = None
    parts: int | None = 1
    lasts_s: int = 0
    spread_s: int = 0
    hand: str = ""
    """Which order of an operator it was; then nothing was scheduled."""
    is_quiet: bool = False
    """Due in the playbook's quiet hours."""

    @property
    def slot(self) -> str:
        return self.item.post.slot if self.item is not None and isinstance(self.item.post, Row) else ""

    @property
    def occurrence(self) -> str:
        """As a campaign notes it; what else fires is known by its name and time alike."""
        return f"{self.name}@hand:{self.hand}" if self.hand else f"{self.name}@{self.at.isoformat()}"

    @property
    def schedule(self) -> str:
        """The name of the row of `schedule`."""
        return f"{agenda.PREFIX}{self.name}" if self.item is not None else self.name


def firings(schedule: Schedule, first: date, active: ActivePlay) -> Iterator[datetime]:
    """Nominal times in the seven days from `first` on."""
    zone = active.header.zone
    begin = datetime.combine(first, datetime.min.time(), zone).astimezone(UTC)
    end = datetime.combine(first + timedelta(days=7), datetime.min.time(), zone).astimezone(UTC)
    at = next_fire(schedule, begin - timedelta(seconds=1), zone)
    for _ in range(_MOST):
        if at is None or at >= end:
            return
        yield at
        at = next_fire(schedule, at, zone)


def planned(
    active: ActivePlay, plan: GroupPlan, groups: Sequence[Group], first: date, states: Mapping[str, State]
) -> Iterator[Planned]:  # fmt: skip
    """The week of one play in the groups that share its version. `states`: of a campaign's runs, by group."""
    if isinstance(active.params, Params):
        for item in agenda.items(active.params):
            yield from _posts(active, active.params, plan, item, groups, first, states)
        return
    for schedule in active.play.schedules(active.params):
        what = WHAT.get((active.play.kind, schedule.name.partition(":")[0]))
        for at in firings(schedule, first, active) if what else ():
            yield Planned(
                ref=active.ref, kind=active.play.kind, name=schedule.name, title=active.name, what=what or "", at=at,
                local=at.astimezone(active.header.zone), groups=tuple(groups), active=active,
                parts=None if active.play.kind in ("quiz", "certificate") else 1, spread_s=schedule.jitter_s,
            )  # fmt: skip


def context_of(active: ActivePlay, plan: GroupPlan, group: Group, at: datetime) -> Context[Params]:
    """What a post knows of this group at that time."""
    facts = Facts(chat_name=group.name or group.uid, group_size=group.size, account=group.account)
    return runner.context(active, at, group.uid, facts, plan)


def preview(item: Item, ctx: Context[Params], began_on: date | None, at: datetime) -> tuple[str, tuple[Words, ...]]:
    """(the variant of this group, the messages of the post)."""
    variant = content.variant_of(item.post, ctx.seed, item.name)
    data = content.variables(item, ctx.params, began_on, ctx.day(at), variant)
    return variant, content.messages(item, ctx, data)


def _posts(
    active: ActivePlay, params: Params, plan: GroupPlan, item: Item, groups: Sequence[Group], first: date,
    states: Mapping[str, State],
) -> Iterator[Planned]:  # fmt: skip
    began = {each.uid: _began(states, each) for each in groups}
    for at in firings(item.schedule, first, active):
        on = context_of(active, plan, groups[0], at).day(at)
        # Weeks are counted from the run's own beginning where the playbook names none: a few days over all groups.
        due = {
            day: agenda.is_due(params, item, on, content.week_and_day(params, day, on)[0])
            for day in set(began.values())
        }
        found = [each for each in groups if due[began[each.uid]]]
        if not found:
            continue
        ctx = context_of(active, plan, found[0], at)
        _, messages = preview(item, ctx, began[found[0].uid], at)
        parts = len(messages)
        yield Planned(
            ref=active.ref, kind=CAMPAIGN, name=item.name, title=item.name, what="", at=at,
            local=at.astimezone(active.header.zone), groups=tuple(found), active=active, item=item,
            parts=min(parts, params.pacing.max_messages) * (item.post.at_most if item.post.via == "private" else 1),
            lasts_s=int(params.pacing.gap.total_seconds()) * max(0, parts - 1), spread_s=item.schedule.jitter_s,
            is_quiet=ctx.is_quiet(at),
        )  # fmt: skip


def _began(states: Mapping[str, State], group: Group) -> date | None:
    state = states.get(group.uid)
    return state.began_on if state is not None else None


def merged(found: Sequence[Planned]) -> list[Planned]:
    """What several versions of a play do at the same time under the same name is one occurrence; in the order of time."""
    by_key: dict[tuple[str, str, datetime], Planned] = {}
    for each in found:
        key = (each.ref, each.name, each.at)
        before = by_key.get(key)
        by_key[key] = each if before is None else replace(before, groups=before.groups + each.groups)
    return sorted(by_key.values(), key=lambda each: (each.at, each.ref, each.name))
