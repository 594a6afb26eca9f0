"""What counts of a group's day: one fold over its messages, in the order of the network's time.

The engine feeds it as messages arrive, the recount feeds it the same day from the log: the counters are the same, because
nothing here comes from anywhere else. A message counts unless its author said the same before today (or, if it is long
enough, anybody did), it is too short, or the author's last counted one lies in the same span of the clock. Only what counts
earns characters and answers. Somebody is answered by each other member once a day; each newcomer is helped by each other
member once a day.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["counted", "flood", "repeat", "copy", "short", "recalled"]

DAY_MS = 86_400_000
LOOK_BACK_MS = 6 * 3_600_000
"""Answers to messages of this long before the day still find whom they answer."""
_MOST_TEXTS = 1000
_MOST_MESSAGES = 1000
_LONGEST_TEXT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Counting:
    """The rules. `copies_from`: texts of so many characters are compared with everybody's; shorter ones (早上好) only
    with the author's own. `longest`: characters of one message that count at most."""

    flood_s: int = 10
    min_chars: int = 1
    longest: int = 200
    copies_from: int = 8
    newcomer_days: int = 7


@dataclass(frozen=True, slots=True)
class Credit:
    """What one message is worth. `answered`: whom it answers, if that counts for the author; `replied`: whom it answers
    for the first time today; `helped`: whether that is a newcomer who was not helped by the author yet today."""

    verdict: Verdict
    chars: int = 0
    answered: int = 0
    replied: int = 0
    helped: bool = False


_NOTHING = {verdict: Credit(verdict) for verdict in ("flood", "repeat", "copy", "short", "recalled")}
_PLAIN = [Credit("counted", chars) for chars in range(_LONGEST_TEXT)]


class Written:
    """The last messages of a group, in three columns of eight bytes each; a dict of them takes six times that. Every message
    is added, only answers and recalls are looked for."""

    __slots__ = ("_ids", "_next", "_times", "_whose")

    def __init__(self) -> None:
        self._ids, self._times, self._whose = bytearray(), array("q"), array("q")
        self._next = 0

    def add(self, message: int, at: int, member: int) -> None:
        """`message` is an id's hash, of 64 bits. The oldest makes room."""
        place, key = self._next, message.to_bytes(8, "little", signed=True)
        if place == len(self._times):
            self._ids += key
            self._times.append(at)
            self._whose.append(member)
        else:
            self._ids[place * 8 : place * 8 + 8] = key
            self._times[place], self._whose[place] = at, member
        self._next = place + 1 if place + 1 < _MOST_MESSAGES else 0

    def find(self, message: int) -> tuple[int, int] | None:
        """(when, by whom), of the newest with that id."""
        key, newest = message.to_bytes(8, "little", signed=True), self._next * 8
        for first, end in ((0, newest), (newest, len(self._ids))):
            place = self._ids.rfind(key, first, end)
            while place > 0 and place % 8:  # in the middle of two
                place = self._ids.rfind(key, first, place + 7)
            if place >= 0:
                return self._times[place // 8], self._whose[place // 8]
        return None


class Tally:
    """One group's day in the making. Members are numbers, times ms, and never go back (`newest`).

    `joined`: member → when they joined last; the caller keeps it.

    Every group that speaks holds a thousand messages here, so they are kept small: ids and texts as hashes (of 64 bits,
    for this process only). Texts are forgotten by halves, so that no order need be kept beside them: what was said is known
    for the next 500 texts, and forgotten after 1,000.
    """

    __slots__ = (
        "_helped", "_replied", "_rules", "_seen", "_seen_before", "_span_ms", "_spans", "_written", "day", "joined",
        "newest",
    )  # fmt: skip

    def __init__(self, rules: Counting, day: str, joined: dict[int, int] | None = None) -> None:
        self._rules, self._span_ms = rules, rules.flood_s * 1000
        self.day, self.newest = day, 0
        self.joined: dict[int, int] = joined if joined is not None else {}
        self._written = Written()
        self._seen: dict[int, int] = {}
        """Texts of today, by whom; `_seen_before`: the older half."""
        self._seen_before: dict[int, int] = {}
        self._begin()

    def turn(self, day: str) -> None:
        """The next day begins: only who wrote what a moment ago is remembered."""
        self.day = day
        self._begin()

    def written_at(self, message_id: str) -> int | None:
        """When a message of the last hours was written."""
        found = self._written.find(hash(message_id))
        return found[0] if found is not None else None

    def note(self, member: int, at: int, message_id: str) -> None:
        """The message can be answered from now on, also one from before the day."""
        self.newest = at
        self._written.add(hash(message_id), at, member)

    def count(
        self,
        member: int,
        at: int,
        text: str,
        message_id: str,
        reply_to: str | None,
        begins: int,
        *,
        recalled: bool = False,
    ) -> Credit:
        """The next message of the day, which began at `begins`."""
        rules = self._rules
        self.note(member, at, message_id)
        if text:
            key = hash(text[:_LONGEST_TEXT] if len(text) >= rules.copies_from else (member, text))
            author = self._seen.get(key) or self._seen_before.get(key)
            if author is not None:
                return _NOTHING["repeat" if author == member else "copy"]
            if len(self._seen) == _MOST_TEXTS // 2:
                self._seen_before = self._seen
                self._seen = {}
            self._seen[key] = member
            if len(text) < rules.min_chars:
                return _NOTHING["short"]
        span = at // self._span_ms if self._span_ms else at
        if self._spans.get(member) == span and self._span_ms:
            return _NOTHING["flood"]
        self._spans[member] = span
        target = self._written.find(hash(reply_to)) if reply_to else None
        if recalled:
            return _NOTHING["recalled"]
        chars = min(len(text), rules.longest)
        if target is None or target[1] == member or target[0] < begins - LOOK_BACK_MS:
            return _PLAIN[chars] if chars < _LONGEST_TEXT else Credit("counted", chars)
        return self._answer(member, at, target[1], chars)

    # -- inside -----------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        self._seen = {}
        self._seen_before = {}
        self._spans: dict[int, int] = {}
        self._replied: set[tuple[int, int]] = set()
        self._helped: set[tuple[int, int]] = set()

    def _answer(self, member: int, at: int, whom: int, chars: int) -> Credit:
        pair = (whom, member)
        is_first = pair not in self._replied
        self._replied.add(pair)
        joined = self.joined.get(whom)
        is_new = joined is not None and joined <= at < joined + self._rules.newcomer_days * DAY_MS
        helps = is_new and pair not in self._helped
        if helps:
            self._helped.add(pair)
        return Credit("counted", chars, whom, whom if is_first else 0, helps)
