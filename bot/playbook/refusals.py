"""pydantic's errors → problems: each at its place in the file, one per mistake, in the operator's words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError

from bot.playbook.nodes import Node
from bot.playbook.phrases import PHRASES
from bot.playbook.problems import NOTHING, Place, Problem, Wording, bilingual
from bot.playbook.shape import Landing, Shape, allowed_values, quantity_of
from bot.playbook.spelling import nearest

_FORMATS: Mapping[str, Wording] = {
    "timedelta": Wording("时长", "duration"),
    "time": Wording("时刻", "time of day"),
    "date": Wording("日期", "date"),
    "datetime": Wording("日期和时刻", "date and time"),
    "window": Wording("时间段", "time window"),
}
_TYPE_ERRORS = ("_type", "is_instance_of", "none_required")


@cache
def shape_of(model: type[BaseModel]) -> Shape:
    """The compiled shape, once per model."""
    return Shape(model)


class _Refusal:
    """One pydantic error with its landing and the node it is about."""

    def __init__(self, shape: Shape, root: Node, error: Mapping[str, Any]) -> None:
        self.shape, self.type, self.ctx = shape, str(error["type"]), dict(error.get("ctx") or {})
        self.raw = str(error.get("msg", ""))
        self.landing: Landing = shape.land(error["loc"])
        self.node, self.depth = _deepest(root, self.landing.path)
        self.parent, _ = _deepest(root, self.landing.path[:-1])
        if self.landing.is_key:
            self.node = self.parent.keys.get(str(self.landing.path[-1]), self.node)

    @property
    def is_wholesale(self) -> bool:
        """The value was refused as a whole by its type; nothing inside was looked at."""
        return self.type.endswith(_TYPE_ERRORS)


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around the validated map: its dotted path in the file, where its own key is, keys beside the model's."""

    prefix: str = ""
    key_place: Place | None = None
    more_keys: tuple[str, ...] = ()


def refusals(error: ValidationError, model: type[BaseModel], root: Node, frame: Frame = Frame()) -> list[Problem]:
    """The problems of one failed validation of `root`."""
    shape = shape_of(model)
    found = [
        _Refusal(shape, root, each)
        for each in error.errors(include_url=False, include_input=False, include_context=True)
    ]
    return [_problem(group, root, frame) for group in _without_union_noise(found, 0)]


def _deepest(root: Node, path: Sequence[str | int]) -> tuple[Node, int]:
    node = root
    for depth, step in enumerate(path):
        below = node.get(step)
        if below is None:
            return node, depth
        node = below
    return node, len(path)


def _without_union_noise(found: Sequence[_Refusal], depth: int) -> list[list[_Refusal]]:
    """One group per mistake: of each union only the branch that was meant; several only where none can be told."""
    groups: list[list[_Refusal]] = []
    unions: dict[tuple[str | int, ...], dict[str, list[_Refusal]]] = {}
    for each in found:
        if len(each.landing.unions) <= depth:
            groups.append([each])
        else:
            path, label = each.landing.unions[depth]
            unions.setdefault(path, {}).setdefault(label, []).append(each)
    for path, branches in unions.items():
        inside = {
            label: errors
            for label, errors in branches.items()
            if any(not e.is_wholesale or len(e.landing.path) > len(path) for e in errors)
        }
        if inside:
            best = min(inside.values(), key=lambda errors: (sum(_distance(e) for e in errors), len(errors)))
            groups.extend(_without_union_noise(best, depth + 1))
        else:
            groups.append([error for errors in branches.values() for error in errors])
    return groups


def _distance(error: _Refusal) -> int:
    """How far the value is from the branch that raised it."""
    return {"extra_forbidden": 3, "missing": 2}.get(error.type, 4 if error.is_wholesale else 1)


def _problem(group: Sequence[_Refusal], root: Node, frame: Frame) -> Problem:
    first = group[0]
    landing, shape = first.landing, first.shape
    key = ".".join(part for part in (frame.prefix, *map(str, landing.path)) if part)
    last = str(landing.path[-1]) if landing.path else ""
    if first.type == "missing":
        return _missing(first, root, frame, key)
    if first.type == "extra_forbidden":
        return _unknown_key(first, last, key, frame.more_keys if len(landing.path) == 1 else ())
    place = _place(first, last)
    if first.node.kind == "null" and first.depth == len(landing.path) and not landing.is_key:
        message = Wording(f"「{last}」后面没有写值", f"`{last}` has no value")
        hint = Wording("写上值,或删掉这一行", "give it a value or remove the line")
        expected = shape.expects(landing.schema)
        return Problem(code="PB203", place=place, message=message, expected=expected, hint=hint, key=key)
    if len(group) > 1:
        words = [shape.expects(each.landing.schema) for each in group]
        words = list(dict.fromkeys(word for word in words if word))
        got = _got(first.node)
        message = Wording(f"{got.zh.lstrip()}放在这里不合适", f"{got.en} doesn't fit here")
        expected = Wording(" 或 ".join(w.zh for w in words), " or ".join(w.en for w in words))
        return Problem(code="PB203", place=place, message=message, expected=expected, key=key)
    if first.type in ("value_error", "assertion_error"):
        return _refused(first, place, key)
    return _general(first, place, key)


