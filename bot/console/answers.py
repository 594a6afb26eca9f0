"""A route's function → HTTP: the page, its JSON twin, streams, downloads, and what went wrong in either form."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse

from bot.console.access import Action
from bot.console.call import Call, Filled, Forbidden, NotHere
from bot.console.entrance import CSRF_FIELD, CSRF_HEADER, Entrance, SignedOut, forget, remember, remember_language
from bot.console.forms import BadRequest, blank, problems_of, query_fields, read_fields, remembered
from bot.console.guard import SANDBOX
from bot.console.page import Area, Done, Download, Push, Route
from bot.console.ports.accounts import Refused
from bot.console.render import Renderer
from bot.engine.clock import monotonic_s

log = logging.getLogger(__name__)
_CHECK_S = 10.0
"""How often an open stream asks whether its caller is still signed in."""
_ID = re.compile(r"[\w.-]+")
Endpoint = Callable[[Request], Awaitable[Response]]

SIGN_IN, SET_UP = "/sign-in", "/set-up"
_STATUS = {
    "too_many_tries": 429,
    "busy": 503,
    "too_many_streams": 429,
    "too_much_work": 429,
    "no_such_group": 404,
    "no_such_token": 404,
    "no_such_user": 404,
}


class Session(Done):
    """What signing in and out answers, besides `Done`: the browser's cookie is set, or taken away with ""."""

    secret_cookie: str | None = None
    language: str = ""


