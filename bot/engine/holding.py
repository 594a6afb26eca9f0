"""What is due in a group waits while what was said there before may still come.

A chain that closes at ten counts who joined at 9:58, also when the connection was lost at 9:57; a reminder at nine doesn't
name who checked in at 20:50. So what is due in a group waits while its account is away and while its history is read, only
where the network keeps a history that can be read, and for a bounded time. Schedules wait for minutes: their policy for
missed runs is the operator's word, and to have waited is not to be late. Timers of plays have no such policy and wait as
long as plays take late words (`Play.late_s`); after it is back, an account finds them as a restarted bot would.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

AWAY_MS = 10 * 60_000
"""How long an account that was there a moment ago is waited for: schedules wait for it, nobody else speaks for it."""
AWAY_TIMERS_MS = 86_400_000
READING_MS = 60_000
"""For the history, and after a start for the account that reads it."""


@dataclass(slots=True)
class _Hold:
    since: int
    until: int
    timers_until: int


class Holding:
    """By chat id, times in ms. Only memory: after a start everything waits anew."""

    def __init__(self) -> None:
        self._holds: dict[int, _Hold] = {}

    def hold(self, chats: Iterable[int], now: int, span: int, timers_span: int) -> None:
        """These wait from now on; what waited already has waited since it began to."""
        for chat in chats:
            known = self._holds.get(chat)
            since = known.since if known is not None and known.until > now else now
            self._holds[chat] = _Hold(since, now + span, now + timers_span)

    def release(self, chats: Iterable[int], now: int) -> None:
        for chat in chats:
            if (known := self._holds.get(chat)) is not None:
                known.until, known.timers_until = min(known.until, now), min(known.timers_until, now)

    def schedules(self, now: int) -> list[int]:
        """The chats whose schedules wait."""
        return [chat for chat, hold in self._holds.items() if hold.until > now]

    def timers(self, now: int) -> list[int]:
        """The chats whose timers wait. May be asked in another thread."""
        return [chat for chat, hold in list(self._holds.items()) if hold.timers_until > now]

    def next_end(self, now: int) -> int | None:
        """When the first of them waits no longer."""
        ends = [end for hold in self._holds.values() for end in (hold.until, hold.timers_until)]
        if ends and max(ends) < now - AWAY_MS:
            self._holds.clear()  # nothing that is due now waited
        return min((end for end in ends if end > now), default=None)

    def waited(self, chat: int, due: int, now: int) -> int:
        """How much of the time from `due` to `now` the chat's schedules waited."""
        hold = self._holds.get(chat)
        return max(0, min(now, hold.until) - max(due, hold.since)) if hold is not None else 0
