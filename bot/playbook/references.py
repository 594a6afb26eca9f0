"""What a playbook refers to outside of its plays: tags, roles and tiers, plays that an override changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from bot.core.prizes import SHOP
from bot.core.tiers import ENGLISH, LADDER, NAMES, PYRAMID, RFM
from bot.playbook.compiling import validate
from bot.playbook.header import Head, Layer
from bot.playbook.house import House
from bot.playbook.merge import only
from bot.playbook.nodes import Node
from bot.playbook.problems import NOTHING, Problem, Wording
from bot.playbook.refusals import Frame
from bot.playbook.spelling import nearest

_TIERS = NAMES | {ENGLISH[name] for name in NAMES}
_CLASSES = frozenset(RFM.values()) | {ENGLISH[name] for name in RFM.values()}
_PLATFORM_ROLES = frozenset(("operator", "owner", "admin", "member", "bot"))


def override_problems(overrides: Node, full: Node) -> Iterable[Problem]:
    if overrides.kind != "map":
        message = Wording("overrides 下面要写「tag:标签」或群号", "`overrides` is a map by tag or group")
        yield Problem(code="PB203", place=overrides.place(), message=message, key="overrides")
        return
    plays = full.children.get("plays")
    known = list(plays.children) if plays is not None and plays.kind == "map" else []
    _, found = validate(Head, only(full, "playbook") if not overrides.children else _just(full, "overrides", overrides))
    yield from found
    for key, layer in overrides.children.items():
        _, found = validate(Layer, layer, Frame(f"overrides.{key}", overrides.key_place(key)))
        yield from (each for each in found if not _is_deeper(each, layer))
        changed = layer.children.get("plays") if layer.kind == "map" else None
        for name in changed.children if changed is not None and changed.kind == "map" else ():
            if name not in known and changed is not None:
                yield Problem(
                    code="PB313",
                    place=changed.key_place(name),
                    message=Wording(f"剧本里没有叫「{name}」的玩法", f"the playbook has no play called `{name}`"),
                    expected=Wording("、".join(known), ", ".join(known)),
                    suggestion=nearest(name, known),
                    key=f"overrides.{key}.plays.{name}",
                )


def _just(full: Node, key: str, node: Node) -> Node:
    return replace(full, children={key: node}, keys={key: full.keys.get(key, node)})


def _is_deeper(problem: Problem, layer: Node) -> bool:
    """A wrong value inside is reported by the variant that the layer makes; only its own keys are judged here."""
    return problem.code != "PB201" and layer.kind == "map"


def selector_problems(tree: Node, house: House) -> Iterable[Problem]:
    groups = tree.children.get("groups")
    is_misspelt = any(nearest(key, ("groups",)) for key in tree.keys if key not in Head.model_fields)
    if not is_misspelt and (groups is None or (groups.kind == "list" and not groups.elements)):
        place = tree.key_place("groups") if groups is not None else tree.key_place("playbook")
        message = Wording("没有写 groups:这份剧本不会在任何群里运行", "no `groups`: the playbook runs nowhere")
        hint = Wording('例如 groups: [tag:共读营] 或 ["qq:123456"]', 'e.g. groups: [tag:camp] or ["qq:123456"]')
        yield Problem(code="PB316", place=place, message=message, hint=hint, key="groups")
    if not house.has_groups:
        return
    nodes = [node for node in (groups.elements if groups is not None else []) if node.kind == "text"]
    overrides = tree.children.get("overrides")
    marks = [(str(node.value), node.place()) for node in nodes]
    if overrides is not None and overrides.kind == "map":
        marks += [(key, overrides.key_place(key)) for key in overrides.children]
    for selector, place in marks:
        if selector.startswith("tag:") and selector[4:] not in house.tags:
            tag = nearest(selector[4:], house.tags)
            yield Problem(
                code="PB311",
                place=place,
                message=Wording(f"没有哪个群有标签「{selector[4:]}」", f"no group carries the tag `{selector[4:]}`"),
                expected=Wording("、".join(sorted(house.tags)), ", ".join(sorted(house.tags))),
                suggestion=f"tag:{tag}" if tag else "",
                hint=Wording("标签在 groups.yaml 里给", "tags are given in groups.yaml"),
                key="groups",
            )


def label_problems(tree: Node, house: House) -> Iterable[Problem]:
    """`role:`, `tier:`, `rfm:`, `level:` and `badge:` labels that nobody can have. Levels and badges may come from another
    playbook of the same group: they are judged where this one has some of its own."""
    roles_node = tree.children.get("roles")
    roles = set(_PLATFORM_ROLES) | set(roles_node.children if roles_node is not None else ())
    for settings in (*house.tag_settings.values(), *house.group_settings.values()):
        more = settings.children.get("roles")
        roles |= set(more.children) if more is not None else set()
    plays = tree.children.get("plays")
    levels = _named_in(plays, "levels", "levels")
    own = {"level": levels | {f"{name}+" for name in levels}, "badge": _named_in(plays, "badges", "badges")}
    for name, play in plays.children.items() if plays is not None else ():
        prize = play.children.get("badge") if _kind_of(play) == "honours" else None
        if prize is not None and str(prize.value) not in own["badge"]:
            yield _unknown("badge", str(prize.value), own["badge"], prize, ("plays", name, "badge"))
    for path, scalar in plays.scalars(("plays",)) if plays is not None else ():
        if scalar.kind != "text" or "\n" in scalar.value:
            continue
        for term in scalar.value.split("&"):
            what, _, name = term.strip().lstrip("!\uff01").strip().partition(":")
            known = {"role": roles, "tier": set(_TIERS), "rfm": set(_CLASSES), **own}.get(what)
            if not known or not name or " " in name or name in known:
                continue
            yield _unknown(what, name, known, scalar, path)


def _named_in(plays: Node | None, kind: str, key: str) -> set[str]:
    """The `name` of every element of the list `key`, of each play of that kind."""
    found = [play.children.get(key) for play in plays.children.values() if _kind_of(play) == kind] if plays else []
    elements = [each for node in found if node is not None and node.kind == "list" for each in node.elements]
    names = [each.children.get("name") for each in elements if each.kind == "map"]
    return {str(name.value) for name in names if name is not None}


def _choices(what: str, known: set[str]) -> Wording:
    """What there is to choose from, where that is a closed list."""
    if what in ("level", "badge"):
        names_here = sorted(name for name in known if not name.endswith("+"))
        return Wording("、".join(names_here), ", ".join(names_here))
    names = {"tier": (*PYRAMID, *LADDER), "rfm": tuple(RFM.values())}.get(what, ())
    return Wording("、".join(names), ", ".join(ENGLISH[name] for name in names)) if names else NOTHING


def _unknown(what: str, name: str, known: set[str], scalar: Node, path: tuple[str | int, ...]) -> Problem:
    guess = nearest(name, known)
    zh = {"role": "角色", "tier": "分层", "rfm": "RFM 分类", "level": "等级", "badge": "徽章"}[what]
    return Problem(
        code="PB312",
        place=scalar.place(),
        message=Wording(f"没有「{name}」这个{zh}", f"there is no {what} `{name}`"),
        suggestion=f"{what}:{guess}" if guess else "",
        expected=_choices(what, known),
        hint=Wording("角色先写在 roles 里", "define it in `roles` first") if what == "role" else NOTHING,
        key=".".join(map(str, path)),
    )


def prize_problems(tree: Node) -> Iterable[Problem]:
    """Prizes that no shop of the playbook has."""
    plays = tree.children.get("plays")
    for name, node in plays.children.items() if plays is not None and plays.kind == "map" else ():
        prizes = node.children.get("prizes") if node.kind == "map" else None
        if prizes is None or prizes.kind != "map" or not prizes.children or plays is None:
            continue
        named = node.children.get("shop")
        shop = str(named.value) if named is not None else SHOP
        found = plays.children.get(shop)
        kind = found.children.get("kind") if found is not None and found.kind == "map" else None
        if found is None or kind is None or kind.value != "shop":
            shops = [each for each, play in plays.children.items() if _kind_of(play) == "shop"]
            yield Problem(
                code="PB318",
                place=named.place() if named is not None else node.key_place("prizes"),
                message=Wording(f"剧本里没有叫「{shop}」的商店,奖品发不出", f"no play of kind shop is called `{shop}`"),
                expected=Wording("、".join(shops), ", ".join(shops)),
                suggestion=f"shop: {shops[0]}" if shops else "",
                hint=Wording(
                    "加一个 kind: shop 的玩法,把奖品列在它的 items 里", "add a play of `kind: shop` with the prizes"
                ),
                key=f"plays.{name}.prizes",
            )
            continue
        items = found.children.get("items")
        known = list(items.children) if items is not None and items.kind == "map" else []
        for place in prizes.children.values():
            if str(place.value) not in known:
                yield Problem(
                    code="PB318",
                    place=place.place(),
                    message=Wording(f"「{shop}」里没有「{place.value}」", f"`{shop}` has no `{place.value}`"),
                    expected=Wording("、".join(known), ", ".join(known)),
                    suggestion=nearest(str(place.value), known),
                    key=f"plays.{name}.prizes",
                )


def _kind_of(play: Node) -> str:
    kind = play.children.get("kind") if play.kind == "map" else None
    return str(kind.value) if kind is not None else ""
