"""Who is meant: a line's name → the one member who bears it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from bot.core.jielong.cleaning import fold_width
from bot.core.jielong.keys import comparison_key, name_key, tokens, unbracketed, without_emoji


class Directory:
    """Members by every key that their names make. Built once per message."""

    def __init__(self, members: Iterable[tuple[str, Iterable[str]]]) -> None:
        """`members`: (uid, display name and aliases)."""
        self._uids: defaultdict[str, set[str]] = defaultdict(set)
        self._names: dict[str, str] = {}
        for uid, names in members:
            for name in names:
                self._names.setdefault(uid, name)
                if key := without_emoji(comparison_key(name)):
                    self._uids[key].add(uid)

    def name(self, uid: str) -> str:
        return self._names.get(uid, uid)

    def named(self, text: str) -> str | None:
        """The one member whom `text` names; None: nobody, or more than one."""
        parts = tokens(text)
        spellings = [unbracketed(text), fold_width(text.split("\n", 1)[0]), "".join(parts[:1]), "".join(parts[:2])]
        keys = {name_key(text)} | {without_emoji(comparison_key(spelling)) for spelling in spellings if spelling}
        found = {uid for key in keys for uid in self._uids.get(key, ())}
        return next(iter(found)) if len(found) == 1 else None
