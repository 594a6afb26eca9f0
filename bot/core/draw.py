"""Chance that anybody can recompute: an order by hash of (seed, name), never a random number."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b


def share(seed: str, name: str) -> float:
    """A number in [0, 1), fixed by (seed, name) and spread evenly."""
    return int.from_bytes(blake2b(f"{seed}\x1f{name}".encode(), digest_size=8).digest(), "big") / 2**64


def shuffled(seed: str, names: Iterable[str]) -> list[str]:
    """`names` in the order of their shares."""
    return sorted(names, key=lambda name: (share(seed, name), name))
