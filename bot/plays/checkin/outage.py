"""What was said while the bot was away and came with the history: it counts for its day, and is told of in one line.

An answer to each, hours later and fifty at once, would be noise; a check-in that counts for nothing, because the bot was not
there to hear it, would be worse.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.core.effects import Award, Lane, Note, Say, SetTimer, Template
from bot.core.events import MessageReceived, TimerFired
from bot.core.play import Step
from bot.plays.checkin.answer import Here, Outcome, State

TIMER = "outage"
LATE_S = 2 * 86_400
"""What is older is not looked at: the day and the next are over."""
_LATE = timedelta(minutes=15)
_GATHERING = timedelta(seconds=30)
_NAMED = 20


def is_late(event: MessageReceived, ctx: Here) -> bool:
    return ctx.now - event.at > _LATE


def quietly(state: State, event: MessageReceived, ctx: Here, outcome: Outcome) -> Outcome:
    """`outcome` without its answers; one that was nothing but an answer did not happen."""
    kept = tuple(effect for effect in outcome.effects if not isinstance(effect, Say))
    if not any(isinstance(effect, Award | Note) for effect in kept):
        return Step(state, why={**outcome.why, "late": "not answered"})
    if not any(isinstance(effect, Note) and effect.what == "checkin" for effect in kept):
        return replace(outcome, effects=kept)
    slot = outcome.slots.get(event.member)
    after = outcome.state.model_copy(update={"caught_up": (*outcome.state.caught_up, slot.name if slot else "")})
    if not state.caught_up:
        kept += (SetTimer(name=TIMER, at=ctx.now + _GATHERING),)
    return replace(outcome, state=after, effects=kept)


def tell(state: State, event: TimerFired, ctx: Here) -> Outcome:
    """One line for all of them, by day when nobody sleeps."""
    if not state.caught_up:
        return Step(state)
    names = [name for name in state.caught_up if name][:_NAMED]
    data = {"word": ctx.params.word, "names": names, "more": len(state.caught_up) - len(names)}
    said = Say(words=Template("checkin/caught_up", data), lane=Lane.NOTICE)
    return Step(state.model_copy(update={"caught_up": ()}), (said,), why={"caught up": len(state.caught_up)})
