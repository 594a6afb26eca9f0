"""The OpenAPI document: every JSON twin with its models, made from the routes themselves."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from bot.console.access import Action
from bot.console.models import View
from bot.console.page import Done, Route

API = "/api/v1"
_PARAMETER = re.compile(r"{(\w+)(?::(\w+))?}")
_REF = "#/components/schemas/{model}"


class Failure(View):
    """What every refusal looks like. `fields`: field → what is wrong with it."""

    code: str
    message: str
    fields: dict[str, str]


class Failed(View):
    error: Failure


def document(routes: Iterable[Route]) -> dict[str, Any]:
    """OpenAPI 3.1 of the routes that have a twin."""
    twins = [route for route in routes if route.has_twin]
    models = {route.result or Done for route in twins if route.kind in ("view", "act")} | {Failed}
    bodies = {route.query for route in twins if route.query is not None}
    wanted = [(model, "serialization") for model in _sorted(models)]
    wanted += [(model, "validation") for model in _sorted(bodies)]
    refs, schemas = models_json_schema(wanted, ref_template=_REF)  # type: ignore[arg-type]
    paths: dict[str, dict[str, Any]] = {}
    for route in twins:
        path = API + _PARAMETER.sub(lambda found: f"{{{found[1]}}}", route.path)
        paths.setdefault(path, {})[route.method.lower()] = _operation(route, refs)
    return {
        "openapi": "3.1.0",
        "info": {"title": "QunOps 群运", "version": "1"},
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
    }


def about(route: Route) -> str:
    """The first paragraph of the function's docstring, else of its model's own."""
    written = [route.handler.__doc__, vars(route.result).get("__doc__") if route.result is not None else None]
    text = next((inspect.cleandoc(each) for each in written if each), "")
    return text.partition("\n\n")[0].replace("\n", " ")


def _operation(route: Route, refs: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"operationId": route.name, "summary": about(route), "tags": [route.area]}
    parameters = [
        {
            "name": name, "in": "path", "required": True,
            "schema": {"type": "integer" if kind == "int" else "string"},
        }
        for name, kind in _PARAMETER.findall(route.path)
    ]  # fmt: skip
    if route.query is not None and route.method == "GET":
        shape = route.query.model_json_schema(ref_template=_REF)
        parameters += [
            {"name": name, "in": "query", "required": name in shape.get("required", ()), "schema": schema}
            for name, schema in shape.get("properties", {}).items()
        ]
    elif route.query is not None:
        found["requestBody"] = {
            "required": True, "content": {"application/json": {"schema": refs[(route.query, "validation")]}},
        }  # fmt: skip
    found["parameters"] = parameters
    if isinstance(route.needs, Action):
        found["x-action"] = route.needs.value
    match route.kind:
        case "stream":
            content: dict[str, Any] = {"text/event-stream": {"schema": {"type": "string"}}}
        case "file":
            content = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
        case _:
            content = {"application/json": {"schema": refs[(route.result or Done, "serialization")]}}
    failed = {"application/json": {"schema": refs[(Failed, "serialization")]}}
    found["responses"] = {
        "200": {"description": "done", "content": content},
        "4XX": {"description": "refused", "content": failed},
    }  # fmt: skip
    return found


def _sorted(models: Iterable[type[BaseModel]]) -> list[type[BaseModel]]:
    return sorted(models, key=lambda model: f"{model.__name__}{model.__module__}")
