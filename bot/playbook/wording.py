"""Sentences in both languages of the product."""

from __future__ import annotations

from typing import Literal, NamedTuple

Lang = Literal["zh", "en"]


class Wording(NamedTuple):
    """One sentence in both languages of the product."""

    zh: str
    en: str

    def get(self, lang: Lang) -> str:
        return self.zh if lang == "zh" else self.en

    def __bool__(self) -> bool:
        return bool(self.zh)


NOTHING = Wording("", "")


def bilingual(text: str) -> Wording:
    """`中文 · English`, as descriptions are written → both; a text without the dot stands for both."""
    zh, _, en = text.partition(" · ")
    return Wording(zh.strip(), (en or zh).strip())
