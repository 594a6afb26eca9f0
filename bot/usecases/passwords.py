"""Passwords: argon2 in a thread, few at a time, and a growing delay for whoever guesses.

One hash takes 64 MiB and 70 ms on purpose. Two run at once and some wait; what comes beyond that is turned away at once,
so that a flood of sign-ins costs the bot neither memory nor its loop.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from bot.console.ports.accounts import Refused
from bot.engine.clock import monotonic_s

R = TypeVar("R")

SHORTEST, LONGEST = 8, 256
_AT_ONCE, _WAITING = 2, 8
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$acJfYDe9W1+zIbKoSIWjyg$pmI4zGHTe40Kp/T0V7Cf8WIazuBEvRc9dlTyAjiBXBM"
"""The hash of words that nobody kept: names that do not exist take as long to refuse."""
_FREE_TRIES = 3
_FORGOTTEN_S = 3600.0
_MOST_REMEMBERED = 4096


class Passwords:
    """`hasher` is argon2's, with its defaults; tests take a cheaper one."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._busy = 0

    async def hash(self, password: str) -> str:
        return await self._in_thread(lambda: self._hasher.hash(password))

    async def is_right(self, stored: str | None, password: str) -> tuple[bool, bool]:
        """(whether the password is the stored one, whether the stored hash is weaker than those made now)."""

        def verify() -> tuple[bool, bool]:
            try:
                self._hasher.verify(stored or _NOBODY, password)
            except (VerificationError, InvalidHashError):
                return False, False
            return stored is not None, stored is not None and self._hasher.check_needs_rehash(stored)

        return await self._in_thread(verify)

    async def _in_thread(self, work: Callable[[], R]) -> R:
        if self._busy >= _AT_ONCE + _WAITING:
            raise Refused("busy", retry_after_s=2.0)
        self._busy += 1
        try:
            async with self._slots:
                return await asyncio.to_thread(work)
        finally:
            self._busy -= 1


@dataclass(slots=True)
class _Tries:
    count: int = 0
    until_s: float = 0.0
    last_s: float = 0.0


class Backoff:
    """Failed tries by key (an address, a user name): after three, each next one has to wait twice as long."""

    def __init__(self, longest_s: float, now_s: Callable[[], float] = monotonic_s) -> None:
        self._longest_s, self._now_s = longest_s, now_s
        self._tries: OrderedDict[str, _Tries] = OrderedDict()

    def wait_s(self, key: str) -> float:
        """How long until a try is looked at; 0.0: now."""
        return max(0.0, self._tries[key].until_s - self._now_s()) if key in self._tries else 0.0

    def failed(self, key: str) -> None:
        now = self._now_s()
        tries = self._tries.setdefault(key, _Tries())
        if now - tries.last_s > _FORGOTTEN_S:
            tries.count = 0
        tries.count, tries.last_s = tries.count + 1, now
        if tries.count >= _FREE_TRIES:
            tries.until_s = now + min(self._longest_s, 2.0 ** min(tries.count - _FREE_TRIES, 20))
        self._tries.move_to_end(key)
        if len(self._tries) > _MOST_REMEMBERED:
            self._tries.popitem(last=False)

    def succeeded(self, key: str) -> None:
        self._tries.pop(key, None)
