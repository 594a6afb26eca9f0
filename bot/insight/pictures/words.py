"""The words of a conversation and how often they fell, for the cloud."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable

_NOT_SAID = re.compile(r"https?://\S+|@\S+|\[[^\[\]\n]{1,12}\]|#接龙.*", re.DOTALL)
"""Addresses, mentions, a network's own emoticons ([微笑]), and lists that go round."""
_KINDS = ("n", "v", "a", "i", "l", "j", "eng")
"""Nouns, verbs, adjectives, idioms, phrases, short forms and foreign words, by the tags of jieba's dictionary."""


def count_words(texts: Iterable[str], hidden: Collection[str] = (), *, most: int = 90) -> list[tuple[str, int]]:
    """The `most` frequent words of two signs or more with their counts, the most frequent first. `hidden` are left out.

    Each text counts a word once: who repeats it in one message says it once.
    """
    import rjieba  # its dictionary takes 60 MB, which only a cloud needs

    counts: Counter[str] = Counter()
    for text in texts:
        said = {
            word.lower() if kind == "eng" else word
            for word, kind in rjieba.tag(_NOT_SAID.sub(" ", text))
            if len(word) >= 2 and kind.startswith(_KINDS) and not word.isnumeric()
        }
        counts.update(said.difference(hidden))
    return sorted(counts.items(), key=lambda each: (-each[1], each[0]))[:most]
