"""Erasing a member: what stands in their cases. That there was a verdict, and over which rule, stays."""

from __future__ import annotations

from collections.abc import Mapping

from bot.core.play import DELETED, Forgotten
from bot.plays.rules.state import Slot, State


def forget(state: State, slots: Mapping[str, Slot], uid: str) -> Forgotten:
    """Text, name and the spans of every hit go; the member's own record goes with its key."""
    changed: dict[str, Slot] = {}
    words: set[str] = set()
    for key, slot in slots.items():
        case = slot.case
        if case is None or case.member != uid:
            continue
        words.add(case.text)
        hits = tuple(hit.model_copy(update={"base": "", "span": ""}) for hit in case.hits)
        changed[key] = Slot(case=case.model_copy(update={"text": DELETED, "name": "", "hits": hits}))
    return Forgotten(state=state, slots=changed, words=frozenset(filter(None, words)))
