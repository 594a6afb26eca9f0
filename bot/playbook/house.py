"""What all playbooks of a folder share: `base.yaml` (defaults), `groups.yaml` (groups, tags) and `scoring.yaml`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bot.core.scoring import DEFAULT, Scoring
from bot.playbook.assets import Assets
from bot.playbook.checks import Checks
from bot.playbook.compiling import validate
from bot.playbook.header import SETTING_KEYS, Base, Group, Groups
from bot.playbook.merge import only
from bot.playbook.nodes import Node
from bot.playbook.problems import Problem, Wording
from bot.playbook.reading import read
from bot.playbook.scoring import SCORING, ScoringFile
from bot.playbook.spelling import nearest

BASE, GROUPS = "base.yaml", "groups.yaml"


@dataclass(slots=True, eq=False)
class House:
    """What all playbooks of a folder share."""

    assets: Assets
    checks: Checks
    base: Node | None = None
    kinds: Node | None = None
    groups: Mapping[str, Group] = field(default_factory=dict)
    tags: frozenset[str] = frozenset()
    tag_settings: Mapping[str, Node] = field(default_factory=dict)
    group_settings: Mapping[str, Node] = field(default_factory=dict)
    has_groups: bool = False
    scoring: Scoring | None = DEFAULT
    """What `scoring.yaml` wants; the built-in version without it, None where it has errors."""
    is_sound: bool = True

    def tags_of(self, chat: str) -> frozenset[str]:
        group = self.groups.get(chat)
        return frozenset(group.tags) if group else frozenset()


def open_house(files: Mapping[str, str], checks: Checks, problems: list[Problem]) -> House:
    house = House(Assets(files, checks.parsers), checks)
    mine: list[Problem] = []
    if BASE in files:
        tree, found = read(BASE, files[BASE])
        mine.extend(found)
        if tree is not None:
            _, found = validate(Base, tree)
            mine.extend(found)
            mine.extend(_kind_problems(tree, checks))
            if tree.kind == "map":
                house.base, house.kinds = only(tree, *SETTING_KEYS), tree.children.get("kinds")
    if GROUPS in files:
        house.has_groups = True
        tree, found = read(GROUPS, files[GROUPS])
        mine.extend(found)
        if tree is not None:
            groups, found = validate(Groups, tree)
            mine.extend(found)
            if groups is not None:
                _groups(house, groups, tree)
    house.is_sound = not any(problem.is_error for problem in mine)
    problems.extend(mine)
    if SCORING in files:
        tree, found = read(SCORING, files[SCORING])
        scoring, wrong = validate(ScoringFile, tree) if tree is not None else (None, [])
        house.scoring = scoring.scoring() if scoring is not None and not found else None
        problems.extend([*found, *wrong])
    return house


def _groups(house: House, groups: Groups, tree: Node) -> None:
    house.groups = groups.groups
    house.tags = frozenset(groups.tags) | {tag for group in groups.groups.values() for tag in group.tags}
    tag_nodes, group_nodes = tree.children.get("tags"), tree.children.get("groups")
    house.tag_settings = dict(tag_nodes.children) if tag_nodes is not None else {}
    house.group_settings = {
        uid: only(node, *SETTING_KEYS)
        for uid, node in (group_nodes.children.items() if group_nodes is not None else ())
    }


def _kind_problems(tree: Node, checks: Checks) -> Iterable[Problem]:
    """Unknown kinds, and keys that the kind doesn't have, in `kinds` of `base.yaml`."""
    kinds = tree.children.get("kinds") if tree.kind == "map" else None
    for kind, node in kinds.children.items() if kinds is not None and kinds.kind == "map" else ():
        place = kinds.key_place(kind) if kinds is not None else node.place()
        play = checks.kinds.get(kind)
        if play is None:
            titles = {each.title: name for name, each in checks.kinds.items()}
            yield Problem(
                code="PB208",
                place=place,
                message=Wording(f"没有「{kind}」这种玩法", f"there is no kind `{kind}`"),
                suggestion=nearest(kind, checks.kinds, titles),
                key=f"kinds.{kind}",
            )
            continue
        allowed = [each.alias or name for name, each in play.Params.model_fields.items()]
        allowed += [key for key in ("enabled", "metric", "description") if key not in allowed]
        for key in node.children:
            if key not in allowed:
                yield Problem(
                    code="PB201",
                    place=node.key_place(key),
                    message=Wording(f"{kind} 没有「{key}」这个键", f"`{kind}` has no key `{key}`"),
                    expected=Wording("、".join(allowed), ", ".join(allowed)),
                    suggestion=nearest(key, allowed),
                    key=f"kinds.{kind}.{key}",
                )
