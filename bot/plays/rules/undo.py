"""Undoing a verdict, and what a rule's false alarms say about the rule."""

from __future__ import annotations

from bot.core.effects import AskOperator, CloseQuestion, Effect, Lane, Mute, Note, Say, Template
from bot.core.play import Context
from bot.plays.rules.params import RulesParams
from bot.plays.rules.standing import RESUME_CHOICES
from bot.plays.rules.state import Appeals, Case, State

_UNDONE_AT_MOST = 400
_FEWEST_VERDICTS = 10
_FALSE_ALARMS = 0.2


def undo(case: Case, state: State, ctx: Context[RulesParams], by: str) -> tuple[State, Case, list[Effect]]:
    """Points back, mute lifted, the member told; the case counts as a false alarm. A removal can't be undone."""
    is_muted = case.muted_until is not None and case.muted_until > ctx.now and "mute" in case.done
    effects: list[Effect] = [
        CloseQuestion(key=f"appeal:{case.number}:{case.member}"),
        CloseQuestion(key=f"kick:{case.number}:{case.member}"),
    ]
    if is_muted:
        effects.append(Mute(member=case.member, for_s=0, lane=Lane.MODERATION, on_unknown="resend"))
    if case.done and "kick" not in case.done:
        words = Template("rules/undone", {"case": case.number, "unmuted": is_muted, "points": case.points})
        effects.append(Say(words=words, mention=(case.member,), lane=Lane.NOTICE))
    effects.append(Note(what="undone", key=str(case.number), member=case.member, data={"rule": case.rule, "by": by}))
    case = case.model_copy(update={"is_undone": True, "appeal": "undone", "decided_by": by})
    appeals = {uid: found for uid, found in state.appeals.items() if uid != case.member}
    state = state.model_copy(update={"undone": (*state.undone, case.number)[-_UNDONE_AT_MOST:], "appeals": appeals})
    for rule in dict.fromkeys(hit.rule for hit in case.hits):
        state, asked = _watch(rule, case, state)
        effects.extend(asked)
    return state, case, effects


def false_alarms(rule: str, state: State) -> tuple[int, int]:
    """(false alarms, verdicts) of `rule` among its last verdicts."""
    cases = state.stats.get(rule, ())
    return len(set(cases) & set(state.undone)), len(cases)


def _watch(rule: str, case: Case, state: State) -> tuple[State, list[Effect]]:
    """Sends a rule that is wrong too often back to observing, and says so."""
    wrong, verdicts = false_alarms(rule, state)
    if rule in state.watched or verdicts < _FEWEST_VERDICTS or wrong <= verdicts * _FALSE_ALARMS:
        return state, []
    ask = AskOperator(
        key=f"watched:{case.number}:{rule}",
        words=Template("rules/watched", {"rule": rule, "wrong": wrong, "verdicts": verdicts}),
        choices=RESUME_CHOICES,
    )
    return state.model_copy(update={"watched": (*state.watched, rule)}), [ask]


def resume(rule: str, state: State) -> State:
    """`rule` acts again, and its statistics begin anew."""
    stats = {name: cases for name, cases in state.stats.items() if name != rule}
    watched = tuple(name for name in state.watched if name != rule)
    return state.model_copy(update={"watched": watched, "stats": stats})


def uphold(case: Case, state: State, ctx: Context[RulesParams], by: str) -> tuple[State, Case, list[Effect]]:
    """The verdict stands: somebody has looked at it. The third appeal in a row that fails is the last for a while."""
    before, appeals = state.appeals.get(case.member), state.appeals
    effects: list[Effect] = [
        CloseQuestion(key=f"appeal:{case.number}:{case.member}"),
        Note(what="upheld", key=str(case.number), member=case.member, data={"rule": case.rule, "by": by}),
    ]
    if case.appeal == "open":
        appeals = {**appeals, case.member: Appeals(upheld=(before.upheld if before else 0) + 1, at=ctx.now)}
        words = Template("rules/upheld", {"case": case.number})
        effects.append(Say(words=words, mention=(case.member,), lane=Lane.NOTICE))
    case = case.model_copy(update={"appeal": "upheld", "decided_by": by})
    return state.model_copy(update={"appeals": appeals}), case, effects
