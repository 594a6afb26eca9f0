"""What a copy of an example asks before it begins: its title, its groups, and the times, numbers and words of its plays.

Parameters are found in the example's own tree, so any playbook is an example, and the comment behind a value is its hint.
They are put in at their places: everything else of the text, comments too, stays as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bot.playbook.edits import Edit, EditFailed, apply, listed, replaced, reworded
from bot.playbook.nodes import Node, plain
from bot.playbook.reading import read

Kind = Literal["time", "number", "words", "list", "text"]
_TIMES = frozenset(("at", "window", "cron", "weekday", "open", "close", "from", "until", "quiet_hours", "timezone"))
_NUMBERS = frozenset(
    ("points", "top", "capacity", "questions", "at_most", "min_chars", "max_per_hour", "per_day", "a_day", "price")
)
_WORDS = frozenset(("title", "word", "keyword", "question", "template", "reason", "say", "text", "topic", "command"))
_LISTS = frozenset(("commands", "answers", "opens_with"))
_ALL_OF = frozenset(("vars", "slots", "roles"))
"""Maps whose every value is asked for."""
_MOST = 24
_COMMENT = re.compile(r"\s#\s*(.+?)\s*$")


@dataclass(frozen=True, slots=True)
class Parameter:
    """`path`: keys from the root, with `/` between; numbers count elements. `value`: as a form shows it, a list with `、`."""

    path: str
    play: str
    key: str
    kind: Kind
    value: str
    hint: str


def parameters(source: str) -> tuple[Parameter, ...]:
    """What the text can be asked to begin with; nothing for one that can't be read."""
    root, _ = read("", source)
    return tuple(_found(root))[:_MOST] if root is not None else ()


def started(source: str, name: str, title: str, groups: Sequence[str], values: Mapping[str, str]) -> str:
    """The text as a playbook of its own. What can't be put in where it stands stays as it was; the editor comes next."""
    root, _ = read("", source)
    if root is None:
        return source
    asked = {each.path: each for each in _found(root)}
    wanted: list[tuple[tuple[str | int, ...], Node | None, Any]] = [
        (("playbook",), root.get("playbook"), name), (("title",), root.get("title"), title),
        (("groups",), root.get("groups"), list(groups)),
    ]  # fmt: skip
    for path, value in values.items():
        parameter = asked.get(path)
        if parameter is not None and value.replace("\r\n", "\n").strip() != parameter.value.strip():
            steps = tuple(int(step) if step.isdecimal() else step for step in path.split("/"))
            wanted.append((steps, root.get(*steps), _typed(parameter.kind, value)))
    text = source
    for steps, node, value in wanted:
        if node is not None and value not in ("", []):
            text = _with(text, steps, value)
    return text


def _with(text: str, steps: tuple[str | int, ...], value: Any) -> str:
    """One value after the other: each is judged by itself, and one that can't be written spoils no other."""
    root, _ = read("", text)
    node = root.get(*steps) if root is not None else None
    if node is None:
        return text
    try:
        edit, meant = _edit(node, value)
        return apply(text, [edit], [(steps, meant)])
    except EditFailed:
        return text


def _edit(node: Node, value: Any) -> tuple[Edit, Any]:
    if isinstance(value, list):
        return listed(node, value), value
    if node.style in ("|", ">"):
        return reworded(node, value), f"{value}\n"
    return replaced(node, value), value


def _typed(kind: Kind, value: str) -> Any:
    value = value.replace("\r\n", "\n").strip()
    if kind == "list":
        return [each for each in re.split(r"[\s,，、]+", value) if each]
    if kind == "number" and re.fullmatch(r"-?\d{1,9}", value):
        return int(value)
    return value


def _found(root: Node) -> Iterator[Parameter]:
    for key in ("vars", "roles", "quiet_hours"):
        if key in root.children:
            yield from _below(root.children[key], (key,), "")
    plays = root.children.get("plays")
    for name, play in (plays.children if plays is not None else {}).items():
        yield from _below(play, ("plays", name), name)


def _below(node: Node, path: tuple[str, ...], play: str) -> Iterator[Parameter]:
    if node.kind == "map":
        for key, child in node.children.items():
            if "/" not in key:
                yield from _below(child, (*path, key), play)
        return
    if node.kind == "list" and not _is_plain_list(node):
        for place, child in enumerate(node.elements):
            yield from _below(child, (*path, str(place)), play)
        return
    key = next((step for step in reversed(path) if not step.isdecimal()), "")
    kind = _kind(node, key, path)
    if kind is not None:
        shown = "、".join(str(each.value) for each in node.elements) if node.kind == "list" else str(plain(node))
        yield Parameter(
            "/".join(path), play, ".".join(path[2:] if play else path), kind, shown.rstrip("\n"), _hint(node)
        )


def _kind(node: Node, key: str, path: tuple[str, ...]) -> Kind | None:
    is_asked = any(step in _ALL_OF for step in path[:-1])
    if node.kind == "list":
        return "list" if key in _LISTS or is_asked else None
    if node.kind in ("int", "float"):
        return "number" if key in _NUMBERS or is_asked else None
    if node.kind != "text":
        return None
    if node.style in ("|", ">"):
        return "text" if key in _WORDS and node.style == "|" else None
    if key in _TIMES:
        return "time"
    return "words" if key in _WORDS or is_asked else None


def _is_plain_list(node: Node) -> bool:
    return node.style == "flow" and all(each.kind == "text" for each in node.elements)


def _hint(node: Node) -> str:
    """The comment behind the value, or behind the mark of a block."""
    line = node.source.lines[node.line - 1] if 0 < node.line <= len(node.source.lines) else ""
    found = _COMMENT.search(line[max(0, node.col - 1) :])
    return found[1] if found else ""
