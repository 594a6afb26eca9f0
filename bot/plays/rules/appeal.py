"""申诉, and what operators answer: 撤销, 维持, 放行."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from bot.core.effects import AskOperator, Effect, Kick, Lane, Say, Template
from bot.core.events import MessageReceived, OperatorDecided
from bot.core.play import Capability, Context, Step
from bot.plays.rules.allowing import allow, cleared, is_phrase, phrase_around
from bot.plays.rules.brakes import kicked, may_kick
from bot.plays.rules.params import RulesParams
from bot.plays.rules.standing import RESUME_CHOICES, capabilities
from bot.plays.rules.state import Case, Record, Slot, State, case_key
from bot.plays.rules.undo import resume, undo, uphold
from bot.plays.rules.verdict import KICK_CHOICES, brake, excerpt

NUMBERED = r"(?:编号|案件|案|第|号|\W)*(\d{1,9})"
_NUMBER = re.compile(NUMBERED)
_UPHELD_IN_A_ROW = 3
_BARRED_FOR = timedelta(days=7)
_UNDO, _UPHOLD, _ALLOW = "撤销", "维持", "放行"


def number_in(text: str) -> int | None:
    """The case number in what was typed after a command."""
    match = _NUMBER.match(text)
    return int(match[1]) if match else None


def case_in(ctx: Context[RulesParams], number: int | None) -> Case | None:
    slot = ctx.slots.get(case_key(number)) if number is not None else None
    return slot.case if slot is not None else None


def answer(event: MessageReceived, name: str, data: Mapping[str, Any]) -> Say:
    """An answer where it was asked."""
    words = Template(f"rules/{name}", data)
    return Say(words=words, to=event.member if event.is_private else None, reply_to=event.message_id)


# -- a member appeals -----------------------------------------------------------------------------------------------------


def appeal(state: State, event: MessageReceived, rest: str, record: Record, ctx: Context[RulesParams]) -> Step[State]:
    """One appeal per case, in time, by the one it is about."""
    number = number_in(rest)
    if number is None:
        return Step(state, (answer(event, "appeal_how", {"case": record.last_case}),))
    case = case_in(ctx, number)
    if case is None or case.member != event.member:
        return Step(state, (answer(event, "appeal_unknown", {"case": number}),), why={"case": number})
    if case.is_undone or case.appeal:
        status = "undone" if case.is_undone else case.appeal
        return Step(state, (answer(event, "appeal_again", {"case": number, "status": status}),), why={"appeal": status})
    if event.at - case.at > ctx.params.appeal_within:
        hours = int(ctx.params.appeal_within.total_seconds() // 3600)
        return Step(state, (answer(event, "appeal_late", {"case": number, "hours": hours}),), why={"appeal": "late"})
    past = state.appeals.get(event.member)
    if past and past.upheld >= _UPHELD_IN_A_ROW and ctx.now - past.at < _BARRED_FOR:
        until = ctx.local(past.at + _BARRED_FOR)
        data = {"until": f"{until.month}月{until.day}日"}
        return Step(state, (answer(event, "appeal_barred", data),), why={"appeal": "barred"})
    rule = ctx.params.book.by_id.get(case.rule)
    may_allow = rule is not None and rule.match.kind == "words" and bool(phrase_around(case))
    choices = (_UNDO, _UPHOLD, _ALLOW) if may_allow else (_UNDO, _UPHOLD)
    data = evidence(case, ctx) | {"said": excerpt(_NUMBER.sub("", rest, count=1)), "may_allow": may_allow}
    words = Template("rules/ask_appeal", data)
    ask = AskOperator(key=f"appeal:{number}:{case.member}", words=words, choices=choices, member=case.member)
    opened = case.model_copy(update={"appeal": "open"})
    return Step(
        state,
        (ask, answer(event, "appeal_taken", {"case": number})),
        {case_key(number): Slot(case=opened)},
        {"appeal": "open", "case": number},
    )


def evidence(case: Case, ctx: Context[RulesParams]) -> dict[str, Any]:
    """What operators read about a case."""
    hits = [{"rule": hit.rule, "base": hit.base, "span": hit.span, "views": hit.views} for hit in case.hits]
    return {
        "case": case.number,
        "name": case.name,
        "at": f"{ctx.local(case.at):%m-%d %H:%M}",
        "text": case.text,
        "image": case.image,
        "rule": case.rule,
        "level": case.level,
        "mode": case.mode,
        "hits": hits,
        "points_before": case.points_before,
        "points_after": case.points_after,
        "done": case.done,
        "replaced": case.replaced,
        "error": case.error,
        "appeal": case.appeal,
        "is_undone": case.is_undone,
    }


# -- operators decide -----------------------------------------------------------------------------------------------------


def typed_decision(
    state: State, event: MessageReceived, name: str, rest: str, ctx: Context[RulesParams]
) -> Step[State]:
    """`撤销 3`, `维持 3`."""
    number = number_in(rest)
    case = case_in(ctx, number)
    if rest and number is None:
        return Step(state, why={"command": name, "chat": rest})
    if number is None or case is None:
        return Step(state, (answer(event, "case_unknown", {"case": number or 0, "command": name}),))
    if case.is_undone:
        return Step(state, (answer(event, "case_settled", {"case": number}),))
    settle = undo if name == _UNDO else uphold
    state, case, effects = settle(case, state, ctx, event.member)
    said = answer(event, "decided", {"case": number, "choice": name, "kicked": "kick" in case.done})
    return Step(state, (*effects, said), {case_key(number): Slot(case=case)}, {"case": number, "decision": name})


def allow_phrase(state: State, event: MessageReceived, phrase: str, ctx: Context[RulesParams]) -> Step[State]:
    """`放行 phrase`: harmless from now on, and the recent verdicts that it explains are undone."""
    if not is_phrase(phrase):
        return Step(state, (answer(event, "allow_how", {}),))
    state = allow(phrase, state)
    cases = [slot.case for slot in ctx.slots.values() if slot.case is not None]
    effects: list[Effect] = []
    slots: dict[str, Slot] = {}
    for case in cleared(cases, state, ctx):
        state, case, more = undo(case, state, ctx, event.member)
        slots[case_key(case.number)] = Slot(case=case)
        effects.extend(more)
    said = answer(event, "allowed", {"phrase": phrase, "undone": len(slots)})
    return Step(state, (*effects, said), slots, {"allow": phrase, "undone": sorted(slots)})


def decided(state: State, event: OperatorDecided, ctx: Context[RulesParams]) -> Step[State]:
    """An answer from the operators' queue."""
    what, _, rest = event.key.partition(":")
    number, _, name = rest.partition(":")
    if what == "brake":
        is_on = event.choice == RESUME_CHOICES[0]
        return Step(state.model_copy(update={"is_paused": False, "acts": (), "kicks": ()}) if is_on else state)
    if what == "watched":
        return Step(resume(name, state) if event.choice == RESUME_CHOICES[0] else state)
    case = case_in(ctx, int(number) if number.isdecimal() else None)
    if case is None or case.is_undone:
        return Step(state, why={"decision": "nothing left to decide"})
    if what == "kick":
        return _kick_decided(state, event, case, ctx)
    if what != "appeal":
        return Step(state)
    if event.choice == _ALLOW and is_phrase(phrase := event.text.strip() or phrase_around(case)):
        state = allow(phrase, state)
    if event.choice in (_UNDO, _ALLOW):
        state, case, effects = undo(case, state, ctx, event.member)
    elif event.choice == _UPHOLD:
        state, case, effects = uphold(case, state, ctx, event.member)
    else:
        return Step(state)
    why = {"case": case.number, "decision": event.choice}
    return Step(state, tuple(effects), {case_key(case.number): Slot(case=case)}, why)


def _kick_decided(state: State, event: OperatorDecided, case: Case, ctx: Context[RulesParams]) -> Step[State]:
    slots: dict[str, Slot] = {}
    slot = ctx.slots.get(case.member)
    if slot is not None and slot.record is not None and slot.record.pending is not None:
        slots[case.member] = Slot(record=slot.record.model_copy(update={"pending": None}))
    effects: list[Effect] = []
    if event.choice == KICK_CHOICES[0] and Capability.KICK in capabilities(state, ctx):
        if not may_kick(state, ctx.params.brakes, ctx.now):
            state, asked = brake(state, case, "kicks")
            return Step(state, tuple(asked), slots, {"decision": event.choice, "brake": "kicks"})
        state = kicked(state, ctx.now)
        key = f"kick:{case.number}:{case.member}"
        effects.append(Kick(member=case.member, key=key, lane=Lane.MODERATION, on_unknown="ask"))
        case = case.model_copy(update={"done": (*case.done, "kick"), "decided_by": event.member})
        slots[case_key(case.number)] = Slot(case=case)
    return Step(state, tuple(effects), slots, {"case": case.number, "decision": event.choice})
