"""Token-bucket maths, pure: how many sends are left now, and when the next one is.

Two levels guard an account: one bucket for all it sends and one per chat, so a busy group waits alone. Times are
seconds on any clock that only goes forward.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bucket:
    """`burst` sends at once, refilled with `per_s` a second. `per_s` = 0: no limit."""

    per_s: float
    burst: float = 1.0


@dataclass(frozen=True, slots=True)
class Level:
    """What was in the bucket at `at_s`."""

    tokens: float
    at_s: float


def wait_s(bucket: Bucket, level: Level | None, now_s: float) -> float:
    """Seconds until a send is allowed, 0.0 when it is now. A bucket that nobody used yet is full."""
    if bucket.per_s <= 0 or level is None:
        return 0.0
    tokens = _refilled(bucket, level, now_s)
    return 0.0 if tokens >= 1.0 - 1e-9 else (1.0 - tokens) / bucket.per_s


def take(bucket: Bucket, level: Level | None, now_s: float) -> Level:
    """The level after one send. The caller has seen `wait_s` = 0; otherwise the level goes below zero and the debt
    is waited off."""
    tokens = bucket.burst if level is None else _refilled(bucket, level, now_s)
    return Level(tokens - 1.0, now_s)


def _refilled(bucket: Bucket, level: Level, now_s: float) -> float:
    return min(bucket.burst, level.tokens + max(0.0, now_s - level.at_s) * bucket.per_s)
