"""Trying a word or a whole playbook's rules on messages that were already said, before it becomes active."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.core.text.links import find_links
from bot.core.text.moderation import Lexicon, phrases
from bot.plays.rules.detect import link_findings, regex_findings, word_findings
from bot.plays.rules.params import RulesParams

_SAMPLES = 5


@dataclass(frozen=True, slots=True)
class Trial:
    """`hits`: word → (messages hit, some of them)."""

    messages: int
    hit: int
    hits: Mapping[str, tuple[int, tuple[str, ...]]]


def try_lexicon(lexicon: Lexicon, texts: Iterable[str], allow: Sequence[str] = ()) -> Trial:
    """What `lexicon` would have hit."""
    messages, hit = 0, 0
    counts: dict[str, int] = {}
    samples: dict[str, list[str]] = {}
    for text in texts:
        messages += 1
        found = lexicon.hits(text, allow)
        hit += bool(found)
        for each in found:
            counts[each.base] = counts.get(each.base, 0) + 1
            if len(samples.setdefault(each.base, [])) < _SAMPLES:
                samples[each.base].append(text)
    ranked = sorted(counts, key=lambda base: (-counts[base], base))
    return Trial(messages, hit, {base: (counts[base], tuple(samples[base])) for base in ranked})


def try_word(word: str, texts: Iterable[str], allow: Sequence[str] = ()) -> Trial:
    """What `word` would have hit."""
    return try_lexicon(phrases((word,)), texts, allow)


def try_rule_set(params: RulesParams, texts: Iterable[str], assets: Mapping[str, Any]) -> Trial:
    """What each rule of the play would have hit, by what was said alone."""
    messages, hit = 0, 0
    samples: dict[str, list[str]] = {}
    for text in texts:
        messages += 1
        found = try_rules(params, text, assets)
        hit += bool(found)
        for rule in found:
            samples.setdefault(rule, []).append(text)
    ranked = sorted(samples, key=lambda rule: (-len(samples[rule]), rule))
    return Trial(messages, hit, {rule: (len(samples[rule]), tuple(samples[rule][:_SAMPLES])) for rule in ranked})


def try_rules(params: RulesParams, text: str, assets: Mapping[str, Any]) -> list[str]:
    """Ids of the rules that `text` alone would break: words, patterns, links, length. Pace and people are not known."""
    book = params.book
    found = [*word_findings(book.words, text, params.allow, assets), *regex_findings(book, text)]
    found += link_findings(find_links(text), book)
    ids = [finding.rule.id for finding in found]
    for rule in book.lengths:
        limit = rule.match.length
        if limit is not None and (len(text) > limit.characters or text.count("\n") >= limit.lines):
            ids.append(rule.id)
    return list(dict.fromkeys(ids))
