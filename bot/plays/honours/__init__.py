"""honours 评选: nominate, vote once, decide ties as declared, award: an honorary title given by the group itself.

Rounds open by a schedule or by an operator's word and survive restarts: phase, deadline and ballot are in the state, each
member's nomination and vote in a slot of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.core.effects import Say, Template
from bot.core.events import EffectSettled, Event, MessageReceived, PlayStarted, TimerFired
from bot.core.marks import TITLED, refused
from bot.core.play import DELETED, NOTHING, Capability, CommandSpec, Forgotten, Needs, Play, Schedule, Step
from bot.core.turn import Turn
from bot.plays.honours import handing_in, running
from bot.plays.honours.params import Params
from bot.plays.honours.record import NOMINATION, VOTE, WINNER, Candidate, Ctx, Hand, Paper, State

_OPEN = "open"
_ALL = Needs(slots="all", roster=True)


def commands(params: Params) -> Sequence[CommandSpec]:
    return (
        CommandSpec(name=params.command, rest="optional", is_glued=True, help=f"提名{params.honour}:@成员 理由"),
        CommandSpec(name=params.ballot, rest="optional", is_glued=True, help=f"给{params.honour}的候选人投票:编号"),
        CommandSpec(name=params.table, help="评选进行到哪、有哪些候选人"),
        CommandSpec(name=params.begin, for_operators=True, help="开始一轮评选"),
        CommandSpec(name=params.stop, for_operators=True, help="停止这一轮评选"),
    )


def schedules(params: Params) -> Sequence[Schedule]:
    return (Schedule(name=_OPEN, cron=params.opens, missed="late", within_s=12 * 3600),) if params.opens else ()


def needs(params: Params, event: Event) -> Needs:
    match event:
        case TimerFired(name=name) if name.startswith(running.UNTITLE):
            return Needs(slots=(f"{WINNER}{name.removeprefix(running.UNTITLE)}",), roster=True)
        case TimerFired() | PlayStarted():
            return _ALL
        case MessageReceived():
            own = (
                f"{NOMINATION}{event.member}",
                f"{VOTE}{event.member}",
                *(f"{WINNER}{uid}" for uid in event.mentions),
            )
            is_stop = params.stop in event.text
            return _ALL if is_stop else Needs(slots=own, roster=bool(event.mentions))
        case EffectSettled() if event.key.startswith(TITLED):
            return Needs(slots=(f"{WINNER}{event.key.removeprefix(TITLED)}",))
    return NOTHING


def start(ctx: Ctx) -> Step[State]:
    return Step(State())


def step(state: State, event: Event, ctx: Ctx) -> Step[State]:
    turn: Hand = Turn(state, ctx)
    match event:
        case TimerFired(name=name) if name == _OPEN:
            running.begin(turn)
        case TimerFired(name=name) if name == running.CLOSE:
            if state.round is not None and ctx.now >= state.round.until:
                running.close(turn)
        case TimerFired(name=name) if name.startswith(running.UNTITLE):
            running.untitle(turn, name.removeprefix(running.UNTITLE))
        case PlayStarted():
            running.begin(turn)
        case MessageReceived() if ctx.command is not None and ctx.member is not None:
            _command(turn, event, ctx.command.name, ctx.command.rest)
        case EffectSettled(outcome="failed") if event.key.startswith(TITLED):
            key = f"{WINNER}{event.key.removeprefix(TITLED)}"
            paper: Paper | None = turn.slot(key)
            if paper is not None:
                turn.put(key, paper.model_copy(update={"mark": refused(paper.mark)}))
    return turn.step()


def _command(turn: Hand, event: MessageReceived, name: str, rest: str) -> None:
    params, member = turn.params, turn.ctx.member
    assert member is not None
    if name in (params.begin, params.stop):
        if not member.is_operator:
            turn.because(refused="not an operator")
        elif name == params.begin and turn.state.round is None:
            running.begin(turn)
        elif name == params.stop and turn.state.round is not None:
            running.stop(turn)
        else:
            _answer(turn, event, handing_in.table(turn))
        return
    if name == params.command:
        found = handing_in.nominate(turn, event, member, rest)
    elif name == params.ballot:
        found = handing_in.vote(turn, event, member, rest)
    else:
        found = handing_in.table(turn)
    if found[0] in ("closed", "how", "which") and handing_in.is_chat(event, rest):
        turn.because(chat=name)
        return
    _answer(turn, event, found)


def _answer(turn: Hand, event: MessageReceived, found: tuple[str, dict[str, Any]]) -> None:
    to = event.member if event.is_private else None
    words = Template(f"honours/{found[0]}", found[1])
    turn.do(Say(words=words, to=to, reply_to=None if to else event.message_id))


def forget(state: State, slots: Mapping[str, Paper], uid: str) -> Forgotten:
    """The member's name and what others wrote about the member; what the member wrote about others goes with the slot."""
    changed = {
        key: paper.model_copy(update={"name": DELETED, "reason": DELETED if paper.reason else ""})
        for key, paper in slots.items()
        if paper.candidate == uid and (paper.name or paper.reason)
    }
    words = {word for key in changed for word in (slots[key].name, slots[key].reason) if word}
    own = slots.get(f"{NOMINATION}{uid}")
    words |= {own.reason} if own is not None and own.reason else set()
    if state.round is None:
        return Forgotten(state=state, slots=changed, words=frozenset(words))

    def without(each: Candidate) -> Candidate:
        if each.uid == uid:
            return each.model_copy(update={"name": DELETED, "reason": DELETED if each.reason else ""})
        is_theirs = own is not None and own.candidate == each.uid and own.reason and own.reason == each.reason
        return each.model_copy(update={"reason": DELETED}) if is_theirs else each

    words |= {word for each in state.round.candidates if each.uid == uid for word in (each.name, each.reason) if word}
    round_ = state.round.model_copy(
        update={
            "candidates": tuple(map(without, state.round.candidates)),
            "fixed": tuple(map(without, state.round.fixed)),
        }
    )
    return Forgotten(state=state.model_copy(update={"round": round_}), slots=changed, words=frozenset(words))


def wants_capabilities(params: Params) -> Mapping[str, Capability]:
    wanted = {"picture": Capability.PICTURE} if params.picture else {}
    return {**wanted, "title": Capability.SET_TITLE} if params.title else wanted


PLAY = Play(
    kind="honours",
    version=1,
    title="评选",
    Params=Params,
    State=State,
    Slot=Paper,
    start=start,
    step=step,
    listens=frozenset({MessageReceived, TimerFired, PlayStarted, EffectSettled}),
    commands=commands,
    schedules=schedules,
    needs=needs,
    is_busy=lambda state: state.round is not None,
    forget=forget,
    wants_capabilities=wants_capabilities,
)
