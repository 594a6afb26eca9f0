"""Changing single values of a YAML text at the places of its nodes: comments, order and layout stay as they were written.

An edit is made from nodes and applied to the text that they were read from. What was not meant can't change unseen: the
text is read again, and anything but the wanted values differing makes it an `EditFailed`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.playbook.nodes import Node, plain, resolve
from bot.playbook.reading import read

_PLAIN = re.compile(r"[\w一-鿿][\w一-鿿 .:/+-]*")


class EditFailed(ValueError):
    """The value can't be written there without touching more: the place needs a person and an editor."""


@dataclass(frozen=True, slots=True)
class Edit:
    """`text` in place of what stands from `start` until `end` (offsets) in the file `path`."""

    path: str
    start: int
    end: int
    text: str


def replaced(node: Node, value: str | int | bool) -> Edit:
    """The scalar `node` with another value; a comment behind it stays."""
    if node.kind in ("map", "list") or node.style in ("|", ">"):
        raise EditFailed(node.place())
    start, end = _offset(node, node.line, node.col), _offset(node, node.end_line, node.end_col)
    return Edit(node.source.path, start, end, written(value))


def listed(node: Node, values: Sequence[str]) -> Edit:
    """The list `node`, written on one line in brackets, with other words."""
    if node.kind != "list" or node.style != "flow":
        raise EditFailed(node.place())
    start, end = _offset(node, node.line, node.col), _offset(node, node.end_line, node.end_col)
    return Edit(node.source.path, start, end, f"[{', '.join(_in_flow(each) for each in values)}]")


def reworded(node: Node, value: str) -> Edit:
    """The block `|` of the scalar `node` with other lines, as deep as they were."""
    first = next((line for line in node.source.lines[node.line :] if line.strip()), "")
    indent = len(first) - len(first.lstrip(" "))
    if node.style != "|" or not indent:
        raise EditFailed(node.place())
    lines = [f"{' ' * indent}{line}".rstrip() for line in value.split("\n")]
    start, end = _offset(node, node.line + 1, 1), _offset(node, node.end_line, 1)
    return Edit(node.source.path, start, end, "\n".join(lines) + "\n")


def added(parent: Node, key: str, value: str | int | bool) -> Edit:
    """`key: value` in the map `parent`, behind its first entry that is a single value."""
    own = [
        (name, child) for name, child in parent.children.items()
        if name in parent.keys and parent.keys[name].source is parent.source and child.source is parent.source
    ]  # fmt: skip
    first = next(
        (child for _, child in own if child.kind not in ("map", "list") and child.style[:1] not in ("|", ">")), None
    )
    if key in parent.children and parent.children[key].source is parent.source:
        raise EditFailed(parent.place())
    path, entry = parent.source.path, f"{written(key)}: {written(value)}"
    if parent.style == "flow":
        if first is not None:
            at = _offset(first, first.end_line, first.end_col)
            return Edit(path, at, at, f", {entry}")
        at = _offset(parent, parent.line, parent.col) + 1
        return Edit(path, at, at, f"{entry}, " if own else entry)
    if not own:
        raise EditFailed(parent.place())
    mark = parent.keys[own[0][0]]
    indent = " " * (mark.col - 1)
    if first is None or first.line != first.end_line:
        at = _offset(mark, mark.line, mark.col)
        return Edit(path, at, at, f"{entry}\n{indent}")
    lines = first.source.lines
    at = _offset(first, first.line, len(lines[first.line - 1]) + 1)
    return Edit(path, at, at, f"\n{indent}{entry}")


def apply(source: str, edits: Iterable[Edit], meant: Sequence[tuple[Sequence[str | int], Any]]) -> str:
    """The text with the edits made. `meant`: path → value of everything that may differ then. Raises `EditFailed`."""
    text = source.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    before, problems = read("", text)
    for edit in sorted(set(edits), key=lambda each: (each.start, each.end), reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    after, found = read("", text)
    if before is None or after is None or len(found) > len(problems):
        raise EditFailed("the text can't be read any more")
    wanted = plain(before)
    for path, value in meant:
        _set(wanted, path, value)
    if wanted != plain(after):
        raise EditFailed("more than the meant values would change")
    return text


def written(value: str | int | bool) -> str:
    """A scalar as YAML 1.2 reads it back, plain where that is safe."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    is_plain = _PLAIN.fullmatch(value) and not value.endswith((" ", ":")) and ": " not in value
    return value if is_plain and resolve(value) == ("text", value) else json.dumps(value, ensure_ascii=False)


def _in_flow(value: str) -> str:
    """Between brackets a comma or a bracket would end the word."""
    return written(value) if not set(value) & set(",[]{}") else json.dumps(value, ensure_ascii=False)


def _offset(node: Node, line: int, col: int) -> int:
    """Of line and column (from 1) in the text of the node's file."""
    lines = node.source.lines
    return sum(len(each) + 1 for each in lines[: line - 1]) + col - 1


def _set(tree: Any, path: Sequence[str | int], value: Any) -> None:
    for step in path[:-1]:
        tree = tree[step]
    tree[path[-1]] = value