class Answers:
    def __init__(self, areas: Sequence[Area], entrance: Entrance, render: Renderer) -> None:
        self._areas, self._entrance, self._render = areas, entrance, render

    # -- pages ------------------------------------------------------------------------------------------------------

    def page(self, route: Route) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            call = await self._entrance.call(request, is_api=False)
            try:
                return await self._page(route, call)
            except Exception as error:
                return await self._trouble(error, call)

        return endpoint

    async def _page(self, route: Route, call: Call) -> Response:
        if route.is_unsafe:
            return await self._act(route, call)
        self._entrance.admit(call, route)
        if route.kind == "stream":
            return await self._stream(route, call, self._fragment)
        result = await _run(route, call, query_fields(call.request))
        return _file(result) if isinstance(result, Download) else self._shown(route, call, result)

    def _shown(self, route: Route, call: Call, view: Any, status: int = 200) -> Response:
        is_part = route.part and "hx-request" in call.request.headers and "hx-boosted" not in call.request.headers
        if isinstance(view, Done) and route.kind == "view":
            return RedirectResponse(view.to or "/", status_code=303)
        template = route.part if is_part else route.template
        text = self._render(template, call, view=view, filled=call.filled, route=route, **self._around(call))
        return Response(text, status_code=status, media_type="text/html; charset=utf-8")

    def _around(self, call: Call) -> dict[str, Any]:
        """What the layout shows around every page."""
        if call.identity is None:
            return {"areas": []}
        seen = [area for area in self._areas if area.icon and area.start is not None and _is_open(area, call)]
        return {"areas": seen}

    async def _act(self, route: Route, call: Call) -> Response:
        fields = await self._checked(route, call)
        try:
            done = await _run(route, call, fields)
        except (ValidationError, Refused) as error:
            is_asked_by_script = "hx-request" in call.request.headers
            if not route.form or is_asked_by_script:
                raise
            return await self._form_again(route, call, fields, error)
        return self._done(route, call, done)

    async def _checked(self, route: Route, call: Call) -> dict[str, Any]:
        """The fields of an unsafe request that may go on."""
        fields = await read_fields(call.request, route.limit)
        self._entrance.check_origin(call, call.request.headers.get(CSRF_HEADER) or str(fields.pop(CSRF_FIELD, "")))
        self._entrance.admit(call, route)
        return fields

    async def _form_again(self, route: Route, call: Call, fields: dict[str, Any], error: Exception) -> Response:
        """The form as it was filled in, with what is wrong beside each field."""
        view = next(area for area in self._areas if area.name == route.area).named(route.form)
        problems = (
            problems_of(error, call) if isinstance(error, ValidationError) else {"_": _words_of(error, call)}
        )  # fmt: skip
        call.filled = Filled(remembered(fields), problems)
        status = _STATUS.get(error.code, 422) if isinstance(error, Refused) else 422
        again = await _run(view, call, query_fields(call.request))
        return self._shown(view, call, again, status)

    def _done(self, route: Route, call: Call, done: Any) -> Response:
        """A page asks by form (it is sent on) or by script (it is told what happened); `template` shows the result."""
        if route.template:
            return self._shown(route, call, done)
        if not isinstance(done, Done):
            done = Done()
        response: Response
        if "hx-request" in call.request.headers:
            response = Response(status_code=204 if not done.to else 200)
            if done.said:
                words = {"toast": {"text": call.t(f"said.{done.said}")}, "changed": True}
                response.headers["hx-trigger"] = json.dumps(words)
            if done.to:
                response.headers["hx-redirect"] = _with_said(done)
        else:
            response = RedirectResponse(_with_said(done), status_code=303)
        _set_cookies(response, call, done)
        return response

    # -- the JSON twin ----------------------------------------------------------------------------------------------

    def twin(self, route: Route) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            call = await self._entrance.call(request, is_api=True)
            try:
                return await self._json(route, call)
            except Exception as error:
                return self._trouble_as_json(error, call)

        return endpoint

    async def _json(self, route: Route, call: Call) -> Response:
        if route.is_unsafe:
            fields = await self._checked(route, call)
        else:
            self._entrance.admit(call, route)
            if route.kind == "stream":
                return await self._stream(route, call, _as_json)
            fields = query_fields(call.request)
        result = await _run(route, call, fields)
        if isinstance(result, Download):
            return _file(result)
        return Response(_json_of(result), media_type="application/json")

    # -- streams and files ------------------------------------------------------------------------------------------

    async def _stream(self, route: Route, call: Call, encode: Callable[[Push, Call], str]) -> Response:
        pushes: AsyncIterator[Push | None] = route.handler(call, *_arguments(route, call, query_fields(call.request)))
        # What refuses the stream is said before it begins.
        first = await anext(pushes, None)

        async def frames() -> AsyncIterator[str]:
            yield "retry: 3000\n\n"
            checked_s = monotonic_s()
            async with aclosing(pushes):  # type: ignore[type-var]
                if first is not None:
                    yield _frame(first, encode(first, call))
                async for push in pushes:
                    if monotonic_s() - checked_s > _CHECK_S:
                        if not await self._entrance.is_still_signed_in(call):
                            return
                        checked_s = monotonic_s()
                    # A comment keeps proxies from hanging up and finds out about browsers that left.
                    yield _frame(push, encode(push, call)) if push is not None else ": still here\n\n"

        headers = {"x-accel-buffering": "no", "cache-control": "no-store"}
        return StreamingResponse(frames(), media_type="text/event-stream", headers=headers)

    def _fragment(self, push: Push, call: Call) -> str:
        return self._render(push.template, call, view=push.view)

    # -- trouble ----------------------------------------------------------------------------------------------------

    async def not_found(self, request: Request, error: Exception) -> Response:
        is_api = request.url.path.startswith("/api/")
        call = await self._entrance.call(request, is_api=is_api)
        return self._trouble_as_json(NotHere(), call) if is_api else await self._trouble(NotHere(), call)

    async def _trouble(self, error: Exception, call: Call) -> Response:
        if isinstance(error, SignedOut):
            place = SET_UP if await call.ports.accounts.needs_set_up() else SIGN_IN
            here = quote(call.here, safe="")
            to = f"{place}?next={here}" if call.request.method == "GET" and call.here != "/" else place
            if "hx-request" in call.request.headers:
                return Response(status_code=401, headers={"hx-redirect": place})
            return RedirectResponse(to, status_code=303)
        status, code, words, _ = self._explain(error, call)
        headers = _retry(error)
        if "hx-request" in call.request.headers:
            headers["hx-trigger"] = json.dumps({"toast": {"text": words, "bad": True}})
            return Response(status_code=status, headers=headers)
        text = self._render("trouble.html", call, status=status, code=code, words=words, **self._around(call))
        return Response(text, status_code=status, media_type="text/html; charset=utf-8", headers=headers)

    def _trouble_as_json(self, error: Exception, call: Call) -> Response:
        status, code, words, fields = self._explain(error, call)
        body = {"error": {"code": code, "message": words, "fields": fields}}
        return JSONResponse(body, status_code=status, headers=_retry(error))

    def _explain(self, error: Exception, call: Call) -> tuple[int, str, str, dict[str, str]]:
        match error:
            case SignedOut():
                return 401, "signed_out", call.t("trouble.signed_out"), {}
            case Forbidden():
                return 403, "forbidden", call.t("trouble.forbidden"), {}
            case NotHere():
                return 404, "not_found", call.t("trouble.not_found"), {}
            case BadRequest():
                return error.status, error.code, call.t(f"trouble.{error.code}"), {}
            case Refused():
                return _STATUS.get(error.code, 409), error.code, _words_of(error, call), {}
            case ValidationError():
                fields = problems_of(error, call)
                return 422, "invalid", call.t("trouble.invalid", fields=", ".join(sorted(fields))), fields
        log.error("the console failed at %s", call.request.url.path, exc_info=error)
        return 500, "failed", call.t("trouble.failed"), {}


