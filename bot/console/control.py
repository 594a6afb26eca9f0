"""The local control port: what commands ask of the running bot.

Calls need the token that the bot writes beside its database (readable by its user only), and are refused from pages: no
browser sends that header across origins.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.console.ports import Operations
from bot.console.ports.accounts import Refused
from bot.core.errors import StorageError

_Answer = Callable[[Request, Mapping[str, Any]], Awaitable[Response]]


def control_routes(operations: Operations, token: str) -> list[Route]:
    """Each takes and gives JSON. 403: the token is wrong; 404: there is no such thing; 409: it can't be done."""

    def guarded(path: str, answer: _Answer) -> Route:
        async def endpoint(request: Request) -> Response:
            if not hmac.compare_digest(request.headers.get("x-qunops-token", "").encode(), token.encode()):
                return JSONResponse({"error": "token"}, status_code=403)
            try:
                return await answer(request, await request.json() if await request.body() else {})
            except LookupError:
                return _done(False)
            except StorageError as error:
                return JSONResponse({"error": str(error)}, status_code=409)

        return Route(path, endpoint, methods=["POST"])

    async def resend(request: Request, data: Mapping[str, Any]) -> Response:
        return _done(await operations.resend(request.path_params["row_id"], "cli"))

    async def decide(request: Request, data: Mapping[str, Any]) -> Response:
        by, text = str(data.get("by", "console:cli")), str(data.get("text", ""))
        return _done(await operations.decide(request.path_params["task_id"], str(data["choice"]), by, text))

    async def retry(request: Request, data: Mapping[str, Any]) -> Response:
        error = await operations.retry(request.path_params["dead_id"], "cli")
        return JSONResponse({"done": not error, "error": error})

    async def erase(request: Request, data: Mapping[str, Any]) -> Response:
        return JSONResponse(await operations.erase_member(str(data["member"]), "cli"))

    async def order(request: Request, data: Mapping[str, Any]) -> Response:
        refused = await operations.order(
            str(data["group"]), str(data["play"]), str(data["order"]), str(data["about"]),
            {str(key): str(value) for key, value in dict(data.get("data", {})).items()},
            action=str(data["action"]), actor=str(data.get("by", "console:cli")),
        )  # fmt: skip
        return JSONResponse({"refused": refused}, status_code=409 if refused else 200)

    async def member(request: Request, data: Mapping[str, Any]) -> Response:
        return _done(await operations.members_act(request.path_params["act"], data))

    async def reload(request: Request, data: Mapping[str, Any]) -> Response:
        return JSONResponse({"problems": await operations.reload()})

    async def take_import(request: Request, data: Mapping[str, Any]) -> Response:
        match request.path_params["step"]:
            case "begin":
                await operations.begin_import()
            case "batch":
                return JSONResponse(await operations.import_history(str(data["chat"]), data["said"]))
            case "end":
                await operations.end_import(str(data["chat"]), "cli", data["detail"])
            case _:
                return JSONResponse({"error": "step"}, status_code=404)
        return _done(True)

    async def accounts(request: Request, data: Mapping[str, Any]) -> Response:
        try:
            return JSONResponse(dict(await operations.accounts_act(request.path_params["what"], data)))
        except Refused as refused:
            return JSONResponse({"refused": refused.code}, status_code=409)

    async def calendar(request: Request, data: Mapping[str, Any]) -> Response:
        try:
            return JSONResponse(dict(await operations.calendar_act(request.path_params["what"], data)))
        except Refused as refused:
            return JSONResponse({"refused": refused.code}, status_code=409)
        except ValueError as error:
            return JSONResponse({"error": str(error)}, status_code=422)

    async def identity(request: Request, data: Mapping[str, Any]) -> Response:
        by, newer = str(data.get("by", "console:cli")), str(data["newer"])
        match request.path_params["act"]:
            case "merge":
                refused = await operations.merge(str(data["older"]), newer, str(data["evidence"]), by)
            case "split":
                refused = await operations.split(newer, by)
            case "bot" | "person" as said:
                refused = await operations.mark_bot(newer, said == "bot", str(data["evidence"]), by)
            case _:
                return JSONResponse({"error": "act"}, status_code=404)
        return JSONResponse({"refused": refused}, status_code=409 if refused else 200)

    async def scoring(request: Request, data: Mapping[str, Any]) -> Response:
        match request.path_params["step"]:
            case "adopt":
                await operations.adopt_scoring(data["scoring"])
                return _done(True)
            case "recount":
                return JSONResponse({"whole": await operations.recount([(str(c), str(d)) for c, d in data["days"]])})
        return JSONResponse({"error": "step"}, status_code=404)

    return [
        guarded("/control/scoring/{step}", scoring),
        guarded("/control/outbox/{row_id:int}/resend", resend),
        guarded("/control/tasks/{task_id:int}", decide),
        guarded("/control/dead/{dead_id:int}/retry", retry),
        guarded("/control/members/erase", erase),
        guarded("/control/members/{act}", member),
        guarded("/control/identity/{act}", identity),
        guarded("/control/orders", order),
        guarded("/control/reload", reload),
        guarded("/control/console/{what}", accounts),
        guarded("/control/calendar/{what}", calendar),
        guarded("/control/import/{step}", take_import),
    ]


def _done(is_done: bool) -> Response:
    return JSONResponse({"done": is_done}, status_code=200 if is_done else 404)
