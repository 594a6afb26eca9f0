"""What a group buy offers, and what one line of it orders."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal, NamedTuple

from bot.core.jielong.cleaning import fold_width
from bot.core.jielong.numerals import CHINESE, SIZED_UNIT, number_of
from bot.core.jielong.quantity import EACH, LESS, quantity_of, readable

_CENT = Decimal("0.01")
_OFFER = re.compile(
    r"(?:[0-9]{1,2} ?[.、:)] *)?(?:(?P<key>[A-Za-z]) ?[.、:)] *)?(?P<name>[^¥￥]*?[^¥￥0-9.: ][^¥￥]*?) *:? *"
    r"(?:[¥￥] ?(?P<price>[0-9]+(?:\.[0-9]+)?) ?元?|(?P<price2>[0-9]+(?:\.[0-9]+)?) ?元)(?: ?/ ?[^ ]+)? *"
)
_SKIPPED = re.compile(
    r"[0-9]+(?:-[0-9]+)+|[0-9]{5,}|[¥￥] ?[0-9]+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?[元块]"
    r"|[0-9]{1,2}(?::[0-9]{2}|[点时](?:半|[0-9]{1,2}分?)?)|[0-9]+(?:号|栋|幢|楼|单元|室)"
)
_NUMBER = re.compile(rf"(?:[xX×*+] ?)?(?:([0-9]{{1,3}}(?:\.[0-9]+)?){SIZED_UNIT}|([0-9]{{1,2}}(?:\.[0-9]+)?)(?![0-9]))")
_CHINESE_NUMBER = re.compile(rf"({CHINESE}){SIZED_UNIT}")
_DIGITS = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_LETTERS = re.compile("[A-Za-z]+")
_TOKEN = re.compile(r"[^ ,、;:/|]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Good:
    name: str
    price: Decimal
    key: str = ""
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What one entry orders. `is_unparsed`: no good could be told from it."""

    items: Mapping[str, Decimal] = field(default_factory=dict)
    amount: Decimal = Decimal("0.00")
    is_unparsed: bool = False


def goods_in(title: str) -> tuple[Good, ...]:
    """The goods that the header lines of a list offer, in their order; a name offered twice keeps its first price."""
    found: dict[str, Good] = {}
    for line in title.split("\n"):
        offer = _OFFER.fullmatch(fold_width(line).strip())
        if offer and "元" not in offer["name"]:
            name = offer["name"].strip()
            price = Decimal(offer["price"] or offer["price2"])
            found.setdefault(name, Good(name=name, price=price, key=(offer["key"] or "").upper()))
    return tuple(found.values())


def order_of(text: str, goods: Sequence[Good], *, counts_guests: bool = False) -> Order:
    """What the entry `text` orders of `goods`."""
    line = _without_name(readable(text), goods)
    found = list(_scan(line, goods))
    items: dict[str, Decimal]
    if not any(token.kind == "good" for token in found):
        each = next((token.number for token in found if token.kind == "each"), None)
        if each is not None:
            items = {good.name: each for good in goods}
        elif len(goods) == 1:
            items = {goods[0].name: quantity_of(text, counts_guests=counts_guests)}
        else:
            return Order(is_unparsed=True)
    elif found[0].kind in ("number", "each"):
        items = _numbers_before(found)
    else:
        items = _numbers_after(found)
    items = {name: max(Decimal(0), count) for name, count in items.items()}
    return Order(items=items, amount=amount_of(items, goods))


def amount_of(items: Mapping[str, Decimal], goods: Iterable[Good]) -> Decimal:
    """The price of `items`, each product rounded half up to cents."""
    prices = {good.name: good.price for good in goods}
    total = Decimal("0.00")
    for name, count in items.items():
        total += (count * prices[name]).quantize(_CENT, ROUND_HALF_UP)
    return total


class _Token(NamedTuple):
    kind: Literal["good", "number", "each", "less", "refund"]
    name: str = ""
    number: Decimal = Decimal(0)


