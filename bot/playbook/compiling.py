"""One effective tree → header and active plays, with every problem on the way. A variant is what one set of layers makes
of a playbook; groups with the same layers share it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel, ValidationError

from bot.core.play import Play, Schedule
from bot.core.units import AssetRef, TemplateText
from bot.playbook.assets import Asset, Assets, is_outside
from bot.playbook.capabilities import Want, capability_problems, wants_of
from bot.playbook.checks import Checks, TemplateCheck, TemplateFault
from bot.playbook.commands import command_clashes
from bot.playbook.cron import check_cron, is_impossible
from bot.playbook.header import COMMON_KEYS, Common, Head, check_name
from bot.playbook.marks import marks, offered_names, written_marks
from bot.playbook.merge import only, without
from bot.playbook.model import ActivePlay, Header
from bot.playbook.nodes import Node, Source, plain, text_position
from bot.playbook.practice import head_advice, play_advice
from bot.playbook.problems import NOTHING, Place, Problem, Wording, bilingual
from bot.playbook.refusals import Frame, refusals
from bot.playbook.relaying import relay_problems
from bot.playbook.shape import Path
from bot.playbook.spelling import nearest
from bot.playbook.targets import target_problems
from bot.playbook.versions import activate, header_document, header_of

TEMPLATE_NAMES = frozenset(("title", "vars", "group"))
"""What every template may use, besides the names of `vars` and those that its play offers."""


@dataclass(frozen=True, slots=True)
class Variant:
    """`head` is None when the head itself is wrong; `is_sound` when there is no error."""

    tree: Node
    head: Head | None
    header: Header | None
    plays: tuple[ActivePlay, ...]
    problems: tuple[Problem, ...]

    @property
    def is_sound(self) -> bool:
        return not any(problem.is_error for problem in self.problems)


@dataclass(frozen=True, slots=True)
class Checked:
    """One play that validated."""

    name: str
    node: Node
    play: Play[Any, Any]
    common: Common
    params: BaseModel
    assets: Mapping[str, Asset]
    wants: tuple[Want, ...]


def compile_tree(tree: Node, path: str, networks: frozenset[str], assets: Assets, checks: Checks) -> Variant:
    """The variant of `tree`; `path` is the playbook's file, from which its assets are found."""
    head, problems = validate(Head, without(tree, "plays", "overrides"))
    plays_node = tree.children.get("plays")
    checked: list[Checked] = []
    names = TEMPLATE_NAMES | frozenset(_vars(tree))
    for name, node in _plays(plays_node):
        place = _place_of(plays_node, name, node)
        try:
            found, play = _check_play(name, place, node, path, names, assets, checks)
        except Exception as error:  # a play's validator with a bug must not cost the other files their check
            found, play = [_bug(name, place, error)], None
        problems.extend(found)
        problems.extend(_name_problems(plays_node, name))
        if play is not None:
            checked.append(play)
    if plays_node is not None and plays_node.kind != "map":
        message = Wording("plays 下面要写「玩法名: 设置」", "`plays` is a map: name of the play → its settings")
        problems.append(Problem(code="PB203", place=tree.key_place("plays"), message=message, key="plays"))
    problems.extend(capability_problems([want for each in checked for want in each.wants], networks))
    problems.extend(target_problems(tree))
    problems.extend(head_advice(tree, [(each.name, each.node, each.common) for each in checked]))
    if head is None:
        return Variant(tree, None, None, (), tuple(problems))
    document = header_document(head)
    header = header_of(document)
    active = [
        activate(each.name, each.play, each.params, _written(each), header, document, each.assets, each.common.metric)
        for each in checked
        if each.common.enabled
    ]
    problems.extend(relay_problems(tree, header, active))
    problems.extend(command_clashes(active, {each.name: each.node for each in checked}, plays_node))
    for each in checked:
        problems.extend(_schedule_problems(each, header, checks))
        problems.extend(
            play_advice(each.name, each.play.kind, each.node, each.params, each.assets, header, _schedules(each))
        )
    return Variant(tree, head, header, tuple(active), tuple(problems))


def validate(model: type[BaseModel], node: Node, frame: Frame = Frame()) -> tuple[Any, list[Problem]]:
    """The validated model, or None and the problems."""
    if node.kind != "map":
        message = Wording("这里要写一组「键: 值」", "a map of `key: value` is expected here")
        return None, [Problem(code="PB203", place=node.place(), message=message, key=frame.prefix)]
    try:
        return model.model_validate(plain(node)), []
    except ValidationError as error:
        return None, refusals(error, model, node, frame)


