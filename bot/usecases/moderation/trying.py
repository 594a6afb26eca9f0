"""Words and a play's rules on messages that were already said: what they would have hit, and nothing is done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.core.text import clean
from bot.core.text.moderation import phrases
from bot.playbook.model import ActivePlay
from bot.plays.rules import RulesParams, try_rules

_SAMPLES = 20


@dataclass(frozen=True, slots=True)
class Found:
    """`words`: (word or rule, messages that it hits, the newest of them), the most frequent first."""

    hit: int
    words: tuple[tuple[str, int, tuple[Any, ...]], ...]


def try_on(said: Sequence[Any], words: Sequence[str], active: ActivePlay | None) -> Found:
    """`said` are rows with a `text`, newest first. What was written together is tried together."""
    tries: list[Callable[[str], Iterable[str]]] = []
    written = [word for word in words if phrases((word,)).size]
    if written:
        lexicon = phrases(tuple(written))
        tries.append(lambda text: [hit.base for hit in lexicon.hits(text)])
    if active is not None and isinstance(active.params, RulesParams):
        params, assets = active.params, active.assets
        tries.append(lambda text: try_rules(params, text, assets))
    hit = 0
    found: dict[str, list[Any]] = {}
    for row in said:
        text = clean(row.text)
        broken = list(dict.fromkeys(name for one in tries for name in one(text)))
        hit += bool(broken)
        for name in broken:
            found.setdefault(name, []).append(row)
    ranked = sorted(found.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    return Found(hit, tuple((name, len(rows), tuple(rows[:_SAMPLES])) for name, rows in ranked))
