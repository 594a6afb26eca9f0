"""campaign 内容推送: posts at their time, one after the other, and never twice.

A schedule firing is an occurrence of one post. It is taken once (`State.taken`), then skipped with a note, queued, or in
flight; at most one post is in flight in a group. Invariants: a message of an occurrence is said at most once, whatever
is fired again; nothing is said while paused or in quiet hours; no occurrence ends without a note.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.core.events import EffectSettled, Event, MessageRecalled, MessageReceived, OperatorOrdered, TimerFired
from bot.core.play import NOTHING, Capability, Context, Needs, Play, Schedule, Step
from bot.core.turn import Turn
from bot.plays.campaign import agenda, control, flight, orders
from bot.plays.campaign.content import Campaign
from bot.plays.campaign.params import Params
from bot.plays.campaign.state import State


def schedules(params: Params) -> Sequence[Schedule]:
    return [item.schedule for item in agenda.items(params)]


def needs(params: Params, event: Event) -> Needs:
    """The roster where a post may begin and some post addresses some of the members."""
    if isinstance(event, TimerFired | MessageReceived | OperatorOrdered) and any(
        i.post.audience for i in agenda.items(params)
    ):
        return Needs(roster=True)
    return NOTHING


def start(ctx: Context[Params]) -> Step[State]:
    return Step(State(began_on=ctx.day(ctx.now)))


def step(state: State, event: Event, ctx: Context[Params]) -> Step[State]:
    turn: Campaign = Turn(state, ctx)
    match event:
        case TimerFired() if event.name.startswith(agenda.PREFIX):
            flight.due(turn, event)
        case TimerFired() if event.name == flight.NEXT:
            flight.go_on(turn, event)
        case TimerFired() if event.name == flight.WAKE:
            flight.wake(turn)
        case EffectSettled():
            flight.settled(turn, event)
        case MessageRecalled():
            flight.taken_back(turn, event)
        case MessageReceived():
            control.obey(turn, event)
        case OperatorOrdered():
            orders.obey(turn, event)
        case _:
            pass
    return turn.step()


def is_busy(state: State) -> bool:
    return state.flight is not None


def wants_capabilities(params: Params) -> Mapping[str, Capability]:
    wanted: dict[str, Capability] = {}
    for index, post in enumerate(params.posts):
        if post.mention_all:
            wanted[f"posts.{index}.mention_all"] = Capability.MENTION_ALL
        if post.via == "private":
            wanted[f"posts.{index}.via"] = Capability.PRIVATE
    for index, row in enumerate(params.calendar):
        if row.mention_all:
            wanted[f"calendar.{index}.mention_all"] = Capability.MENTION_ALL
        if row.via == "private":
            wanted[f"calendar.{index}.via"] = Capability.PRIVATE
    return wanted


PLAY = Play(
    kind="campaign",
    version=1,
    title="内容推送",
    Params=Params,
    State=State,
    start=start,
    step=step,
    listens=frozenset({TimerFired, EffectSettled, MessageRecalled, MessageReceived, OperatorOrdered}),
    commands=control.commands,
    schedules=schedules,
    needs=needs,
    is_busy=is_busy,
    wants_capabilities=wants_capabilities,
)
