"""What operators order from outside the chat: judge a case, resume what was paused or watched. The group hears only what is
for the member; the chat's commands and the questions do the same by the same functions."""

from __future__ import annotations

from collections.abc import Callable

from bot.core.events import OperatorOrdered
from bot.core.play import Context, Step
from bot.plays.rules.allowing import allow, is_phrase, phrase_around
from bot.plays.rules.appeal import case_in
from bot.plays.rules.params import RulesParams
from bot.plays.rules.state import Case, Slot, State, case_key
from bot.plays.rules.undo import resume, undo, uphold

_Order = Callable[[State, OperatorOrdered, Context[RulesParams]], Step[State]]


def order(state: State, event: OperatorOrdered, ctx: Context[RulesParams]) -> Step[State]:
    """`undo`, `uphold`, `allow` are about the number of a case; `resume` is about a rule, "" takes the brakes off. `allow`
    takes a `phrase`, without one the words around the hit."""
    wanted = _ORDERS.get(event.order)
    return wanted(state, event, ctx) if wanted is not None else Step(state, refused="no_such_order")


def number_of(event: OperatorOrdered) -> int | None:
    """The case that the order is about."""
    about = event.about if event.order in _ABOUT_CASES else ""
    return int(about) if about.isdecimal() and len(about) < 10 else None


def _case(event: OperatorOrdered, ctx: Context[RulesParams]) -> Case | None:
    return case_in(ctx, number_of(event))


def _undo(state: State, event: OperatorOrdered, ctx: Context[RulesParams]) -> Step[State]:
    case = _case(event, ctx)
    if case is None or case.is_undone:
        return Step(state, refused="no_such_case" if case is None else "already_undone")
    state, case, effects = undo(case, state, ctx, event.member)
    return Step(state, tuple(effects), {case_key(case.number): Slot(case=case)}, {"case": case.number})


def _allow(state: State, event: OperatorOrdered, ctx: Context[RulesParams]) -> Step[State]:
    case = _case(event, ctx)
    if case is None or case.is_undone:
        return Step(state, refused="no_such_case" if case is None else "already_undone")
    phrase = event.data.get("phrase", "").strip() or phrase_around(case)
    if not is_phrase(phrase):
        return Step(state, refused="no_phrase")
    step = _undo(allow(phrase, state), event, ctx)
    return Step(step.state, step.effects, step.slots, {**step.why, "allow": phrase})


def _uphold(state: State, event: OperatorOrdered, ctx: Context[RulesParams]) -> Step[State]:
    case = _case(event, ctx)
    if case is None or case.is_undone:
        return Step(state, refused="no_such_case" if case is None else "already_undone")
    if case.appeal == "upheld":
        return Step(state, refused="already_upheld")
    state, case, effects = uphold(case, state, ctx, event.member)
    return Step(state, tuple(effects), {case_key(case.number): Slot(case=case)}, {"case": case.number})


def _resume(state: State, event: OperatorOrdered, ctx: Context[RulesParams]) -> Step[State]:
    rule = event.about
    if rule and rule not in state.watched:
        return Step(state, refused="not_watched")
    if rule:
        return Step(resume(rule, state), why={"resumed": rule})
    if not state.is_paused:
        return Step(state, refused="not_paused")
    return Step(state.model_copy(update={"is_paused": False, "acts": (), "kicks": ()}), why={"resumed": "brakes"})


_ORDERS: dict[str, _Order] = {"undo": _undo, "allow": _allow, "uphold": _uphold, "resume": _resume}
_ABOUT_CASES = frozenset(("undo", "uphold", "allow"))
