"""Whether a check-in brings what the playbook asks for: enough own words, a picture, something new."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from itertools import groupby
from typing import Literal

from bot.core.segments import Image, Segment
from bot.core.text import fold
from bot.plays.checkin.params import Content

_LONGEST_RUN = 3

Lack = Literal["short", "image", "either", "template", "same"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """`chars` counts letters, digits and characters; punctuation, spaces and emoji are none, and a character held
    down (哈哈哈哈哈) counts three times at most. `imprint` is the same for texts that differ only in what is not counted."""

    chars: int
    has_image: bool
    imprint: str
    letters: str = ""


def evidence(text: str, segments: Iterable[Segment]) -> Evidence:
    letters = "".join(c for c in fold(text) if c.isalnum())
    chars = sum(min(len(list(run)), _LONGEST_RUN) for _, run in groupby(letters))
    pictures = [segment for segment in segments if isinstance(segment, Image)]
    names = "".join(picture.name for picture in pictures)
    imprint = blake2b(f"{letters}|{names}".encode(), digest_size=8).hexdigest() if letters or names else ""
    return Evidence(chars, bool(pictures), imprint, letters)


def lack(rule: Content | None, brought: Evidence, last_print: str) -> Lack | None:
    """What is missing, None when the evidence is enough."""
    if rule is None:
        return None
    if rule.image and not brought.has_image:
        return "image"
    if brought.chars < rule.min_chars and not (rule.or_ == "image" and brought.has_image):
        return "either" if rule.or_ == "image" else "short"
    if rule.template and not _fills(rule.template, brought.letters):
        return "template"
    if rule.novel and brought.imprint and brought.imprint == last_print:
        return "same"
    return None


def _fills(template: str, letters: str) -> bool:
    """Whether the fixed parts of `template` stand in `letters` in their order, with something in every blank."""
    parts = ["".join(c for c in fold(part) if c.isalnum()) for part in template.split("__")]
    blanks = ".+".join(re.escape(part) for part in parts)
    return re.fullmatch(f".*?{blanks}.*", letters) is not None
