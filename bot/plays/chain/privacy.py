"""What a form treats as private never stands in the list, also when a member types it in the group.

Phones are known by their form and labelled answers (`地址：…`) by their label. What is left of a line after its name and
its public answers may be a private text that nobody labelled: it is hidden as well, and asked in private, because a
remark that was hidden by mistake does no harm. Hiding twice is hiding once: copies of a list stay equal.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.core.jielong import ListMessage, parse_list, parse_reply
from bot.core.jielong.keys import cancelled_name, comparison_key, is_room
from bot.core.jielong.numerals import EXPRESSION
from bot.core.text import fold
from bot.plays.chain.forms import HIDDEN, answer_for, mask_phones, read_line
from bot.plays.chain.params import FormField

_COUNT = re.compile(r"[+＋xX×*]?\s?[0-9]{1,2}")
_PART = re.compile(r"[^\s,，、;；/|]+")
_LONG_NUMBER = re.compile(r"[0-9]{3,}")

Answers = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Private:
    """A message without its private parts. `found`: comparison key of a line as the list has it → its answers; `own`
    are those of the one line that a short reply or a command makes."""

    text: str = ""
    parsed: ListMessage | None = None
    found: Mapping[str, Answers] = field(default_factory=dict)
    own: Answers = field(default_factory=dict)

    def answers(self, line: str) -> Answers:
        return self.found.get(comparison_key(line), self.own)


def without_private(text: str, fields: Sequence[FormField]) -> Private:
    """`text` as the chain may keep it: the lines of a list, the remark of a `+1`; anything else is chat."""
    parsed = parse_list(text)
    if not any(asked.private for asked in fields):
        return Private(text, parsed)
    if parsed is not None:
        hidden = [hide(listed.text, fields) for listed in parsed.entries]
        entries = tuple(replace(listed, text=line) for listed, (line, _) in zip(parsed.entries, hidden, strict=True))
        return Private(text, replace(parsed, entries=entries), _found(hidden))
    reply = parse_reply(text)
    if reply is not None and reply.kind == "join" and reply.text:
        line, answers = hide(reply.text, fields, has_name=False)
        return Private(text if line == reply.text else f"+{reply.number} {line}", own=answers)
    return Private(text)


def _found(lines: Sequence[tuple[str, Answers]]) -> dict[str, Answers]:
    """Two lines that look alike once hidden tell nothing about either."""
    found: dict[str, Answers] = {}
    twice: set[str] = set()
    for line, answers in lines:
        key = comparison_key(line)
        if key in found and found[key] != answers:
            twice.add(key)
        found[key] = answers
    return {key: answers for key, answers in found.items() if answers and key not in twice}


def hide(line: str, fields: Sequence[FormField], *, has_name: bool = True) -> tuple[str, dict[str, str]]:
    """`line` with every private part replaced, and the answers that were certain. A cancellation stays as it is."""
    private = [asked for asked in fields if asked.private]
    if not private or cancelled_name(line) is not None:
        return line, {}
    answers: dict[str, str] = {}
    phone = next((asked for asked in private if asked.type == "phone"), None)
    if phone is not None:
        line, numbers = mask_phones(line)
        if len(numbers) == 1:
            answers[phone.name] = numbers[0]
    line = "\n".join(_labelled(each, fields, answers) for each in line.split("\n"))
    return _unlabelled(line, fields, answers, has_name=has_name), answers


def _labelled(line: str, fields: Sequence[FormField], answers: dict[str, str]) -> str:
    """An answer reaches to the next label or to what is hidden already; a label may stand in a line twice."""
    names = "|".join(re.escape(asked.name) for asked in sorted(fields, key=lambda asked: -len(asked.name)))
    end = rf"(?=[\s,，、;；/|]+(?:(?:{names})\s*[:：=]|[^\s,，、;；/|]*{re.escape(HIDDEN)})|$)"
    for asked in (asked for asked in fields if asked.private):

        def hidden(match: re.Match[str], asked: FormField = asked) -> str:
            if HIDDEN in match[2]:
                return match[0]
            if (value := answer_for(asked, match[2])) is not None:
                answers.setdefault(asked.name, value)
            return match[1] + HIDDEN

        line = re.sub(rf"({re.escape(asked.name)}\s*[:：=]\s*)(\S.*?){end}", hidden, line, flags=re.IGNORECASE)
    return line


def _unlabelled(line: str, fields: Sequence[FormField], answers: dict[str, str], *, has_name: bool) -> str:
    first = _PART.search(line)
    skipped = (2 if first is not None and is_room(first[0]) else 1) if has_name else 0
    # A remark stands behind a name that the bot puts there.
    public = set(read_line(line if has_name else f"我 {line}", fields).used)
    labels = {"", *(fold(asked.name) for asked in fields)}
    places = itertools.count()

    def hidden(match: re.Match[str]) -> str:
        part = match[0]
        if (
            next(places) < skipped
            or part in public
            or fold(part).rstrip(":=") in labels
            or HIDDEN in part
            or _COUNT.fullmatch(part)
            or EXPRESSION.fullmatch(part)
        ):
            return part
        if (asked := _certain(part, fields)) is not None:
            answers.setdefault(asked.name, answer_for(asked, part) or "")
        elif not any(asked.private and asked.type == "text" for asked in fields):
            return part
        return HIDDEN

    return _PART.sub(hidden, line)


def _certain(part: str, fields: Sequence[FormField]) -> FormField | None:
    """The private choice or number that this can only be."""
    for asked in (asked for asked in fields if asked.private):
        others = [each for each in fields if not each.private and each.type == asked.type]
        if asked.type == "choice" and answer_for(asked, part) and not any(answer_for(each, part) for each in others):
            return asked
        if asked.type == "number" and not others and _LONG_NUMBER.fullmatch(fold(part)) and answer_for(asked, part):
            return asked
    return None
