"""Forms: what a line answers, what is missing, and what nobody but the operators may read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.core.text import fold
from bot.plays.chain.params import FormField

_PHONE = re.compile(r"(?<![0-9])(?:\+?86[- ]?)?(1[3-9][0-9])[- ]?([0-9]{4})[- ]?([0-9]{4})(?![0-9])")
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")
_PARTS = re.compile(r"[\s,，、;；/|]+")
_LABEL = re.compile(r"[:：=]")

HIDDEN = "***"
"""Stands where something private stood; a masked phone holds it too."""


@dataclass(frozen=True, slots=True)
class Reading:
    """`answers` by field name, from the parts `used`; `missing` and `wrong` are fields that are asked about again."""

    answers: dict[str, str] = field(default_factory=dict)
    missing: tuple[FormField, ...] = ()
    wrong: tuple[FormField, ...] = ()
    used: tuple[str, ...] = ()


def mask_phones(text: str) -> tuple[str, list[str]]:
    """`text` with the middle of every mobile number hidden, and the numbers in full."""
    found = ["".join(match.groups()) for match in _PHONE.finditer(text)]
    return (_PHONE.sub(r"\1****\3", text), found) if found else (text, [])


def answer_for(asked: FormField, text: str) -> str | None:
    """`text` as an answer to the field, in one form; None when it is none."""
    value = text.strip()
    match asked.type:
        case "phone":
            found = _PHONE.search(value)
            return "".join(found.groups()) if found else None
        case "number":
            found = _NUMBER.match(fold(value))
            if not found:
                return None
            low, high = asked.minimum, asked.maximum
            is_in = (low is None or float(found[0]) >= low) and (high is None or float(found[0]) <= high)
            return found[0] if is_in else None
        case "choice":
            folded = fold(value)
            return next((choice for choice in asked.choices if fold(choice) == folded), None)
        case "text":
            return value[:200] or None


def read_line(text: str, fields: Sequence[FormField]) -> Reading:
    """The public answers in one line of the list: `张三 M 2` or `姓名:张三 尺码:M`.

    Labelled parts go to their field, choices and numbers to the first field that they fit, the rest to the text fields
    in order.
    """
    answers: dict[str, str] = {}
    wrong: list[FormField] = []
    used: list[str] = []
    public = [asked for asked in fields if not asked.private]
    rest = []
    for part in (part for part in _PARTS.split(text) if part and HIDDEN not in part):
        label, value = (*_LABEL.split(part, maxsplit=1), "")[:2]
        named = next((asked for asked in public if fold(asked.name) == fold(label)), None) if value else None
        if named is None:
            rest.append(part)
            continue
        used.append(part)
        if (answer := answer_for(named, value)) is not None:
            answers[named.name] = answer
        else:
            wrong.append(named)
    for kind in ("choice", "phone", "number", "text"):
        for asked in (asked for asked in public if asked.type == kind and asked.name not in answers):
            fits = next((part for part in rest if answer_for(asked, part) is not None), None)
            if fits is not None:
                answers[asked.name] = answer_for(asked, fits) or ""
                rest.remove(fits)
                used.append(fits)
    missing = [asked for asked in public if asked.required and asked.name not in answers and asked not in wrong]
    return Reading(answers, tuple(missing), tuple(wrong), tuple(used))
