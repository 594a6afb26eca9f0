"""The forward WebSocket: we connect to the implementation, again and again, never in a storm."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidStatus, InvalidURI

from bot.transports.onebot11.link import ConnectionRole, TokenRejected
from bot.transports.onebot11.settings import ForwardEndpoint, OneBotSettings

_log = logging.getLogger(__name__)

Connected = Callable[[ClientConnection, str, ConnectionRole], Awaitable[None]]


def backoff_s(failures: int, settings: OneBotSettings, share: float) -> float:
    """The pause before the next attempt: doubled by each failure, bounded, spread by `share` in [0, 1)."""
    longest: float = min(settings.backoff_max_s, settings.backoff_min_s * 2 ** min(failures, 30))
    return longest * (0.5 + 0.5 * share)


def role_of(endpoint: ForwardEndpoint) -> ConnectionRole:
    """As configured, or as the path says: `/api` takes calls only, `/event` brings events only."""
    path = urlsplit(endpoint.url).path.rstrip("/")
    if endpoint.role == "universal" and path.endswith("/api"):
        return "api"
    if endpoint.role == "universal" and path.endswith("/event"):
        return "event"
    return endpoint.role


async def keep_connected(endpoint: ForwardEndpoint, settings: OneBotSettings, connected: Connected) -> None:
    """Connects, serves, waits, and connects again, for ever."""
    token = endpoint.token.get_secret_value()
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    place = urlsplit(endpoint.url).netloc
    loop = asyncio.get_running_loop()
    failures = 0
    while True:
        begun = loop.time()
        try:
            async with connect(
                endpoint.url,
                additional_headers=headers,
                compression=None,
                max_size=settings.frame_limit_bytes,
                max_queue=256,
                ping_interval=None,
                open_timeout=10,
                close_timeout=2,
                proxy=None,
            ) as connection:
                await connected(connection, "", role_of(endpoint))
        except TokenRejected as error:
            _log.error("onebot: %s refused the token: %s", place, error)
            failures = max(failures, 6)
        except InvalidStatus as error:
            _log.error("onebot: %s answered %s", place, error.response.status_code)
            failures = max(failures, 6 if error.response.status_code in (401, 403) else 0)
        except (OSError, TimeoutError, InvalidHandshake, InvalidURI) as error:
            _log.warning("onebot: cannot connect to %s: %s", place, error)
        else:
            if loop.time() - begun > settings.backoff_max_s:
                failures = 0
        pause_s = backoff_s(failures, settings, random.random())
        failures += 1
        await asyncio.sleep(pause_s)
