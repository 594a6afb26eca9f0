"""Bodies and queries → models. A body is read within a size and a time; what is wrong is said per field."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from bot.console.call import Call

_BODY_TIMEOUT_S = 20.0
_MOST_FIELDS = 2000
_SECRET = ("password", "secret", "code")


class BadRequest(Exception):
    """A request that no browser page of ours makes: status and code."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


async def read_fields(request: Request, limit: int) -> dict[str, Any]:
    """The fields of a form or the keys of a JSON object."""
    content = await _body(request, limit)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if kind == "application/json":
            found = json.loads(content or b"{}")
            if not isinstance(found, dict):
                raise BadRequest(400, "not_an_object")
            return found
        if kind in ("application/x-www-form-urlencoded", ""):
            pairs = parse_qsl(content.decode("utf-8"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
            return _gathered(pairs)
    except (ValueError, RecursionError):
        raise BadRequest(400, "unreadable_body") from None
    raise BadRequest(415, "media_type")


def query_fields(request: Request) -> dict[str, Any]:
    """The query's fields; what is empty counts as not given, as forms send it."""
    return _gathered((key, value) for key, value in request.query_params.multi_items() if value != "")


def problems_of(error: ValidationError, call: Call) -> dict[str, str]:
    """Field → what is wrong with it, in the caller's words."""
    found: dict[str, str] = {}
    for each in error.errors():
        name = ".".join(str(part) for part in each["loc"]) or "_"
        key = f"problem.{each['type']}"
        values = {key: value for key, value in (each.get("ctx") or {}).items() if isinstance(value, (str, int, float))}
        text = call.t(key, **values) if call.words.has(key) else call.t("problem.invalid")
        found.setdefault(name, text)
    return found


def remembered(fields: Mapping[str, Any]) -> dict[str, str]:
    """What was typed, to show it again: never a password."""
    return {
        key: value for key, value in fields.items()
        if isinstance(value, str) and not any(word in key for word in _SECRET)
    }  # fmt: skip


def blank(model: type[BaseModel], fields: dict[str, Any]) -> dict[str, Any]:
    """A form field left empty is not given, where the model has a default for it. A single value of a list is a list."""
    found = dict(fields)
    for name, field in model.model_fields.items():
        if found.get(name) == "" and not field.is_required():
            del found[name]
        elif isinstance(found.get(name), str) and "tuple" in str(field.annotation):
            found[name] = [found[name]]
    return found


async def _body(request: Request, limit: int) -> bytes:
    if int(request.headers.get("content-length") or 0) > limit:
        raise BadRequest(413, "too_large")
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(_BODY_TIMEOUT_S):
            async for chunk in request.stream():
                size += len(chunk)
                if size > limit:
                    raise BadRequest(413, "too_large")
                chunks.append(chunk)
    except TimeoutError:
        raise BadRequest(408, "too_slow") from None
    return b"".join(chunks)


def _gathered(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Repeated fields become lists."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key not in found:
            found[key] = value
        elif isinstance(found[key], list):
            found[key].append(value)
        else:
            found[key] = [found[key], value]
    return found
