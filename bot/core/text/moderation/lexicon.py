"""A lexicon: read from an operator's file, compiled once, searched for every message."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from ahocorasick_rs import AhoCorasick

from bot.core.text import tables
from bot.core.text.moderation.folding import fast_kept, kept, plain, single, sounded
from bot.core.text.moderation.patterns import Pattern, Word, base_of, fits, pattern, spellings
from bot.core.text.moderation.view import View, compact, without_runs

COLUMNS = 6
_EMPTY = [""] * COLUMNS
_FLAGS = frozenset(("py", "rb"))
ALLOWED = tuple(tables.lines("allow.txt"))
"""Phrases in which a word is harmless in every group."""


@dataclass(frozen=True, slots=True)
class LexiconMistake:
    """A row that cannot be used: `line` counts from 1, `message` is `中文 · English`."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A word of the lexicon in a text. `start:end` index the original. `views` say what it took to see it:
    folded, gap, homophone, repeat. `is_evasion`: an honest spelling of it is nowhere in the text."""

    base: str
    category: str
    level: int | None
    start: int
    end: int
    views: tuple[str, ...] = ()

    @property
    def is_evasion(self) -> bool:
        return bool(self.views)


class _Automaton:
    """Needles → patterns, by one pass over the text."""

    def __init__(self, patterns: Iterable[tuple[str, Pattern]]) -> None:
        by_needle: dict[str, Pattern | list[Pattern]] = {}
        for needle, found in patterns:
            known = by_needle.setdefault(needle, found)
            if known is not found:
                by_needle[needle] = [*known, found] if isinstance(known, list) else [known, found]
        self._patterns = list(by_needle.values())
        self._automaton = AhoCorasick(list(by_needle), store_patterns=False) if by_needle else None

    def find(self, text: str) -> list[Pattern]:
        if self._automaton is None:
            return []
        found = self._automaton.find_matches_as_indexes(text, overlapping=True)
        if not found:
            return []
        out: list[Pattern] = []
        for index in dict.fromkeys(match[0] for match in found):
            known = self._patterns[index]
            out.extend(known) if isinstance(known, list) else out.append(known)
        return out


class Lexicon:
    """Compiled words. Build a new one aside and replace the old: it never changes."""

    def __init__(self, patterns: Iterable[Pattern], allow: Iterable[str] = ()) -> None:
        exact: list[tuple[str, Pattern]] = []
        sound: list[tuple[str, Pattern]] = []
        for found in patterns:
            if found.takes_homophones:
                sound.append((single(sounded(found.text)), found))
            else:
                exact.append((single(found.text), found))
        self.size = len(exact) + len(sound)
        self._exact = _Automaton(exact)
        self._sound = _Automaton(sound) if sound else None
        self._allow = tuple({phrase for phrase in (kept(text) for text in (*ALLOWED, *allow)) if phrase})

    def hits(self, text: str, allow: Sequence[str] = ()) -> tuple[Hit, ...]:
        """Every word in `text`, by place; `allow` are further phrases in which words are harmless."""
        return self.hits_in(text, single(fast_kept(text)), allow)

    def hits_in(self, text: str, singled: str, allow: Sequence[str] = ()) -> tuple[Hit, ...]:
        """`hits` when `singled` (compact text without runs) is at hand already."""
        candidates = self._exact.find(singled)
        if self._sound is not None:
            candidates += self._sound.find(single(sounded(singled)))
        if not candidates:
            return ()
        phrases = (*self._allow, *(kept(phrase) for phrase in allow)) if allow else self._allow
        return _verified(text, candidates, phrases)


def _places(text: str, needle: str) -> Iterator[int]:
    at = text.find(needle)
    while at >= 0:
        yield at
        at = text.find(needle, at + 1)


def _allowed(view: View, phrases: Sequence[str]) -> list[tuple[int, int]]:
    """Original spans of allow phrases that stand in `view` without gaps."""
    return [
        (view.starts[at], view.ends[at + len(phrase) - 1])
        for phrase in phrases
        for at in _places(view.text, phrase)
        if not any(view.gaps[at + 1 : at + len(phrase)])
    ]


class _Spans:
    """Places of the original that allow phrases protect, joined where they touch: asked in no time, however many."""

    def __init__(self, spans: Iterable[tuple[int, int]]) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in sorted(spans):
            if self._ends and start <= self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], end)
            else:
                self._starts.append(start)
                self._ends.append(end)

    def touch(self, start: int, end: int) -> bool:
        """Whether any of `start:end` is protected."""
        before = bisect_left(self._starts, end) - 1
        return before >= 0 and self._ends[before] > start


def _verified(text: str, candidates: Sequence[Pattern], phrases: Sequence[str]) -> tuple[Hit, ...]:
    view, honest = compact(text), plain(text)
    best: dict[str, Hit] = {}
    spans: list[tuple[int, int]] = []
    for number, seen in enumerate((view, without_runs(view))):
        if seen is None:
            continue
        # A phrase with a doubled letter (天天向上) only stands in the first view; it protects in the second as well.
        spans = spans + _allowed(seen, phrases)
        protected = _Spans(spans)
        sound = sounded(seen.text)
        for candidate in candidates:
            if candidate.takes_homophones:
                places = _places(sound, sounded(candidate.text))
            else:
                places = _places(seen.text, candidate.text)
            for at in places:
                known = best.get(candidate.word.base)
                if known is not None and (not known.views or candidate.plain not in honest):
                    break  # found already, and no honest spelling of it can turn up
                if protected.touch(seen.starts[at], seen.ends[at + len(candidate.text) - 1]):
                    continue
                if fits(seen, candidate, at):
                    hit = _hit(text, seen, candidate, at, is_second=bool(number))
                    if known is None or len(hit.views) < len(known.views):
                        best[hit.base] = hit
    return tuple(sorted(best.values(), key=lambda hit: (hit.start, hit.end)))


def _hit(text: str, view: View, found: Pattern, at: int, *, is_second: bool) -> Hit:
    last = at + len(found.text) - 1
    start, end = view.starts[at], view.ends[last]
    views: list[str] = []
    if found.plain != plain(text[start:end]):
        if is_second:
            views.append("repeat")
        if any(view.gaps[at + 1 : last + 1]):
            views.append("gap")
        if view.text[at : last + 1] != found.text:
            views.append("homophone")
        if not views:
            views.append("folded")
    word = found.word
    return Hit(word.base, word.category, word.level, start, end, tuple(views))


# -- reading ------------------------------------------------------------------------------------------------------------


def _row(number: int, line: str) -> Iterator[Pattern | LexiconMistake]:
    columns = line.split("\t")
    if len(columns) > COLUMNS:
        yield LexiconMistake(
            number, f"有 {len(columns)} 列，最多 {COLUMNS} 列 · {len(columns)} columns, at most {COLUMNS}"
        )
        return
    padded = columns + _EMPTY[len(columns) :]
    written, category, level, flags, aliases, not_before = map(str.strip, padded)
    if level not in ("", "-", "1", "2", "3"):
        yield LexiconMistake(number, f"级别「{level}」：要写 1、2 或 3 · level {level!r}: write 1, 2 or 3")
        return
    known = _flags(flags)
    if unknown := known - _FLAGS:
        yield LexiconMistake(number, f"不认识的标记「{sorted(unknown)[0]}」：py、rb 或 - · unknown flag: py, rb or -")
        return
    word = Word(
        base_of(written),
        "" if category == "-" else category,
        int(level) if level.isdigit() else None,
        "py" in known,
        "" if not_before in ("", "-") else kept(not_before),
    )
    if aliases in ("", "-") and "{" not in written:
        yield _spelled(number, word, written, has_right_border="rb" in known)
        return
    made: set[tuple[str, bool]] = set()
    for alias in (written, *(() if aliases == "-" else aliases.split())):
        is_marked = alias is not written and alias.endswith("rb") and len(alias) > 2
        for spelling in spellings(alias[:-2] if is_marked else alias):
            if (spelling, is_marked) in made:
                continue
            made.add((spelling, is_marked))
            yield _spelled(number, word, spelling, has_right_border=is_marked or "rb" in known)


def _spelled(number: int, word: Word, spelling: str, *, has_right_border: bool) -> Pattern | LexiconMistake:
    found = pattern(word, spelling, has_right_border=has_right_border)
    return found or LexiconMistake(number, f"「{spelling}」里没有字母、汉字或数字 · no letter or digit")


@lru_cache(maxsize=256)
def _flags(written: str) -> frozenset[str]:
    return frozenset(flag for flag in written.replace(",", " ").split() if flag != "-")


def _rows(text: str) -> Iterator[Pattern | LexiconMistake]:
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            yield from _row(number, line)


@lru_cache(maxsize=64)
def parse_lexicon(text: str) -> tuple[Lexicon, tuple[LexiconMistake, ...]]:
    """The lexicon in `text` and the rows that were left out.

    One word a line, or tab-separated: word, category, level, flags, aliases, not-before characters; `#` comments.
    """
    found = list(_rows(text))
    mistakes = tuple(item for item in found if isinstance(item, LexiconMistake))
    return Lexicon(item for item in found if isinstance(item, Pattern)), mistakes


@lru_cache(maxsize=256)
def phrases(words: tuple[str, ...]) -> Lexicon:
    """A lexicon of words that an operator wrote right into a rule: no homophones, the rule's own level."""
    return Lexicon(
        found
        for written in words
        for spelling in spellings(written)
        if (found := pattern(Word(base_of(written)), spelling, has_right_border=False)) is not None
    )
