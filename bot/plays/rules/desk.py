"""What operators look at: cases, the state of the rules, a word tried on what was just said; and 群规 for everybody."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.core.effects import Literally, Say
from bot.core.events import MessageReceived
from bot.core.play import Capability, Context, Step
from bot.core.text import fold
from bot.plays.rules.appeal import answer, case_in, evidence, number_in
from bot.plays.rules.params import RulesParams
from bot.plays.rules.standing import mode_of, shelter
from bot.plays.rules.state import Case, State
from bot.plays.rules.tryout import try_rule_set, try_word
from bot.plays.rules.undo import false_alarms, resume
from bot.plays.rules.verdict import excerpt

_LISTED = 8
_SAMPLES = 3
TRIED_ON = 1_000
"""Messages of the group that a word or a rule is tried on."""


def show_rules(state: State, event: MessageReceived, ctx: Context[RulesParams]) -> Step[State]:
    said = Say(words=Literally(ctx.params.text.strip()), to=event.member if event.is_private else None)
    return Step(state, (said,))


def show_cases(state: State, event: MessageReceived, rest: str, ctx: Context[RulesParams]) -> Step[State]:
    """The latest cases without their texts, or one with all of its evidence, which never shows in the group."""
    number = number_in(rest)
    if rest and number is None:
        return Step(state, why={"command": "案件", "chat": rest})
    if number is None:
        cases = sorted((slot.case for slot in ctx.slots.values() if slot.case), key=lambda case: -case.number)
        rows = [_row(case) for case in cases[:_LISTED]]
        return Step(state, (answer(event, "cases", {"rows": rows, "total": len(cases)}),))
    case = case_in(ctx, number)
    if case is None:
        return Step(state, (answer(event, "case_unknown", {"case": number, "command": "案件"}),))
    is_discreet = event.is_private or Capability.PRIVATE in ctx.caps
    data = evidence(case, ctx) | {"with_text": is_discreet}
    said = answer(event, "case", data)
    if is_discreet and not event.is_private:
        private = Say(words=said.words, to=event.member)
        return Step(state, (private, answer(event, "case_sent", {"case": number})))
    return Step(state, (said,))


def _row(case: Case) -> dict[str, object]:
    status = "undone" if case.is_undone else case.appeal or (case.mode if case.mode != "enforce" else "done")
    return {"case": case.number, "name": case.name, "rule": case.rule, "status": status}


def show_status(state: State, event: MessageReceived, ctx: Context[RulesParams]) -> Step[State]:
    rows = []
    for rule in ctx.params.rules:
        wrong, verdicts = false_alarms(rule.id, state)
        rows.append(
            {
                "rule": rule.id,
                "mode": mode_of(rule, state, ctx, event.at),
                "is_watched": rule.id in state.watched,
                "wrong": wrong,
                "verdicts": verdicts,
            }
        )
    data = {"rows": rows, "is_paused": state.is_paused, "allow": state.allow[-5:], "allowed": len(state.allow)}
    return Step(state, (answer(event, "status", data),))


def resume_rules(state: State, event: MessageReceived, rest: str, ctx: Context[RulesParams]) -> Step[State]:
    """`恢复规则` takes the brakes off, `恢复规则 外链` lets a rule act again that was being watched."""
    if not rest:
        free = state.model_copy(update={"is_paused": False, "acts": (), "kicks": ()})
        return Step(free, (answer(event, "resumed", {"rule": "", "was": state.is_paused}),))
    was_watched = rest in state.watched
    return Step(
        resume(rest, state) if was_watched else state, (answer(event, "resumed", {"rule": rest, "was": was_watched}),)
    )


def try_out(state: State, event: MessageReceived, word: str, ctx: Context[RulesParams]) -> Step[State]:
    """`试词 word`: what it would have hit among the group's last messages."""
    if not word:
        return Step(state, (answer(event, "try_how", {}),))
    trial = try_word(word, _said(ctx), (*ctx.params.allow, *state.allow))
    rows = [{"word": word, "hit": trial.hit, "samples": [text for _, found in trial.hits.values() for text in found]}]
    return _tried(state, event, trial.messages, trial.hit, rows, ctx)


def try_rule(state: State, event: MessageReceived, name: str, ctx: Context[RulesParams]) -> Step[State]:
    """`试规则 name`, or all of them: what they would have hit by what was said, before they act."""
    trial = try_rule_set(ctx.params, _said(ctx), ctx.assets)
    known = {fold(rule.id): rule.id for rule in ctx.params.rules}
    wanted = known.get(fold(name).strip())
    if name and wanted is None:
        return Step(state, (answer(event, "try_rule_how", {"rules": list(known.values())}),))
    rows: list[dict[str, Any]] = [
        {"word": rule, "hit": count, "samples": list(found) if wanted else []}
        for rule, (count, found) in trial.hits.items()
        if wanted in (None, rule)
    ]
    hit = sum(row["hit"] for row in rows) if wanted else trial.hit
    return _tried(state, event, trial.messages, hit, rows or [{"word": name, "hit": 0, "samples": []}], ctx)


def _said(ctx: Context[RulesParams]) -> list[str]:
    """What those said whom rules are for, without the commands that ask for this."""
    spared = {uid for uid, member in ctx.roster.items() if shelter(replace(ctx, member=member))}
    return [said.text for said in ctx.recent if said.text and said.member not in {*spared, ctx.account}]


def _tried(
    state: State, event: MessageReceived, messages: int, hit: int, rows: list[dict[str, Any]], ctx: Context[RulesParams]
) -> Step[State]:
    """The counts; what was hit is quoted in private only."""
    is_discreet = event.is_private or Capability.PRIVATE in ctx.caps
    shown = [
        row | {"samples": [excerpt(text) for text in row["samples"][:_SAMPLES]] if is_discreet else []} for row in rows
    ]
    said = answer(
        event,
        "tried",
        {"messages": messages, "hit": hit, "percent": f"{100 * hit / max(1, messages):.1f}", "rows": shown[:_LISTED]},
    )
    return Step(state, (Say(words=said.words, to=event.member) if is_discreet else said,))
