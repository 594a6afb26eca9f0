"""What the whole group sees: the reminder, the daily summary, the ranking, and who is missing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from bot.core.audience import includes
from bot.core.effects import Lane, Say, SetTimer, Template
from bot.core.events import MessageReceived, TimerFired
from bot.core.play import Member, Step
from bot.core.text import fold
from bot.plays.checkin.answer import Here, Outcome, State, answer, at_clock, end_of, on, when
from bot.plays.checkin.pictures import ranking_of
from bot.plays.checkin.record import COUNTED, ONE_DAY, Slot, count, credit_of, mark_of, streak_on, streak_until

_ACTIVE_DAYS = 14
_NEW_DAYS = 3
_UNDER_WAY = timedelta(seconds=20)
"""Messages sent in the last second of the window may still be on their way."""
_STALE = timedelta(hours=36)
_WINDOWS = {"周": "week", "本周": "week", "月": "month", "本月": "month", "总": "all", "全部": "all", "连续": "streak"}


def cards(ctx: Here) -> Mapping[str, Slot]:
    """Slots of those who are in the group, by uid."""
    if not ctx.roster:
        return dict(ctx.slots)
    return {uid: slot for uid, slot in ctx.slots.items() if uid in ctx.roster}


def missing(state: State, ctx: Here, today: date) -> list[Member]:
    """Active members without a mark today, the longest streak first. Active: checked in within two weeks, or new."""
    found = []
    for uid, member in ctx.roster.items():
        if member.is_bot or member.is_operator:
            continue
        slot = ctx.slots.get(uid) or Slot()
        if mark_of(slot, today) == "-" and _is_active(state, slot, member, today, ctx):
            found.append((-streak_on(slot, today), member.name, uid, member))
    return [row[-1] for row in sorted(found, key=lambda row: row[:3])]


def _is_active(state: State, slot: Slot, member: Member, today: date, ctx: Here) -> bool:
    if slot.last is not None:
        return today - slot.last <= timedelta(days=_ACTIVE_DAYS)
    began = max(state.since, ctx.day(member.joined_at)) if member.joined_at else state.since
    return today - began < timedelta(days=_NEW_DAYS)


def remind(state: State, event: TimerFired, ctx: Here) -> Outcome:
    rule, today = ctx.params.remind, ctx.day(ctx.now)
    if rule is None or ctx.day(event.at) != today:
        return Step(state, why={"remind": "the day is over"})
    if ctx.is_quiet(ctx.now):
        return Step(state, why={"remind": "quiet hours"})
    if ctx.params.window and ctx.local(ctx.now).time() not in ctx.params.window:
        return Step(state, why={"remind": "outside the window"})
    who = missing(state, ctx, today)
    if rule.who == "on_streak":
        who = [member for member in who if streak_on(ctx.slots.get(member.uid) or Slot(), today) >= 2]
    if rule.audience:
        who = [member for member in who if includes(rule.audience, member, ctx.now)]
    if not who:
        return Step(state, why={"missing": 0})
    told = who[: rule.mention_at_most]
    until = str(ctx.params.window).split("-")[1] if ctx.params.window else ""
    done = sum(mark_of(slot, today) in COUNTED for slot in cards(ctx).values())
    words = Template(
        "checkin/remind",
        {"word": ctx.params.word, "until": until, "more": len(who) - len(told), "done": done, "named": len(told)},
    )
    say = Say(
        words=words, mention=tuple(member.uid for member in told), lane=Lane.NOTICE, expires_at=end_of(today, ctx)
    )
    return Step(state, (say,), why={"missing": len(who), "mentioned": len(told)})


def summary(state: State, event: TimerFired, ctx: Here) -> Outcome:
    """The day's summary, once the day is settled: after the last minute of the window, and not in quiet hours."""
    day = date.fromisoformat(event.data["day"]) if "day" in event.data else ctx.day(event.at)
    ready = _out_of_quiet(max(ctx.now, _settled_at(event.at, day, ctx)), ctx)
    if ready > ctx.now:
        timer = SetTimer(name=f"summary:{day}", at=ready, data={"day": day.isoformat()})
        return Step(state, (timer,), why={"summary of": day, "waits until": ready})
    rule = ctx.params.summary
    if rule is None or ctx.now - end_of(day, ctx) > _STALE:
        return Step(state, why={"summary of": day, "dropped": "too late"})
    done = {uid: slot for uid, slot in cards(ctx).items() if mark_of(slot, day) in COUNTED}
    if not done:
        return Step(state, why={"summary of": day, "checked in": 0})
    credits = [(credit.at, slot.name) for slot in done.values() if (credit := credit_of(slot, day))]
    first = min(credits, default=None)
    leaders = sorted(
        ((streak_until(slot, day), slot.name) for slot in done.values()), key=lambda row: (-row[0], row[1])
    )
    words = Template(
        "checkin/summary",
        {
            "word": ctx.params.word,
            "on": on(day, ctx.day(ctx.now)),
            "count": len(done),
            "before": sum(mark_of(slot, day - ONE_DAY) in COUNTED for slot in cards(ctx).values()),
            "leave": sum(mark_of(slot, day) == "j" for slot in cards(ctx).values()),
            "first": {"name": first[1], "clock": f"{ctx.local(first[0]):%H:%M}"} if first else None,
            "leaders": [{"name": name, "streak": streak} for streak, name in leaders[: rule.top]],
        },
    )
    say = Say(words=words, lane=Lane.NOTICE, expires_at=ctx.now + timedelta(hours=12))
    return Step(state, (say,), why={"summary of": day, "checked in": len(done)})