def _place(refusal: _Refusal, last: str) -> Place:
    if refusal.landing.is_key:
        return refusal.parent.key_place(last)
    node, parent = refusal.node, refusal.parent
    if refusal.depth < len(refusal.landing.path):
        return node.place()
    if node.kind in ("map", "list") and node.style != "flow" and last in parent.keys:
        return parent.key_place(last)
    if node.kind == "null" and last in parent.keys:
        return parent.key_place(last)
    return node.place()


def _missing(refusal: _Refusal, root: Node, frame: Frame, dotted: str) -> Problem:
    *above, last = refusal.landing.path
    key = str(last)
    message = _say("missing", {"key": key})
    about = description(refusal.landing.model, key)
    expected = refusal.shape.expects(refusal.landing.schema)
    hint = Wording(f"补上「{key}: …」:{about.zh}", f"add `{key}: …`: {about.en}") if about else NOTHING
    place = refusal.parent.place()
    if refusal.parent.style != "flow":
        holder, _ = _deepest(root, above[:-1])
        place = holder.key_place(str(above[-1])) if above and holder.kind == "map" else frame.key_place or place
    return Problem(code="PB202", place=place, message=message, expected=expected, hint=hint, key=dotted)


def _unknown_key(refusal: _Refusal, key: str, dotted: str, more: tuple[str, ...]) -> Problem:
    owner = refusal.landing.model
    fields = (*(_names(owner) if owner is not None else ()), *more)
    suggestion = nearest(key, fields)
    hint = NOTHING
    if not suggestion:
        inside = [name for name in fields if owner and key in _keys_below(owner, name)]
        if inside:
            hint = Wording(f"「{key}」要写在「{inside[0]}」里面", f"`{key}` belongs inside `{inside[0]}`")
    below = refusal.parent.children.get(key)
    if refusal.parent.style == "flow" and below is not None and below.kind == "null" and not key.isascii():
        hint = Wording(
            "花括号里的英文逗号把一句话切成了两半:整句加上引号,或改用中文逗号",
            "the comma cut a text in two: quote the whole text",
        )
    if any(char in key for char in "：，") or key != key.strip():
        hint = Wording("键名里有全角符号或空格,改成英文的", "the key holds a full-width character or space")
    return Problem(
        code="PB201",
        place=refusal.parent.key_place(key),
        message=_say("extra_forbidden", {"key": key}),
        expected=Wording("、".join(fields), ", ".join(fields)),
        suggestion=suggestion,
        hint=hint,
        key=dotted,
    )


