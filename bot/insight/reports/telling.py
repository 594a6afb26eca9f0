"""What is worth a sentence: what happened, what stands out, what could be done. Codes and numbers; the words are templates'."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.insight.reports.compare import is_change_of_counts
from bot.insight.reports.gather import Material
from bot.insight.reports.model import DayBar, Figure, Remark, Trend
from storage.measures import DayCounts

_MOST_NOTABLE = 8
_BUSY_SHARE = 0.3
_FEW_SPEAK = 0.8


def story(material: Material, course: Sequence[DayBar]) -> tuple[Remark, ...]:
    """The period in three to six sentences."""
    msgs, before = _sum(material.days, "msgs"), _sum(material.days_before, "msgs")
    speakers = material.people_active
    found = []
    if not msgs:
        found.append(Remark("silent"))
    elif material.period.previous is None or not material.days_before:
        found.append(Remark("talk", {"people": speakers, "msgs": msgs}))
    elif not before:
        found.append(Remark("talk_after_silence", {"people": speakers, "msgs": msgs}))
    else:
        change = msgs / before - 1
        is_certain = is_change_of_counts(msgs, before)
        trend: Trend = "even" if not is_certain else "good" if change > 0 else "bad"
        code = "talk_same" if not is_certain else "talk_more" if change > 0 else "talk_less"
        found.append(Remark(code, {"people": speakers, "msgs": msgs, "change": abs(change)}, trend))
    if msgs and len(course) > 1:
        busiest = max(course, key=lambda bar: (bar.msgs, bar.first))
        code = "busiest" if busiest.first == busiest.last else "busiest_span"
        found.append(Remark(code, {"first": busiest.first, "last": busiest.last, "msgs": busiest.msgs}))
    joins, leaves = _sum(material.days, "joins"), _sum(material.days, "leaves")
    if joins or leaves:
        found.append(Remark("moves", {"joins": joins, "leaves": leaves, "net": joins - leaves}))
    for column, code in (("checkins", "checkins"), ("quiz", "quiz"), ("chain", "chain"), ("posts", "posts")):
        if count := _sum(material.days, column):
            people = {"checkins": "checkin_members", "quiz": "quiz_members", "chain": "chain_members"}.get(column)
            most = max((day[people] for day in material.days), default=0) if people else 0
            found.append(Remark(code, {"count": count, "most": most}))
    asked, answered = _sum(material.days, "questions"), _sum(material.days, "answered")
    if asked:
        found.append(Remark("questions", {"asked": asked, "answered": answered, "share": answered / asked}))
    hour = _busiest_hour(material.hours)
    if hour is not None and msgs >= 30:
        found.append(Remark("hour", {"from": hour, "until": hour + 2}))
    return tuple(found)


def notable(material: Material, figures: Mapping[str, Figure]) -> tuple[Remark, ...]:
    """What stands out, the worst first: missed targets, changes beyond chance, what the field holds to be unusual."""
    found: list[Remark] = []
    for figure in figures.values():
        target, value = figure.target, figure.now.value
        if target is not None and value is not None:
            is_met = value <= target if figure.now.metric.is_lower_better else value >= target
            found.append(
                Remark("target_met" if is_met else "target_missed", {"figure": figure}, "good" if is_met else "bad")
            )
    for figure in figures.values():
        if figure.is_certain and figure.change and figure.trend != "even":
            found.append(Remark("better" if figure.trend == "good" else "worse", {"figure": figure}, figure.trend))
    core = sum(row.msgs for row in material.people[: max(1, round(len(material.people) * 0.1))])
    msgs = _sum(material.days, "msgs")
    if len(material.people) >= 10 and msgs and material.people[0].msgs / msgs > _BUSY_SHARE:
        row = material.people[0]
        found.append(Remark("one_voice", {"name": row.name, "share": row.msgs / msgs}))
    elif msgs >= 100 and core / msgs > _FEW_SPEAK:
        found.append(Remark("few_voices", {"share": core / msgs}))
    silent = [bar for bar in material.days if not bar["msgs"]]
    if material.period.days >= 7 and msgs and len(silent) >= 2:
        found.append(Remark("silent_days", {"days": len(silent)}, "bad"))
    if open_ := _unanswered(material):
        found.append(Remark("unanswered", {"count": open_}, "bad"))
    joins = next((step.people for step in material.steps), 0)
    if joins >= 5 and len(material.steps) > 1 and (material.steps[1].of_first or 0) < 0.5:
        found.append(Remark("newcomers_silent", {"joins": joins, "share": material.steps[1].of_first or 0.0}, "bad"))
    order = {"bad": 0, "even": 1, "good": 2}
    return tuple(sorted(found, key=lambda remark: order[remark.trend])[:_MOST_NOTABLE])


def _unanswered(material: Material) -> int:
    """All of them, of which the report lists the newest."""
    return _sum(material.days, "questions") - _sum(material.days, "answered")


def ideas(material: Material, figures: Mapping[str, Figure]) -> tuple[Remark, ...]:
    """What could be done about it, one idea per weakness."""
    found = []
    if open_ := _unanswered(material):
        found.append(Remark("answer_questions", {"count": open_}))
    joins = next((step.people for step in material.steps), 0)
    if joins >= 5 and len(material.steps) > 1 and (material.steps[1].of_first or 0) < 0.5:
        found.append(Remark("greet_newcomers"))
    silent = figures.get("reach.silent_share")
    if silent is not None and silent.now.value is not None and silent.now.value > 0.3 and silent.now.n >= 10:
        found.append(Remark("wake_silent", {"share": silent.now.value}))
    hour = _busiest_hour(material.hours)
    if hour is not None and sum(map(sum, material.hours)) >= 100:
        found.append(Remark("post_at", {"from": hour, "until": hour + 2}))
    leaves, joined = _sum(material.days, "leaves"), _sum(material.days, "joins")
    if leaves >= 3 and leaves > joined:
        found.append(Remark("ask_leavers", {"leaves": leaves}))
    if material.coverage.seen < 0.95:
        found.append(Remark("mend_connection", {"seen": material.coverage.seen}))
    return tuple(found)


def _sum(days: Sequence[DayCounts], column: str) -> int:
    return sum(day[column] for day in days)


def _busiest_hour(hours: Sequence[Sequence[int]]) -> int | None:
    """The first of the two hours in a row with most messages."""
    by_hour = [sum(day[hour] for day in hours) for hour in range(24)]
    if not sum(by_hour):
        return None
    return max(range(23), key=lambda hour: (by_hour[hour] + by_hour[hour + 1], -hour))
