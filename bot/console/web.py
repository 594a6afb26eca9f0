"""Health, readiness, metrics and the local control port, on Starlette in the bot's own loop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import uvicorn
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

from bot.console.control import control_routes
from bot.console.ports import Operations

if TYPE_CHECKING:
    from bot.console.site import Site

_COUNTERS = frozenset(
    ("events", "duplicates", "failed_steps", "buried", "commits", "sent", "unknown", "dead", "expired", "fired",
     "missed", "malformed_frames")
)  # fmt: skip


class _Numbers(Collector):
    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    def collect(self) -> Iterator[Metric]:
        health = self._operations.health()
        for name, value in health.numbers.items():
            if name in _COUNTERS:
                yield CounterMetricFamily(f"qunops_{name}", f"{name} since the start", value=value)
            else:
                yield GaugeMetricFamily(f"qunops_{name}", name.replace("_", " "), value=value)
        yield GaugeMetricFamily("qunops_ready", "1 when events are taken and written", value=float(health.is_ready))
        online = GaugeMetricFamily("qunops_account_online", "accounts that are connected", labels=["account", "app"])
        for account, app in health.accounts.items():
            online.add_metric([account, app], 1.0)
        yield online


class LazySite:
    """The console, built by the first request that asks for it: an unused one costs no memory."""

    def __init__(self, make: Callable[[], Site]) -> None:
        self._make, self._lock = make, asyncio.Lock()
        self._site: Site | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._site is None:
            async with self._lock:
                if self._site is None:
                    # Imports and templates take a moment that the bot's loop does not have.
                    self._site = await asyncio.to_thread(self._make)
        await self._site.app(scope, receive, send)

    def close(self) -> None:
        """Ends every open stream, so that the server can stop."""
        if self._site is not None:
            self._site.close()


def build_web(operations: Operations, token: str, site: LazySite | None = None) -> Starlette:
    """The application. `token` guards the control routes; `site` gets every request that is for none of these."""
    registry = CollectorRegistry()
    registry.register(_Numbers(operations))

    async def healthz(request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(request: Request) -> Response:
        health = operations.health()
        body = {"ready": health.is_ready, "problems": health.problems, "accounts": dict(health.accounts)}
        if health.connections:
            body["connections"] = dict(health.connections)
        return JSONResponse({**body, **health.numbers}, status_code=200 if health.is_ready else 503)

    async def metrics(request: Request) -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    rest = [Mount("/", app=site)] if site is not None else []
    return Starlette(
        routes=[
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", metrics),
            *control_routes(operations, token),
            *rest,
        ]
    )


class QuietServer(uvicorn.Server):
    """uvicorn without its signal handlers: the bot stops it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def server_of(web: Starlette, host: str, port: int) -> QuietServer:
    return QuietServer(uvicorn.Config(web, host=host, port=port, log_level="warning", access_log=False, lifespan="off"))
