"""放行: a phrase in which a word is harmless in this group from now on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from bot.core.play import Context
from bot.core.text.moderation import kept
from bot.plays.rules.detect import word_findings
from bot.plays.rules.params import RulesParams
from bot.plays.rules.state import Case, State

_CONTEXT = 6
_ALLOWED_AT_MOST = 200
_LOOKS_BACK = timedelta(days=7)
SHORTEST = 2


def phrase_around(case: Case) -> str:
    """The clause that the word of `case` stands in: allowing the bare word would switch it off altogether."""
    span = next((hit.span for hit in case.hits if hit.base and hit.rule == case.rule), "")
    at = case.text.find(span)
    if not span or at < 0:
        return ""
    start, end = at, at + len(span)
    while start > 0 and at - start < _CONTEXT and case.text[start - 1].isalnum():
        start -= 1
    while end < len(case.text) and end - at - len(span) < _CONTEXT and case.text[end].isalnum():
        end += 1
    return case.text[start:end]


def allow(phrase: str, state: State) -> State:
    """`state` with `phrase` harmless; the oldest of too many is given up."""
    if phrase in state.allow:
        return state
    return state.model_copy(update={"allow": (*state.allow, phrase)[-_ALLOWED_AT_MOST:]})


def is_phrase(text: str) -> bool:
    """Whether `text` says enough to be allowed: a single letter would switch off half a lexicon."""
    return len(kept(text)) >= SHORTEST


def cleared(cases: Iterable[Case], state: State, ctx: Context[RulesParams]) -> list[Case]:
    """Recent verdicts over words that would not be passed any more."""
    found = []
    for case in cases:
        rule = ctx.params.book.by_id.get(case.rule)
        if case.is_undone or rule is None or rule.match.kind != "words" or ctx.now - case.at > _LOOKS_BACK:
            continue
        entries = [entry for entry in ctx.params.book.words if entry.rule.id == case.rule]
        allowed = (*ctx.params.allow, *state.allow)
        if not any(word_findings(entries, case.text, allowed, ctx.assets)):
            found.append(case)
    return found
