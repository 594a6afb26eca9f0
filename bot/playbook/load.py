"""A folder of files, as text, → playbooks for the engine and every problem at once.

`base.yaml` and `groups.yaml` stand in the root; every other YAML file is a playbook, except in the folders of assets and
tests. A playbook with an error is unavailable; all else goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.core.text import clean
from bot.playbook.checks import Checks
from bot.playbook.commands import listed, playbook_clashes
from bot.playbook.house import BASE, GROUPS, House, open_house
from bot.playbook.model import ActivePlay, GroupPlan, plan_of
from bot.playbook.nodes import Source
from bot.playbook.playbook import Playbook, open_playbook
from bot.playbook.problems import Problem, Wording, ordered
from bot.playbook.scoring import SCORING
from bot.playbook.versions import activate
from bot.plays import all_plays

NOT_PLAYBOOKS = frozenset(("tests", "banks", "bank", "lexicon", "lexica", "content", "assets", "files", "scenarios"))


def is_playbook(path: str) -> bool:
    """Whether the file at this path (relative to the folder) is read as a playbook."""
    *folders, name = path.split("/")
    is_yaml = name.endswith((".yaml", ".yml")) and not name.startswith((".", "_"))
    hidden = any(folder in NOT_PLAYBOOKS or folder.startswith(".") for folder in folders)
    return is_yaml and not hidden and not (not folders and name in (BASE, GROUPS, SCORING))


@dataclass(slots=True, eq=False)
class Loaded:
    """All playbooks of one folder at one moment."""

    playbooks: tuple[Playbook, ...]
    problems: tuple[Problem, ...]
    house: House
    _plans: dict[tuple[str, frozenset[str]], GroupPlan] = field(default_factory=dict)

    @property
    def is_sound(self) -> bool:
        return not any(problem.is_error for problem in self.problems)

    def plan(self, chat: str, tags: frozenset[str] = frozenset()) -> GroupPlan:
        """Everything that runs in the group `chat`. `tags` are added to those of `groups.yaml`."""
        key = (chat, tags)
        if key not in self._plans:
            found: list[ActivePlay] = []
            for playbook, every in self.applying(chat, tags):
                variant = playbook.variant_for(chat, every)
                if variant.is_sound:
                    found.extend(variant.plays)
            self._plans[key] = plan_of(chat, with_desk(found), tags | self.house.tags_of(chat))
        return self._plans[key]

    def applying(self, chat: str, tags: frozenset[str] = frozenset()) -> list[tuple[Playbook, frozenset[str]]]:
        """The available playbooks of a group, each with the group's tags as its house knows them."""
        return [
            (each, tags | each.house.tags_of(chat))
            for each in self.playbooks
            if each.is_available and each.house is not None and each.applies_to(chat, tags | each.house.tags_of(chat))
        ]

    def keeping(self, previous: Loaded) -> Loaded:
        """This state, but what is broken now goes on as it was in `previous`, marked `is_kept`."""
        taken = {each.id for each in self.playbooks if each.is_available}
        before = {each.path: each for each in previous.playbooks if each.is_available and each.id not in taken}
        kept = []
        for each in self.playbooks:
            old = before.get(each.path)
            if each.is_available or old is None:
                kept.append(each)
            else:
                kept.append(replace(old, problems=each.problems, is_kept=True))
        return Loaded(tuple(kept), self.problems, self.house)


