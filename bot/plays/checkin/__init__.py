"""打卡: a daily check-in with window, evidence, streaks, 补卡, 请假, reminder, summary and review.

A member's whole record is one slot under the member's uid; the state holds only the day the play began. So a check-in
loads one slot and one balance, however large the group is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

from bot.core.events import Event, MessageRecalled, MessageReceived, OperatorOrdered, TimerFired
from bot.core.play import NOTHING, Capability, Needs, Play, Step
from bot.core.segments import Image
from bot.core.text import fold
from bot.plays.checkin import board, desk, member, outage, review
from bot.plays.checkin.answer import Here, Outcome, State
from bot.plays.checkin.params import Params, commands, schedules
from bot.plays.checkin.persons import PERSONS
from bot.plays.checkin.record import Slot

_EVERYTHING = Needs(slots="all", roster=True, balances="all")


def start(ctx: Here) -> Outcome:
    return Step(State(since=ctx.day(ctx.now)))


def step(state: State, event: Event, ctx: Here) -> Outcome:
    match event:
        case MessageReceived():
            if not event.member or (ctx.member and ctx.member.is_bot):
                return Step(state)
            outcome = _heard(state, event, ctx)
            return outage.quietly(state, event, ctx, outcome) if outage.is_late(event, ctx) else outcome
        case MessageRecalled():
            return member.recalled(state, event, ctx)
        case OperatorOrdered():
            return review.order(state, event, ctx)
        case TimerFired(name=outage.TIMER):
            return outage.tell(state, event, ctx)
        case TimerFired(name="remind"):
            return board.remind(state, event, ctx)
        case TimerFired(name=name) if name.startswith("summary"):
            return board.summary(state, event, ctx)
    return Step(state)


def _heard(state: State, event: MessageReceived, ctx: Here) -> Outcome:
    if ctx.command is not None:
        return _command(state, event, ctx, ctx.command.name, ctx.command.rest)
    if _judges(ctx.params, event):
        return review.verdict(state, event, ctx)
    return member.picture_follows(state, event, ctx)


def _command(state: State, event: MessageReceived, ctx: Here, name: str, rest: str) -> Outcome:
    word = ctx.params.word
    if name == word:
        return member.check_in(state, event, ctx, rest)
    for_operators: dict[str, Callable[[], Outcome]] = {
        f"代{word}": lambda: desk.on_behalf(state, event, ctx, rest),
        f"撤销{word}": lambda: desk.revoke(state, event, ctx, rest),
        f"{word}情况": lambda: desk.status(state, event, ctx),
    }
    if name in for_operators:
        if ctx.member is None or not ctx.member.is_operator:
            return Step(state, why={name: "not an operator"})
        return for_operators[name]()
    if name == f"我的{word}":
        return member.calendar(state, event, ctx)
    if name == f"{word}排行":
        return board.ranking(state, event, ctx, rest)
    if name == "补卡" and ctx.params.makeup:
        return member.makeup(state, event, ctx, rest)
    if name == "请假" and ctx.params.leave:
        return member.leave(state, event, ctx, rest)
    if name == "销假":
        return member.end_leave(state, event, ctx)
    if name == "重交":
        return review.resubmit(state, event, ctx, rest)
    return Step(state)


def _judges(params: Params, event: MessageReceived) -> bool:
    return params.review is not None and review.is_verdict(event)


def hears(params: Params, event: MessageReceived) -> bool:
    if _judges(params, event):
        return True
    if params.content is None or not params.content.takes_image:
        return False
    return any(isinstance(segment, Image) for segment in event.segments)


@cache
def _wide(word: str) -> tuple[str, ...]:
    """Spellings of the commands that look at everybody."""
    wide = {f"{word}排行", f"代{word}", f"撤销{word}", f"{word}情况"}
    specs = commands(Params(commands=(word,)))
    return tuple(fold(spelling) for spec in specs if spec.name in wide for spelling in (spec.name, *spec.aliases))


def needs(params: Params, event: Event) -> Needs:
    """One slot and one balance for what members do all day; everything only for lists, timers and operators."""
    match event:
        case MessageReceived():
            head = fold(event.text[:40])
            if any(spelling in head for spelling in _wide(params.word)) or _judges(params, event):
                return _EVERYTHING
            return Needs(slots=(event.member,), balances=(event.member,))
        case MessageRecalled():
            return Needs(slots=(event.member,), balances=(event.member,))
        case OperatorOrdered():
            return Needs(slots="all")
        case TimerFired(name=outage.TIMER):
            return NOTHING
        case TimerFired():
            return Needs(slots="all", roster=True)
    return NOTHING


def wants_capabilities(params: Params) -> Mapping[str, Capability]:
    return {"pictures": Capability.PICTURE} if params.pictures else {}


PLAY = Play(
    kind="checkin",
    version=1,
    title="打卡",
    Params=Params,
    State=State,
    Slot=Slot,
    start=start,
    step=step,
    hears=hears,
    needs=needs,
    commands=commands,
    schedules=schedules,
    persons=PERSONS,
    listens=frozenset({MessageReceived, MessageRecalled, OperatorOrdered, TimerFired}),
    wants_capabilities=wants_capabilities,
    late_s=outage.LATE_S,
)
