"""What is checked before any page's code runs, and what every answer carries.

The host must be one of ours, or a bare IP address: a page that rebinds its name to 127.0.0.1 still sends its own name. Unsafe
requests must come from our own pages. Browsers are told to load nothing from elsewhere and to be framed by nobody.
"""

from __future__ import annotations

import hmac
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.console.call import Call
from bot.core.ratelimit import Bucket, Level, take, wait_s
from bot.engine.clock import monotonic_s

CSP = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none';"
    " frame-ancestors 'none'; form-action 'self'"
)
HEADERS = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # Not `no-referrer`: with it browsers send `Origin: null` with our own forms.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=()",
}
SANDBOX = {
    "content-security-policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; base-uri 'none';"
        " form-action 'none'; frame-ancestors 'self'; sandbox"
    ),
    "x-frame-options": "SAMEORIGIN",
}
"""What a page of its own carries instead: it is shown in a frame of ours, draws itself and can do nothing."""
_HSTS = "max-age=31536000"
_RATE = Bucket(per_s=20.0, burst=120.0)
_MOST_CALLERS = 4096


class Guard:
    """Around the whole console. `hosts`: names that it is reached by, besides this machine's own. `now_s`: the clock by
    which callers are held back."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str], now_s: Callable[[], float] = monotonic_s) -> None:
        self._app, self._hosts, self._now_s = app, hosts | {"localhost"}, now_s
        self._levels: OrderedDict[str, Level] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope)
        is_secure = scope.get("scheme") == "https"

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("cache-control", "no-store")
                if is_secure:
                    headers["strict-transport-security"] = _HSTS
            await send(message)

        if not self._is_ours(request.headers.get("host", "")):
            await PlainTextResponse("unknown host\n", status_code=421)(scope, receive, sending)
            return
        wait = self._spend(request) if not scope["path"].startswith("/static/") else 0.0
        if wait > 0:
            headers = {"retry-after": str(int(wait) + 1)}
            await PlainTextResponse("too many requests\n", status_code=429, headers=headers)(scope, receive, sending)
            return
        await self._app(scope, receive, sending)

    def _is_ours(self, host: str) -> bool:
        name = _name_of(host)
        return name in self._hosts or _is_address(name)

    def _spend(self, request: Request) -> float:
        """Seconds to wait, 0.0 when the request may pass."""
        key, now = request.client.host if request.client else "", self._now_s()
        level = self._levels.get(key)
        wait = wait_s(_RATE, level, now)
        if wait == 0.0:
            self._levels[key] = take(_RATE, level, now)
            self._levels.move_to_end(key)
            if len(self._levels) > _MOST_CALLERS:
                self._levels.popitem(last=False)
        return wait


def is_from_our_page(request: Request) -> bool:
    """Whether a browser says that an unsafe request comes from our own origin. Saying nothing is not enough."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None and site != "same-origin":
        return False
    if origin is not None and origin != "null":
        return origin == f"{request.url.scheme}://{request.headers.get('host', '')}"
    return site == "same-origin"


def has_token(call: Call, given: str) -> bool:
    """Whether the session's own CSRF token came with the request."""
    return bool(call.csrf) and hmac.compare_digest(given.encode(), call.csrf.encode())


def local_path(wanted: str, default: str = "/") -> str:
    """`wanted` if it is a path of this site, else `default`: nobody is sent elsewhere."""
    is_plain = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable()
    if not is_plain or "\\" in wanted:
        return default
    parts = urlsplit(wanted)
    return wanted if not parts.scheme and not parts.netloc else default


def _name_of(host: str) -> str:
    """The name of a `Host` header without its port; "" for what is none."""
    if not host.isascii() or any(sign in host for sign in "/\\@?# "):
        return ""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
