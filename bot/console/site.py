"""The console as one ASGI application: every area's routes with their checks, pages and JSON twins.

Imported at the first request that asks for it: until then the bot does without templates and pages.
"""

from __future__ import annotations

import importlib
import logging
import pkgutil
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.routing import Route as HttpRoute
from starlette.types import ASGIApp

from bot.console import pages
from bot.console.answers import Answers
from bot.console.assets import Assets
from bot.console.entrance import Entrance
from bot.console.guard import Guard
from bot.console.openapi import API
from bot.console.page import SECTIONS, Area, Route
from bot.console.ports import Backstage
from bot.console.render import Renderer
from bot.console.streams import Hub
from bot.console.words import Words
from bot.engine import templates

log = logging.getLogger(__name__)


class Site:
    """The application (`app`) and what belongs to it. `url`: where people reach it, behind a proxy."""

    def __init__(self, ports: Backstage, *, url: str = "") -> None:
        folder = templates.OWN / "console"
        self.areas = load_areas()
        self.assets = Assets()
        self.words = Words(folder / "words")
        self.render = Renderer(folder, self.assets)
        self.hub = Hub(ports.watch)
        answers = Answers(self.areas, Entrance(ports, self.hub, self.words), self.render)
        routes = [HttpRoute("/static/{version}/{name:path}", self.assets.serve)]
        for route in (each for area in self.areas for each in area.routes):
            routes.append(_http(route.path, route, answers.page(route)))
            if route.has_twin:
                routes.append(_http(API + route.path, route, answers.twin(route)))
        handlers = {404: answers.not_found, 405: answers.not_found}
        host = urlsplit(url).hostname
        inner = Starlette(routes=routes, exception_handlers=handlers)
        inner.router.redirect_slashes = False
        self.app: ASGIApp = Guard(inner, frozenset((host,)) if host else frozenset())

    def close(self) -> None:
        """Ends every open stream."""
        self.hub.close()


def load_areas() -> Sequence[Area]:
    """Every `area` of `bot/console/pages`, in the order of the navigation."""
    modules = [
        importlib.import_module(f"{pages.__name__}.{each.name}") for each in pkgutil.iter_modules(pages.__path__)
    ]
    found = [module.area for module in modules if isinstance(getattr(module, "area", None), Area)]
    return sorted(found, key=lambda area: (SECTIONS.index(area.section), area.order, area.name))


def _http(path: str, route: Route, endpoint: Callable[..., object]) -> HttpRoute:
    return HttpRoute(path, endpoint, methods=[route.method], name=route.name)
