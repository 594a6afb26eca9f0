"""report 报告: a day's, week's, month's or camp's report, sent once, and the actions that were agreed over it.

The schedule fires when the span is over. The step only decides which span and who gets it in which shape; the report itself is
made between the commit and the send (`SendReport`), from the log. Invariants: a span is sent once, whatever is fired again;
an action is open until somebody says that it is done, and every report until then carries it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.core.events import Event, MessageReceived, TimerFired
from bot.core.play import NOTHING, Capability, CommandSpec, Context, Needs, Play, Schedule, Step
from bot.core.turn import Turn
from bot.plays.report import actions, sending
from bot.plays.report.params import Params
from bot.plays.report.state import Slot, State

NAMES = {"day": "日报", "week": "周报", "month": "月报", "camp": "复盘"}


def commands(params: Params) -> Sequence[CommandSpec]:
    specs = [CommandSpec(name=NAMES[params.period], for_operators=True, help="把最近一期报告私聊发给自己")]
    return (*specs, *actions.SPECS) if params.keeps_actions else specs


def schedules(params: Params) -> Sequence[Schedule]:
    return [sending.schedule(params)]


def needs(params: Params, event: Event) -> Needs:
    if isinstance(event, TimerFired):
        return Needs(roster=True)
    return (
        Needs(slots=(f"{actions.PREFIX}*",)) if isinstance(event, MessageReceived) and params.keeps_actions else NOTHING
    )


def start(ctx: Context[Params]) -> Step[State]:
    return Step(State())


def step(state: State, event: Event, ctx: Context[Params]) -> Step[State]:
    turn: Turn[Params, State] = Turn(state, ctx)
    match event:
        case TimerFired() if event.name == sending.NAME:
            sending.due(turn, event)
        case MessageReceived() if ctx.command is not None and ctx.member is not None and ctx.member.is_operator:
            if ctx.command.name in NAMES.values():
                sending.asked(turn, event)
            else:
                actions.obey(turn, event, ctx.command)
        case _:
            pass
    return turn.step()


def wants_capabilities(params: Params) -> Mapping[str, Capability]:
    wanted: dict[str, Capability] = {}
    if "operators" in params.audience:
        wanted["audience"] = Capability.PRIVATE
    if {"html", "xlsx"} & set(params.formats):
        wanted["formats"] = Capability.FILE
    return wanted


PLAY = Play(
    kind="report",
    version=1,
    title="报告",
    Params=Params,
    State=State,
    Slot=Slot,
    start=start,
    step=step,
    listens=frozenset({TimerFired, MessageReceived}),
    commands=commands,
    schedules=schedules,
    needs=needs,
    wants_capabilities=wants_capabilities,
)
