"""The one file that reads the clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    def now(self) -> datetime:
        """The time, aware UTC."""
        ...


class WallClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


def monotonic_s() -> float:
    """Seconds on a clock that never jumps: for measuring spans only."""
    return time.monotonic()


def to_ms(at: datetime) -> int:
    """Milliseconds since 1970 UTC."""
    delta = at - EPOCH
    return delta.days * 86_400_000 + delta.seconds * 1000 + delta.microseconds // 1000


def to_ms_up(at: datetime) -> int:
    """The first millisecond that is not before `at`: a timer must never fire early."""
    return to_ms(at + timedelta(microseconds=999))


def from_ms(ms: int) -> datetime:
    """The aware UTC time of `ms` milliseconds since 1970."""
    return datetime.fromtimestamp(ms / 1000, UTC)
