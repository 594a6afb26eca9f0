"""群规: rules that a group can trust.

Theory. A message meets the rules of the book (`detect`); what it breaks becomes one verdict (`verdict`): a case with the
evidence, points, and the measures that level and ladder ask for (`sentence`), as far as the network can take them.

States of a rule: shadow (records) → remind (one friendly word, no points) → enforce; back to shadow by itself when more
than a fifth of its last verdicts were undone. States of a case: passed → appeal open → upheld | undone.

Invariants: a rule acts once on a message, edits included; owner, admins, operators, bots and the exempt are never acted
on; a case that is undone gives no points; above the brakes nothing is done, everything is recorded; the offending text
never shows in the group. A harmless message writes nothing.

QR codes in pictures come as an event of their own (`ImageRead`): a moment after the message, judged beside it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.core.effects import MuteAll
from bot.core.events import (
    EffectSettled,
    Event,
    ImageRead,
    MemberJoined,
    MessageEdited,
    MessageRecalled,
    MessageReceived,
    NameChanged,
    OperatorDecided,
    OperatorOrdered,
    TimerFired,
)
from bot.core.play import Capability, Command, Context, Needs, Play, Step
from bot.core.text.moderation import Lexicon, parse_lexicon
from bot.core.units import AssetParser, AssetProblem
from bot.plays.rules import appeal, desk, lists, orders, settle
from bot.plays.rules.detect import find, find_in_image
from bot.plays.rules.forgetting import forget
from bot.plays.rules.names import named
from bot.plays.rules.params import RulesParams, commands, schedules
from bot.plays.rules.said import said, shown
from bot.plays.rules.standing import mode_of, notice
from bot.plays.rules.state import Record, Slot, State, case_key
from bot.plays.rules.tryout import Trial, try_lexicon, try_rules, try_word
from bot.plays.rules.verdict import decide

__all__ = ["ASSET_PARSERS", "PLAY", "RulesParams", "Trial", "try_lexicon", "try_rules", "try_word"]

_ADDRESS = r"^(?:@\S+\s+)*\W*"
_ABOUT_A_CASE = re.compile(
    rf"{_ADDRESS}(?:撤销|维持|案件|违规记录|申诉|我要申诉|申述|审诉|shensu)(?:{appeal.NUMBERED})?", re.IGNORECASE
)
_ALL_CASES = re.compile(rf"{_ADDRESS}(?:放行|案件|违规记录)")
_TRIES = re.compile(rf"{_ADDRESS}试(?:词|规则)")
_NEWCOMERS_AT_MOST = 500
_LONGEST_REST = 200
_NEW_FOR = timedelta(days=7)
_NO_RECORD = Record()


def _start(ctx: Context[RulesParams]) -> Step[State]:
    """A group that only operators talk in is closed by the network itself, where it can."""
    closes = [rule for rule in ctx.params.book.closed if rule.hours is None]
    state = State(known=ctx.params.book.ids)
    if closes and Capability.MUTE_ALL in ctx.caps and mode_of(closes[0], state, ctx, ctx.now) == "enforce":
        return Step(state, (MuteAll(on=True),))
    return Step(state)


def _needs(params: RulesParams, event: Event) -> Needs:
    match event:
        case MessageReceived():
            keys: tuple[str, ...] = (event.member,)
            seconds, said = params.book.recent_s, 0
            if lists.may_be_list(event.text):
                keys = (*keys, lists.KEY)
            if len(event.text) <= 80:
                if found := _ABOUT_A_CASE.match(event.text):
                    keys = (*keys, case_key(int(found[1]))) if found[1] else keys
                if _ALL_CASES.match(event.text) and not (found and found[1]):
                    keys = (*keys, "case:*")
            if _TRIES.match(event.text):
                said = desk.TRIED_ON
            if said:
                return Needs(slots=keys, said=said, roster=True)
            return Needs(slots=keys, recent_s=0 if event.is_private else seconds)
        case MessageEdited():
            return Needs(slots=(event.member, lists.KEY) if lists.may_be_list(event.text) else (event.member,))
        case MessageRecalled() | ImageRead():
            return Needs(slots=(event.member,))
        case EffectSettled() | OperatorDecided():
            number, _, member = event.key.partition(":")[2].partition(":")
            return Needs(slots=(f"case:{number}", member)) if number.isdecimal() and member else Needs()
        case OperatorOrdered():
            case = orders.number_of(event)
            return Needs(slots=(case_key(case),)) if case is not None else Needs()
        case TimerFired(name="cleanup"):
            return Needs(slots=("case:*",))
        case _:
            return Needs()
    return Needs()


def _step(state: State, event: Event, ctx: Context[RulesParams]) -> Step[State]:
    if state.known == ctx.params.book.ids:
        return _stepped(state, event, ctx)
    state, asked = notice(state, event.at, ctx)
    step = _stepped(state, event, ctx)
    return Step(step.state, (*asked, *step.effects), step.slots, step.why)


def _stepped(state: State, event: Event, ctx: Context[RulesParams]) -> Step[State]:
    match event:
        case MessageReceived() | MessageEdited():
            return _message(state, event, ctx)
        case ImageRead():
            return _image(state, event, ctx)
        case MessageRecalled():
            return settle.recalled(state, event, _record(ctx, event.member), ctx)
        case MemberJoined() | NameChanged():
            return named(_joined(state, event, ctx), event, ctx)
        case EffectSettled():
            return settle.settled(state, event, ctx)
        case OperatorDecided():
            return appeal.decided(state, event, ctx)
        case OperatorOrdered():
            return orders.order(state, event, ctx)
        case TimerFired():
            return _timer(state, event, ctx)
        case _:
            return Step(state)


def _record(ctx: Context[RulesParams], uid: str) -> Record:
    slot = ctx.slots.get(uid)
    return slot.record if slot is not None and slot.record is not None else _NO_RECORD


def _message(state: State, event: MessageReceived | MessageEdited, ctx: Context[RulesParams]) -> Step[State]:
    """Judges a message. A command that broke no rule is answered; what operators command is not judged."""
    command = ctx.command
    if not event.member:
        return Step(state)
    if isinstance(event, MessageReceived):
        if event.member == ctx.account or (event.is_private and command is None):
            return Step(state)
        if command is not None and (event.is_private or (ctx.member is not None and ctx.member.is_operator)):
            return _command(state, event, command, ctx)
    message = said(event)
    record = _record(ctx, event.member)
    slots: dict[str, Slot] = {}
    if lists.may_be_list(message.text):
        slot = ctx.slots.get(lists.KEY)
        known = slot.lines if slot is not None else ()
        if (pasted := lists.read(message.text, known)) is not None:
            message = replace(message, text=pasted.own, is_list=True)
            if (lines := lists.learn(known, pasted.marks)) != known:
                slots[lists.KEY] = Slot(lines=lines)
    if ctx.params.book.newcomers and record.first_seen is None and ctx.member and ctx.member.joined_at is None:
        record = record.model_copy(update={"first_seen": event.at})
        slots[event.member] = Slot(record=record)
    found = find(message, state, record, ctx)
    if not found:
        if command is not None and isinstance(event, MessageReceived):
            step = _command(state, event, command, ctx)
            return Step(step.state, step.effects, {**slots, **step.slots}, step.why)
        return Step(state, slots=slots) if slots else Step(state)
    role = event.role if isinstance(event, MessageReceived) else "member"
    name = (event.name if isinstance(event, MessageReceived) else "") or (ctx.member.name if ctx.member else "")
    step = decide(message, found, state, record, ctx, name=name, role=role)
    return Step(step.state, step.effects, {**slots, **step.slots}, step.why)


def _image(state: State, event: ImageRead, ctx: Context[RulesParams]) -> Step[State]:
    """Judges what a picture says, as part of the message that it came with."""
    if not event.codes or not event.member or event.member == ctx.account:
        return Step(state)
    message, record = shown(event), _record(ctx, event.member)
    found = find_in_image(message, state, record, ctx)
    if not found:
        return Step(state, why={"codes": len(event.codes)})
    role, name = (ctx.member.role, ctx.member.name) if ctx.member else ("member", "")
    message = replace(message, is_gone=event.message_id in record.recalled)
    return decide(message, found, state, record, ctx, name=name, role=role)


def _command(state: State, event: MessageReceived, command: Command, ctx: Context[RulesParams]) -> Step[State]:
    name, rest = command.name, command.rest[:_LONGEST_REST]
    if name == "群规":
        return desk.show_rules(state, event, ctx)
    if name == "申诉":
        return appeal.appeal(state, event, rest, _record(ctx, event.member), ctx)
    if ctx.member is None or not ctx.member.is_operator:
        return Step(state, why={"command": name, "refused": "not an operator"})
    match name:
        case "撤销" | "维持":
            return appeal.typed_decision(state, event, name, rest, ctx)
        case "放行":
            return appeal.allow_phrase(state, event, rest, ctx)
        case "案件":
            return desk.show_cases(state, event, rest, ctx)
        case "规则状态":
            return desk.show_status(state, event, ctx)
        case "恢复规则":
            return desk.resume_rules(state, event, rest, ctx)
        case "试词":
            return desk.try_out(state, event, rest, ctx)
        case "试规则":
            return desk.try_rule(state, event, rest, ctx)
    return Step(state)


def _joined(state: State, event: Event, ctx: Context[RulesParams]) -> State:
    """Remembers who joined lately, where a rule wants to know."""
    if not isinstance(event, MemberJoined) or not ctx.params.book.wants_joins:
        return state
    fresh = event.at - _NEW_FOR
    newcomers = {uid: at for uid, at in state.newcomers.items() if at > fresh} | {event.member: event.at}
    return state.model_copy(update={"newcomers": dict(list(newcomers.items())[-_NEWCOMERS_AT_MOST:])})


def _timer(state: State, event: TimerFired, ctx: Context[RulesParams]) -> Step[State]:
    what, _, rule_id = event.name.partition(":")
    if what == "cleanup":
        old = {
            key: None
            for key, slot in ctx.slots.items()
            if slot.case is not None and ctx.now - slot.case.at > ctx.params.keep
        }
        return Step(state, slots=old, why={"deleted": len(old)})
    rule = ctx.params.book.by_id.get(rule_id)
    if rule is None or what not in ("close", "open") or Capability.MUTE_ALL not in ctx.caps:
        return Step(state)
    if mode_of(rule, state, ctx, event.at) != "enforce":
        return Step(state)
    return Step(state, (MuteAll(on=what == "close"),), why={"group": what})


def _is_open_chat(params: RulesParams, event: MessageReceived) -> bool:
    return not event.is_private


def _reads_images(params: RulesParams) -> bool:
    return bool(params.book.codes or params.book.newcomers)


def _wants(params: RulesParams) -> Mapping[str, Capability]:
    """Where the play relies on what some networks refuse."""
    wanted: dict[str, Capability] = {}
    for index, rung in enumerate(params.ladder):
        if rung.do in ("mute", "kick"):
            wanted[f"ladder.{index}.do"] = Capability.MUTE if rung.do == "mute" else Capability.KICK
    for index, rule in enumerate(params.rules):
        if rule.default_level >= 2 and rule.match.kind != "nickname":
            wanted[f"rules.{index}.level"] = Capability.RECALL_OTHERS
    return wanted


def _lexicon(path: str, text: str) -> tuple[Lexicon, list[AssetProblem]]:
    lexicon, mistakes = parse_lexicon(text)
    return lexicon, [AssetProblem(found.line, found.message) for found in mistakes]


def _lines_have_a_slot(state: dict[str, Any]) -> dict[str, Any]:
    """Version 1 kept the lines of lists in the state, which every message loads: they are learned again."""
    return {key: value for key, value in state.items() if key != "lines"}


ASSET_PARSERS: Mapping[str, AssetParser] = {"lexicon": _lexicon}

PLAY = Play(
    kind="rules",
    version=2,
    upgrade={1: _lines_have_a_slot},
    title="群规",
    Params=RulesParams,
    State=State,
    Slot=Slot,
    start=_start,
    step=_step,
    listens=frozenset(
        {
            MessageReceived,
            MessageEdited,
            MessageRecalled,
            ImageRead,
            MemberJoined,
            NameChanged,
            EffectSettled,
            OperatorOrdered,
            OperatorDecided,
            TimerFired,
        }
    ),
    hears=_is_open_chat,
    reads_images=_reads_images,
    commands=commands,
    schedules=schedules,
    needs=_needs,
    forget=forget,
    wants_capabilities=_wants,
)
