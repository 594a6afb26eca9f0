"""What counts as an answer, from how people really type it: `选B吧`, `第二个`, `鲸和蝙蝠`, `①③`, `√`.

The order of the rules matters and is the specification's: an option's text beats its number (`2` may be a text), a
letter followed by another option's text is no answer at all, and whatever isn't recognised is ordinary chat: it is never
counted and never commented on.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Literal

Type = Literal["single", "multi", "truefalse", "text"]
TRUE_FALSE = ("对", "错")
_LONGEST = 40
_TEN = 10

_QUOTE_LINE = re.compile(r"^[ \t]*-(?: -){4,}[ \t\r]*$", re.MULTILINE)
_INVISIBLE = dict.fromkeys(
    [
        *range(0x200B, 0x2010),
        *range(0x202A, 0x202F),
        *range(0x2066, 0x206A),
        *(0x2060, 0xFEFF, 0x00AD, 0xFE0E, 0xFE0F),
    ]
)
_SPACES = dict.fromkeys([0x2005, 0x00A0, 0x3000], " ")
_LEADING_MENTIONS = re.compile(r"^(?:\s*[@＠]\S+(?:\s+|$))+")
_TRAILING_MENTIONS = re.compile(r"(?:\s*[@＠]\S+\s*)+$")
_BADGES = {0x1F170: "a", 0x1F171: "b", 0x1F17E: "o", 0x20E3: None} | {0x1F1E6 + n: chr(ord("a") + n) for n in range(26)}
_KEPT_SIGNS = frozenset("√✓✔✅⭕✗✘❌✖❎")
_SEPARATORS = " \t\r\n\f\v:：,，.。、;；!！~～-—…·'\"“”‘’()（）[]【】「」《》<>*"

_PREFIXES = sorted(
    [
        "我们",
        "我",
        "咱",
        "那",
        "就",
        "还是",
        "应该",
        "肯定",
        "必须",
        "当然",
        "果断",
        "盲猜",
        "猜",
        "蒙个",
        "蒙",
        "觉得",
        "认为",
        "感觉",
        "选择",
        "选项",
        "选",
        "答案",
        "回答",
        "作答",
        "答",
        "是",
        "为",
        "填",
        "投",
        "改成",
        "改选",
        "改",
        "换成",
        "换",
        "更正",
        "不对",
        "错了",
    ],
    key=len,
    reverse=True,
)
_SUFFIXES = sorted(
    ["吧", "啊", "呀", "呢", "哦", "噢", "哈", "嘛", "啦", "了", "的", "无疑", "选项", "项", "正确", "没错", "对"],
    key=len,
    reverse=True,
)

_RUN = re.compile(r"([对错是√×x])\1*")
_TRUE = frozenset(
    ["对", "对的", "正确", "是", "是的", "没错", "真", "真的", "√", "✓", "✔", "✅", "⭕", "t", "true", "yes", "y"]
)
_ASKING = "是不是"
"""A question without its mark: taking 是 off as a prefix would leave 不是, the opposite of what was said."""
_FALSE = frozenset(
    [
        "错",
        "错的",
        "错误",
        "不对",
        "不是",
        "不正确",
        "否",
        "假",
        "假的",
        "×",
        "x",
        "✗",
        "✘",
        "❌",
        "✖",
        "❎",
        "f",
        "false",
        "no",
        "n",
    ]
)

_LABELLED = re.compile(r"([a-j]|\d)[.、,:)\]】）\s]*(.+)", re.DOTALL)
_LABELLED_TEN = re.compile(r"(10)[.、,:)\]】）\s]*(.+)", re.DOTALL)
_NUMBERED = re.compile(r"第?(10|\d|[一二三四五六七八九十])(?:个|项|号|选项)?")
_NUMERALS = {numeral: n for n, numeral in enumerate("一二三四五六七八九十", 1)}
_ALL = frozenset(["全选", "都选", "全部", "全都选", "都对", "全对", "全部都选"])
_RANGE = re.compile(r"([a-j])\s*(?:[-~–—]|到|至)\s*([a-j])")
_AND = re.compile(r"还有|[和与跟及加]")
_LIST = re.compile(r"[\s,，、.;；/+&|。]+")


class _Stop(Exception):
    """Certainly not an answer: no prefix or suffix is tried any more."""


def key(text: str) -> str:
    """What is compared: NFKC, casefolded, letters and digits only."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def prepare(text: str) -> str | None:
    """`text` without quotation, mentions, emoji and outer separators; None when it can't be an answer."""
    if quoted := list(_QUOTE_LINE.finditer(text)):
        text = text[quoted[-1].end() :]
    text = text.translate(_INVISIBLE).translate(_SPACES)
    text = _TRAILING_MENTIONS.sub("", _LEADING_MENTIONS.sub("", text)).strip()
    if not text or len(text) > _LONGEST or "?" in text or "？" in text:
        return None
    text = unicodedata.normalize("NFKC", text.translate(_BADGES)).casefold()
    text = "".join(c for c in text if c in _KEPT_SIGNS or not _is_sign(c))
    return text.strip(_SEPARATORS) or None


def _is_sign(c: str) -> bool:
    return unicodedata.category(c) in ("So", "Sk") or 0x1F000 <= ord(c) <= 0x1FAFF


