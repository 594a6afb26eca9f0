"""The merge: a message's list, the list that its sender edited, and the true list → the new true list.

The promise: no entry disappears unless its author, its owner or an operator removes it. Lines are paired in a fixed
order of steps, the surest first; each line of the message and of the base is used once. What is left of the base was
removed by the sender, what is left of the message is new. Whatever is in doubt stays.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.jielong.chain import Chain, Line
from bot.core.jielong.keys import cancelled_name, comparison_key, name_key
from bot.core.jielong.members import Directory
from bot.core.jielong.records import ENTRY_LIMIT, TEXT_LIMIT, Entry

_LINES_OF_ANOTHER = 40
"""An entry of more lines than this is not looked for in somebody else's."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Something that was not done, or not as the message said. `entry` 0: about no entry."""

    code: str
    entry: int = 0
    text: str = ""


@dataclass(slots=True)
class Item:
    """One line of the message and what became of it. `extra`: unnumbered lines below somebody else's line."""

    text: str
    author: str
    key: str = ""
    name: str = ""
    entry: int = 0
    how: str = ""
    extra: str = ""

    def __post_init__(self) -> None:
        self.key, self.name = comparison_key(self.text), name_key(self.text)


class Merge:
    """One sender's changes to one chain. `step` methods follow the numbers of the merge's description."""

    def __init__(
        self,
        chain: Chain,
        sender: str,
        *,
        is_operator: bool,
        directory: Directory,
        one_per_member: bool = False,
        limit: int = ENTRY_LIMIT,
    ) -> None:
        self.chain, self.sender, self.is_operator = chain, sender, is_operator
        self.directory, self.one_per_member, self.limit = directory, one_per_member, limit
        self.verdicts: list[Verdict] = []

    # -- permission -------------------------------------------------------------------------------------------------

    def is_own(self, entry: Entry) -> bool:
        return self.sender in (entry.author, entry.owner)

    def may_change(self, entry: Entry) -> bool:
        return self.is_operator or self.is_own(entry)

    def may_change_id(self, entry_id: int) -> bool:
        entry = self.chain.entries.get(entry_id)
        return self.is_operator or (entry is not None and self.is_own(entry))

    # -- the whole list ---------------------------------------------------------------------------------------------

    def apply_list(self, items: Sequence[Item], base: Sequence[Line]) -> list[Line]:
        """Merges and returns the message as a snapshot."""
        _Pairing(self, items, base).run()
        for item in items:
            if item.how == "edit" and self._is_namesake(item):
                self._write_themself(item, {other.entry for other in items})
            elif item.how == "edit":
                self._edit(item)
            elif not item.how:
                item.entry = self._rest(item.text, item.author)
            if item.extra:
                self._rest(item.extra, item.author)
        return [(item.key, item.name, item.entry) for item in items]

    def apply_fragment(self, items: Sequence[Item]) -> None:
        """A few numbered lines without the list: they add and edit, and remove only by a cancel mark."""
        for item in items:
            if same := self.chain.active_with(item.key):
                self._say("duplicate_dropped", same, item.text)
            elif cancelled_name(item.text) is not None:
                self._cancel_named(item.text)
            elif own := [each for each in self.chain.active if self._name(each) == item.name and self.may_change(each)]:
                item.entry = own[0].id
                self._edit(item)
            else:
                self._add(item.text, item.author)

    def remove_left_over(self, base: Sequence[Line], used: Sequence[bool], paired: set[int]) -> None:
        """Step 7. An operator's list typed from scratch wipes nothing."""
        wipes_nothing = 2 * sum(used) < len(base)
        for (_, _, entry_id), is_used in zip(base, used, strict=True):
            entry = self.chain.entries.get(entry_id)
            if is_used or entry is None or not entry.is_active or entry_id in paired:
                continue
            if self.is_own(entry) or (self.is_operator and not wipes_nothing):
                self.chain.remove(entry)
            else:
                self._say("removal_rejected", entry)

    # -- one line ---------------------------------------------------------------------------------------------------

    def _is_namesake(self, item: Item) -> bool:
        """Whether the line only looks like another's: 成员2 wrote themself where 成员1 stands. Their names are one N, but
        the whole line is the sender's own name and nobody else's, so it is no attempt to change somebody."""
        entry = self.chain.entries[item.entry]
        return not self.may_change(entry) and self.directory.named(item.text) == self.sender

    def _write_themself(self, item: Item, paired: set[int]) -> None:
        own = [each for each in self.chain.active if self.is_own(each) and each.id not in paired]
        same = [each for each in own if self._name(each) == item.name]
        if len(same) == 1:
            item.entry = same[0].id
            self._edit(item)
        else:
            item.entry = self._rest(item.text, item.author)

    def _edit(self, item: Item) -> None:
        """Step 8."""
        entry = self.chain.entries[item.entry]
        if not self.may_change(entry):
            self._say("edit_rejected", entry, item.text)
        elif cancelled_name(item.text) is not None:
            if entry.is_active:
                self.chain.remove(entry)
        elif (other := self.chain.active_with(item.key)) and other.id != entry.id:
            self._say("duplicate_dropped", other, item.text)
        elif len(item.text) > TEXT_LIMIT:
            self._say("too_long", entry, item.text)
        elif not entry.is_active and self.chain.active_count >= self.limit:
            self._say("full", text=item.text)
        else:
            self.chain.edit(entry, item.text, self.directory.named(item.text) or entry.owner)

    def _rest(self, text: str, author: str) -> int:
        """Step 9: the id of the entry that the line became, 0 if it was not accepted."""
        if cancelled_name(text) is not None:
            self._cancel_named(text)
            return 0
        key = comparison_key(text)
        if active := self.chain.active_with(key):
            self._say("duplicate_dropped", active, text)
            return 0
        removed = self.chain.removed_with(key)
        if removed and not any(map(self.may_change, removed)):
            self._say("resurrect_rejected", removed[-1], text)
            return 0
        if self.one_per_member:
            name = name_key(text)
            for entry in self.chain.active:
                if entry.author == author and self._name(entry) == name:
                    item = Item(text, author, entry=entry.id)
                    self._edit(item)
                    return entry.id
        return self._add(text, author)

    def _add(self, text: str, author: str) -> int:
        if len(text) > TEXT_LIMIT:
            self._say("too_long", text=text)
        elif self.chain.active_count >= self.limit:
            self._say("full", text=text)
        else:
            return self.chain.add(text, author, self.directory.named(text) or author).id
        return 0

    def _cancel_named(self, text: str) -> None:
        name = name_key(cancelled_name(text) or "")
        named = [entry for entry in self.chain.active if name and self._name(entry) == name]
        self.cancel_one(named, text)

    def cancel_one(self, named: Sequence[Entry], text: str) -> None:
        """Removes the one of `named` that the sender may change, or says why not."""
        own = [entry for entry in named if self.may_change(entry)]
        if len(own) == 1:
            self.chain.remove(own[0])
        elif own:
            self._say("ambiguous_cancel", own[0], text)
        elif named:
            self._say("removal_rejected", named[0], text)
        else:
            self._say("nothing_to_cancel", text=text)

    @staticmethod
    def _name(entry: Entry) -> str:
        return name_key(entry.text)

    def _say(self, code: str, entry: Entry | None = None, text: str = "") -> None:
        self.verdicts.append(Verdict(code, entry.id if entry else 0, text))


