"""Where an effective value comes from: each layer that wrote it, the last one winning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.playbook.load import Loaded
from bot.playbook.nodes import Node, plain
from bot.playbook.playbook import Playbook
from bot.playbook.problems import Place


@dataclass(frozen=True, slots=True)
class Written:
    """One layer's value for a key."""

    layer: str
    place: Place
    value: Any


@dataclass(frozen=True, slots=True)
class Origin:
    """`layers` from the general to the particular; the effective `value` is the merged one, None when nobody wrote it."""

    key: str
    is_written: bool
    value: Any
    layers: tuple[Written, ...]


def origin(
    loaded: Loaded, playbook: Playbook, key: Sequence[str], chat: str = "", tags: frozenset[str] = frozenset()
) -> Origin:
    """The origin of a key such as `quiet_hours` or (`plays`, `每日打卡`, `points`) in the group `chat`."""
    house = loaded.house
    every = tags | house.tags_of(chat)
    layers: list[tuple[str, Node | None]] = [("base.yaml", _below(house.base, key))]
    kind = _kind(playbook, key)
    if kind and house.kinds is not None and len(key) > 2:
        layers.append((f"base.yaml kinds.{kind}", _below(house.kinds.children.get(kind), key[2:])))
    layers.append((playbook.path, _own(playbook, key)))
    if chat:
        layers += [(name, _below(node, key)) for name, node in playbook.layers(chat, every)]
    variant = playbook.variant_for(chat, every) if chat else playbook.variant()
    effective = _below(variant.tree, key)
    written = [Written(name, _place(node), plain(node)) for name, node in layers if node is not None]
    return Origin(
        ".".join(key), effective is not None, plain(effective) if effective is not None else None, tuple(written)
    )


def _below(node: Node | None, key: Sequence[str]) -> Node | None:
    for step in key:
        if node is None:
            return None
        node = (
            node.elements[int(step)]
            if node.kind == "list" and step.isdigit() and int(step) < len(node.elements)
            else node.children.get(step)
        )
    return node


def _own(playbook: Playbook, key: Sequence[str]) -> Node | None:
    """The playbook's node only when it stands in the playbook's own file: what was merged under it did not."""
    node = _below(playbook.tree, key)
    return node if node is not None and node.source.path == playbook.path else None


def _place(node: Node) -> Place:
    return node.place()


def _kind(playbook: Playbook, key: Sequence[str]) -> str:
    if len(key) < 2 or key[0] != "plays":
        return ""
    node = _below(playbook.tree, (*key[:2], "kind"))
    return str(node.value) if node is not None else ""