def _names(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _keys_below(model: type[BaseModel], name: str) -> tuple[str, ...]:
    schema = shape_of(model).schema
    own = shape_of(model)
    found: list[str] = []
    for branch in own.branches(own.field(own.bare(schema), name)):
        found.extend(own.keys(branch))
    return tuple(found)


def _refused(refusal: _Refusal, place: Place, key: str) -> Problem:
    text = str(refusal.ctx.get("error", "")) or refusal.raw.removeprefix("Value error, ")
    quantity = quantity_of(refusal.shape.bare(refusal.landing.schema))
    what = _FORMATS.get(quantity)
    got = _got(refusal.node)
    expected = refusal.shape.expects(refusal.landing.schema)
    if what is not None and text.startswith(("not a ", "expected a ")):
        message = Wording(f"{got.zh.lstrip()}不是{what.zh}", f"{got.en} is not a {what.en}")
        hint = _format_hint(quantity, refusal.node)
        return Problem(code="PB206", place=place, message=message, expected=expected, hint=hint, key=key)
    if "carries an offset" in text:
        message = Wording("不要写时区,按剧本的 timezone 计算", "leave the offset out, the playbook's timezone applies")
        return Problem(code="PB206", place=place, message=message, expected=expected, key=key)
    code, _, rest = text.partition("|")
    if code in ("PB206", "PB209", "PB211", "PB212", "PB213", "PB214"):
        words, _, hints = rest.partition("|")
        return Problem(code=code, place=place, message=bilingual(words), hint=bilingual(hints), key=key)
    message = bilingual(text)
    if message.zh == message.en and message.zh.isascii():
        message = Wording(f"这个值不行: {text}", text)
    return Problem(code="PB207", place=place, message=message, key=key)


def _format_hint(kind: str, node: Node) -> Wording:
    value = str(node.value)
    if kind == "timedelta" and value.replace(".", "", 1).isdigit():
        return Wording(
            f"加上单位:{value}s 是秒,{value}m 是分,{value}h 是小时,{value}d 是天",
            f"add a unit: {value}s seconds, {value}m minutes, {value}h hours, {value}d days",
        )
    if kind == "timedelta" and re.fullmatch(r"[\d.]+[smhdw]", value):
        return Wording("太长了,谁也等不到", "longer than anybody waits")
    if kind == "timedelta":
        return Wording("数字加单位,不写中文:s 秒、m 分、h 小时、d 天、w 周", "a number and a unit: s, m, h, d or w")
    if kind == "time" and value.startswith("24"):
        return Wording("一天的最后一分钟是 23:59,零点是 00:00", "the last minute is 23:59, midnight is 00:00")
    if kind in ("time", "window") and any(char in value for char in "点时分半"):
        return Wording("用 24 小时制的数字,不写「点」:晚上八点半是 20:30", "use digits in 24-hour form: 20:30")
    if kind == "window":
        return Wording("开始和结束之间用一个减号连接", "join start and end by one hyphen")
    return NOTHING


def _general(refusal: _Refusal, place: Place, key: str) -> Problem:
    got = _got(refusal.node)
    if refusal.type not in PHRASES:
        return Problem(code="PB207", place=place, message=Wording(f"这个值不行: {refusal.raw}", refusal.raw), key=key)
    fill = dict(refusal.ctx)
    tag = str(fill.pop("discriminator", "")).strip("'")
    if tag:
        fill["discriminator"] = tag
    code = PHRASES[refusal.type][0]
    message = _say(refusal.type, fill, got)
    schema = refusal.landing.schema
    expected, suggestion, hint = refusal.shape.expects(schema), "", NOTHING
    values: Sequence[str] = [v for branch in refusal.shape.branches(schema) for v in allowed_values(branch)]
    if refusal.type in ("union_tag_invalid", "union_tag_not_found"):
        values = [str(tag) for tag in refusal.shape.bare(schema).get("choices", {})]
        expected = Wording("、".join(values), ", ".join(values))
        if refusal.type == "union_tag_invalid":
            suggestion = nearest(str(fill.get("tag", "")), values)
            place = (refusal.node.get(tag) or refusal.node).place()
    elif code == "PB204":
        suggestion = nearest(str(refusal.node.value), values)
    elif code == "PB205":
        expected = NOTHING
    elif refusal.type == "string_type" and refusal.node.kind in ("int", "float", "bool"):
        text = refusal.node.source.lines[refusal.node.line - 1][refusal.node.col - 1 : refusal.node.end_col - 1]
        hint = Wording(f'要当文字用,就加上引号:"{text}"', f'quote it to make it text: "{text}"')
    elif refusal.type in ("list_type", "tuple_type", "set_type", "frozen_set_type") and refusal.node.kind == "text":
        value = _crop(str(refusal.node.value))
        hint = Wording(f"只有一项也要写方括号:[{value}]", f"a single item needs brackets, too: [{value}]")
    elif (
        refusal.type.endswith("_type") and refusal.node.kind == "text" and re.match(r"\w+:\S", str(refusal.node.value))
    ):
        hint = Wording("冒号后面要留一个空格:「键: 值」", "a space must follow the colon: `key: value`")
    elif refusal.node.kind == "text" and "：" in str(refusal.node.value):
        hint = Wording("中文冒号「：」不起作用,改成英文冒号加空格", "the full-width colon does nothing: use `: `")
    return Problem(
        code=code, place=place, message=message, expected=expected, suggestion=suggestion, hint=hint, key=key
    )


def _say(kind: str, fill: Mapping[str, Any], got: Wording = NOTHING) -> Wording:
    _, zh, en = PHRASES[kind]
    return Wording(" ".join(zh.format(**{**fill, "got": got.zh}).split()), en.format(**{**fill, "got": got.en}))


def _got(node: Node) -> Wording:
    """What stands there, in words: the text itself, or that it is a list or map."""
    match node.kind:
        case "map":
            return Wording("一组「键: 值」", "a map")
        case "list":
            return Wording("列表", "a list")
        case "null":
            return Wording("空的", "nothing")
        case "bool":
            return Wording(" true " if node.value else " false ", "true" if node.value else "false")
        case "text":
            shown = _crop(str(node.value))
            return Wording(f"「{shown}」", f"`{shown}`")
        case _:
            return Wording(f" {node.value} ", f"{node.value}")


def _crop(text: str, most: int = 24) -> str:
    line = text.strip().split("\n", 1)[0]
    return line if len(line) <= most else line[:most] + "…"


def description(model: type[BaseModel] | None, key: str) -> Wording:
    """The description of one key of a model, as the schema has it."""
    for name, field in (model.model_fields if model else {}).items():
        if key in (name, field.alias):
            return bilingual(field.description or "")
    return NOTHING