class _Pairing:
    """Steps 1 to 7: which line of the message is which entry."""

    def __init__(self, merge: Merge, items: Sequence[Item], base: Sequence[Line]) -> None:
        self.merge, self.items, self.base = merge, items, base
        self.used = [False] * len(base)
        self.paired: set[int] = set()

    def run(self) -> None:
        self._same_as_base()
        self._same_as_active()
        self._lines_below_others()
        self._edits_by_name()
        self._edits_of_lost_lines()
        self._edits_by_place()
        self.merge.remove_left_over(self.base, self.used, self.paired)

    def _left(self) -> list[Item]:
        return [item for item in self.items if not item.how]

    def _pair(self, item: Item, entry_id: int, how: str, place: int | None = None) -> None:
        item.how, item.entry = how, entry_id
        if entry_id:
            self.paired.add(entry_id)
        if place is not None:
            self.used[place] = True

    def _free(self) -> list[tuple[int, Entry]]:
        """Left-over lines of the base that stand for an entry, with their place."""
        entries = self.merge.chain.entries
        return [
            (place, entry)
            for place, (_, _, entry_id) in enumerate(self.base)
            if not self.used[place] and (entry := entries.get(entry_id))
        ]

    def _same_as_base(self) -> None:
        """Step 1."""
        places: defaultdict[str, deque[int]] = defaultdict(deque)
        for place, (key, _, _) in enumerate(self.base):
            places[key].append(place)
        for item in self.items:
            if same := places.get(item.key):
                place = same.popleft()
                self._pair(item, self.base[place][2], "same", place)

    def _same_as_active(self) -> None:
        """Step 2."""
        waiting: defaultdict[str, deque[int]] = defaultdict(deque)
        for entry in self.merge.chain.active:
            if entry.id not in self.paired:
                waiting[comparison_key(entry.text)].append(entry.id)
        place_of = {entry.id: place for place, entry in reversed(self._free())}
        for item in self._left():
            if same := waiting.get(item.key):
                entry_id = same.popleft()
                self._pair(item, entry_id, "same", place_of.get(entry_id))

    def _lines_below_others(self) -> None:
        """Step 3: somebody wrote a line without a number below another's."""
        left = [item for item in self._left() if "\n" in item.text]
        if self.merge.is_operator or not left:
            return
        places: defaultdict[str, deque[tuple[int, Entry]]] = defaultdict(deque)
        for place, entry in self._free():
            if not self.merge.may_change(entry):
                places[self.base[place][0]].append((place, entry))
        for item in left:
            lines = item.text.split("\n")
            for cut in range(min(len(lines) - 1, _LINES_OF_ANOTHER), 0, -1):
                if same := places.get(comparison_key("\n".join(lines[:cut]))):
                    place, entry = same.popleft()
                    self._pair(item, entry.id, "same", place)
                    item.extra = "\n".join(lines[cut:])
                    break

    def _edits_by_name(self) -> None:
        """Step 4."""
        places: defaultdict[str, deque[tuple[int, Entry]]] = defaultdict(deque)
        for place, entry in sorted(self._free(), key=lambda pair: not self.merge.may_change(pair[1])):
            places[self.base[place][1]].append((place, entry))
        for item in self._left():
            if same := places.get(item.name):
                place, entry = same.popleft()
                self._pair(item, entry.id, "edit", place)

    def _edits_of_lost_lines(self) -> None:
        """Step 5: the sender wrote themself again on a fork that had lost them."""
        known = {entry_id for _, _, entry_id in self.base} | self.paired
        lost: defaultdict[str, deque[Entry]] = defaultdict(deque)
        for entry in self.merge.chain.active:
            if entry.id not in known and self.merge.may_change(entry):
                lost[name_key(entry.text)].append(entry)
        for item in self._left():
            if lost.get(item.name) and cancelled_name(item.text) is None:
                self._pair(item, lost[item.name].popleft().id, "edit")

    def _edits_by_place(self) -> None:
        """Step 6: the sender replaced their own line by another."""
        own = [
            (place, entry)
            for place, entry in self._free()
            if entry.is_active and self.merge.is_own(entry) and entry.id not in self.paired
        ]
        left = [item for item in self._left() if not self._cancels_own(item)]
        for (place, entry), item in zip(own, left, strict=False):
            self._pair(item, entry.id, "edit", place)

    def _cancels_own(self, item: Item) -> bool:
        name = cancelled_name(item.text)
        if not name:
            return False
        key = name_key(name)
        return any(name_key(entry.text) == key and self.merge.may_change(entry) for entry in self.merge.chain.active)
