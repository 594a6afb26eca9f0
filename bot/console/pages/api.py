"""The reference of the JSON interface: a page for people, the OpenAPI document for programs."""

from __future__ import annotations

import json
from functools import cache

from bot.console.access import Action
from bot.console.call import Call
from bot.console.models import View
from bot.console.openapi import API, about, document
from bot.console.page import Area, Download, Open, Route

area = Area("api")


class Endpoint(View):
    method: str
    path: str
    about: str
    action: str
    takes: str
    gives: str


class Part(View):
    area: str
    endpoints: tuple[Endpoint, ...]


class Reference(View):
    parts: tuple[Part, ...]


@area.view("/api", needs=Open.SIGNED_IN, template="api/index.html", has_twin=False)
async def index(call: Call) -> Reference:
    parts: dict[str, list[Endpoint]] = {}
    for route in _routes():
        if route.has_twin:
            parts.setdefault(route.area, []).append(
                Endpoint(
                    method=route.method, path=API + route.path, about=about(route),
                    action=route.needs.value if isinstance(route.needs, Action) else "",
                    takes=", ".join(route.query.model_fields) if route.query is not None else "",
                    gives=_gives(route),
                )
            )  # fmt: skip
    return Reference(parts=tuple(Part(area=name, endpoints=tuple(found)) for name, found in parts.items()))


@area.file("/openapi.json", needs=Open.SIGNED_IN)
async def openapi(call: Call) -> Download:
    """This document."""
    return Download(name="openapi.json", media_type="application/json", content=_written())


@cache
def _written() -> bytes:
    return json.dumps(document(_routes()), ensure_ascii=False, indent=1).encode()


def _routes() -> list[Route]:
    from bot.console.site import load_areas  # which loads this file, too

    return [route for each in load_areas() for route in each.routes]


def _gives(route: Route) -> str:
    if route.kind in ("stream", "file"):
        return {"stream": "text/event-stream", "file": "file"}[route.kind]
    return route.result.__name__ if route.result is not None else "Done"
