"""How many does one line of a chain without goods stand for."""

from __future__ import annotations

import re
from decimal import Decimal

from bot.core.jielong.cleaning import fold_width
from bot.core.jielong.keys import is_room
from bot.core.jielong.numerals import CHINESE, EXPRESSION, SIZED_UNIT, is_chinese, number_of

EACH = re.compile(rf"各 ?([0-9]+(?:\.[0-9]+)?|{CHINESE})(?:{SIZED_UNIT})?")
LESS = ("取消", "退", "减")
"""Directly before a number these subtract it."""

_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】")
_TOKEN = re.compile(r"[^ ,、;:/|]+")
_ITEM_SEPARATORS = re.compile(r"[、,/和与及+ ]+")
_ADULTS_CHILDREN = re.compile(rf"([0-9]+|{CHINESE})大 ?([0-9]+|{CHINESE})小")
_TIMES = re.compile(r"(?:(?<![A-Za-z])[xX]|[×*]) ?([0-9]{1,3}(?:\.[0-9]+)?)(?![0-9])")
_PLUS = re.compile(r"\+ ?([0-9]{1,2})(?![0-9])")
_MONEY_OR_ROOM = "付转款号楼栋室房"


def readable(text: str) -> str:
    """`text` as quantities are read from it: one line, width folded, brackets gone."""
    return _BRACKETS.sub(" ", fold_width(text.replace("\n", " "))).strip()


def quantity_of(text: str, *, counts_guests: bool = False) -> Decimal:
    """The quantity of one entry; 1 where nothing says otherwise. `counts_guests`: `+2` is the member and two more."""
    line = readable(text)
    first = _TOKEN.search(line)
    name_end = first.end() if first else 0
    if found := EACH.search(line):
        return number_of(found[1]) * max(1, len(_items(line[: found.start()], first)))
    if found := _ADULTS_CHILDREN.search(line):
        return number_of(found[1]) + number_of(found[2])
    amounts = [
        -number_of(found[1]) if line[: found.start()].endswith(LESS) else number_of(found[1])
        for found in EXPRESSION.finditer(line)
        if _counts(found, first.start() if first else 0, name_end)
    ]
    if amounts:
        return max(Decimal(0), sum(amounts, Decimal(0)))
    if times := _TIMES.findall(line):
        return sum(map(Decimal, times), Decimal(0))
    if plus := _PLUS.findall(line):
        return sum(map(Decimal, plus), Decimal(int(counts_guests)))
    return _last_number(line)


def _items(before: str, first: re.Match[str] | None) -> list[str]:
    """What stands between the name and 各. After a room number the name is the second token."""
    if first is None or first.end() > len(before):
        return []
    start = first.end()
    if is_room(first[0]) and (second := _TOKEN.search(before, start)) and second.end() < len(before):
        start = second.end()
    return [item for item in _ITEM_SEPARATORS.split(before[start:]) if item]


def _counts(found: re.Match[str], name_start: int, name_end: int) -> bool:
    """Inside the name only what can't be part of it: 三个和尚 is a name, 李四两份 is not."""
    if found.start() >= name_end:
        return True
    if is_chinese(found[1]) and found.end() != name_end:
        return False
    return not (found.start() == name_start and found.end() < name_end)


def _last_number(line: str) -> Decimal:
    parts = list(_TOKEN.finditer(line))
    if parts and re.fullmatch(r"[1-9][0-9]?", parts[-1][0]):
        before = line[: parts[-1].start()].rstrip(" ,、;:/|")
        if not before.endswith(tuple(_MONEY_OR_ROOM)):
            return Decimal(parts[-1][0])
    return Decimal(1)
