"""Numbers and units as people write them in a sign-up line: `2份`, `两大盒`, `1.5斤`, `半只`."""

from __future__ import annotations

import re
from decimal import Decimal

CHINESE = r"(?:[一二两俩三仨四五六七八九]?十[一二三四五六七八九]?|[一二两俩三仨四五六七八九]|半)"
UNIT = r"(?:公斤|[kK][gG]|[份个件箱盒斤袋包瓶只条套张位人名提桶串杯支双罐枚])"
SIZED_UNIT = rf"[大中小整]?{UNIT}"

EXPRESSION = re.compile(
    rf"(?<![0-9.第])(?<![0-9]-)([0-9]+(?:\.[0-9]+)?|{CHINESE})(?:{SIZED_UNIT}| {SIZED_UNIT}(?![^ ,、;:/|+]))"
)
"""A quantity expression: a number and a unit. Group 1 is the number. Not `第2个`, not the `2` of room `3-2`. Behind a
space the unit stands alone: `3 杯` is one, `3 张三` is none."""

_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"两": 2, "俩": 2, "仨": 3}


def number_of(text: str) -> Decimal:
    """The value of digits (`12`, `1.5`) or of a Chinese numeral up to 九十九; 半 is 0.5."""
    if text[0].isdigit():
        return Decimal(text)
    if text == "半":
        return Decimal("0.5")
    tens, ten, ones = text.partition("十")
    if not ten:
        return Decimal(_DIGITS[text])
    return Decimal((_DIGITS[tens] if tens else 1) * 10 + (_DIGITS[ones] if ones else 0))


def is_chinese(number: str) -> bool:
    return not number[0].isdigit()


def plain(value: Decimal) -> int | float:
    """`value` as JSON shows it: whole numbers without a point."""
    return int(value) if value == value.to_integral_value() else float(value)
