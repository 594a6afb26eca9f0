"""From a request to a caller: cookies, tokens, and what must hold before a page's function runs."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from bot.console.access import EVERYWHERE, Action
from bot.console.call import Call, Forbidden, NotHere
from bot.console.forms import BadRequest
from bot.console.guard import has_token, is_from_our_page
from bot.console.page import Open, Route
from bot.console.ports import Backstage
from bot.console.ports.accounts import Identity
from bot.console.streams import Hub
from bot.console.words import LANGUAGES, Words, language_of

LANGUAGE_COOKIE = "qunops-language"
_PLAIN, _SECURE = "qunops", "__Host-qunops"
CSRF_HEADER, CSRF_FIELD = "x-csrf-token", "csrf"


class SignedOut(Exception):
    """Nobody is signed in, and the route needs somebody."""


class Entrance:
    def __init__(self, ports: Backstage, hub: Hub, words: Words) -> None:
        self._ports, self._hub, self._words = ports, hub, words

    async def call(self, request: Request, *, is_api: bool) -> Call:
        """The request with its caller, if it has one."""
        identity, secret = await self._identify(request, is_api)
        chosen = identity.language if identity is not None and identity.language else None
        language = language_of(chosen or request.cookies.get(LANGUAGE_COOKIE))
        said = request.query_params.get("said", "")
        return Call(
            request=request, ports=self._ports, hub=self._hub, words=self._words, language=language, identity=identity,
            secret=secret, is_api=is_api, said=said if self._words.has(f"said.{said}") else "",
        )  # fmt: skip

    def admit(self, call: Call, route: Route) -> None:
        """Raises unless the caller may use the route with these path parameters."""
        if route.needs is Open.PUBLIC:
            return
        if call.identity is None:
            raise SignedOut
        if isinstance(route.needs, Action):
            if not call.may(route.needs):
                raise Forbidden
            group, playbook = call.params.get("group"), call.params.get("playbook")
            if route.needs not in EVERYWHERE and not call.may(route.needs, group=group, playbook=playbook):
                raise NotHere

    async def is_still_signed_in(self, call: Call) -> bool:
        """Asked again while a stream is open: sessions and tokens end."""
        if call.secret:
            return await self._ports.accounts.identify(call.secret) is not None
        return (await self._identify(call.request, is_api=True))[0] is not None

    def check_origin(self, call: Call, token: str) -> None:
        """Raises unless an unsafe request comes from our own page; a program's token stands for itself."""
        if call.identity is not None and call.identity.token_id is not None:
            return
        if not is_from_our_page(call.request):
            raise BadRequest(403, "cross_site")
        if call.identity is not None and not has_token(call, token):
            raise BadRequest(403, "csrf")

    async def _identify(self, request: Request, is_api: bool) -> tuple[Identity | None, str]:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if is_api and scheme.lower() == "bearer":
            return await self._ports.accounts.identify_token(token.strip()), ""
        secret = request.cookies.get(_cookie_name(request), "")
        if not 20 <= len(secret) <= 100:
            return None, ""
        identity = await self._ports.accounts.identify(secret)
        return identity, secret if identity is not None else ""


def remember(response: Response, request: Request, secret: str) -> None:
    """Hands the session's secret to the browser."""
    response.set_cookie(
        _cookie_name(request), secret, max_age=7 * 86_400, path="/", secure=_is_secure(request), httponly=True,
        samesite="lax",
    )  # fmt: skip


def forget(response: Response, request: Request) -> None:
    response.delete_cookie(_cookie_name(request), path="/", secure=_is_secure(request), httponly=True, samesite="lax")


def remember_language(response: Response, request: Request, language: str) -> None:
    if language in LANGUAGES:
        response.set_cookie(
            LANGUAGE_COOKIE, language, max_age=365 * 86_400, path="/", secure=_is_secure(request), httponly=True,
            samesite="lax",
        )  # fmt: skip


def _is_secure(request: Request) -> bool:
    return request.url.scheme == "https"


def _cookie_name(request: Request) -> str:
    return _SECURE if _is_secure(request) else _PLAIN
