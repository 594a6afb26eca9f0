"""Layers → one tree: base, playbook, tags, group. Every leaf keeps the file and line that it came from."""

from __future__ import annotations

from dataclasses import replace

from bot.playbook.nodes import Node


def merge(under: Node, over: Node) -> Node:
    """Maps key by key, `over` winning; lists and single values are replaced as a whole."""
    if under.kind != "map" or over.kind != "map":
        return over
    children, keys = dict(under.children), {**under.keys, **over.keys}
    for key, child in over.children.items():
        children[key] = merge(children[key], child) if key in children else child
    return replace(over, children=children, keys=keys)


def only(node: Node, *keys: str) -> Node:
    """The map with just these keys."""
    return replace(
        node,
        children={key: child for key, child in node.children.items() if key in keys},
        keys={key: mark for key, mark in node.keys.items() if key in keys},
    )


def without(node: Node, *keys: str) -> Node:
    """The map without these keys."""
    return only(node, *(key for key in node.children if key not in keys))
