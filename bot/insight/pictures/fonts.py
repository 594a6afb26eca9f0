"""The fonts that come with the project: which one has a character, and loaded ones by size.

`templates/fonts/fonts.json` says what each file covers, so no font is opened to find out. Nothing of the machine's own
fonts is ever used: a card looks the same everywhere.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Literal

from PIL import ImageFont, features

Face = Literal["sans", "bold", "serif"]
EMOJI = "emoji"
_CHAINS: dict[Face, tuple[str, ...]] = {
    "sans": ("sans", "symbols"),
    "bold": ("bold", "sans", "symbols"),
    "serif": ("serif", "bold", "sans", "symbols"),
}
_MOST_LOADED = 64


class Coverage:
    """A set of code points as closed intervals, `20-7e a0 3400-4dbf` in hexadecimal."""

    def __init__(self, text: str) -> None:
        pairs = [each.partition("-") for each in text.split()]
        self._starts = [int(first, 16) for first, _, _ in pairs]
        self._ends = [int(last or first, 16) for first, _, last in pairs]

    def __contains__(self, char: str) -> bool:
        at = bisect_right(self._starts, ord(char)) - 1
        return at >= 0 and ord(char) <= self._ends[at]

    def __iter__(self) -> Iterator[int]:
        for first, last in zip(self._starts, self._ends, strict=True):
            yield from range(first, last + 1)


class Fonts:
    """Raises `OSError` when the folder has no fonts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        manifest = (folder / "fonts.json").read_bytes()
        self.digest = sha256(manifest).hexdigest()
        """Changes with any of the files: each one's hash stands in the manifest."""
        self.entries: Sequence[dict[str, str]] = json.loads(manifest)["fonts"]
        self._files = {entry["name"]: str(folder / entry["file"]) for entry in self.entries}
        self._covers = {entry["name"]: Coverage(entry["covers"]) for entry in self.entries}
        self.load = lru_cache(maxsize=_MOST_LOADED)(self._load)
        self.is_shaping = bool(features.check("raqm"))
        """Whether emoji sequences become one sign; without it only the first sign of each is drawn."""

    def coverage(self, name: str) -> Coverage:
        return self._covers[name]

    def has_emoji(self, char: str) -> bool:
        return char in self._covers[EMOJI]

    def font_for(self, face: Face, cluster: str) -> str:
        """The first font of the face's chain that has the cluster's base character; "" when none has."""
        for name in _CHAINS[face]:
            if cluster[0] in self._covers[name]:
                return name
        return EMOJI if self.has_emoji(cluster[0]) else ""

    def _load(self, name: str, size: int) -> ImageFont.FreeTypeFont:
        return ImageFont.truetype(self._files[name], size)
