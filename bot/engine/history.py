"""Imported histories: whose message it is, whether the log has it already, and what it counts for. No play sees it.

A message is known by the second, the member and its words, the n-th time in that second: that is all that a live
message, a text export and an HTML export of the same evening have in common. Ids of the network count too where both
sides have them. `Numbering` gives the n on the reading side, so a batch means the same whenever and however often it
arrives: importing twice, overlapping exports and a process killed in the middle add nothing twice.
"""

from __future__ import annotations

import re
from collections import Counter, OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import blake2b
from typing import Any, TypeAlias

from bot.core.text import clean
from bot.engine.clock import to_ms
from bot.engine.directory import Directory, Room, platform_of
from storage import history
from storage.scoring import Span, recount
from storage.writer import Writer

BATCH = 500
"""Messages of one transaction: the live ones wait for no longer than that takes."""

_NOT_WORDS = re.compile(r"@\S+|\[[^\]\n]{1,40}\]|[\s\u200b-\u200f\u2005\ufeff]+")
_SPAN_MS = 10_000
_JOINED_MS = 3_600_000
_REMEMBERED = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One message of an export, for one group. `member` is a uid, "" for the network's own notices; `is_named_only`: it
    was made from the name. `n`: how many messages of the same second, member and words came before it in the file."""

    at_ms: int
    member: str
    name: str
    text: str
    kind: str
    message_id: str = ""
    reply_to: str = ""
    is_named_only: bool = False
    n: int = 0


@dataclass(slots=True)
class Taken:
    """What became of a batch. `known` were in the log, `cut`: their days are counted, but the log of them is deleted."""

    new: int = 0
    known: int = 0
    cut: int = 0
    members: set[str] = field(default_factory=set)

    def add(self, other: Taken) -> None:
        self.new, self.known, self.cut = self.new + other.new, self.known + other.known, self.cut + other.cut
        self.members |= other.members


_Mark: TypeAlias = tuple[int, str, str]
"""(second, whose, words)."""


def member_uid(platform: str, group: str, member: str, name: str) -> tuple[str, bool]:
    """(uid, whether it is made from the name). Ids of the network stay what they are; a name alone becomes an id that is
    stable in its group: the same name in the same group is the same member, in another group another one."""
    if member:
        return f"{platform}:{member}", False
    digest = blake2b(f"{group}\n{name}".encode(), digest_size=6).hexdigest()
    return f"{platform}:~{digest}", True


def words_of(text: str) -> str:
    """What is left of a message for comparison: mentions, placeholders and spaces differ from tool to tool."""
    return _NOT_WORDS.sub("", text)


class Numbering:
    """Counts repetitions within a second, in the order of the file. Remembers the last few thousand only."""

    def __init__(self) -> None:
        self._counts: OrderedDict[_Mark, int] = OrderedDict()
        self._ids: OrderedDict[str, None] = OrderedDict()

    def number(self, at_ms: int, member: str, text: str, message_id: str) -> int | None:
        """The n of the message; None: the same id came before in this file."""
        if message_id:
            mark = f"{at_ms}:{message_id}"
            if mark in self._ids:
                return None
            self._ids[mark] = None
            if len(self._ids) > _REMEMBERED:
                self._ids.popitem(last=False)
        key = (at_ms // 1000, member, words_of(text))
        n = self._counts.get(key, 0)
        self._counts[key] = n + 1
        self._counts.move_to_end(key)
        if len(self._counts) > _REMEMBERED:
            self._counts.popitem(last=False)
        return n


class History:
    """Takes batches into the log. Call inside a transaction."""

    def __init__(self, writer: Writer, directory: Directory) -> None:
        self._writer, self._directory = writer, directory
        self._cut: dict[int, tuple[int, dict[str, bool]]] = {}

    def take(self, chat: str, said: Sequence[Said], now: datetime, *, is_trial: bool = False) -> Taken:
        """Logs what is not known yet and counts it. `is_trial` only says what would happen, and writes nothing."""
        account = f"{platform_of(chat)}:import"
        if not is_trial:
            self._directory.resolve([account], [(chat, "group")], {one.member: one.name for one in said if one.member})
        room = self._directory.rooms.get(chat)
        taken = Taken()
        if room is None:
            taken.new, taken.members = len(said), {one.member for one in said if one.member}
            return taken
        seen = _Seen(history.near(self._writer.connection, room.id, _spans(said)))
        fresh = []
        for one in said:
            if seen.has(one):
                taken.known += 1
            elif self._is_cut(room, one):
                taken.cut += 1
            else:
                fresh.append(one)
        if is_trial:
            taken.new, taken.members = len(fresh), {one.member for one in fresh if one.member}
            return taken
        added = self._log(room, account, fresh, now)
        taken.new, taken.known = len(added), taken.known + len(fresh) - len(added)
        taken.members = {one.member for one in added if one.member}
        self._count(room, added)
        return taken

    def forget(self) -> None:
        """A new import: what retention has cut is asked anew."""
        self._cut.clear()

    # -- inside -----------------------------------------------------------------------------------------------------

    def _log(self, room: Room, account: str, fresh: Sequence[Said], now: datetime) -> list[Said]:
        account_id, arrived = self._directory.accounts[account], to_ms(now)
        rows: list[list[Any]] = []
        by_key: dict[str, Said] = {}
        for one in fresh:
            key = _key(one)
            if key in by_key:
                continue
            by_key[key] = one
            rows.append([
                account_id, room.id, self._directory.members[one.member] if one.member else None, key,
                one.message_id[:120], one.at_ms, arrived, one.kind, clean(one.text), None, one.reply_to or None, None,
                history.IMPORTED,
            ])  # fmt: skip
        new = self._writer.log_messages(rows)
        return [one for key, one in by_key.items() if (room.id, account_id, key) in new]

    def _count(self, room: Room, added: Sequence[Said]) -> None:
        """The rollup, as live messages count; what counts for the score is folded from the log of those days."""
        days: dict[tuple[str, int], list[int]] = {}
        for one in added:
            if not one.member:
                continue
            member_id = self._directory.members[one.member]
            row = days.setdefault((self._directory.day(room, one.at_ms), member_id), [0, 0, 0, 0, 0])
            row[0] += 1
            row[2] += len(one.text)
            row[3] += bool(one.reply_to)
            row[4] = max(row[4], one.at_ms)
        history.count_days(self._writer.connection, [[room.id, *key, *row] for key, row in days.items()])
        for day in {day for day, _ in days}:
            begin, end = self._directory.bounds(room, date.fromisoformat(day))
            recount(self._writer.connection, Span(room.id, day, begin, end), self._directory.scoring.counting)
        room.recent = room.tally = None

    def _is_cut(self, room: Room, one: Said) -> bool:
        """Whether the message's day was counted and its log deleted since: it can't be told from what was there."""
        if room.id not in self._cut:
            self._cut[room.id] = (history.cut_before(self._writer.connection, room.id), {})
        before, days = self._cut[room.id]
        if one.at_ms >= before:
            return False
        day = self._directory.day(room, one.at_ms)
        if day not in days:
            connection = self._writer.connection
            begin, end = room.day[0], min(room.day[1], before)
            days[day] = bool(history.counted_days(connection, room.id, day, day)) and not history.is_logged(
                connection, room.id, begin, end
            )
        return days[day]


class _Seen:
    """What the log has around a batch."""

    def __init__(self, rows: Iterable[Any]) -> None:
        self._marks: Counter[_Mark] = Counter()
        self._named: Counter[_Mark] = Counter()
        self._ids: set[tuple[int, str]] = set()
        for row in rows:
            second, words = row.sent_at // 1000, words_of(row.text)
            self._marks[(second, row.uid or "", words)] += 1
            for name in {row.name, row.nick} - {"", None}:
                self._named[(second, name, words)] += 1
            if row.platform_id:
                self._ids.add((second, row.platform_id))

    def has(self, one: Said) -> bool:
        second, words = one.at_ms // 1000, words_of(one.text)
        if one.message_id and (second, one.message_id) in self._ids:
            return True
        if self._marks[(second, one.member, words)] > one.n:
            return True
        return one.is_named_only and self._named[(second, one.name, words)] > one.n


def _key(one: Said) -> str:
    mark = f"{one.at_ms // 1000}\n{one.member}\n{words_of(one.text)}"
    return f"import:{blake2b(mark.encode('utf-8', 'replace'), digest_size=12).hexdigest()}:{one.n}"


def _spans(said: Sequence[Said]) -> list[tuple[int, int]]:
    """Spans of time that cover the batch and ten seconds around, in as few pieces as make sense."""
    spans: list[tuple[int, int]] = []
    for at in sorted({one.at_ms // 1000 * 1000 for one in said}):
        begin, end = at - _SPAN_MS, at + 1000 + _SPAN_MS
        if spans and begin - spans[-1][1] < _JOINED_MS:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((begin, end))
    return spans
