"""Words of a lexicon as patterns over the compact view."""

from __future__ import annotations

import re
from typing import NamedTuple

from bot.core.text.moderation.folding import FOLD, FORMS, HOMOPHONES, fold, is_kept, plain
from bot.core.text.moderation.view import View

_CLASS = re.compile(r"\{([^{}]+)\}")
_HARD = frozenset("。！？!?；;，,、：:\n\r\u2028\u2029")
_MOST_GAP, _MOST_GAP_OF_TWO = 4, 2


class Word(NamedTuple):
    """One row of a lexicon. `level` None: the rule that uses the lexicon says it. `not_before` is folded."""

    base: str
    category: str = ""
    level: int | None = None
    has_homophones: bool = False
    not_before: str = ""


class Pattern(NamedTuple):
    """One spelling of `word`. `text` is folded and kept; `signs` are punctuation that the spelling itself contains,
    by the gap it must stand in. `plain` is the spelling as an honest writer would type it, from the first kept character
    to the last."""

    word: Word
    text: str
    plain: str
    has_right_border: bool = False
    signs: tuple[tuple[int, str], ...] = ()

    @property
    def takes_homophones(self) -> bool:
        return self.word.has_homophones and len(self.text) >= 3


def spellings(written: str) -> list[str]:
    """`written` with each `{class}` replaced by each of its forms; an unknown class is plain text."""
    match = _CLASS.search(written) if "{" in written else None
    if match is None or match[1] not in FORMS:
        return [written]
    head, tail = written[: match.start()], spellings(written[match.end() :])
    return [head + form + rest for form in FORMS[match[1]] for rest in tail]


def base_of(written: str) -> str:
    """The name of a word: `加{微信}` is 加微信."""
    if "{" not in written:
        return written
    return _CLASS.sub(lambda match: match[1] if match[1] in FORMS else match[0], written)


def pattern(word: Word, spelling: str, *, has_right_border: bool) -> Pattern | None:
    """The pattern of one spelling; None when nothing in it is a letter or digit."""
    folded = fold(spelling)
    if folded.isalnum():  # letters and digits only: nothing to leave out
        return Pattern(word, folded, plain(spelling), has_right_border)
    kept: list[str] = []
    signs: list[tuple[int, str]] = []
    for char in folded:
        if is_kept(char):
            kept.append(char)
        elif not char.isspace():
            if signs and signs[-1][0] == len(kept):
                signs[-1] = (len(kept), signs[-1][1] + char)
            else:
                signs.append((len(kept), char))
    if not kept:
        return None
    honest = [i for i, char in enumerate(spelling) if any(is_kept(c) for c in char.translate(FOLD))]
    bare = plain(spelling[honest[0] : honest[-1] + 1])
    return Pattern(word, "".join(kept), bare, has_right_border, tuple(signs))


def is_latin(char: str) -> bool:
    return "a" <= char <= "z" or "\u00df" <= char <= "\u024f" or "\u1e00" <= char <= "\u1eff"


def is_chinese(char: str) -> bool:
    return "\u3400" <= char <= "\u9fff" or "\uf900" <= char <= "\ufaff" or "\U00020000" <= char <= "\U0003ffff"


def _sounds_like(view: View, pattern: Pattern, at: int) -> bool:
    """Whether each character is equal or a listed homophone, and at least half of them equal."""
    equal = 0
    for offset, wanted in enumerate(pattern.text):
        found = view.text[at + offset]
        if found == wanted:
            equal += 1
        elif found not in HOMOPHONES.get(wanted, ()):
            return False
    return equal * 2 >= len(pattern.text)


def _gaps_allow(view: View, pattern: Pattern, at: int) -> bool:
    n = len(pattern.text)
    inner = view.gaps[at + 1 : at + n]
    if pattern.signs:
        for offset, sign in pattern.signs:
            if sign not in view.gaps[at + offset]:
                return False
        stated = {offset for offset, _ in pattern.signs}
        inner = tuple(gap for offset, gap in enumerate(inner, 1) if offset not in stated)
    between = "".join(inner)
    if not between:
        return True
    if len(between) > _MOST_GAP_OF_TWO and max(map(len, inner)) > (_MOST_GAP_OF_TWO if n == 2 else _MOST_GAP):
        return False
    return _HARD.isdisjoint(between) or (n >= 3 and all(inner))


def _borders_allow(view: View, pattern: Pattern, at: int) -> bool:
    text, wanted = view.text, pattern.text
    end = at + len(wanted)
    before = text[at - 1] if at and not view.gaps[at] else ""
    after = text[end] if end < len(text) and not view.gaps[end] else ""
    if before:
        if before in pattern.word.not_before:
            return False
        if is_latin(before) and is_latin(wanted[0]) and not is_latin(wanted[1:2] or " "):
            return False
    if after:
        if pattern.has_right_border and is_chinese(after):
            return False
        if is_latin(after) and is_latin(wanted[-1]) and not is_latin(wanted[-2:-1] or " "):
            return False
    return True


def fits(view: View, pattern: Pattern, at: int) -> bool:
    """Whether `pattern` matches `view` at kept character `at` (allow phrases apart)."""
    end = at + len(pattern.text)
    if end > len(view.text):
        return False
    if not _gaps_allow(view, pattern, at) or not _borders_allow(view, pattern, at):
        return False
    return view.text[at:end] == pattern.text or (pattern.takes_homophones and _sounds_like(view, pattern, at))
