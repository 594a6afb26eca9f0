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
from bot.playbook.problems import Problem
from bot.sim.scenario import Scene

ZONE = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Staged:
    """The plan of one simulated group and what `check` had to say about its playbooks."""

    scene: Scene
    plan: GroupPlan
    problems: tuple[Problem, ...] = ()

    @property
    def zone(self) -> ZoneInfo:
        return next((active.header.zone for active in self.plan.plays.values()), ZONE)

    @property
    def title(self) -> str:
        return next((active.header.title for active in self.plan.plays.values() if active.header.title), "")


def stage(paths: Sequence[Path], scene: Scene, now: datetime, plays: Sequence[str] = ()) -> Staged:
    """Playbook files or folders → what runs in `scene`. A scene without a uid takes a group that the playbooks name;
    `now` decides what can still happen.

    Raises `OperatorMistake` when a playbook can't be used, or a play of `plays` is not in it.
    """
    chosen: list[Playbook] = []
    problems: list[Problem] = []
    folders: dict[Path, Loaded] = {}
    for path in paths:
        folder = path if path.is_dir() else root_of(path)
        if folder not in folders:
            folders[folder] = PlaybookFolder(folder, lambda: now).load()
        loaded = folders[folder]
        found = list(loaded.playbooks) if path.is_dir() else [_one(loaded, path, folder)]
        for playbook in found:
            problems += playbook.problems
        chosen += found
        if path.is_dir():
            problems = list(loaded.problems)
    usable = [playbook for playbook in chosen if playbook.is_available]
    if not usable:
        raise OperatorMistake(
            f"{'、'.join(map(str, paths))} 里没有能用的剧本 · no usable playbook",
            code="no-playbook",
            hint="运行 qunops check 看哪里写错了",
        )
    scene = scene_for(usable, scene)
    tags = frozenset(scene.tags)
    active = [
        play
        for playbook in usable
        if playbook.applies_to(scene.chat, tags) or len(usable) == 1
        for play in playbook.variant_for(scene.chat, tags).plays
        if not plays or play.name in plays
    ]
    unknown = [name for name in plays if name not in {play.name for play in active}]
    if unknown:
        raise OperatorMistake(f"剧本里没有玩法 {'、'.join(unknown)} · no such play", code="no-play")
    return Staged(scene, plan_of(scene.chat, active, tags), tuple(problems))


def scene_for(playbooks: Iterable[Playbook], scene: Scene) -> Scene:
    """`scene` with the tags, and where it names none the group, that the playbooks ask for."""
    tags, uid = list(scene.tags), scene.uid
    for playbook in playbooks:
        for selector in playbook.selectors:
            kind, _, rest = selector.partition(":")
            if kind == "tag" and not scene.uid:
                tags.append(rest)
            elif rest != "*" and not uid and not tags:
                uid = selector
    network = "wechat" if uid.startswith("wechat:") else scene.network
    return scene.model_copy(update={"tags": tuple(dict.fromkeys(tags)), "uid": uid, "network": network})


def _one(loaded: Loaded, path: Path, folder: Path) -> Playbook:
    relative = path.resolve().relative_to(folder.resolve()).as_posix()
    for playbook in loaded.playbooks:
        if playbook.path == relative:
            return playbook
    raise OperatorMistake(f"{path} 不是剧本 · not a playbook", code="no-playbook", place=str(path))


def root_of(path: Path) -> Path:
    """The folder of playbooks that the file belongs to: the nearest with shared settings, else the nearest that is
    called `playbooks`, else its own."""
    if not path.is_file():
        raise OperatorMistake(f"没有这个文件: {path} · no such file", code="no-playbook", place=str(path))
    above = path.resolve().parents[:4]
    for folder in above:
        if (folder / BASE).exists() or (folder / GROUPS).exists():
            return folder
    return next((folder for folder in above if folder.name == "playbooks"), above[0])
