"""welcome 入群欢迎: from the request to join to the first week, and the goodbye.

States of a member: asking (`join/`) → waiting to be greeted (`wait/`) → here (`<uid>`, number, acknowledgement,
introduction) → gone (the journey stays, marked) → back. Invariants: a member has one number for ever; nobody who left
is greeted or reminded; a greeting, a milestone, an award and a verdict happen once, however often their cause is told.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import time

from bot.core import serial
from bot.core.events import (
    Event,
    JoinRequested,
    MemberJoined,
    MemberLeft,
    MessageReceived,
    OperatorDecided,
    TimerFired,
)
from bot.core.play import Capability, CommandSpec, Context, Needs, Play, Schedule, Step, Window
from bot.core.text import fold
from bot.core.turn import Turn
from bot.plays.welcome import admission, arrivals, blanks, directory, followup, gate, rules, unanswered
from bot.plays.welcome.params import Params
from bot.plays.welcome.people import Welcome
from bot.plays.welcome.state import Slot, State

_DAILY = "daily"
_RULES, _UNREAD = "群规", "未读"
_CODE = re.compile(rf"(?<![0-9A-Z])[{serial.ALPHABET}]{{{serial.LENGTH}}}(?![0-9A-Z])")
_HEAD = 60


def commands(params: Params) -> Sequence[CommandSpec]:
    specs: list[CommandSpec] = []
    if ack := params.rules_ack:
        specs.append(CommandSpec(name=ack.keyword, help="确认读过群规"))
        if ack.text:
            specs.append(CommandSpec(name=_RULES, help="看群规"))
        specs.append(CommandSpec(name=_UNREAD, for_operators=True, help="谁还没确认群规"))
    if intro := params.self_intro:
        specs.append(CommandSpec(name=intro.prefix, rest="optional", is_glued=True, help="介绍自己,收进名录"))
        specs.append(
            CommandSpec(name=directory.LIST, aliases=("通讯录",), rest="optional", help="认识群里的人,可加关键词")
        )
        specs.append(CommandSpec(name=directory.FORGET, aliases=("删除介绍",), help="从名录里拿掉自己的介绍"))
    if params.goal:
        specs.append(
            CommandSpec(name=params.goal.command, rest="optional", is_glued=True, help="写下目标,到期念给自己听")
        )
    if params.admission:
        specs.append(CommandSpec(name=params.admission.command, help="看自己的录取通知书"))
        specs.append(
            CommandSpec(name=params.admission.verify, rest="optional", is_glued=True, help="验证一张录取通知书的校验码")
        )
    return specs


def schedules(params: Params) -> Sequence[Schedule]:
    """A daily look at the rules' version, so that a raised one is noticed even where nobody comes or speaks."""
    return (Schedule(name=_DAILY, at=time(10), missed="late"),) if params.rules_ack else ()


def hears(params: Params, message: MessageReceived) -> bool:
    if params.unanswered is not None and not message.is_private:
        return True
    return params.self_intro is not None and blanks.is_filled(params.self_intro.template, message.text)


def needs(params: Params, event: Event) -> Needs:
    uid = event.member
    match event:
        case MemberJoined() | MemberLeft():
            prefixes = ("", "wait/", "bye/", "join/", "intro/", "goal/")
            return Needs(slots=tuple(prefix + uid for prefix in prefixes) if uid else ())
        case JoinRequested():
            return Needs(slots=(gate.JOIN + gate.who(event), *((uid,) if uid else ())))
        case OperatorDecided():
            return Needs(slots=(gate.JOIN + gate.asked_about(event.key),))
        case MessageReceived():
            return _needs_of_words(params, event)
        case TimerFired():
            return _needs_of_timer(params, event)
        case _:
            return Needs(slots=(uid,) if uid else ())


def _needs_of_words(params: Params, event: MessageReceived) -> Needs:
    uid, head = event.member, fold(event.text[:_HEAD])
    slots = [uid, directory.INTRO + uid, directory.GOAL + uid] if uid else []
    if params.rules_ack and _UNREAD in head:
        return Needs(slots="all", roster=True)
    if params.self_intro and (directory.LIST in head or "通讯录" in head):
        slots.append(directory.INTRO + "*")
    if params.admission:
        slots += [f"code/{code}" for code in _CODE.findall(fold(event.text[:_HEAD]).upper())]
    return Needs(slots=tuple(slots))


