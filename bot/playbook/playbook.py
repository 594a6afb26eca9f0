"""One playbook file: opened over the base, compiled per set of layers."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from bot.playbook.compiling import Variant, compile_tree, validate
from bot.playbook.header import NETWORKS, Head
from bot.playbook.house import GROUPS, House
from bot.playbook.merge import merge, only, without
from bot.playbook.nodes import Node
from bot.playbook.problems import NOTHING, Problem, Wording, ordered
from bot.playbook.reading import read
from bot.playbook.references import label_problems, override_problems, prize_problems, selector_problems


@dataclass(slots=True, eq=False)
class Playbook:
    """One file. `problems` are its own and those of the files it uses; `id` is "" when even that can't be read."""

    id: str
    path: str
    title: str = ""
    selectors: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    is_available: bool = False
    is_kept: bool = False
    """An earlier version goes on running, because the file as it is now has errors."""
    tree: Node | None = None
    overrides: Mapping[str, Node] = field(default_factory=dict)
    networks: frozenset[str] = frozenset()
    house: House | None = None
    _variants: dict[tuple[str, ...], Variant] = field(default_factory=dict)

    def applies_to(self, chat: str, tags: frozenset[str]) -> bool:
        network = chat.split(":", 1)[0]
        return any(
            selector == chat or selector == f"{network}:*" or (selector[:4] == "tag:" and selector[4:] in tags)
            for selector in self.selectors
        )

    def layers(self, chat: str, tags: frozenset[str]) -> list[tuple[str, Node]]:
        """What is laid over the playbook for this group, from the general to the particular, each with its name."""
        assert self.house is not None
        network = chat.split(":", 1)[0]
        found = [(f"{GROUPS} tags.{tag}", node) for tag, node in self.house.tag_settings.items() if tag in tags]
        found += [
            (f"overrides.{key}", node) for key, node in self.overrides.items() if key[:4] == "tag:" and key[4:] in tags
        ]
        found += [(f"overrides.{key}", node) for key, node in self.overrides.items() if key == f"{network}:*"]
        if chat in self.house.group_settings:
            found.append((f"{GROUPS} groups.{chat}", self.house.group_settings[chat]))
        if chat in self.overrides:
            found.append((f"overrides.{chat}", self.overrides[chat]))
        return found

    def variant(self, layers: Iterable[tuple[str, Node]] = ()) -> Variant:
        """The playbook under these layers; compiled once."""
        assert self.tree is not None
        assert self.house is not None
        named = tuple(layers)
        key = tuple(name for name, _ in named)
        if key not in self._variants:
            tree = self.tree
            for _, layer in named:
                tree = merge(tree, layer)
            self._variants[key] = compile_tree(tree, self.path, self.networks, self.house.assets, self.house.checks)
        return self._variants[key]

    def variant_for(self, chat: str, tags: frozenset[str]) -> Variant:
        return self.variant(self.layers(chat, tags))


def open_playbook(path: str, text: str, house: House) -> Playbook:
    """One playbook with all its problems."""
    stem = posixpath.splitext(posixpath.basename(path))[0]
    tree, problems = read(path, text)
    playbook = Playbook(id="", path=path, house=house)
    if tree is None or tree.kind != "map":
        if tree is not None:
            problems.append(_no_map(tree))
        playbook.problems = ordered(problems)
        return playbook
    if "playbook" not in tree.children:
        name = Node("text", tree.source, 1, 1, 1, 1, stem)
        tree = replace(tree, children={**tree.children, "playbook": name})
    full = _effective(tree, house)
    playbook.id, playbook.tree = _text(full, "playbook") or stem, full
    playbook.title = _text(full, "title")
    head, _ = validate(Head, without(full, "plays", "overrides"))
    playbook.selectors = head.groups if head is not None else ()
    declared = frozenset(head.platforms) if head is not None else frozenset()
    playbook.networks = declared | _networks(playbook.selectors, house)
    overrides = tree.children.get("overrides")
    if overrides is not None:
        problems.extend(override_problems(overrides, full))
        if overrides.kind == "map":
            playbook.overrides = {
                key: _only_known(node, full) for key, node in overrides.children.items() if node.kind == "map"
            }
    problems.extend(playbook.variant().problems)
    for layers in _layerings(playbook, house):
        problems.extend(playbook.variant(layers).problems)
    problems.extend(selector_problems(full, house))
    problems.extend(label_problems(full, house))
    problems.extend(prize_problems(full))
    problems = _without_echo(problems)
    playbook.problems = ordered(problems)
    playbook.is_available = not any(problem.is_error for problem in problems)
    return playbook


def _without_echo(problems: list[Problem]) -> list[Problem]:
    """Without what the schema says about a value that the reader could not understand in the first place."""
    lines = {(p.place.path, p.place.line) for p in problems if p.code in ("PB108", "PB112")}
    return [p for p in problems if p.code != "PB203" or (p.place.path, p.place.line) not in lines]


def _no_map(tree: Node) -> Problem:
    message = Wording("剧本要写成「键: 值」,最外层不能是列表或一段文字", "a playbook is a map of `key: value`")
    hint = NOTHING
    if tree.kind == "text" and "：" in str(tree.value):
        hint = Wording("中文冒号「：」不起作用,改成英文冒号加空格", "the full-width colon does nothing: use `: `")
    elif tree.kind == "text" and ":" in str(tree.value):
        hint = Wording("冒号后面要留一个空格:「键: 值」", "a space must follow the colon: `key: value`")
    return Problem(code="PB203", place=tree.place(), message=message, hint=hint)


def _text(tree: Node, key: str) -> str:
    node = tree.children.get(key)
    return str(node.value) if node is not None and node.kind in ("text", "int") else ""


def _effective(tree: Node, house: House) -> Node:
    """The playbook over the base: settings, and the defaults of each play's kind."""
    if house.base is not None:
        tree = merge(house.base, tree)
    plays = tree.children.get("plays")
    if house.kinds is None or house.kinds.kind != "map" or plays is None or plays.kind != "map":
        return tree
    children = {}
    for name, node in plays.children.items():
        kind = node.children.get("kind") if node.kind == "map" else None
        under = house.kinds.children.get(str(kind.value)) if kind is not None else None
        children[name] = merge(under, node) if under is not None else node
    return replace(tree, children={**tree.children, "plays": replace(plays, children=children)})


def _networks(selectors: Iterable[str], house: House) -> frozenset[str]:
    found = set()
    for selector in selectors:
        network = selector.split(":", 1)[0]
        if network in NETWORKS:
            found.add(network)
        else:
            found |= {uid.split(":", 1)[0] for uid, group in house.groups.items() if selector[4:] in group.tags}
    return frozenset(found & set(NETWORKS))


def _layerings(playbook: Playbook, house: House) -> list[list[tuple[str, Node]]]:
    """Every set of layers that is known to occur: each override alone, and each declared group as it is."""
    found = [[(f"overrides.{key}", node)] for key, node in playbook.overrides.items()]
    for uid, group in house.groups.items():
        tags = frozenset(group.tags)
        if playbook.applies_to(uid, tags):
            layers = playbook.layers(uid, tags)
            if layers:
                found.append(layers)
    return found


def _only_known(layer: Node, full: Node) -> Node:
    """The layer without plays that the playbook doesn't have: an override changes, it never adds."""
    changed, plays = layer.children.get("plays"), full.children.get("plays")
    if changed is None or changed.kind != "map" or plays is None or plays.kind != "map":
        return layer
    kept = only(changed, *(name for name in changed.children if name in plays.children))
    return replace(layer, children={**layer.children, "plays": kept})
