"""The JSON schema of a playbook (draft 2020-12), for completion and hints in editors."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pydantic.json_schema import GenerateJsonSchema

from bot.core.play import Play
from bot.core.units import ClockWindow, format_duration
from bot.playbook.header import Common, Head, Layer


class _Schema(GenerateJsonSchema):
    """Quantities (durations, windows) default to their text form."""

    def encode_default(self, dft: Any) -> Any:
        match dft:
            case timedelta():
                return format_duration(dft)
            case time():
                return f"{dft:%H:%M}"
            case ClockWindow() | ZoneInfo():
                return str(dft)
            case _:
                return super().encode_default(dft)


def build(kinds: Mapping[str, Play[Any, Any]]) -> dict[str, Any]:
    """The schema with a branch for each kind of play; descriptions are `中文 · English`."""
    definitions: dict[str, Any] = {}
    head = _of(Head, "", definitions)
    layer = _of(Layer, "", definitions)
    common = _of(Common, "", definitions)["properties"]
    for kind, play in kinds.items():
        params = _of(play.Params, f"{kind}.", definitions)
        properties = {**{key: each for key, each in common.items() if key != "kind"}, **params.get("properties", {})}
        definitions[f"play.{kind}"] = {
            "title": f"{play.title} · {kind}",
            "type": "object",
            "properties": {"kind": {"const": kind, "description": f"{play.title} · {kind}"}, **properties},
            "required": ["kind", *params.get("required", [])],
            "additionalProperties": False,
        }
    definitions["play"] = {
        "type": "object",
        "properties": {
            "kind": {
                "enum": list(kinds),
                "description": "玩法的种类 · kind of play: " + ", ".join(f"{k} {p.title}" for k, p in kinds.items()),
            }
        },
        "required": ["kind"],
        "allOf": [
            {
                "if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]},
                "then": {"$ref": f"#/$defs/play.{kind}"},
            }
            for kind in kinds
        ],
    }
    properties = dict(head["properties"])
    properties["plays"] = {**properties["plays"], "additionalProperties": {"$ref": "#/$defs/play"}}
    definitions["layer"] = layer
    properties["overrides"] = {**properties["overrides"], "additionalProperties": {"$ref": "#/$defs/layer"}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "群运剧本 · QunOps playbook",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "$defs": dict(sorted(definitions.items())),
    }


def _of(model: Any, prefix: str, definitions: dict[str, Any]) -> dict[str, Any]:
    """The schema of one model; what it defines goes to `definitions`, each name with `prefix`."""
    template = "#/$defs/" + prefix + "{model}"
    schema: dict[str, Any] = model.model_json_schema(schema_generator=_Schema, ref_template=template, by_alias=True)
    for name, each in schema.pop("$defs", {}).items():
        definitions[prefix + name] = _without_titles(each)
    bare: dict[str, Any] = _without_titles(schema)
    return bare


def _without_titles(schema: Any) -> Any:
    """pydantic's generated titles (`Min Chars`) say nothing that the key doesn't."""
    if isinstance(schema, dict):
        return {
            key: _properties(value) if key == "properties" else _without_titles(value)
            for key, value in schema.items()
            if key != "title" or not isinstance(value, str)
        }
    if isinstance(schema, list):
        return [_without_titles(each) for each in schema]
    return schema


def _properties(properties: dict[str, Any]) -> dict[str, Any]:
    """Here `title` is a key that an operator writes."""
    return {key: _without_titles(value) for key, value in properties.items()}
