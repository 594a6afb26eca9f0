"""What a key means: type, default, description, from the same models that validate it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined, to_jsonable_python

from bot.core.play import Play
from bot.core.units import format_duration
from bot.playbook.header import Common, Head
from bot.playbook.refusals import shape_of
from bot.playbook.shape import Schema, Shape
from bot.playbook.wording import Wording, bilingual


@dataclass(frozen=True, slots=True)
class Entry:
    """One key. `default` is "" when it must be written; `keys` are what may be written inside."""

    key: str
    type: Wording
    default: str
    is_required: bool
    about: Wording
    keys: tuple[str, ...] = ()


def entries_of(model: type[BaseModel], prefix: str = "") -> Iterator[Entry]:
    """Every key of one model, one level."""
    shape = shape_of(model)
    for name, field in model.model_fields.items():
        key = field.alias or name
        schema = shape.field(shape.schema, key)
        yield Entry(
            key=f"{prefix}{key}",
            type=shape.expects(schema),
            default="" if field.is_required() else _shown(field.get_default(call_default_factory=True)),
            is_required=field.is_required(),
            about=bilingual(field.description or ""),
            keys=tuple(dict.fromkeys(below for each in _inside(shape, schema) for below in each.model_fields)),
        )


def find(path: Sequence[str], kinds: Mapping[str, Play[Any, Any]]) -> list[Entry]:
    """The entry of a dotted key and what may stand inside it: `checkin.content`, `quiet_hours`, `checkin`."""
    first, *rest = path
    if first in kinds:
        play = kinds[first]
        top = Entry(first, Wording("玩法", "kind of play"), "", False, Wording(play.title, play.kind))
        models: list[type[BaseModel]] = [play.Params]
        if not rest:
            own = {field.alias or name for name, field in play.Params.model_fields.items()}
            common = [entry for entry in entries_of(Common, f"{first}.") if entry.key.split(".")[-1] not in own]
            return [top, *common, *entries_of(play.Params, f"{first}.")]
        return _descend(models, rest, f"{first}.")
    return _descend([Head], list(path), "")


def _descend(models: Sequence[type[BaseModel]], path: Sequence[str], prefix: str) -> list[Entry]:
    key, *rest = path
    for model in models:
        for entry in entries_of(model, prefix):
            if entry.key != f"{prefix}{key}":
                continue
            shape = shape_of(model)
            inner = list(_inside(shape, shape.field(shape.schema, key)))
            if rest:
                found = _descend(inner, rest, f"{prefix}{key}.")
                if found:
                    return found
                continue
            below = [each for other in inner for each in entries_of(other, f"{prefix}{key}.")]
            return [entry, *{each.key: each for each in below}.values()]
    return []


def _inside(shape: Shape, schema: Schema) -> Iterator[type[BaseModel]]:
    """The models that may stand here, in lists and maps too."""
    for branch in shape.branches(schema):
        match branch["type"]:
            case "model":
                yield branch["cls"]
            case "list" | "set" | "frozenset":
                yield from _inside(shape, branch.get("items_schema", {"type": "any"}))
            case "tuple":
                for each in branch["items_schema"]:
                    yield from _inside(shape, each)
            case "dict":
                yield from _inside(shape, branch.get("values_schema", {"type": "any"}))
            case _:
                pass


def _shown(value: Any) -> str:
    if value is PydanticUndefined or value is None:
        return "–"
    if isinstance(value, BaseModel):
        return "…"
    if isinstance(value, timedelta):
        return format_duration(value)
    if isinstance(value, time):
        return f"{value:%H:%M}"
    try:
        plain = to_jsonable_python(value, fallback=str)
    except ValueError:
        plain = str(value)
    if isinstance(plain, bool):
        return "true" if plain else "false"
    if isinstance(plain, list):
        return "[" + ", ".join(str(each) for each in plain) + "]"
    if isinstance(plain, dict):
        return "{" + ", ".join(f"{key}: {each}" for key, each in plain.items()) + "}"
    return str(plain) or '""'
