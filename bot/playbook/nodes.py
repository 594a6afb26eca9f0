"""YAML 1.2 text → a tree in which everything knows its place.

The tree is built from the parser's event stream with an explicit stack, so depth, size and aliases are bounded while
reading and no input can recurse: 200 KB of `[` kill a composer written in C, here they are one message. Scalars follow
the YAML 1.2 core schema: `19:05`, `on` and `no` are text, only `true` and `false` are booleans. Duplicate keys, keys
that are not text, tags and further documents are problems, not surprises.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from bot.playbook.problems import Place

Kind = Literal["map", "list", "text", "int", "float", "bool", "null"]

_INT = re.compile(r"[-+]?[0-9]{1,18}|0o[0-7]{1,18}|0x[0-9a-fA-F]{1,15}")
_FLOAT = re.compile(r"(?=[^.eE]*[.eE])[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]{1,3})?")
_NULLS = frozenset(("", "~", "null", "Null", "NULL"))
_BOOLS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}


class Source:
    """One file: its path as shown, its text, its lines."""

    def __init__(self, path: str, text: str) -> None:
        self.path, self.text = path, text

    @cached_property
    def lines(self) -> Sequence[str]:
        return self.text.split("\n")

    def place(self, line: int, col: int, length: int = 1) -> Place:
        text = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        return Place(self.path, line, col, max(1, min(length, max(1, len(text) - col + 1))), text)


@dataclass(slots=True, eq=False)
class Node:
    """`children` and `keys` of a map by key, `elements` of a list, `value` of a scalar. Lines and columns from 1.

    `size` and `height` count what is below with aliases expanded.
    """

    kind: Kind
    source: Source
    line: int
    col: int
    end_line: int = 0
    end_col: int = 0
    value: Any = None
    style: str = ""
    children: dict[str, Node] = field(default_factory=dict)
    keys: dict[str, Node] = field(default_factory=dict)
    elements: list[Node] = field(default_factory=list)
    size: int = 1
    height: int = 1

    def place(self) -> Place:
        """Where the caret goes: the scalar as written, or the first line of a map or list."""
        length = self.end_col - self.col if self.line == self.end_line else 10_000
        if self.style in ("|", ">") or (self.kind in ("map", "list") and self.line != self.end_line):
            length = 1
        return self.source.place(self.line, self.col, length)

    def get(self, *path: str | int) -> Node | None:
        """The node below at `path`, None where there is none."""
        node: Node | None = self
        for step in path:
            if node is None:
                return None
            if isinstance(step, int):
                node = node.elements[step] if step < len(node.elements) else None
            else:
                node = node.children.get(step)
        return node

    def key_place(self, key: str) -> Place:
        """Where the key stands; the map itself when it is not there."""
        return self.keys[key].place() if key in self.keys else self.place()

    def scalars(self, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Node]]:
        """Every scalar below with its path, in the order of the file."""
        if self.kind == "map":
            for key, child in self.children.items():
                yield from child.scalars((*path, key))
        elif self.kind == "list":
            for index, child in enumerate(self.elements):
                yield from child.scalars((*path, index))
        else:
            yield path, self


def plain(node: Node) -> Any:
    """The tree as dictionaries, lists, text and numbers."""
    if node.kind == "map":
        return {key: plain(child) for key, child in node.children.items()}
    if node.kind == "list":
        return [plain(child) for child in node.elements]
    return node.value


def resolve(text: str) -> tuple[Kind, Any]:
    """A plain scalar by the YAML 1.2 core schema. Numbers too long to be meant as numbers stay text."""
    first = text[:1]
    if first in "-+.0123456789" and first:
        if _INT.fullmatch(text):
            base = {"0o": 8, "0x": 16}.get(text[:2], 10)
            return "int", int(text[2:] if base != 10 else text, base)
        if _FLOAT.fullmatch(text) and len(text) <= 40:
            value = float(text)
            if value - value == 0:
                return "float", value
        return "text", text
    if text in _NULLS:
        return "null", None
    if text in _BOOLS:
        return "bool", _BOOLS[text]
    return "text", text


def text_position(node: Node, line: int, col: int) -> Place:
    """The place in the file of line and column (from 1) within the text of a scalar."""
    source = node.source
    if node.style in ("|", ">"):
        first = node.line
        while first < len(source.lines) and not source.lines[first].strip():
            first += 1
        body = source.lines[first] if first < len(source.lines) else ""
        indent = len(body) - len(body.lstrip(" "))
        return source.place(node.line + line, indent + col)
    if line == 1:
        return source.place(node.line, node.col + col - 1 + (1 if node.style else 0))
    return source.place(min(node.line + line - 1, node.end_line), 1)
