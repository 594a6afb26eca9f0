"""Text for pictures: cleaned, cut into what belongs together, given fonts, broken into lines as Chinese is.

A *cluster* is what a reader takes for one sign: a letter with its accents, a flag, a family. It is never cut.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from bot.insight.pictures.fonts import EMOJI, Face, Fonts

MISSING = "〓"
"""What printers put in the place of a sort that they don't have."""
ELLIPSIS = "…"
_JOINER, _AS_EMOJI, _AS_TEXT, _KEYCAP = "\u200d", "\ufe0f", "\ufe0e", "\u20e3"
_MOST_MARKS = 2
_LONGEST = 2_000

_NEVER_FIRST = frozenset("，。、；：？！…—～·）》」』】〕〗〉”’％%,.;:?!)]}°℃々ー")
_NEVER_LAST = frozenset("（《「『【〔〖〈“‘([{￥¥$#@")
# Signs below U+1F000 that are pictures unless somebody asks for text (Unicode, Emoji_Presentation).
_PICTURES = frozenset(
    "⌚⌛⏩⏪⏫⏬⏰⏳◽◾☔☕♈♉♊♋♌♍♎♏♐♑♒♓♿⚓⚡⚪⚫⚽⚾⛄⛅⛎⛔⛪⛲⛳⛵⛺⛽✅✊✋✨❌❎❓❔❕❗➕➖➗➰➿⬛⬜⭐⭕"
)
# Invisible, though Unicode calls them letters or signs: names made of them look empty.
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800\u180e")


@dataclass(frozen=True, slots=True)
class Cluster:
    """`font` names the file that draws `text`; `is_missing`: `text` stands for a sign that no font has."""

    text: str
    font: str
    is_missing: bool = False


@dataclass(frozen=True, slots=True)
class Style:
    """`size` in pixels of the card's own scale; `tracking` is put between signs, as a share of the size."""

    face: Face
    size: float
    color: str
    tracking: float = 0.0


def clean(text: str) -> str:
    """`text` without anything that acts instead of showing: controls, directions, invisible fillers. Spaces are one."""
    normal = unicodedata.normalize("NFC", text[:_LONGEST])
    kept = "".join(" " if char.isspace() else char for char in normal if char.isspace() or _is_shown(char))
    return " ".join(kept.split())


def _is_shown(char: str) -> bool:
    if char in _BLANK:
        return False
    category = unicodedata.category(char)
    if category == "Cf":
        return char in (_JOINER, "\u200c") or 0xE0020 <= ord(char) <= 0xE007F
    return category not in ("Cc", "Cs", "Co")


def clusters(text: str, face: Face, fonts: Fonts) -> list[Cluster]:
    """The signs of cleaned `text`, each with its font."""
    found = []
    for sign, is_emoji in _signs(text, fonts):
        if is_emoji:
            found.append(Cluster(sign if fonts.is_shaping else sign[0], EMOJI))
        elif sign == " ":
            found.append(Cluster(sign, face))
        elif name := fonts.font_for(face, sign):
            found.append(Cluster(sign[0] + _marks(sign, name, fonts), name))
        else:
            found.append(Cluster(MISSING, "sans", is_missing=True))
    return found


def _marks(sign: str, name: str, fonts: Fonts) -> str:
    """The accents that the font can put in their place: Chinese fonts have only whole letters."""
    return "".join(char for char in sign[1:] if name == "symbols" and char in fonts.coverage(name))


def missing(text: str, fonts: Fonts) -> str:
    """The signs of `text` that no font has, each once."""
    signs = {sign: None for sign, is_emoji in _signs(clean(text), fonts) if not is_emoji and sign != " "}
    return "".join(sign for sign in signs if not fonts.font_for("sans", sign))


def _signs(text: str, fonts: Fonts) -> Iterator[tuple[str, bool]]:
    at = 0
    while at < len(text):
        end = _emoji_end(text, at, fonts)
        if end > at:
            yield text[at:end], True
            at = end
            continue
        end = at + 1
        while end < len(text) and (unicodedata.category(text[end]).startswith("M") or text[end] in _JOINER + "\u200c"):
            end += 1
        if not _is_attached(text[at]):
            yield text[at : min(end, at + 1 + _MOST_MARKS)], False
        at = end


def _is_attached(char: str) -> bool:
    """Whether the sign only changes the one before it, so that alone it is nothing."""
    return char in _JOINER + "\u200c" or "\ufe00" <= char <= "\ufe0f" or 0xE0020 <= ord(char) <= 0xE007F


