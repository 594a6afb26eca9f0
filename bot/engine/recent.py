"""A chat's last messages, in the order in which the network says that they were said."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from datetime import datetime
from operator import attrgetter

from bot.core.play import MOST_RECENT, Recent

_AT = attrgetter("at")


class RecentMessages:
    """At most `MOST_RECENT` of them. Asked for at each message of a group that has rules, so nothing is walked through."""

    __slots__ = ("_said",)

    def __init__(self, said: Iterable[Recent]) -> None:
        self._said = sorted(said, key=_AT)[-MOST_RECENT:]

    def add(self, one: Recent) -> None:
        said = self._said
        if not said or said[-1].at <= one.at:
            said.append(one)
        else:  # a network's frames may overtake each other
            said.insert(bisect_right(said, one.at, key=_AT), one)
        if len(said) >= 2 * MOST_RECENT:
            del said[:-MOST_RECENT]

    def between(self, since: datetime, until: datetime) -> tuple[Recent, ...]:
        """Those said from `since` to `until`, both included, oldest first."""
        said = self._said
        end = len(said) if not said or said[-1].at <= until else bisect_right(said, until, key=_AT)
        begin = max(bisect_left(said, since, 0, end, key=_AT), end - MOST_RECENT)
        return tuple(said[begin:end])
