"""Erasing a member: their lines, what they told in private, and the copies of both in the chain's snapshots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.core.jielong import Entry, Step
from bot.core.jielong.keys import comparison_key, name_key
from bot.core.play import DELETED, Forgotten
from bot.plays.chain.records import Slot, State

_SHORTEST = 2


def forget(state: State, slots: Mapping[str, Slot], uid: str) -> Forgotten:
    """A line is its owner's, whoever wrote it down. Its place in the list stays, so that numbers and sums do."""
    mine: dict[str, set[int]] = {}
    words: set[str] = set()
    for key, slot in slots.items():
        if slot.entry is not None and _is_of(slot.entry, uid):
            mine.setdefault(key.split("/")[0], set()).add(slot.entry.id)
            words |= {slot.entry.text, *slot.answers.values()}
    changed: dict[str, Slot] = {}
    for key, slot in slots.items():
        ids = mine.get(key.split("/")[0], set())
        if slot.entry is not None and slot.entry.id in ids:
            changed[key] = slot.model_copy(update={"entry": replace(slot.entry, text=DELETED), "answers": {}})
        elif slot.step is not None and (ids or slot.step.by == uid):
            words |= {change.before.text for change in slot.step.changes if change.before and change.entry in ids}
            changed[key] = Slot(step=_without(slot.step, ids, uid))
    return Forgotten(state=state, slots=changed, words=frozenset(word for word in words if len(word) >= _SHORTEST))


def _is_of(entry: Entry, uid: str) -> bool:
    return uid == (entry.owner or entry.author)


def _without(step: Step, ids: set[int], uid: str) -> Step:
    """Lines that became nobody's entry are the words of whoever sent them."""
    gone = set(ids) | ({0} if step.by == uid else set())
    lines = tuple(
        (comparison_key(DELETED), name_key(DELETED), line[2]) if line[2] in gone else line for line in step.lines
    )
    changes = tuple(
        replace(change, before=replace(change.before, text=DELETED))
        if change.entry in ids and change.before is not None
        else change
        for change in step.changes
    )
    return replace(step, lines=lines, changes=changes)
