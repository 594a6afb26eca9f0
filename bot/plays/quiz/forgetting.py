"""Erasing a member: their name under the questions that they wrote. Their sheet goes with its key."""

from __future__ import annotations

from collections.abc import Mapping

from bot.core.play import DELETED, Forgotten
from bot.plays.quiz.bank import Question
from bot.plays.quiz.record import Offer, Played, Slot, State


def forget(state: State, slots: Mapping[str, Slot], uid: str) -> Forgotten:
    """A question that somebody wrote for the group stays in the pool, as nobody's."""
    offers = {key: slot.root for key, slot in slots.items() if isinstance(slot.root, Offer) and slot.root.member == uid}
    own = {offer.question.id for offer in offers.values()}
    changed = {
        key: Slot(offer.model_copy(update={"name": DELETED, "question": _nobodys(offer.question)}))
        for key, offer in offers.items()
    }
    for key, slot in slots.items():
        if isinstance(slot.root, Played) and slot.root.question.id in own:
            changed[key] = Slot(slot.root.model_copy(update={"question": _nobodys(slot.root.question)}))
    return Forgotten(state=_asked(state, own), slots=changed)


def _nobodys(question: Question) -> Question:
    return question.model_copy(update={"author": ""})


def _asked(state: State, own: set[str]) -> State:
    session = state.session
    if session is None or session.live is None or session.live.question.id not in own:
        return state
    live = session.live.model_copy(update={"question": _nobodys(session.live.question)})
    return State(session=session.model_copy(update={"live": live}))
