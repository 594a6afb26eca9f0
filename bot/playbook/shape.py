"""Finds the way of a pydantic error through the schema: which part of `loc` is a key, which only names a branch.

pydantic writes the branch of a union into `loc` between the keys (`("cron", "Weekly", "day")`); only the schema tells
the two apart, because a branch may be called like a key.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from pydantic import BaseModel

from bot.core.units import ClockWindow
from bot.playbook.wording import NOTHING, Wording

Schema: TypeAlias = Mapping[str, Any]
Path: TypeAlias = tuple[str | int, ...]

_ANYTHING: Schema = {"type": "any"}
_LISTS = ("list", "set", "frozenset", "generator", "deque")


@dataclass(frozen=True, slots=True)
class Landing:
    """Where an error came down: the path of keys, the schema there, the model around it, the unions on the way.

    `unions`: (path of the union, name of the branch), outermost first. `is_key`: the key itself is wrong.
    """

    path: Path
    schema: Schema
    model: type[BaseModel] | None
    unions: tuple[tuple[Path, str], ...]
    is_key: bool = False


class Shape:
    """The compiled schema of one model."""

    def __init__(self, model: type[BaseModel]) -> None:
        self.model = model
        self.schema: Schema = model.__pydantic_core_schema__
        self._definitions: dict[str, Schema] = {}
        if self.schema["type"] == "definitions":
            self._definitions = {each["ref"]: each for each in self.schema["definitions"]}

    def bare(self, schema: Schema) -> Schema:
        """Without the wrappers that consume nothing of `loc`."""
        for _ in range(60):
            match schema["type"]:
                case "default" | "nullable" | "function-before" | "function-after" | "function-wrap" | "definitions":
                    schema = schema["schema"]
                case "definition-ref":
                    schema = self._definitions.get(schema["schema_ref"], _ANYTHING)
                case "lax-or-strict":
                    schema = schema["lax_schema"]
                case "json-or-python":
                    schema = schema["python_schema"]
                case "chain":
                    schema = schema["steps"][0]
                case _:
                    return schema
        return schema

    def land(self, loc: Sequence[str | int]) -> Landing:
        """Follows `loc` from the model."""
        schema, model, rest = self.schema, None, list(loc)
        path: list[str | int] = []
        unions: list[tuple[Path, str]] = []
        is_key = False
        while True:
            schema = self.bare(schema)
            if schema["type"] == "model":
                model, schema = schema["cls"], schema["schema"]
                continue
            if not rest:
                break
            step = rest.pop(0)
            match schema["type"]:
                case "model-fields" | "typed-dict":
                    path.append(step)
                    schema = self._field(schema, str(step))
                case "dict":
                    path.append(step)
                    is_key = bool(rest) and rest[0] == "[key]"
                    if is_key:
                        rest.pop(0)
                    schema = schema.get("keys_schema" if is_key else "values_schema", _ANYTHING)
                case "tuple":
                    path.append(step)
                    items = schema["items_schema"]
                    index = step if isinstance(step, int) else 0
                    schema = items[min(index, len(items) - 1)] if items else _ANYTHING
                case kind if kind in _LISTS:
                    path.append(step)
                    schema = schema.get("items_schema", _ANYTHING)
                case "union":
                    unions.append((tuple(path), str(step)))
                    schema = self._branch(schema, str(step))
                case "tagged-union":
                    schema = schema["choices"].get(step, _ANYTHING)
                    if isinstance(schema, str):
                        schema = _ANYTHING
                case _:
                    path.append(step)
                    schema = _ANYTHING
        return Landing(tuple(path), schema, model, tuple(unions), is_key)

    def keys(self, schema: Schema) -> tuple[str, ...]:
        """The keys that a map of this schema may have."""
        schema = self.bare(schema)
        if schema["type"] == "model":
            schema = self.bare(schema["schema"])
        fields = schema.get("fields", {}) if schema["type"] in ("model-fields", "typed-dict") else {}
        return tuple(_name(name, field) for name, field in fields.items())

    def field(self, schema: Schema, key: str) -> Schema:
        """The schema of one key of a map."""
        schema = self.bare(schema)
        return self._field(self.bare(schema["schema"]) if schema["type"] == "model" else schema, key)

    def _field(self, schema: Schema, key: str) -> Schema:
        for name, field in schema.get("fields", {}).items():
            if key in (name, _name(name, field)):
                found: Schema = field["schema"]
                return found
        return _ANYTHING

    def branches(self, schema: Schema) -> Iterator[Schema]:
        """What may stand here: the schema itself, or each choice of a union."""
        schema = self.bare(schema)
        if schema["type"] == "union":
            for choice in schema["choices"]:
                yield from self.branches(choice[0] if isinstance(choice, tuple) else choice)
        elif schema["type"] == "tagged-union":
            for choice in schema["choices"].values():
                if not isinstance(choice, str):
                    yield from self.branches(choice)
        else:
            yield schema

    def _branch(self, union: Schema, label: str) -> Schema:
        choices = [choice if isinstance(choice, tuple) else (choice, "") for choice in union["choices"]]
        for choice, name in choices:
            if name == label or self._label(choice) == label:
                return dict(choice)
        kind = label.split("[", 1)[0]
        for choice, _ in choices:
            if choice["type"] == kind or self.bare(choice)["type"] == kind:
                return dict(choice)
        return _ANYTHING

    def _label(self, schema: Schema) -> str:
        schema = self.bare(schema)
        return str(schema["cls"].__name__) if schema["type"] == "model" else str(schema["type"])

    def expects(self, schema: Schema) -> Wording:
        """What may stand here, in words."""
        words = list(dict.fromkeys(_words(self.bare(each)) for each in self.branches(schema)))
        words = [word for word in words if word]
        return Wording(" 或 ".join(word.zh for word in words), " or ".join(word.en for word in words))


def _name(name: str, field: Mapping[str, Any]) -> str:
    alias = field.get("validation_alias")
    return alias if isinstance(alias, str) else name


_SIMPLE = {
    "str": Wording("文字", "text"),
    "int": Wording("整数", "a whole number"),
    "float": Wording("数字", "a number"),
    "decimal": Wording("数字", "a number"),
    "bool": Wording("true 或 false", "true or false"),
    "list": Wording("列表 [a, b]", "a list [a, b]"),
    "tuple": Wording("列表 [a, b]", "a list [a, b]"),
    "set": Wording("列表 [a, b]", "a list [a, b]"),
    "frozenset": Wording("列表 [a, b]", "a list [a, b]"),
    "dict": Wording("一组「键: 值」", "a map of `key: value`"),
    "model-fields": Wording("一组「键: 值」", "a map of `key: value`"),
    "typed-dict": Wording("一组「键: 值」", "a map of `key: value`"),
    "model": Wording("一组「键: 值」", "a map of `key: value`"),
    "timedelta": Wording("时长,例如 30s、10m、2h、7d", "a duration such as 30s, 10m, 2h, 7d"),
    "window": Wording("时间段,例如 05:00-23:59", "a time window such as 05:00-23:59"),
    "time": Wording("时刻,例如 07:30", "a time of day such as 07:30"),
    "date": Wording("日期,例如 2026-03-01", "a date such as 2026-03-01"),
    "datetime": Wording("日期和时刻,例如 2026-03-01 07:30", "a date and time such as 2026-03-01 07:30"),
    "none": Wording("留空", "nothing"),
}


def _words(schema: Schema) -> Wording:
    if schema["type"] == "literal":
        values = [str(value) for value in schema["expected"]]
        return Wording("、".join(values), ", ".join(values))
    if schema["type"] == "enum":
        values = [str(getattr(member, "value", member)) for member in schema["members"]]
        return Wording("、".join(values), ", ".join(values))
    return _SIMPLE.get(quantity_of(schema), NOTHING)


def quantity_of(schema: Schema) -> str:
    """The schema's type, `window` for a `ClockWindow`."""
    return "window" if schema.get("cls") is ClockWindow else str(schema["type"])


def allowed_values(schema: Schema) -> tuple[str, ...]:
    """The values of a literal or enum, () for anything else."""
    if schema["type"] == "literal":
        return tuple(str(value) for value in schema["expected"])
    if schema["type"] == "enum":
        return tuple(str(getattr(member, "value", member)) for member in schema["members"])
    return ()