async def _run(route: Route, call: Call, fields: dict[str, Any]) -> Any:
    return await route.handler(call, *_arguments(route, call, fields))


def _arguments(route: Route, call: Call, fields: dict[str, Any]) -> list[BaseModel]:
    return [route.query.model_validate(blank(route.query, fields))] if route.query is not None else []


def _is_open(area: Area, call: Call) -> bool:
    assert area.start is not None
    needs = area.start.needs
    return not isinstance(needs, Action) or call.may(needs)


def _set_cookies(response: Response, call: Call, done: Done) -> None:
    if not isinstance(done, Session):
        return
    if done.secret_cookie:
        remember(response, call.request, done.secret_cookie)
    elif done.secret_cookie is not None:
        forget(response, call.request)
        response.headers["clear-site-data"] = '"cache", "storage"'
    if done.language:
        remember_language(response, call.request, done.language)


def _with_said(done: Done) -> str:
    to = done.to or "/"
    return f"{to}{'&' if '?' in to else '?'}said={done.said}" if done.said else to


def _words_of(error: Exception, call: Call) -> str:
    assert isinstance(error, Refused)
    return call.t(f"refused.{error.code}", seconds=int(error.retry_after_s) + 1, detail=error.detail)


def _retry(error: Exception) -> dict[str, str]:
    has_wait = isinstance(error, Refused) and error.retry_after_s > 0
    return {"retry-after": str(int(error.retry_after_s) + 1)} if has_wait else {}  # type: ignore[attr-defined]


def _json_of(result: BaseModel | None) -> bytes:
    return (result or Done()).model_dump_json().encode()


def _as_json(push: Push, call: Call) -> str:
    return push.view.model_dump_json()


def _frame(push: Push, data: str) -> str:
    """Line by line, so that no text can end the event early; without a line of data browsers would not tell of it."""
    lines = "".join(f"data: {line}\n" for line in data.splitlines() or [""])
    name = f"id: {push.id}\n" if _ID.fullmatch(push.id) else ""
    return f"{name}event: {push.event}\n{lines}\n"


def _file(download: Download) -> Response:
    """Kept, not shown, but for a page in its sandbox; no sign of the name can end the header."""
    if download.is_shown:
        return Response(download.content, media_type=download.media_type, headers=SANDBOX)
    plain = "".join(sign if sign.isascii() and (sign.isalnum() or sign in "._-") else "_" for sign in download.name)
    disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(download.name, safe='')}"
    headers = {"content-disposition": disposition}
    return Response(download.content, media_type=download.media_type, headers=headers)