def _bug(name: str, place: Place, error: Exception) -> Problem:
    said = f"{type(error).__name__}: {error}"[:120]
    message = Wording(f"玩法「{name}」的检查出错了({said})", f"the check of play `{name}` failed ({said})")
    hint = Wording("换一种写法,并告诉开发者", "write it differently, and report it")
    return Problem(code="PB210", place=place, message=message, hint=hint, key=f"plays.{name}")


def _vars(tree: Node) -> list[str]:
    node = tree.children.get("vars")
    return list(node.children) if node is not None else []


def _plays(node: Node | None) -> Iterator[tuple[str, Node]]:
    if node is not None and node.kind == "map":
        yield from node.children.items()


def _place_of(plays: Node | None, name: str, node: Node) -> Place:
    return plays.key_place(name) if plays is not None else node.place()


def _name_problems(plays: Node | None, name: str) -> Iterator[Problem]:
    try:
        check_name(name)
    except ValueError as error:
        if plays is not None:
            _, message, hint = str(error).split("|", 2)
            yield Problem(
                code="PB209", place=plays.key_place(name), message=bilingual(message), hint=bilingual(hint), key=name
            )


def _written(each: Checked) -> Mapping[str, Any]:
    written: dict[str, Any] = plain(params_node(each.node, each.play))
    return written


def params_node(node: Node, play: Play[Any, Any]) -> Node:
    """The keys of a play that are its own: all but the common ones."""
    own = {field.alias or name for name, field in play.Params.model_fields.items()}
    return without(node, *(key for key in COMMON_KEYS if key not in own))


def _check_play(
    name: str,
    key_place: Place,
    node: Node,
    path: str,
    names: frozenset[str],
    assets: Assets,
    checks: Checks,
) -> tuple[list[Problem], Checked | None]:
    prefix = f"plays.{name}"
    if node.kind != "map":
        message = Wording(f"玩法「{name}」下面要写它的设置", f"play `{name}` needs its settings")
        hint = Wording("至少写一行 kind: …", "at least a line `kind: …`")
        place = key_place if node.kind == "null" else node.place()
        return [Problem(code="PB203", place=place, message=message, hint=hint, key=prefix)], None
    common, problems = validate(Common, only(node, *COMMON_KEYS), Frame(prefix, key_place))
    for index, problem in enumerate(problems):
        if problem.code == "PB202":
            problems[index] = _kind_missing(name, problem, checks)
    kind = node.children.get("kind")
    play = checks.kinds.get(str(kind.value)) if kind is not None else None
    if play is None:
        if kind is not None and kind.kind == "text":
            problems.append(_unknown_kind(kind, checks, prefix))
        return problems, None
    mine = params_node(node, play)
    crons = [
        problem
        for where, scalar in mine.scalars()
        if where and where[-1] == "cron" and scalar.kind == "text"
        for problem in check_cron(scalar, ".".join(map(str, (prefix, *where))))
    ]
    params, refused = validate(play.Params, mine, Frame(prefix, key_place, COMMON_KEYS))
    covered = {problem.place.line for problem in crons}
    problems.extend(crons)
    problems.extend(each for each in refused if not (crons and each.code == "PB207" and each.place.line in covered))
    found: dict[str, Asset] = {}
    for where, text, mark in marks(params) if params is not None else written_marks(play.Params, mine):
        scalar = _nearest_node(mine, where)
        key = ".".join(map(str, (prefix, *where)))
        if isinstance(mark, AssetRef):
            hits, wrong = _asset(scalar, text, mark.kind, path, assets, key)
            found.update({hit.path: hit for hit in hits})
            problems.extend(wrong)
            for hit in hits:
                problems.extend(hit.problems)
                if hit.kind == "text" and checks.check_template is not None:
                    problems.extend(_text_file_problems(hit, names | _offered(play), checks.check_template))
        elif isinstance(mark, TemplateText) and checks.check_template is not None:
            allowed = names | frozenset(mark.names)
            for fault in checks.check_template(text, allowed):
                problems.append(_template_problem(scalar, fault, allowed, key))
    if params is None or common is None:
        return problems, None
    play.commands(params)
    play.schedules(params)
    wants = tuple(wants_of(name, node, play.wants_capabilities(params)))
    return problems, Checked(name, node, play, common, params, found, wants)


def _kind_missing(name: str, problem: Problem, checks: Checks) -> Problem:
    message = Wording(f"玩法「{name}」没有写 kind", f"play `{name}` has no `kind`")
    guess = nearest(name, checks.kinds, {play.title: kind for kind, play in checks.kinds.items()})
    return Problem(
        code="PB202",
        place=problem.place,
        message=message,
        expected=Wording("、".join(checks.kinds), ", ".join(checks.kinds)),
        suggestion=f"kind: {guess}" if guess else "",
        key=problem.key,
    )