def judge(kind: Type, options: Sequence[str], typed: str) -> tuple[str, ...] | None:
    """The letters that `typed` chooses, sorted; None when it is no answer. Not for `text` questions."""
    text = prepare(typed)
    if text is None:
        return None
    texts = TRUE_FALSE if kind == "truefalse" else tuple(options)
    keys = [key(option) for option in texts]
    try:
        for candidate in _shorter(text):
            if chosen := _attempt(kind, keys, candidate):
                return tuple(sorted(chosen))
    except _Stop:
        pass
    return None


def is_right_text(accepted: Sequence[str], typed: str) -> bool | None:
    """Whether `typed` is one of the accepted texts; None when it is no attempt."""
    text = prepare(typed)
    if text is None:
        return None
    keys = {key(answer) for answer in accepted}
    return any(key(candidate) in keys for candidate in _shorter(text))


def _shorter(text: str) -> Iterator[str]:
    """`text`, then again and again with its longest known prefix, or else suffix, taken off."""
    while True:
        yield text
        for prefix in _PREFIXES:
            if text.startswith(prefix) and len(text) > len(prefix):
                text = text[len(prefix) :].strip(_SEPARATORS)
                break
        else:
            for suffix in _SUFFIXES:
                if text.endswith(suffix) and len(text) > len(suffix):
                    text = text[: -len(suffix)].strip(_SEPARATORS)
                    break
            else:
                return
        if not text:
            return


def _attempt(kind: Type, keys: Sequence[str], text: str) -> set[str] | None:
    if letter := _by_text(keys, text):
        return {letter}
    if kind == "truefalse":
        if text == _ASKING:
            raise _Stop
        if run := _RUN.fullmatch(text):
            text = run[1]
        if text in _TRUE or text in _FALSE:
            return {"A" if text in _TRUE else "B"}
    if labelled := _labelled(kind, keys, text):
        return {labelled}
    if letter := _single(len(keys), text):
        return {letter}
    if len(set(text)) == 1 and (letter := _letter(len(keys), text[0])):
        return {letter}
    return _several(keys, text) if kind == "multi" else None


def _letter(n: int, c: str) -> str | None:
    return c.upper() if len(c) == 1 and "a" <= c <= chr(ord("a") + n - 1) else None


def _nth(n: int, number: int) -> str | None:
    return chr(ord("A") + number - 1) if 1 <= number <= n else None


def _by_text(keys: Sequence[str], text: str) -> str | None:
    own = key(text)
    found = [n for n, option in enumerate(keys, 1) if option and option == own]
    return _nth(len(keys), found[0]) if len(found) == 1 else None


def _labelled(kind: Type, keys: Sequence[str], text: str) -> str | None:
    """A letter or digit with the option's text behind it: both must mean the same option."""
    match = (len(keys) == _TEN and _LABELLED_TEN.fullmatch(text)) or _LABELLED.fullmatch(text)
    if not match:
        return None
    label, rest = match[1], key(match[2])
    named = _letter(len(keys), label) or (_nth(len(keys), int(label)) if label.isdecimal() else None)
    meant = [_nth(len(keys), n) for n, option in enumerate(keys, 1) if option and option == rest]
    if named in meant and named is not None:
        return named
    if meant and kind != "multi":
        raise _Stop
    return None


def _single(n: int, text: str) -> str | None:
    if letter := _letter(n, text):
        return letter
    match = _NUMBERED.fullmatch(text)
    return _nth(n, _NUMERALS.get(match[1]) or int(match[1])) if match else None


def _several(keys: Sequence[str], text: str) -> set[str] | None:
    n = len(keys)
    if text in _ALL:
        return {chr(ord("A") + i) for i in range(n)}
    if match := _RANGE.fullmatch(text):
        first, last = _letter(n, match[1]), _letter(n, match[2])
        if first is None or last is None or first > last:
            raise _Stop
        return {chr(c) for c in range(ord(first), ord(last) + 1)}
    # First as typed: an option's own text may hold one of the words that join (和平鸽).
    for reading in dict.fromkeys((text, _AND.sub(" ", text))):
        if found := _list(keys, reading) or _row(keys, key(reading)):
            return found
        if reading.isdecimal() and len(set(reading)) > 1 and all(_nth(n, int(d)) for d in reading):
            return {chr(ord("A") + int(d) - 1) for d in reading}
    return None


def _list(keys: Sequence[str], text: str) -> set[str] | None:
    chosen: set[str] = set()
    for part in filter(None, _LIST.split(text)):
        if letter := _by_text(keys, part) or _single(len(keys), part):
            chosen.add(letter)
        elif all(_letter(len(keys), c) for c in part):
            chosen |= set(part.upper())
        else:
            return None
    return chosen


def _row(keys: Sequence[str], text: str) -> set[str] | None:
    """At least two option texts one after the other, each once; None when there is no or more than one reading."""
    readings: set[frozenset[int]] = set()

    def walk(rest: str, used: frozenset[int]) -> None:
        if not rest and len(used) > 1:
            readings.add(used)
        for n, option in enumerate(keys):
            if option and n not in used and rest.startswith(option):
                walk(rest[len(option) :], used | {n})

    walk(text, frozenset())
    return {chr(ord("A") + n) for n in next(iter(readings))} if len(readings) == 1 else None