def _words(goods: Sequence[Good]) -> list[tuple[str, str]]:
    """(spelling, name of the good), longest first."""
    pairs = {(fold_width(word).casefold(), good.name) for good in goods for word in (good.name, *good.aliases) if word}
    return sorted(pairs, key=lambda pair: (-len(pair[0]), pair))


def _without_name(line: str, goods: Sequence[Good]) -> str:
    first = _TOKEN.search(line)
    if first is None:
        return line
    token, rest = first[0].casefold(), line[first.end() :].lstrip(" ,、;:/|")
    return line if not rest or any(word in token for word, _ in _words(goods)) else rest


def _scan(line: str, goods: Sequence[Good]) -> Iterable[_Token]:
    words = _words(goods)
    keys = {good.key.upper(): good.name for good in goods if good.key}
    lower, at = line.casefold() if len(line.casefold()) == len(line) else line, 0
    while at < len(line):
        is_less = line[:at].endswith(LESS)
        word = next((pair for pair in words if lower.startswith(pair[0], at)), None)
        if word:
            if is_less:
                yield _Token("refund")
            yield _Token("good", word[1])
            at += len(word[0])
        elif letters := _LETTERS.match(line, at):
            run, end = letters[0].upper(), letters.end()
            if len(run) > 1 and run.endswith("X") and "X" not in keys and line[end : end + 1].isdigit():
                run, end = run[:-1], end - 1  # Ax2
            if all(letter in keys for letter in run):
                if is_less:
                    yield _Token("refund")
                yield from (_Token("good", keys[letter]) for letter in run)
                at = end
            elif run == "X" and (number := _NUMBER.match(line, at)):
                yield _Token("number", number=Decimal(number[1] or number[2]))
                at = number.end()
            else:
                at = letters.end()
        elif each := EACH.match(line, at):
            yield _Token("each", number=number_of(each[1]))
            at = each.end()
        elif skipped := _SKIPPED.match(line, at):
            at = skipped.end()
        elif number := _NUMBER.match(line, at):
            yield _Token("less" if is_less else "number", number=Decimal(number[1] or number[2]))
            at = number.end()
        elif chinese := _CHINESE_NUMBER.match(line, at):
            yield _Token("less" if is_less else "number", number=number_of(chinese[1]))
            at = chinese.end()
        elif digits := _DIGITS.match(line, at):
            at = digits.end()
        else:
            at += 1


def _numbers_before(found: Sequence[_Token]) -> dict[str, Decimal]:
    """2箱芒果 1箱车厘子; 各2份 苹果 梨."""
    items: dict[str, Decimal] = {}
    number, each, last, sign = None, None, "", 1
    for token in found:
        if token.kind == "number":
            number, each = token.number, None
        elif token.kind == "each":
            number, each = None, token.number
        elif token.kind == "refund":
            sign = -1
        elif token.kind == "less":
            if last:
                items[last] -= token.number
        else:
            count = each if each is not None else number if number is not None else Decimal(1)
            items[token.name] = items.get(token.name, Decimal(0)) + sign * count
            number, last, sign = None, token.name, 1
    return items


def _numbers_after(found: Sequence[_Token]) -> dict[str, Decimal]:
    """A1 B2; 芒果3箱; AB各1."""
    items: dict[str, Decimal] = {}
    waiting: list[tuple[str, int]] = []
    last, sign = "", 1

    def count(pairs: Sequence[tuple[str, int]], number: Decimal) -> None:
        for name, factor in pairs:
            items[name] = items.get(name, Decimal(0)) + factor * number

    for token in found:
        if token.kind == "good":
            waiting.append((token.name, sign))
            last, sign = token.name, 1
        elif token.kind == "refund":
            sign = -1
        elif token.kind == "each":
            count(waiting, token.number)
            waiting = []
        elif token.kind == "number":
            count(waiting[:-1], Decimal(1))
            count(waiting[-1:], token.number)
            waiting = []
        else:
            count(waiting, Decimal(1))
            waiting = []
            if last:
                items[last] = items.get(last, Decimal(0)) - token.number
    count(waiting, Decimal(1))
    return items