def _emoji_end(text: str, at: int, fonts: Fonts) -> int:
    """Where the emoji that begins at `at` ends; `at` when none begins there."""
    char, after = text[at], text[at + 1 : at + 2]
    if _is_flag_half(char):
        return at + 2 if after and _is_flag_half(after) else at + fonts.has_emoji(char)
    if char in "0123456789#*":
        rest = text[at + 1 : at + 3]
        return at + 1 + len(rest) if rest == _AS_EMOJI + _KEYCAP else at + 2 if after == _KEYCAP else at
    if not _is_picture(char, after, fonts):
        return at
    end = _dressed(text, at + 1)
    while end + 1 < len(text) and text[end] == _JOINER and fonts.has_emoji(text[end + 1]):
        end = _dressed(text, end + 2)
    return end


def _dressed(text: str, at: int) -> int:
    """Behind the variation selector, skin tone and tags that follow a picture."""
    while at < len(text) and (
        text[at] == _AS_EMOJI or 0x1F3FB <= ord(text[at]) <= 0x1F3FF or 0xE0020 <= ord(text[at]) <= 0xE007F
    ):
        at += 1
    return at


def _is_flag_half(char: str) -> bool:
    return 0x1F1E6 <= ord(char) <= 0x1F1FF


def _is_picture(char: str, after: str, fonts: Fonts) -> bool:
    if after == _AS_TEXT or char < "\u00a0" or _is_attached(char) or not fonts.has_emoji(char):
        return False
    return after == _AS_EMOJI or ord(char) >= 0x1F000 or char in _PICTURES


def runs(line: Sequence[Cluster]) -> Iterator[tuple[str, str]]:
    """(font, text) of neighbours that one font draws."""
    for font, group in groupby(line, key=lambda cluster: cluster.font):
        yield font, "".join(cluster.text for cluster in group)


class Measure:
    """Widths in pixels."""

    def __init__(self, fonts: Fonts) -> None:
        self._fonts = fonts
        self._length = lru_cache(maxsize=20_000)(lambda font, size, text: fonts.load(font, size).getlength(text))

    def width(self, line: Sequence[Cluster], size: int, tracking: float = 0.0) -> float:
        if tracking:
            return sum(self.one(each, size) for each in line) + tracking * size * max(0, len(line) - 1)
        return sum(self._length(font, size, text) for font, text in runs(line))

    def one(self, cluster: Cluster, size: int) -> float:
        length: float = self._length(cluster.font, size, cluster.text)
        return length

    def cut(self, line: Sequence[Cluster], size: int, width: float, tracking: float = 0.0) -> list[Cluster]:
        """`line` if it fits in `width`, else as much as fits before an ellipsis."""
        if self.width(line, size, tracking) <= width:
            return list(line)
        dots = Cluster(ELLIPSIS, "sans")
        kept: list[Cluster] = []
        used = self.one(dots, size)
        for cluster in line:
            used += self.one(cluster, size) + tracking * size
            if used > width:
                break
            kept.append(cluster)
        while kept and self.width([*kept, dots], size, tracking) > width:
            kept.pop()
        while kept and kept[-1].text in (" ", "，", "、", "。"):
            kept.pop()
        return [*kept, dots]

    def wrap(self, text: Sequence[Cluster], size: int, width: float, most: int) -> list[list[Cluster]]:
        """Lines of at most `width`: no closing punctuation begins one, no opening bracket ends one, Latin words stay
        whole while they fit. What does not fit into `most` lines ends in an ellipsis."""
        lines: list[list[Cluster]] = []
        rest = list(text)
        while rest:
            if len(lines) == most - 1:
                lines.append(self.cut(_stripped(rest), size, width))
                break
            taken = self._fitting(rest, size, width)
            lines.append(_stripped(rest[:taken]))
            rest = _stripped(rest[taken:])
        return lines or [[]]

    def _fitting(self, rest: Sequence[Cluster], size: int, width: float) -> int:
        used, count = 0.0, 0
        while count < len(rest) and used + self.one(rest[count], size) <= width:
            used += self.one(rest[count], size)
            count += 1
        if count == len(rest):
            return count
        for at in range(count, 0, -1):
            if _may_break(rest[at - 1].text, rest[at].text):
                return at
        return max(1, count)


def _stripped(line: Iterable[Cluster]) -> list[Cluster]:
    kept = list(line)
    while kept and kept[0].text == " ":
        kept.pop(0)
    while kept and kept[-1].text == " ":
        kept.pop()
    return kept


_WORD = re.compile(r"[0-9A-Za-z\u00c0-\u024f\u0370-\u052f'’_./:@&+-]")


def _may_break(before: str, after: str) -> bool:
    if after[0] in _NEVER_FIRST or before[-1] in _NEVER_LAST:
        return False
    return not (_WORD.match(before) and _WORD.match(after))
