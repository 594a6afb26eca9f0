"""Short codes that anybody can have verified: no list of them has to be kept secret, none can be made up."""

from __future__ import annotations

from hashlib import blake2b

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""32 signs that nobody mistakes for each other on a phone."""
LENGTH = 8


def code(seed: str, member: str, number: int) -> str:
    """40 bits of a hash of (seed, member, number)."""
    value = int.from_bytes(blake2b(f"{seed}\x1f{member}\x1f{number}".encode(), digest_size=5).digest(), "big")
    return "".join(ALPHABET[value >> shift & 31] for shift in range(35, -5, -5))


def typed(text: str) -> str:
    """A code as a member typed it: spaces and case do not count."""
    return "".join(text.split()).upper()