def load(files: Mapping[str, str], checks: Checks, unreadable: Sequence[Problem] = ()) -> Loaded:
    """Reads `files` (path relative to the folder, with `/` → text). Never raises for what is in them.

    `unreadable` are problems of files that are there but have no text: playbooks among them are unavailable.
    """
    files = {path: clean_text(path, text) for path, text in files.items()}
    problems: list[Problem] = list(unreadable)
    house = open_house(files, checks, problems)
    house.is_sound &= not any(problem.place.path in (BASE, GROUPS) for problem in unreadable)
    playbooks = [open_playbook(path, files[path], house) for path in sorted(files) if is_playbook(path)]
    for problem in unreadable:
        if is_playbook(problem.place.path):
            playbooks.append(Playbook(id="", path=problem.place.path, problems=(problem,)))
    _same_names(playbooks)
    for playbook in playbooks:
        problems.extend(playbook.problems)
    problems.extend(_shared_commands(playbooks, house))
    if not house.is_sound:
        for playbook in playbooks:
            playbook.is_available = False
        if playbooks:
            broken = next(p.place for p in problems if p.is_error and p.place.path in (BASE, GROUPS))
            message = Wording(
                f"公共设置有误,{len(playbooks)} 份剧本都暂不启用新版本",
                f"shared settings are broken: {len(playbooks)} playbooks wait for them",
            )
            problems.append(Problem(code="PB315", place=broken, message=message))
    return Loaded(tuple(playbooks), ordered(problems), house)


def clean_text(path: str, text: str) -> str:
    """YAML keeps its invisible characters: they are reported. Other files lose what no database can store."""
    return text if path.endswith((".yaml", ".yml")) else clean(text)


def _same_names(playbooks: list[Playbook]) -> None:
    seen: dict[str, Playbook] = {}
    for playbook in playbooks:
        if not playbook.id:
            continue
        first = seen.setdefault(playbook.id, playbook)
        if first is playbook:
            continue
        place = playbook.tree.key_place("playbook") if playbook.tree else Source(playbook.path, "").place(1, 1)
        problem = Problem(
            code="PB314",
            place=replace(place, path=playbook.path),
            message=Wording(
                f"「{playbook.id}」和 {first.path} 重名", f"`{playbook.id}` is the name of {first.path}, too"
            ),
            hint=Wording("换一个 playbook 名;抄来的例子记得改", "choose another name for `playbook`"),
            key="playbook",
        )
        playbook.problems = ordered((*playbook.problems, problem))
        playbook.is_available = False


def _shared_commands(playbooks: list[Playbook], house: House) -> Iterable[Problem]:
    """Playbooks that meet in one group and share a command: by declared group, else by the same selector."""
    open_ones = [each for each in playbooks if each.is_available]
    for index, second in enumerate(open_ones):
        for first in open_ones[:index]:
            where = _meeting(first, second, house)
            if not where:
                continue
            words: dict[tuple[str, str], list[str]] = {}
            for word, one, other in playbook_clashes(first.variant().plays, second.variant().plays):
                words.setdefault((one.name, other.name), []).append(word)
            for (one_name, other_name), shared in words.items():
                plays = second.tree.children.get("plays") if second.tree else None
                if plays is None:
                    continue
                yield Problem(
                    code="PB309",
                    place=plays.key_place(other_name),
                    message=Wording(
                        f"在 {where},{first.path} 的「{one_name}」会先应答口令 {listed(shared)}",
                        f"in {where} `{one_name}` of {first.path} answers {listed(shared, ', ')} first",
                    ),
                    key=f"plays.{other_name}",
                )


def _meeting(first: Playbook, second: Playbook, house: House) -> str:
    for uid, group in house.groups.items():
        tags = frozenset(group.tags)
        if first.applies_to(uid, tags) and second.applies_to(uid, tags):
            return uid
    common = [selector for selector in first.selectors if selector in second.selectors]
    return common[0] if common else ""


def with_desk(plays: list[ActivePlay]) -> list[ActivePlay]:
    """`plays` and, where none of them is one, the desk with its defaults: 帮助 and 积分 work in every group that runs
    anything."""
    desk = all_plays().get("desk")
    if not plays or desk is None or any(play.play.kind == desk.kind for play in plays):
        return plays
    first = plays[0]
    return [*plays, activate("前台", desk, desk.Params(), {}, first.header, first.definition["header"], {})]
