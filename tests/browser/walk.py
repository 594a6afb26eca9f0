"""Every page of the console, found as a person finds it: by the navigation, tabs and links. A new area is in it by itself."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from bot.console.page import Route
from bot.console.site import load_areas
from tests.browser.visit import Visit

_ROUTES = [route for area in load_areas() for route in area.routes if route.kind == "view"]
_PATTERNS = [
    (re.compile(re.sub(r"{\w+(?::\w+)?}", "[^/]+", route.path)), route)
    for route in sorted(_ROUTES, key=lambda route: route.path.count("{"))
]


def route_of(path: str) -> Route | None:
    """The page that answers this path."""
    return next((route for pattern, route in _PATTERNS if pattern.fullmatch(unquote(urlsplit(path).path))), None)


def walk(visit: Visit, *more: str) -> Iterator[str]:
    """Goes to one page of each kind, and to `more`, and gives the name of each while it is shown."""
    waiting, seen = deque(["/"]), {"entry.sign_in_page", "entry.set_up_page"}
    names: set[str] = set()
    while waiting:
        path = waiting.popleft()
        route = route_of(path)
        if route is None or route.name in seen:
            continue
        seen.add(route.name)
        visit.goes_to(path)
        names.add(route.area)
        yield route.name
        waiting.extend(_links(visit))
    missed = {area.name for area in load_areas() if area.icon} - names
    assert not missed, f"not reached by links: {missed}"
    for path in more:
        visit.goes_to(path)
        yield re.sub(r"\W+", "-", path).strip("-")


def _links(visit: Visit) -> list[str]:
    """The pages that this one leads to, those of the navigation first."""
    found: list[str] = visit.page.evaluate(
        "[...document.querySelectorAll('nav a[href], main a[href]')].filter((a) => !a.hasAttribute('download')"
        " && !a.target && a.origin === location.origin).map((a) => a.pathname + a.search)"
    )
    return list(dict.fromkeys(found))
