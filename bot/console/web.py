"""Health, readiness, metrics and the local control port, on Starlette in the bot's own loop.

Control calls need the token that the bot writes beside its database (readable by its user only), and are refused from
pages: no browser sends that header across origins.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
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

from bot.console.ports import Operations
from bot.console.ports.accounts import Refused

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

    def is_allowed(request: Request) -> bool:
        return hmac.compare_digest(request.headers.get("x-qunops-token", "").encode(), token.encode())

    async def resend(request: Request) -> Response:
        if not is_allowed(request):
            return JSONResponse({"error": "token"}, status_code=403)
        done = await operations.resend(int(request.path_params["row_id"]), "cli")
        return JSONResponse({"done": done}, status_code=200 if done else 404)

    async def decide(request: Request) -> Response:
        if not is_allowed(request):
            return JSONResponse({"error": "token"}, status_code=403)
        data = await request.json()
        done = await operations.decide(
            int(request.path_params["task_id"]),
            str(data["choice"]),
            str(data.get("by", "console:cli")),
            str(data.get("text", "")),
        )
        return JSONResponse({"done": done}, status_code=200 if done else 404)

    async def reload(request: Request) -> Response:
        if not is_allowed(request):
            return JSONResponse({"error": "token"}, status_code=403)
        return JSONResponse({"problems": await operations.reload()})

    async def take_import(request: Request) -> Response:
        if not is_allowed(request):
            return JSONResponse({"error": "token"}, status_code=403)
        data = await request.json()
        match request.path_params["step"]:
            case "begin":
                await operations.begin_import()
                return JSONResponse({"done": True})
            case "batch":
                return JSONResponse(await operations.import_history(str(data["chat"]), data["said"]))
            case "end":
                await operations.end_import(str(data["chat"]), "cli", data["detail"])
                return JSONResponse({"done": True})
        return JSONResponse({"error": "step"}, status_code=404)

    async def accounts(request: Request) -> Response:
        if not is_allowed(request):
            return JSONResponse({"error": "token"}, status_code=403)
        try:
            answer = await operations.accounts_act(str(request.path_params["what"]), await request.json())
        except Refused as refused:
            return JSONResponse({"refused": refused.code}, status_code=409)
        return JSONResponse(dict(answer))

    rest = [Mount("/", app=site)] if site is not None else []
    return Starlette(
        routes=[
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", metrics),
            Route("/control/outbox/{row_id:int}/resend", resend, methods=["POST"]),
            Route("/control/tasks/{task_id:int}", decide, methods=["POST"]),
            Route("/control/reload", reload, methods=["POST"]),
            Route("/control/import/{step}", take_import, methods=["POST"]),
            Route("/control/console/{what}", accounts, methods=["POST"]),
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