def _unknown_kind(kind: Node, checks: Checks, prefix: str) -> Problem:
    typed = str(kind.value)
    words = "、".join(f"{name}({play.title})" for name, play in checks.kinds.items())
    return Problem(
        code="PB208",
        place=kind.place(),
        message=Wording(f"没有「{typed[:30]}」这种玩法", f"there is no kind `{typed[:30]}`"),
        expected=Wording(words, ", ".join(checks.kinds)),
        suggestion=nearest(typed, checks.kinds, {play.title: name for name, play in checks.kinds.items()}),
        key=f"{prefix}.kind",
    )


def _nearest_node(node: Node, path: Path) -> Node:
    for step in path:
        below = node.get(step)
        if below is None:
            return node
        node = below
    return node


def _asset(
    scalar: Node, text: str, kind: str, path: str, assets: Assets, key: str
) -> tuple[list[Asset], list[Problem]]:
    if is_outside(path, text):
        message = Wording(f"不能引用文件夹外面的文件「{text}」", f"`{text}` lies outside of the folder")
        hint = Wording(
            "把文件放进 playbooks/,写相对路径,用「/」分隔", "put it into playbooks/ and write a relative path"
        )
        return [], [Problem(code="PB302", place=scalar.place(), message=message, hint=hint, key=key)]
    hits = list(assets.find(path, text, kind))
    if hits:
        return hits, []
    message = Wording(f"找不到文件「{text}」", f"file `{text}` not found")
    hint = Wording("路径从剧本所在的文件夹或 playbooks/ 算起", "paths start at the playbook's folder or at playbooks/")
    return [], [
        Problem(
            code="PB301",
            place=scalar.place(),
            message=message,
            suggestion=assets.nearest(path, text),
            hint=hint,
            key=key,
        )
    ]


def _offered(play: Play[Any, Any]) -> frozenset[str]:
    model: type[BaseModel] = play.Params
    return offered_names(model)


def _text_file_problems(asset: Asset, names: frozenset[str], check: TemplateCheck) -> Iterator[Problem]:
    """A text file is a template like the text in the playbook itself."""
    whole = Node("text", Source(asset.file, asset.text), 1, 1, value=asset.text)
    for fault in check(asset.text, names):
        problem = _template_problem(whole, fault, names, "")
        yield replace(problem, place=whole.source.place(fault.line, fault.col, fault.length))


def _template_problem(scalar: Node, fault: TemplateFault, names: frozenset[str], key: str) -> Problem:
    place = text_position(scalar, fault.line, fault.col) if scalar.kind == "text" else scalar.place()
    place = scalar.source.place(place.line, place.col, fault.length)
    if not fault.name:
        return Problem(code="PB305", place=place, message=fault.message, hint=fault.hint, key=key)
    listed = sorted(names)
    return Problem(
        code="PB306",
        place=place,
        message=fault.message,
        expected=Wording("、".join(listed), ", ".join(listed)),
        suggestion=nearest(fault.name, names),
        hint=fault.hint or Wording("自己的变量先写在 vars 里", "put names of your own into `vars` first"),
        key=key,
    )


def _schedules(each: Checked) -> tuple[Schedule, ...]:
    return tuple(each.play.schedules(each.params))


def _schedule_problems(each: Checked, header: Header, checks: Checks) -> Iterator[Problem]:
    for schedule in _schedules(each):
        node = next((scalar for _, scalar in each.node.scalars() if _tells(schedule, scalar)), each.node)
        if schedule.cron and node.kind == "text" and any(check_cron(node, "")):
            continue
        never = bool(schedule.cron) and is_impossible(schedule.cron)
        if not never and checks.next_fire is not None:
            never = checks.next_fire(schedule, header.zone) is None
        if not never:
            continue
        place = node.place()
        if schedule.once is not None:
            message = Wording(
                f"{schedule.once:%Y-%m-%d %H:%M} 已经过去,不会再触发",
                f"{schedule.once:%Y-%m-%d %H:%M} is past and won't fire again",
            )
            yield Problem(code="PB317", place=place, message=message, hint=NOTHING, key=f"plays.{each.name}")
            continue
        message = Wording("这个时间表永远不会触发", "this schedule never fires")
        hint = Wording("这样的日期不存在,检查「日」和「月」两段", "there is no such date: check day and month")
        yield Problem(code="PB310", place=place, message=message, hint=hint, key=f"plays.{each.name}")


def _tells(schedule: Schedule, scalar: Node) -> bool:
    text = str(scalar.value)
    if schedule.cron:
        return text == schedule.cron
    return schedule.once is not None and text[:10] == f"{schedule.once:%Y-%m-%d}"
