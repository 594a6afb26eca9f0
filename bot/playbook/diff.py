"""What a change of the files changes in the groups: effective values, per playbook, group and play."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from bot.playbook.load import Loaded
from bot.playbook.model import ActivePlay
from bot.playbook.playbook import Playbook
from bot.playbook.wording import Lang

What = Literal["added", "removed", "changed"]
EVERYWHERE = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One effective value. `group` is "" for what holds wherever the playbook applies; `play` is "" for the head."""

    playbook: str
    group: str
    play: str
    key: str
    what: What
    before: Any = None
    after: Any = None


@dataclass(frozen=True, slots=True)
class PlayChange:
    """A play whose version moves: sessions in flight stay on the old one, everything new follows the new one."""

    playbook: str
    group: str
    play: str
    what: What
    kind: str
    is_moved: bool = False
    """The kind's own version changed as well: its state is upgraded."""


@dataclass(frozen=True, slots=True)
class Difference:
    plays: tuple[PlayChange, ...]
    values: tuple[Change, ...]
    broken: tuple[str, ...]
    """Playbooks that can't be compared because the new file has errors: the old version goes on."""

    def __bool__(self) -> bool:
        return bool(self.plays or self.values or self.broken)


def diff(before: Loaded, after: Loaded) -> Difference:
    """What changes from `before` to `after`; a group is listed only where it differs from the playbook's own change."""
    old = {each.id: each for each in before.playbooks if each.is_available}
    new = {each.id: each for each in after.playbooks if each.is_available}
    broken = tuple(each.path for each in after.playbooks if not each.is_available)
    hidden = {each.id for each in after.playbooks if not each.is_available}
    plays: list[PlayChange] = []
    values: list[Change] = []
    for name in sorted(old.keys() | (new.keys() - hidden)):
        if name in hidden:
            continue
        common = _definitions(old.get(name), ""), _definitions(new.get(name), "")
        mine = list(_compare(name, EVERYWHERE, *common))
        seen = {_essence(each) for each in mine}
        for group in sorted(set(before.house.groups) | set(after.house.groups)):
            pair = _definitions(old.get(name), group), _definitions(new.get(name), group)
            mine.extend(each for each in _compare(name, group, *pair) if _essence(each) not in seen)
        plays.extend(each for each in mine if isinstance(each, PlayChange))
        values.extend(each for each in mine if isinstance(each, Change))
    return Difference(tuple(plays), tuple(values), broken)


def _essence(change: Change | PlayChange) -> str:
    if isinstance(change, Change):
        return json.dumps([change.play, change.key, change.what, change.before, change.after], default=str)
    return json.dumps([change.play, change.what, change.kind])


def _definitions(playbook: Playbook | None, group: str) -> dict[str, ActivePlay]:
    if playbook is None or playbook.house is None:
        return {}
    if not group:
        return {active.name: active for active in playbook.variant().plays}
    tags = playbook.house.tags_of(group)
    if not playbook.applies_to(group, tags):
        return {}
    return {active.name: active for active in playbook.variant_for(group, tags).plays}


def _compare(
    playbook: str, group: str, old: Mapping[str, ActivePlay], new: Mapping[str, ActivePlay]
) -> Iterator[Change | PlayChange]:
    if old and new:
        before, after = next(iter(old.values())), next(iter(new.values()))
        yield from _values(playbook, group, "", before.definition["header"], after.definition["header"])
    for name in [*old, *(each for each in new if each not in old)]:
        one, other = old.get(name), new.get(name)
        if one is None or other is None:
            either = one or other
            assert either is not None
            yield PlayChange(playbook, group, name, "removed" if other is None else "added", either.play.kind)
        elif one.version != other.version:
            moved = one.play.version != other.play.version or one.play.kind != other.play.kind
            yield PlayChange(playbook, group, name, "changed", other.play.kind, moved)
            yield from _values(playbook, group, name, one.definition["params"], other.definition["params"])
            yield from _values(playbook, group, name, _texts(one), _texts(other))


def _texts(active: ActivePlay) -> dict[str, str]:
    return {path: f"{len(each['text'])} 字" for path, each in active.definition["assets"].items()} | {
        f"{path} (内容)": each["text"] for path, each in active.definition["assets"].items()
    }


def _values(playbook: str, group: str, play: str, old: Any, new: Any) -> Iterator[Change]:
    before, after = dict(_leaves(old)), dict(_leaves(new))
    for key in [*before, *(each for each in after if each not in before)]:
        if key not in after:
            yield Change(playbook, group, play, key, "removed", before[key])
        elif key not in before:
            yield Change(playbook, group, play, key, "added", None, after[key])
        elif before[key] != after[key]:
            yield Change(playbook, group, play, key, "changed", before[key], after[key])


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for key, each in value.items():
            yield from _leaves(each, f"{path}.{key}" if path else str(key))
    else:
        yield path, value


def render(found: Difference, lang: Lang = "zh") -> str:
    """The difference as an operator reads it, one block per playbook and group."""
    zh = lang == "zh"
    if not found:
        return "没有变化" if zh else "no change"
    lines: list[str] = []
    touched = [(play.playbook, play.group) for play in found.plays]
    touched += [(value.playbook, value.group) for value in found.values]
    for place in dict.fromkeys(touched):
        playbook, group = place
        where = (f" · 群 {group}" if zh else f" · group {group}") if group else ""
        lines.append(f"{playbook}{where}")
        for value in (each for each in found.values if (each.playbook, each.group) == place and not each.play):
            lines.append(f"  {_line(value)}")
        for play in (each for each in found.plays if (each.playbook, each.group) == place):
            lines.append(f"  {_play(play, zh)}")
            for value in found.values:
                if (value.playbook, value.group, value.play) == (*place, play.play):
                    lines.append(f"    {_line(value)}")
    if any(each.what == "changed" for each in found.plays):
        lines.append(
            "进行中的一轮(答题、接龙等)按旧版本走完,之后用新版本。"
            if zh
            else "Sessions in flight finish on the old version; what starts later uses the new one."
        )
    for path in found.broken:
        lines.append(f"{path}: 新文件有错误,继续用旧版本" if zh else f"{path}: has errors, the old version goes on")
    return "\n".join(lines)


def _play(change: PlayChange, zh: bool) -> str:
    words = {"added": ("+ 新增", "+ added"), "removed": ("- 停用", "- removed"), "changed": ("~ 修改", "~ changed")}
    moved = ("(玩法升级,进度会转换)" if zh else " (state is upgraded)") if change.is_moved else ""
    return f"{words[change.what][0 if zh else 1]} {change.play} ({change.kind}){moved}"


def _line(change: Change) -> str:
    if change.what == "added":
        return f"+ {change.key}: {_short(change.after)}"
    if change.what == "removed":
        return f"- {change.key}: {_short(change.before)}"
    return f"~ {change.key}: {_short(change.before)} → {_short(change.after)}"


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = " ".join(text.split())
    return text if len(text) <= 60 else text[:60] + "…"
