"""badges 徽章: given by rules over the log or by operators, each once, with day, reason and what it rests on.

Rules are applied once a day to everything that the log knows, so a new rule reaches into the past by itself. `<uid>` holds
what a member has; a badge is also a label (`badge:七日打卡`) of the audience language. Other plays give one by `StartPlay`
with `badge`, `member`, `reason`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.core.effects import Say, Template
from bot.core.events import EffectSettled, Event, MessageReceived, PlayStarted, TimerFired
from bot.core.marks import TITLED, refused
from bot.core.play import NOTHING, Capability, CommandSpec, Needs, Play, Schedule, Step
from bot.core.turn import Turn
from bot.plays.badges import answers, giving
from bot.plays.badges.params import Params
from bot.plays.badges.persons import PERSONS
from bot.plays.badges.record import Ctx, Hand, Holder, State

_JUDGE = "judge"


def commands(params: Params) -> Sequence[CommandSpec]:
    return (
        CommandSpec(name=params.command, help="看自己的徽章和下一枚"),
        CommandSpec(name=params.table, aliases=("徽章墙",) if params.table == "徽章" else (), help="看有哪些徽章"),
        CommandSpec(name=params.give, for_operators=True, rest="optional", help="颁发徽章:名字 @成员"),
        CommandSpec(name=params.take, for_operators=True, rest="optional", help="收回徽章:名字 @成员"),
    )


def schedules(params: Params) -> Sequence[Schedule]:
    jitter_s = int(params.spread.total_seconds())
    return (Schedule(name=_JUDGE, at=params.at, jitter_s=jitter_s, missed="late", within_s=20 * 3600),)


def needs(params: Params, event: Event) -> Needs:
    match event:
        case TimerFired():
            return Needs(slots="all", roster=True, deeds=params.rules)
        case MessageReceived():
            done = tuple(dict.fromkeys(deed for deed, _ in params.rules))
            return Needs(slots=(event.member, *event.mentions), roster=bool(event.mentions), done=done)
        case PlayStarted() if event.data.get("member"):
            return Needs(slots=(event.data["member"],), roster=True)
        case EffectSettled() if event.key.startswith(TITLED):
            return Needs(slots=(event.key.removeprefix(TITLED),))
    return NOTHING


def start(ctx: Ctx) -> Step[State]:
    return Step(State())


def step(state: State, event: Event, ctx: Ctx) -> Step[State]:
    turn: Hand = Turn(state, ctx)
    match event:
        case TimerFired(name=name) if name == _JUDGE:
            giving.judge(turn)
        case PlayStarted():
            giving.granted(turn, event)
        case MessageReceived() if ctx.command is not None and ctx.member is not None:
            _command(turn, event, ctx.command.name, ctx.command.rest)
        case EffectSettled(outcome="failed") if event.key.startswith(TITLED):
            uid = event.key.removeprefix(TITLED)
            holder: Holder | None = turn.slot(uid)
            if holder is not None:
                turn.put(uid, holder.model_copy(update={"mark": refused(holder.mark)}))
    return turn.step()


def _command(turn: Hand, event: MessageReceived, name: str, rest: str) -> None:
    params, member = turn.params, turn.ctx.member
    assert member is not None
    if name in (params.give, params.take):
        if not member.is_operator:
            turn.because(refused="not an operator")
            return
        found = answers.by_hand(turn, event, rest, takes=name == params.take)
    else:
        found = answers.own(turn, member) if name == params.command else answers.table(turn)
    to = event.member if event.is_private else None
    words = Template(f"badges/{found[0]}", found[1])
    turn.do(Say(words=words, to=to, reply_to=None if to else event.message_id))


def wants_capabilities(params: Params) -> Mapping[str, Capability]:
    return {f"badges.{at}.title": Capability.SET_TITLE for at, badge in enumerate(params.badges) if badge.title}


PLAY = Play(
    kind="badges",
    version=1,
    title="徽章",
    Params=Params,
    State=State,
    Slot=Holder,
    start=start,
    step=step,
    listens=frozenset({MessageReceived, TimerFired, PlayStarted, EffectSettled}),
    commands=commands,
    schedules=schedules,
    needs=needs,
    wants_capabilities=wants_capabilities,
    persons=PERSONS,
)
