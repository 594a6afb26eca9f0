"""The rules of a play as they are looked up for every message: sorted by kind, patterns compiled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import re2

from bot.core.text.moderation import Lexicon, parse_lexicon, phrases
from bot.plays.rules.rule import Rule, re2_options


class PatternSet:
    """Patterns searched together in one pass."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = tuple(rules)
        self._set = None
        if rules:
            self._set = re2.Set.SearchSet(re2_options())
            for rule in rules:
                self._set.Add(rule.match.regex.pattern if rule.match.regex else "")
            self._set.Compile()

    def find(self, text: str) -> list[Rule]:
        return [self.rules[index] for index in self._set.Match(text) or ()] if self._set else []


def span_of(rule: Rule, text: str) -> str:
    """The part of `text` that a regex rule matched."""
    match = re2.search(rule.match.regex.pattern, text, re2_options()) if rule.match.regex else None
    return match.group(0) if match else ""


@dataclass(frozen=True, slots=True)
class WordRule:
    """A rule over words. `path` names a file of `ctx.assets`, `own` holds words written in the rule."""

    rule: Rule
    path: str | None
    own: Lexicon | None

    def lexica(self, assets: Mapping[str, Any]) -> list[Lexicon]:
        found = [self.own] if self.own is not None else []
        if self.path is not None:
            value = assets[self.path]
            found.append(parse_lexicon(value)[0] if isinstance(value, str) else value)
        return found


def _word_rule(rule: Rule, path: str | None, words: tuple[str, ...]) -> WordRule:
    return WordRule(rule, path, phrases(words) if words else None)


class Book:
    """Compiled once per version of the params; holds no state."""

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        by_kind: dict[str, list[Rule]] = {}
        for rule in rules:
            by_kind.setdefault(rule.match.kind, []).append(rule)

        def of(kind: str) -> tuple[Rule, ...]:
            return tuple(by_kind.get(kind, ()))

        self.ids = tuple(rule.id for rule in rules)
        self.by_id = {rule.id: rule for rule in rules}
        self.versions = {rule.id: blake2b(rule.model_dump_json().encode(), digest_size=4).hexdigest() for rule in rules}
        self.words = tuple(_word_rule(rule, rule.match.words, rule.match.phrases) for rule in of("words"))
        self.names = tuple(
            _word_rule(rule, name.words, name.phrases) for rule in of("nickname") if (name := rule.match.nickname)
        )
        regexes = [(rule, rule.match.regex) for rule in of("regex") if rule.match.regex]
        self.raw = PatternSet([rule for rule, regex in regexes if regex.on == "raw"])
        self.folded = PatternSet([rule for rule, regex in regexes if regex.on == "folded"])
        self.links = of("link")
        self.newcomers = of("newcomer")
        self.codes = of("image_qr")
        self.types = of("type")
        self.lengths = of("length")
        self.everyone = of("mention_all")
        self.floods = of("flood")
        self.repeats = of("repeat")
        self.quiet = of("quiet_hours")
        self.closed = of("mute_group")
        self.has_regexes = bool(regexes)
        self.wants_joins = any(rule.match.repeat and rule.match.repeat.raid for rule in self.repeats)
        self.recent_s = int(max((seconds for rule in rules for seconds in _windows(rule)), default=0))


def _windows(rule: Rule) -> list[float]:
    match = rule.match
    windows = [match.flood.within] if match.flood else []
    if match.repeat:
        windows.append(match.repeat.within)
        if match.repeat.raid:
            windows.append(match.repeat.raid.within)
    return [window.total_seconds() for window in windows]
