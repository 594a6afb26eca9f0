"""The catalogue: `templates/console/words/<language>/<area>.toml`, keys as `<area>.<key>`.

Both languages have the same keys; a test holds them to it. Values may hold `{name}` for what is put in.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
DEFAULT: Language = "zh"


class Words:
    def __init__(self, folder: Path) -> None:
        self.texts: dict[Language, dict[str, str]] = {language: _read(folder / language) for language in LANGUAGES}

    def get(self, language: Language, key: str, /, **values: object) -> str:
        """The text, its blanks filled; the key itself where the catalogue has none, so that a page still shows."""
        text = self.texts[language].get(key)
        if text is None:
            return key
        return text.format_map(values) if values else text

    def has(self, key: str) -> bool:
        return key in self.texts[DEFAULT]


def language_of(name: str | None) -> Language:
    """A language that we speak; Chinese for any other."""
    return name if name in LANGUAGES else DEFAULT


def _read(folder: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for file in sorted(folder.glob("*.toml")):
        found.update(_flat(tomllib.loads(file.read_text("utf-8")), file.stem))
    return found


def _flat(table: Mapping[str, Any], prefix: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in table.items():
        name = f"{prefix}.{key}"
        found.update(_flat(value, name) if isinstance(value, dict) else {name: str(value)})
    return found
