"""survey 问卷: one question from 0 to 10, one more in words or choices, asked in rounds or some days after joining.

Every answer is a note `nps`: what the metrics `nps.score` and `nps.response_rate` rest on. The group sees sums and only of
enough answers; operators see the rate, the interval and the words, without names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.core.effects import Say, SetTimer, Template
from bot.core.events import Event, MemberJoined, MessageReceived, PlayStarted, TimerFired
from bot.core.play import NOTHING, Capability, CommandSpec, Needs, Play, Schedule, Step
from bot.core.turn import Turn
from bot.plays.survey import asking, reading, taking
from bot.plays.survey.params import Params
from bot.plays.survey.record import Ctx, Hand, Sheet, State

_OPEN = "open"
_ALL = Needs(slots="all", roster=True)


def commands(params: Params) -> Sequence[CommandSpec]:
    return (
        CommandSpec(name=params.command, rest="optional", is_glued=True, help="给问卷打分:0–10,后面可以说一句"),
        CommandSpec(name=params.begin, for_operators=True, help="开始一轮问卷"),
        CommandSpec(name=params.end, for_operators=True, help="提前结束问卷"),
        CommandSpec(name=params.result, for_operators=True, help="看问卷结果:应答率、净推荐值和大家说的"),
    )


def schedules(params: Params) -> Sequence[Schedule]:
    return (Schedule(name=_OPEN, cron=params.opens, missed="late", within_s=12 * 3600),) if params.opens else ()


def hears(params: Params, event: MessageReceived) -> bool:
    """A message that is nothing but a score, and whatever is said in private."""
    if event.is_private:
        return len(event.text) <= reading.LONGEST * 2
    return len(event.text) <= 12 and reading.bare(event.text) is not None


def needs(params: Params, event: Event) -> Needs:
    match event:
        case TimerFired(name=name) if name.startswith(asking.JOIN):
            return Needs(slots=(name.removeprefix(asking.JOIN),), roster=True)
        case TimerFired() | PlayStarted():
            return _ALL
        case MessageReceived():
            is_for_operators = any(word in event.text for word in (params.begin, params.end, params.result))
            return _ALL if is_for_operators else Needs(slots=(event.member,))
    return NOTHING


def start(ctx: Ctx) -> Step[State]:
    return Step(State())


def step(state: State, event: Event, ctx: Ctx) -> Step[State]:
    turn: Hand = Turn(state, ctx)
    match event:
        case TimerFired(name=name):
            _timer(turn, name)
        case PlayStarted():
            asking.begin(turn)
        case MemberJoined() if ctx.params.after_join is not None and event.member:
            turn.do(SetTimer(name=f"{asking.JOIN}{event.member}", at=ctx.now + ctx.params.after_join))
        case MessageReceived() if ctx.member is not None and not ctx.member.is_bot:
            if ctx.command is None:
                taking.heard(turn, event, ctx.member)
            elif ctx.command.name == ctx.params.command:
                taking.answered(turn, event, ctx.member, ctx.command.rest)
            elif ctx.member.is_operator:
                _operate(turn, event, ctx.command.name)
    return turn.step()


def _timer(turn: Hand, name: str) -> None:
    round_ = turn.state.round
    if name == _OPEN:
        asking.begin(turn)
    elif name == asking.CLOSE and round_ is not None and turn.ctx.now >= round_.until:
        asking.close(turn)
    elif name == asking.REMIND:
        asking.remind(turn)
    elif name.startswith(asking.JOIN):
        asking.ask_newcomer(turn, name.removeprefix(asking.JOIN))


def _operate(turn: Hand, event: MessageReceived, name: str) -> None:
    params, state = turn.params, turn.state
    if name == params.begin and state.round is None:
        asking.begin(turn)
        return
    if name == params.end and state.round is not None:
        asking.close(turn)
        return
    round_ = state.round or state.last
    can_whisper = Capability.PRIVATE in turn.ctx.caps
    to = event.member if event.is_private or can_whisper else None
    if round_ is None:
        turn.do(
            Say(words=Template("survey/none", {"begin": params.begin}), to=event.member if event.is_private else None)
        )
    elif to is None:
        turn.do(Say(words=Template("survey/no_private", {}), reply_to=event.message_id))
    else:
        turn.do(Say(words=Template("survey/result", asking.shown(turn, round_)), to=to))


def wants_capabilities(params: Params) -> Mapping[str, Capability]:
    wanted = {"via": Capability.PRIVATE} if params.via == "private" else {}
    return {**wanted, "after_join": Capability.PRIVATE} if params.after_join is not None else wanted


PLAY = Play(
    kind="survey",
    version=1,
    title="问卷",
    Params=Params,
    State=State,
    Slot=Sheet,
    start=start,
    step=step,
    listens=frozenset({MessageReceived, TimerFired, MemberJoined, PlayStarted}),
    hears=hears,
    commands=commands,
    schedules=schedules,
    needs=needs,
    is_busy=lambda state: state.round is not None,
    wants_capabilities=wants_capabilities,
)