def _needs_of_timer(params: Params, event: TimerFired) -> Needs:
    name = event.name
    members = followup.members_of(event.data)
    if name == arrivals.GREET:
        return Needs(slots=(arrivals.WAIT + "*",), roster=True)
    if name == arrivals.BYE:
        return Needs(slots=(arrivals.GONE + "*",))
    if name == rules.DUE:
        return Needs(slots="all", roster=True)
    if name.startswith(gate.TIMEOUT):
        return Needs(slots=(gate.JOIN + name.removeprefix(gate.TIMEOUT),))
    if name.startswith("goal/"):
        return Needs(slots=(name,), roster=True)
    if name.startswith(followup.FOLLOW):
        wants_scores = any(follow.only_if == "not_spoken" for follow in params.follow_ups)
        scores: tuple[tuple[str, Window], ...] = (("activity", "all"),) if wants_scores else ()
        return Needs(slots=members, roster=True, scores=scores)
    return Needs(slots=members, roster=bool(members) or name.startswith(unanswered.UNANSWERED))


def start(ctx: Context[Params]) -> Step[State]:
    """Sizes that the group has already reached are not celebrated, and members who are here are not asked again."""
    ack = ctx.params.rules_ack
    peak = ctx.group_size if ctx.group_size > 0 else None
    return Step(State(peak=peak, rules_version=ack.version if ack else 0))


def step(state: State, event: Event, ctx: Context[Params]) -> Step[State]:
    turn: Welcome = Turn(state, ctx)
    rules.refresh(turn)
    match event:
        case MemberJoined():
            arrivals.joined(turn, event)
        case MemberLeft():
            arrivals.left(turn, event)
        case JoinRequested():
            gate.requested(turn, event)
        case OperatorDecided():
            gate.decided(turn, event)
        case TimerFired():
            _fired(turn, event)
        case MessageReceived():
            _heard(turn, event)
        case _:
            pass
    return turn.step()


def _fired(turn: Welcome, event: TimerFired) -> None:
    name = event.name
    if name == arrivals.GREET:
        arrivals.greet(turn, event)
    elif name == arrivals.BYE:
        arrivals.see_off(turn, event)
    elif name == rules.NEW:
        rules.announce(turn)
    elif name == rules.DUE:
        rules.remind_all(turn, event)
    elif name == rules.THANKS:
        rules.thank_the_rest(turn)
    elif name.startswith(followup.RULES):
        followup.remind_rules(turn, event)
    elif name.startswith(followup.INTRO):
        followup.remind_intro(turn, event)
    elif name.startswith(followup.FOLLOW):
        followup.follow_up(turn, event)
    elif name.startswith("milestone/"):
        arrivals.celebrate_later(turn, name)
    elif name.startswith(gate.TIMEOUT):
        gate.timed_out(turn, event)
    elif name.startswith("goal/"):
        directory.quote_goal(turn, event)
    elif name.startswith(unanswered.UNANSWERED):
        unanswered.alarm(turn, event)


def _heard(turn: Welcome, event: MessageReceived) -> None:
    params, ctx, command = turn.params, turn.ctx, turn.ctx.command
    if not event.member:
        return
    unanswered.hear(turn, event)
    ack, intro, goal, letter = params.rules_ack, params.self_intro, params.goal, params.admission
    if command is None:
        if intro and blanks.is_filled(intro.template, event.text):
            directory.introduce(turn, event, event.text)
    elif ack and command.name == ack.keyword:
        rules.acknowledge(turn, event)
    elif ack and command.name == _RULES:
        rules.show(turn, event)
    elif ack and command.name == _UNREAD:
        if ctx.member is not None and ctx.member.is_operator:
            rules.list_unread(turn, event)
    elif intro and command.name == intro.prefix:
        directory.introduce(turn, event, command.rest)
    elif intro and command.name == directory.LIST:
        directory.show(turn, event, command.rest)
    elif intro and command.name == directory.FORGET:
        directory.forget(turn, event)
    elif goal and command.name == goal.command:
        directory.set_goal(turn, event, command.rest)
    elif letter and command.name == letter.command:
        admission.own_letter(turn, event)
    elif letter and command.name == letter.verify:
        admission.verify(turn, event, command.rest)


def wants_capabilities(params: Params) -> Mapping[str, Capability]:
    wanted: dict[str, Capability] = {}
    if params.gate:
        wanted["gate"] = Capability.APPROVE
    if params.admission and params.admission.deliver == "private":
        wanted["admission.deliver"] = Capability.PRIVATE
    if params.admission and params.admission.picture:
        wanted["admission.picture"] = Capability.PICTURE
    for index, follow in enumerate(params.follow_ups):
        if follow.to == "private":
            wanted[f"follow_ups.{index}.to"] = Capability.PRIVATE
    return wanted


PLAY = Play(
    kind="welcome",
    version=1,
    title="入群欢迎",
    Params=Params,
    State=State,
    Slot=Slot,
    start=start,
    step=step,
    listens=frozenset({MemberJoined, MemberLeft, JoinRequested, OperatorDecided, MessageReceived, TimerFired}),
    hears=hears,
    commands=commands,
    schedules=schedules,
    needs=needs,
    wants_capabilities=wants_capabilities,
)