def _settled_at(fired: datetime, day: date, ctx: Here) -> datetime:
    """When nothing of `day` can change any more, if the summary is due in the last minute; else its own time."""
    minute = ctx.local(fired).replace(second=0, microsecond=0)
    last = ctx.params.window.end if ctx.params.window else (ctx.local(end_of(day, ctx)) - timedelta(minutes=1)).time()
    if minute.time() != last:
        return fired
    return fired.replace(second=0, microsecond=0) + timedelta(minutes=1) + _UNDER_WAY


def _out_of_quiet(at: datetime, ctx: Here) -> datetime:
    if not ctx.is_quiet(at) or ctx.quiet_to is None:
        return at
    local = ctx.local(at)
    end = at_clock(local.date(), ctx.quiet_to, ctx)
    return end if end > at else at_clock(local.date() + ONE_DAY, ctx.quiet_to, ctx)


def ranking(state: State, event: MessageReceived, ctx: Here, rest: str) -> Outcome:
    """打卡排行 [周|月|总|连续]: the top ten and the member's own place; equal counts share a place."""
    window = _WINDOWS.get(fold(rest).removesuffix("榜").removesuffix("排行"), "month")
    today = ctx.day(when(event, ctx))
    first = {"week": today - timedelta(days=today.weekday()), "month": today.replace(day=1)}.get(window, date.min)
    rows = []
    for uid, slot in cards(ctx).items():
        days = (
            streak_on(slot, today)
            if window == "streak"
            else slot.total
            if window == "all"
            else count(slot, first, today)
        )
        if days:
            rows.append((days, streak_on(slot, today), slot.name, uid))
    rows.sort(key=lambda row: (-row[0], -row[1], row[2]))
    places = [1 + sum(other[0] > row[0] for other in rows) for row in rows]
    table = [
        {"place": place, "name": row[2], "days": row[0], "streak": row[1]}
        for place, row in zip(places[:10], rows[:10], strict=True)
    ]
    own = next(
        (
            {"place": place, "days": row[0]}
            for place, row in list(zip(places, rows, strict=True))[10:]
            if row[3] == event.member
        ),
        None,
    )
    drawing = ranking_of(rows, places, window, first, today, event.member, ctx)
    shown = answer(event, "ranking", drawing, word=ctx.params.word, window=window, rows=table, own=own)
    return Step(state, (shown,), why={"ranking": window, "members": len(rows)})
