"""Secrets: made once, stored as their hash."""

from __future__ import annotations

import hashlib
import secrets

_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""Without the signs that people mistake for each other."""


def set_up_code() -> str:
    """A one-time code that a person can type: 12 signs, 59 bits."""
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(12))
    return "-".join((letters[:4], letters[4:8], letters[8:]))


def hash_of(secret: str) -> str:
    """What is stored of a secret of full entropy."""
    return hashlib.sha256(secret.encode()).hexdigest()
