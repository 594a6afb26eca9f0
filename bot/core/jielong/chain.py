"""One chain while a message is applied to it: the records in, the changed records out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.core.jielong.keys import comparison_key, name_key
from bot.core.jielong.records import Change, Entry, Head, Step, StepKind

IDLE = timedelta(hours=72)
_RELATED_KEPT = 40

Line = tuple[str, str, int]
"""(K, N, entry id or 0): one line of a snapshot."""


class Chain:
    """Working copy of one chain. `begin`, changes, then `commit` make one step."""

    def __init__(self, head: Head, entries: Iterable[Entry] = (), steps: Iterable[Step] = ()) -> None:
        self.head = head
        self.entries = {entry.id: entry for entry in entries}
        self.steps = sorted(steps, key=lambda step: step.n)
        self.lines: list[Line] = [tuple(line) for step in self.steps for line in step.lines]  # type: ignore[misc]
        self._rows = {line: row for row, line in enumerate(self.lines)}
        self.rows_of_key: dict[str, list[int]] = {}
        for row, line in enumerate(self.lines):
            self.rows_of_key.setdefault(line[0], []).append(row)
        self._active: list[Entry] | None = None
        self._with_key: tuple[dict[str, set[int]], dict[str, set[int]]] = ({}, {})
        for entry in self.entries.values():
            self._with_key[entry.is_active].setdefault(comparison_key(entry.text), set()).add(entry.id)
        self.active_count = sum(entry.is_active for entry in self.entries.values())
        self._last_id = max(self.entries, default=0)
        self._last_rank = max((entry.rank for entry in self.entries.values()), default=0)
        self._before: dict[int, Entry | None] = {}
        self._table_before = len(self.lines)

    # -- reading ----------------------------------------------------------------------------------------------------

    @property
    def id(self) -> int:
        return self.head.id

    @property
    def is_open(self) -> bool:
        return self.head.closed_at is None

    @property
    def active(self) -> list[Entry]:
        """The list as members see it: active entries in order."""
        if self._active is None:
            self._active = sorted(
                (entry for entry in self.entries.values() if entry.is_active), key=lambda entry: entry.rank
            )
        return self._active

    def active_with(self, key: str) -> Entry | None:
        """The first active entry with this K."""
        found = [self.entries[entry] for entry in self._with_key[True].get(key, ())]
        return min(found, key=lambda entry: entry.rank, default=None)

    def removed_with(self, key: str) -> list[Entry]:
        """Removed entries whose last text has this K."""
        return [self.entries[entry] for entry in sorted(self._with_key[False].get(key, ()))]

    def knows(self, key: str) -> bool:
        """Whether K stands in any snapshot of the chain (every entry text ever accepted does)."""
        return key in self.rows_of_key

    def snapshots(self) -> list[tuple[str, tuple[int, ...]]]:
        """(attributed to, rows), in order."""
        found: list[tuple[str, tuple[int, ...]]] = []
        for step in self.steps:
            if step.sent is not None:
                found.append((step.by, step.sent))
            found.append((step.merged_by, step.merged))
        return found

    def concerns(self, message: str) -> bool:
        return message in self.head.related or any(step.message == message for step in self.steps)

    def due_close(self, now: datetime) -> datetime | None:
        """When the chain closed by itself, if it did by `now`: after its deadline, or after three quiet days."""
        if not self.is_open:
            return None
        if self.head.deadline is not None and now > self.head.deadline:
            return self.head.deadline
        return self.head.active_at + IDLE if now - self.head.active_at >= IDLE else None

    # -- changing ---------------------------------------------------------------------------------------------------

    @property
    def next_step(self) -> int:
        return self.steps[-1].n + 1 if self.steps else 1

    def add(self, text: str, author: str, owner: str) -> Entry:
        self._last_id += 1
        entry = Entry(
            id=self._last_id, text=text, author=author, owner=owner, rank=self._next_rank(), step=self.next_step
        )
        self._put(entry)
        return entry

    def edit(self, entry: Entry, text: str, owner: str) -> Entry:
        """New text. An entry that was removed comes back at the end."""
        rank = entry.rank if entry.is_active else self._next_rank()
        changed = replace(entry, text=text, owner=owner, rank=rank, step=self.next_step, is_active=True)
        self._put(changed)
        return changed

    def remove(self, entry: Entry) -> None:
        self._put(replace(entry, is_active=False, step=self.next_step))

    def undo(self, step: Step, *, is_new_change: bool = False) -> bool:
        """Takes back what `step` did to entries that nothing later has changed; whether anything was.

        `is_new_change`: the undoing counts as the entries' last change, so that it can be undone itself.
        """
        did = False
        for change in step.changes:
            entry = self.entries[change.entry]
            if entry.step == step.n:
                undone = change.before or replace(entry, is_active=False)
                self._put(replace(undone, step=self.next_step) if is_new_change else undone)
                did = True
        self.steps = [replace(each, is_undone=True) if each.n == step.n else each for each in self.steps]
        return did

    def commit(
        self,
        kind: StepKind,
        *,
        message: str,
        by: str,
        at: datetime,
        sent: Sequence[Line] | None = None,
        counts_as_activity: bool = True,
    ) -> Step:
        """Ends a step: the snapshots, what changed, and the time of the last activity."""
        sent_rows = None if sent is None else tuple(map(self._row, sent))
        merged = tuple(self._row((comparison_key(entry.text), name_key(entry.text), entry.id)) for entry in self.active)
        step = Step(
            n=self.next_step,
            kind=kind,
            message=message,
            by=by,
            at=at,
            lines=tuple(self.lines[self._table_before :]),
            sent=sent_rows,
            merged=merged,
            merged_by="" if kind == "list" else by,
            changes=tuple(Change(entry, before) for entry, before in self._before.items()),
        )
        self.steps.append(step)
        self._before, self._table_before = {}, len(self.lines)
        if counts_as_activity:
            self.head = replace(self.head, active_at=max(at, self.head.active_at))
        return step

    @property
    def is_changed(self) -> bool:
        """Whether the step in progress has changed an entry."""
        return bool(self._before)

    def relate(self, message: str) -> None:
        """Remembers a message that concerns the chain, so that replies to it find the chain."""
        if message and not self.concerns(message):
            self.head = replace(self.head, related=(*self.head.related, message)[-_RELATED_KEPT:])

    def set_tail(self, tail: str) -> None:
        self.head = replace(self.head, tail=tail)

    def touch(self, at: datetime) -> None:
        self.head = replace(self.head, active_at=max(at, self.head.active_at))

    def close(self, at: datetime) -> None:
        self.head = replace(self.head, closed_at=at)

    def reopen(self, at: datetime) -> None:
        self.head = replace(self.head, closed_at=None, deadline=None, active_at=max(at, self.head.active_at))

    def _next_rank(self) -> int:
        self._last_rank += 1
        return self._last_rank

    def _put(self, entry: Entry) -> None:
        old = self.entries.get(entry.id)
        self._before.setdefault(entry.id, old)
        if old is not None:
            self._with_key[old.is_active][comparison_key(old.text)].discard(entry.id)
            self.active_count -= old.is_active
        self._with_key[entry.is_active].setdefault(comparison_key(entry.text), set()).add(entry.id)
        self.active_count += entry.is_active
        self.entries[entry.id] = entry
        self._active = None

    def _row(self, line: Line) -> int:
        row = self._rows.get(line)
        if row is None:
            row = self._rows[line] = len(self.lines)
            self.lines.append(line)
            self.rows_of_key.setdefault(line[0], []).append(row)
        return row
