"""The reverse WebSocket: implementations connect to us. One listener serves any number of accounts."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from hmac import compare_digest
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from bot.transports.onebot11.link import ConnectionRole, TokenRejected
from bot.transports.onebot11.settings import OneBotSettings
from bot.transports.onebot11.wire import Malformed, uid

_log = logging.getLogger(__name__)
_PATHS = ("", "/ws", "/onebot/v11/ws", "/onebot/v11")
_ROLES: dict[str, ConnectionRole] = {"universal": "universal", "api": "api", "event": "event"}

Accepted = Callable[[ServerConnection, str, ConnectionRole], Awaitable[None]]
"""Serves a connection of the account (its uid, "" while unknown)."""


def is_authorized(request: Request, token: str) -> bool:
    """The token by header (`Bearer x`, `Token x`) or by query, compared in constant time.

    Without a token only what is no browser is let in: a web page could otherwise reach a listener on loopback.
    """
    if not token:
        return not request.headers.get_all("Origin")
    given = [header.partition(" ")[2].strip() for header in request.headers.get_all("Authorization")]
    given += parse_qs(urlsplit(request.path).query).get("access_token", [])
    matches = [compare_digest(one.encode(), token.encode()) for one in given]
    return any(matches)


def check(request: Request, settings: OneBotSettings) -> HTTPStatus | None:
    """Why the upgrade is refused; None: it is not."""
    path = urlsplit(request.path).path.rstrip("/")
    if path not in _PATHS and path != settings.path.rstrip("/"):
        return HTTPStatus.NOT_FOUND
    if not is_authorized(request, settings.token.get_secret_value()):
        given = request.headers.get_all("Authorization") or "access_token=" in request.path
        return HTTPStatus.FORBIDDEN if given else HTTPStatus.UNAUTHORIZED
    return None


def identity(request: Request) -> tuple[str, ConnectionRole]:
    """The account and role that the headers claim."""
    try:
        account = uid((request.headers.get_all("X-Self-ID") or [""])[0])
    except Malformed:
        account = ""
    role = (request.headers.get_all("X-Client-Role") or ["Universal"])[0]
    return account, _ROLES.get(role.strip().casefold(), "universal")


async def listen(settings: OneBotSettings, accepted: Accepted) -> Server:
    """Opens the listener. Keep-alive pings are off: while the engine is full the socket is not read, and a pong that waits
    behind events would look like a dead peer."""

    def gate(connection: ServerConnection, request: Request) -> Response | None:
        refused = check(request, settings)
        if refused is None:
            return None
        _log.warning("onebot: refused a connection from %s: %s", connection.remote_address, refused.phrase)
        return connection.respond(refused, f"{refused.phrase}\n")

    async def handle(connection: ServerConnection) -> None:
        assert connection.request is not None
        try:
            await accepted(connection, *identity(connection.request))
        except TokenRejected as error:
            _log.warning("onebot: %s: %s", connection.remote_address, error)

    return await serve(
        handle,
        settings.host,
        settings.port,
        process_request=gate,
        compression=None,
        max_size=settings.frame_limit_bytes,
        max_queue=256,
        ping_interval=None,
        close_timeout=2,
        server_header=None,
    )
