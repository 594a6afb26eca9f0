"""What runs in a simulated group: the playbooks that were named, as they apply to a group of their own selector."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.core.errors import OperatorMistake
from bot.engine.playbooks import PlaybookFolder
from bot.playbook.house import BASE, GROUPS
from bot.playbook.load import Loaded
from bot.playbook.model import GroupPlan, plan_of
from bot.playbook.playbook import Playbook
from bot.sim.scenario import Scene

ZONE = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Staged:
    """The plan of one simulated group."""

    scene: Scene
    plan: GroupPlan

    @property
    def zone(self) -> ZoneInfo:
        return next((active.header.zone for active in self.plan.plays.values()), ZONE)

    @property
    def title(self) -> str:
        return next((active.header.title for active in self.plan.plays.values() if active.header.title), "")


def stage(paths: Sequence[Path], scene: Scene, now: datetime, plays: Sequence[str] = ()) -> Staged:
    """Playbook files or folders → what runs in `scene`.

    A file that is named runs in any case; of a folder what applies to the group. A scene without a uid takes a group
    that the playbooks name. `now` decides what can still happen. Raises `OperatorMistake` when a named file can't be
    used, nothing is left, or a play of `plays` is not there.
    """
    folders: dict[Path, Loaded] = {}
    named: list[Playbook] = []
    others: list[Playbook] = []
    for path in paths:
        root = root_of(path)
        if root not in folders:
            folders[root] = PlaybookFolder(root, lambda: now).load()
        if path.is_dir():
            others += _below(folders[root], path, root)
        else:
            named.append(_one(folders[root], path, root))
    scene = _scene([*named, *others], scene, folders.values())
    tags = frozenset(scene.tags)
    running = [*named, *(playbook for playbook in others if playbook.applies_to(scene.chat, tags))]
    if not running:
        raise OperatorMistake(
            f"{'、'.join(map(str, paths))} 里没有这个群能用的剧本 · no usable playbook",
            code="no-playbook",
            hint="运行 qunops check 看哪里写错了,或用 --group 换一个群",
        )
    active = [
        play
        for playbook in running
        for play in playbook.variant_for(scene.chat, tags).plays
        if not plays or play.name in plays
    ]
    unknown = [name for name in plays if name not in {play.name for play in active}]
    if unknown:
        raise OperatorMistake(f"剧本里没有玩法 {'、'.join(unknown)} · no such play", code="no-play")
    return Staged(scene, plan_of(scene.chat, active, tags))


def _scene(playbooks: Sequence[Playbook], scene: Scene, folders: Iterable[Loaded]) -> Scene:
    """`scene` with the group, and the tags, that the folders declare for it or the playbooks ask for."""
    declared = {uid: group for loaded in folders for uid, group in loaded.house.groups.items()}
    uid, name, tags = scene.uid, scene.name, list(scene.tags)
    if not uid and f"sim:{name}" in declared:
        uid = f"sim:{name}"
    selectors = [selector for playbook in playbooks for selector in playbook.selectors]
    wanted = [selector[4:] for selector in selectors if selector.startswith("tag:")]
    if not uid and not tags:
        fitting = [each for each, group in declared.items() if each.startswith("sim:") and set(group.tags) & {*wanted}]
        exact = [selector for selector in selectors if not selector.startswith("tag:") and not selector.endswith(":*")]
        if fitting:
            uid, name = fitting[0], fitting[0].partition(":")[2]
        elif exact and not wanted:
            uid = exact[0]
        else:
            tags = wanted
    tags += declared[uid].tags if uid in declared else []
    network = "wechat" if uid.startswith("wechat:") else scene.network
    return scene.model_copy(update={"name": name, "uid": uid, "tags": tuple(dict.fromkeys(tags)), "network": network})


def _below(loaded: Loaded, path: Path, root: Path) -> list[Playbook]:
    """The usable playbooks of a folder within the root."""
    inside = path.resolve().relative_to(root).as_posix()
    return [
        playbook
        for playbook in loaded.playbooks
        if playbook.is_available and (inside == "." or playbook.path.startswith(f"{inside}/"))
    ]


def _one(loaded: Loaded, path: Path, root: Path) -> Playbook:
    relative = path.resolve().relative_to(root).as_posix()
    found = next((playbook for playbook in loaded.playbooks if playbook.path == relative), None)
    if found is None:
        raise OperatorMistake(f"{path} 不是剧本 · not a playbook", code="no-playbook", place=str(path))
    if not found.is_available:
        wrong = [problem for problem in found.problems if problem.is_error] or list(loaded.problems)
        lines = [f"{problem.place}: {problem.message.zh}" for problem in wrong[:3]]
        raise OperatorMistake(
            f"{path} 现在不能用 · not usable\n" + "\n".join(lines), code="no-playbook", hint=f"qunops check {path}"
        )
    return found


def root_of(path: Path) -> Path:
    """The folder of playbooks that the path belongs to: the nearest with shared settings, else the nearest that is
    called `playbooks`, else its own."""
    if not path.exists():
        raise OperatorMistake(f"没有 {path} · no such file", code="no-playbook", place=str(path))
    whole = path.resolve()
    above = [whole, *whole.parents[:3]] if path.is_dir() else list(whole.parents[:4])
    for folder in above:
        if (folder / BASE).exists() or (folder / GROUPS).exists():
            return folder
    return next((folder for folder in above if folder.name == "playbooks"), above[0])
