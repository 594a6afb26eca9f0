"""How a page is declared: an `Area` in a file of `pages/`, one function per route.

    area = Area("groups", icon="groups", order=20)

    @area.view("/groups", needs=Action.GROUPS_SEE, template="groups/index.html")
    async def index(call: Call, query: GroupsQuery) -> GroupsView: ...

    @area.act("/groups/{group}/pause", needs=Action.GROUPS_EDIT)
    async def pause(call: Call, body: PauseBody) -> Done: ...

A view answers GET with a page and, under `/api/v1`, the same model as JSON. An act answers POST: a form's fields or a JSON
body, checked by the same model. A path with `{group}` or `{playbook}` is checked against the caller's bounds before the
function runs. The function's annotations name the models; both are in the OpenAPI document.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal, TypeVar, get_args, get_type_hints

from pydantic import BaseModel

from bot.console.access import Action
from bot.console.call import Call
from bot.console.models import Query, View

F = TypeVar("F", bound=Callable[..., Any])
Kind = Literal["view", "act", "stream", "file"]
Section = Literal["main", "plays", "people", "house"]
SECTIONS: tuple[Section, ...] = get_args(Section)

BODY_LIMIT = 256 * 1024


class Open(Enum):
    """Routes that need no action: for everybody, or for whoever signed in (their own account)."""

    PUBLIC = "public"
    SIGNED_IN = "signed in"


Needs = Action | Open


class Done(View):
    """What an act answers. `said`: key under `said.` of the words to tell the operator; `to`: the page to go to next,
    "" stays; `secret`: something to show once."""

    said: str = ""
    to: str = ""
    secret: str = ""


@dataclass(frozen=True, slots=True)
class Push:
    """One event of a stream: `view` as JSON, or rendered by `template` as a piece of the page."""

    event: str
    view: BaseModel
    template: str
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """A file to keep. `name` may hold anything: it is encoded where it is sent.

    `is_shown`: a whole page of our own making, for a frame of one of ours; it may style itself, and nothing else: no
    script, no form, no request, no origin.
    """

    name: str
    media_type: str
    content: bytes
    is_shown: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    area: str
    kind: Kind
    path: str
    needs: Needs
    handler: Callable[..., Any]
    query: type[BaseModel] | None
    result: type[BaseModel] | None
    template: str = ""
    part: str = ""
    form: str = ""
    limit: int = BODY_LIMIT
    has_twin: bool = True
    """Whether the route exists under `/api/v1`: all but those that are about a browser's session itself."""

    @property
    def name(self) -> str:
        return f"{self.area}.{self.handler.__name__}"

    @property
    def is_unsafe(self) -> bool:
        return self.kind == "act"

    @property
    def method(self) -> str:
        return "POST" if self.is_unsafe else "GET"


@dataclass(slots=True)
class Area:
    """One part of the console. `icon` and `order` place it in the navigation; without an icon it is not in it."""

    name: str
    icon: str = ""
    order: int = 0
    section: Section = "main"
    routes: list[Route] = field(default_factory=list)

    @property
    def start(self) -> Route | None:
        """The area's first page: where the navigation leads."""
        return next((route for route in self.routes if route.kind == "view"), None)

    def view(
        self, path: str, *, needs: Needs, template: str, part: str = "", has_twin: bool = True
    ) -> Callable[[F], F]:
        """A page; `part` is rendered instead where the page itself asks for a piece of it."""
        return self._route("view", path, needs, template=template, part=part, has_twin=has_twin)

    def act(
        self, path: str, *, needs: Needs, form: str = "", template: str = "", limit: int = BODY_LIMIT,
        has_twin: bool = True,
    ) -> Callable[[F], F]:  # fmt: skip
        """A change. `form`: name of the view of this area that shows the form again with what was wrong in it.
        `template` shows the result; without it the browser goes on to `Done.to`."""
        return self._route("act", path, needs, form=form, template=template, limit=limit, has_twin=has_twin)

    def stream(self, path: str, *, needs: Needs) -> Callable[[F], F]:
        """Server-sent events: an async generator of `Push`."""
        return self._route("stream", path, needs)

    def file(self, path: str, *, needs: Needs) -> Callable[[F], F]:
        """A download: the function returns a `Download`."""
        return self._route("file", path, needs)

    def named(self, name: str) -> Route:
        return next(route for route in self.routes if route.handler.__name__ == name)

    def _route(self, kind: Kind, path: str, needs: Needs, **more: Any) -> Callable[[F], F]:
        if not isinstance(needs, (Action, Open)):
            raise TypeError(f"{self.name} {path}: `needs` must be an Action or an Open")

        def declare(handler: F) -> F:
            query, result = _models(handler)
            self.routes.append(
                Route(
                    area=self.name,
                    kind=kind,
                    path=path,
                    needs=needs,
                    handler=handler,
                    query=query,
                    result=result,
                    **more,
                )
            )
            return handler

        return declare


def _models(handler: Callable[..., Any]) -> tuple[type[BaseModel] | None, type[BaseModel] | None]:
    """(the model of the second parameter, the model that is returned)."""
    hints = get_type_hints(handler)
    names = list(inspect.signature(handler).parameters)
    query = hints.get(names[1]) if len(names) > 1 else None
    result = hints.get("return")
    return (
        query if isinstance(query, type) and issubclass(query, BaseModel) else None,
        result if isinstance(result, type) and issubclass(result, BaseModel) else None,
    )


Handler = Callable[..., Awaitable[BaseModel]]
Streamer = Callable[..., AsyncIterator[Push]]
__all__ = ["Area", "Call", "Done", "Download", "Handler", "Open", "Push", "Query", "Route", "Streamer", "View"]
