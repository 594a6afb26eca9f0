"""What operators look at: cases, the state of the rules, a word tried on what was just said; and 群规 for everybody."""

from __future__ import annotations

from bot.core.effects import Literally, Say
from bot.core.events import MessageReceived
from bot.core.play import Capability, Context, Step
from bot.plays.rules.appeal import answer, case_in, evidence, number_in
from bot.plays.rules.params import RulesParams
from bot.plays.rules.standing import mode_of
from bot.plays.rules.state import Case, State
from bot.plays.rules.tryout import try_word
from bot.plays.rules.undo import false_alarms, resume

_LISTED = 8
TRY_OVER_S = 24 * 3600


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
    trial = try_word(word, (recent.text for recent in ctx.recent), (*ctx.params.allow, *state.allow))
    samples = [sample for _, found in trial.hits.values() for sample in found][:3]
    is_discreet = event.is_private or Capability.PRIVATE in ctx.caps
    data = {"word": word, "messages": trial.messages, "hit": trial.hit, "samples": samples if is_discreet else []}
    said = answer(event, "tried", data)
    return Step(state, (Say(words=said.words, to=event.member) if is_discreet else said,))
