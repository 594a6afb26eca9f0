"""The files that a playbook refers to: found beside it or in the root of the folder, parsed once."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.core.units import AssetParser, AssetProblem
from bot.playbook.nodes import Source
from bot.playbook.problems import NOTHING, Problem, bilingual
from bot.playbook.spelling import nearest

_PLACEHOLDER = re.compile(r"\{\{.*?\}\}")


@dataclass(frozen=True, slots=True)
class Asset:
    """`path` is as the playbook writes it (the key in `ctx.assets`), `file` where it was found."""

    path: str
    file: str
    kind: str
    text: str
    value: Any
    problems: tuple[Problem, ...] = ()


class Assets:
    """All files of the folder, and the parsers of what plays ask for."""

    def __init__(self, files: Mapping[str, str], parsers: Mapping[str, AssetParser]) -> None:
        self._files, self._parsers = files, parsers
        self._parsed: dict[tuple[str, str], tuple[Any, tuple[Problem, ...]]] = {}

    def find(self, playbook_path: str, path: str, kind: str) -> Iterator[Asset]:
        """The file, or every file when the path has `{{ … }}` in it."""
        for base in dict.fromkeys((posixpath.dirname(playbook_path), "")):
            if _PLACEHOLDER.search(path):
                hits = list(self._matching(base, path))
            else:
                file = posixpath.normpath(posixpath.join(base, path))
                hits = [(path, file)] if file in self._files else []
            if hits:
                for name, file in hits:
                    value, problems = self._parse(file, kind)
                    yield Asset(name, file, kind, self._files[file], value, problems)
                return

    def nearest(self, playbook_path: str, path: str) -> str:
        """The path of an existing file that was probably meant, as the playbook would write it."""
        folder = posixpath.dirname(playbook_path)
        names = [posixpath.relpath(file, folder) if folder else file for file in self._files]
        return nearest(path, [name for name in names if not name.startswith("..")] + list(self._files))

    def _matching(self, base: str, path: str) -> Iterator[tuple[str, str]]:
        pattern = re.compile("[^/]+".join(re.escape(part) for part in _PLACEHOLDER.split(path)))
        for file in sorted(self._files):
            name = posixpath.relpath(file, base) if base else file
            if pattern.fullmatch(name):
                yield name, file

    def _parse(self, file: str, kind: str) -> tuple[Any, tuple[Problem, ...]]:
        key = (file, kind)
        if key not in self._parsed:
            value, problems = parse_asset(self._parsers, kind, file, self._files[file])
            self._parsed[key] = value, tuple(_problem(file, self._files[file], each) for each in problems)
        return self._parsed[key]


def is_outside(playbook_path: str, path: str) -> bool:
    """Whether the path leads out of the folder of playbooks."""
    if path.startswith(("/", "~")) or "\\" in path or ":" in path[:3]:
        return True
    return posixpath.normpath(posixpath.join(posixpath.dirname(playbook_path), path)).startswith("..")


def parse_asset(parsers: Mapping[str, AssetParser], kind: str, file: str, text: str) -> tuple[Any, list[AssetProblem]]:
    """The value that a play gets for this file. A kind without a parser is handed over as text."""
    parser = parsers.get(kind)
    if parser is None:
        return text, []
    value, problems = parser(file, text)
    return value, list(problems)


def _problem(file: str, text: str, found: AssetProblem) -> Problem:
    source = Source(file, text)
    line = max(1, min(found.line, len(source.lines)))
    body = source.lines[line - 1]
    col = len(body) - len(body.lstrip()) + 1
    return Problem(
        code="PB303" if found.is_error else "PB304",
        place=source.place(line, col, len(body.strip()) or 1),
        message=bilingual(found.message),
        hint=NOTHING,
    )
