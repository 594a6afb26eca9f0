"""Erasing a member from what plays remember: stored documents → the play's own models and back."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ValidationError

from bot.plays import all_plays
from storage.privacy import Left


def forget(kind: str, state: str, slots: Mapping[str, str], uid: str) -> Left:
    """What the play of this kind leaves of its documents. A run that it can't read (any more) is left as it is: names
    and ids are taken out of it all the same."""
    play = all_plays().get(kind)
    if play is None or play.Slot is None:
        return Left(state, {}, frozenset())
    try:
        before = play.State.model_validate_json(state)
        found = {key: play.Slot.model_validate_json(data) for key, data in slots.items()}
    except ValidationError:
        return Left(state, {}, frozenset())
    left = play.forget(before, found, uid)
    after = state if left.state == before else left.state.model_dump_json()
    return Left(after, {key: slot.model_dump_json() for key, slot in left.slots.items()}, left.words)
