"""What all answers of this play share: where they go, which time counts, how often they are given."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeAlias

from bot.core.effects import Drawing, Effect, Say, Template
from bot.core.events import Event, MessageReceived
from bot.core.play import Context, Frozen, Step
from bot.plays.checkin.params import Params
from bot.plays.checkin.record import ONE_DAY, Slot

_AHEAD_AT_MOST = timedelta(minutes=15)


class State(Frozen):
    """`since`: the group's day on which the play began; nothing before it can be made up. `caught_up`: names of those whose
    check-in came long after it was said and was not told of yet."""

    since: date
    caught_up: tuple[str, ...] = ()


Here: TypeAlias = Context[Params]
Outcome: TypeAlias = Step[State]


def when(event: Event, ctx: Here) -> datetime:
    """The time that counts: the network's. A past time is a message that arrived late (a gap that was filled) and is
    believed; a time more than 15 minutes ahead of our clock is a network's mistake, then our clock decides."""
    return event.at if event.at <= ctx.now + _AHEAD_AT_MOST else ctx.now


def own_slot(event: Event, ctx: Here) -> Slot:
    """The acting member's slot, under the name that the member has now."""
    slot = ctx.slots.get(event.member) or Slot()
    name = ctx.member.name if ctx.member else getattr(event, "name", "")
    return slot.model_copy(update={"name": name}) if name and name != slot.name else slot


def answer(event: MessageReceived, template: str, drawing: Drawing | None = None, /, **data: Any) -> Say:
    """One message back to where the command came from."""
    to = event.member if event.is_private else None
    return Say(words=Template(f"checkin/{template}", data), to=to, drawing=drawing)


def settled(state: State, event: Event, slot: Slot, *effects: Effect, **why: Any) -> Outcome:
    return Step(state, effects, slots={event.member: slot}, why=why)


def answered_once(
    state: State, event: MessageReceived, slot: Slot, today: date, template: str, at_most: int = 1, /, **data: Any
) -> Outcome:
    """The answer `template`, but not more than `at_most` times a day to one member; then silence."""
    told = slot.told if slot.told_on == today else {}
    times = told.get(template, 0)
    if times >= at_most:
        return Step(state, why={"answer": template, "told today": times})
    slot = slot.model_copy(update={"told_on": today, "told": {**told, template: times + 1}})
    return settled(state, event, slot, answer(event, template, name=slot.name, **data), answer=template)


def on(day: date, today: date) -> dict[str, Any]:
    """A day for templates."""
    return {"month": day.month, "day": day.day, "ago": (today - day).days}


def begin_of(day: date, ctx: Here) -> datetime:
    """When the group's `day` begins, UTC."""
    return at_clock(day, ctx.day_starts, ctx)


def end_of(day: date, ctx: Here) -> datetime:
    return begin_of(day + ONE_DAY, ctx)


def at_clock(day: date, clock: time, ctx: Here) -> datetime:
    return datetime.combine(day, clock, tzinfo=ctx.zone).astimezone(UTC)


def into_day(clock: time, ctx: Here) -> int:
    """Minutes from the beginning of the group's day to `clock`."""
    start = ctx.day_starts.hour * 60 + ctx.day_starts.minute
    return (clock.hour * 60 + clock.minute - start) % 1440
