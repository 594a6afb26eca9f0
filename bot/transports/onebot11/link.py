"""One WebSocket, either way round: frames in, calls out, answers matched by echo.

    receive ──► answer? ──► the call that waits for its echo
           └──► event ────► returned to the reader, in order

A call ends in its answer, or in `SendUnknown`: no answer in time, or the connection went away. Nothing here is sent
twice. Several unanswered calls in a row mean that the connection only half works: it is closed, the other side returns.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Literal

import orjson
from pydantic import ValidationError
from websockets.asyncio.connection import Connection
from websockets.exceptions import ConnectionClosed
from websockets.protocol import State

from bot.core.errors import SendDeferred, SendUnknown
from bot.transports.onebot11.wire import Answer, Malformed, loads

_log = logging.getLogger(__name__)

ConnectionRole = Literal["universal", "api", "event"]
TOKEN_REJECTED = 1403
_UNANSWERED_LIMIT = 3
_LATE_LIMIT = 200
_RECONNECT_S = 3.0


class TokenRejected(Exception):
    """The implementation took the handshake and then refused the token."""


class Link:
    """`heard_at` is when the last frame came, on the loop's clock; `is_waiting` says that the engine is full, so that silence
    means nothing. `interval_s` is the heartbeat's, 0 until one came."""

    def __init__(self, connection: Connection, role: ConnectionRole) -> None:
        self.connection = connection
        self.role = role
        self.why_closed = ""
        self.interval_s = 0.0
        self.is_waiting = False
        self._loop = asyncio.get_running_loop()
        self.heard_at = self._loop.time()
        self._pending: dict[str, asyncio.Future[Answer]] = {}
        self._late: OrderedDict[str, Callable[[Answer], None]] = OrderedDict()
        self._calls = 0
        self._unanswered = 0

    @property
    def carries_events(self) -> bool:
        return self.role != "api"

    @property
    def carries_calls(self) -> bool:
        return self.role != "event"

    async def receive(self, malformed: Callable[[bytes, str], None]) -> tuple[dict[str, Any], bytes]:
        """The next event frame. Answers go to their calls; what is neither is reported to `malformed`.

        Raises `ConnectionClosed`, or `TokenRejected`.
        """
        while True:
            raw = await self.connection.recv(decode=False)
            self.heard_at = self._loop.time()
            try:
                frame = loads(raw)
                if "post_type" in frame:
                    return frame, raw
                self._answered(frame)
            except Malformed as error:
                malformed(raw, str(error))

    def _answered(self, frame: dict[str, Any]) -> None:
        if "retcode" not in frame and "echo" not in frame:
            raise Malformed("neither an event nor an answer")
        echo = frame.get("echo")
        if frame.get("retcode") == TOKEN_REJECTED and not (isinstance(echo, str) and echo in self._pending):
            raise TokenRejected(str(frame.get("message") or frame.get("wording") or "token rejected")[:200])
        self._unanswered = 0
        if not isinstance(echo, str):
            return
        try:
            answer = Answer.model_validate(frame)
        except ValidationError as error:
            raise Malformed(f"an answer that is none: {error.error_count()} errors") from None
        waiting = self._pending.pop(echo, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)
        elif (late := self._late.pop(echo, None)) is not None:
            late(answer)

    async def call(
        self,
        action: str,
        params: dict[str, Any] | None = None,
        *,
        timeout_s: float,
        on_late: Callable[[Answer], None] | None = None,
    ) -> Answer:
        """The answer. `on_late` hears an answer that came after the call was given up.

        Raises `SendUnknown`; or `SendDeferred` where the connection was gone already, so that nothing was sent.
        """
        if self.why_closed or self.connection.state is not State.OPEN:
            raise SendDeferred(self.why_closed or "the connection is closing", retry_after_s=_RECONNECT_S)
        self._calls += 1
        echo = f"q{self._calls}"
        waiting: asyncio.Future[Answer] = self._loop.create_future()
        self._pending[echo] = waiting
        try:
            async with asyncio.timeout(timeout_s):
                await self.connection.send(
                    orjson.dumps({"action": action, "params": params or {}, "echo": echo}), text=True
                )
                return await waiting
        except TimeoutError:
            self._unanswered += 1
            if on_late is not None:
                self._late[echo] = on_late
                while len(self._late) > _LATE_LIMIT:
                    self._late.popitem(last=False)
            if self._unanswered >= _UNANSWERED_LIMIT:
                self.drop(f"{self._unanswered} calls in a row went unanswered")
            raise SendUnknown(f"{action}: no answer within {timeout_s:g} s") from None
        except ConnectionClosed:
            raise SendUnknown(f"{action}: {self.why_closed or 'the connection went away'}") from None
        finally:
            self._pending.pop(echo, None)
            if waiting.done() and not waiting.cancelled():
                # Looked at even when the caller was cancelled meanwhile, or asyncio would complain about it.
                waiting.exception()

    def drop(self, why: str) -> None:
        """Gives the connection up at once: a half-dead one would keep a closing handshake waiting."""
        self.why_closed = self.why_closed or why
        self.fail_pending()
        self.connection.transport.abort()

    async def close(self, why: str) -> None:
        """Closes politely."""
        self.why_closed = self.why_closed or why
        self.fail_pending()
        await self.connection.close(1000, why[:100])

    def fail_pending(self) -> None:
        """Nobody will answer any more: the outcome of every open call is unknown."""
        for waiting in self._pending.values():
            if not waiting.done():
                waiting.set_exception(SendUnknown(self.why_closed or "the connection went away"))
        self._pending.clear()
