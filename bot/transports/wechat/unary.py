"""The connection on which small questions are asked: made when it is first needed, and again after it was lost.

It stands beside grpclib's connection, which carries the event stream and what is large. Questions that come in one turn of the
loop are written at once, and one timer watches over the deadlines of all. Imported by `channel` only.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping
from typing import TypeAlias

from bot.transports.wechat.http2 import BrokenProtocol, Conversation


class CallFailed(Exception):
    """The other side answered with this gRPC status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


class LineLost(ConnectionError):
    """The connection ended before the answer came."""


Answer: TypeAlias = bytes | CallFailed | LineLost | TimeoutError
Done: TypeAlias = Callable[[Answer], None]


class _Connection(asyncio.Protocol):
    def __init__(self, conversation: Conversation, ping_s: float, ping_timeout_s: float) -> None:
        self._conversation = conversation
        self._loop = asyncio.get_running_loop()
        self._ping_s, self._ping_timeout_s = ping_s, ping_timeout_s
        self._asked: dict[int, tuple[float, Done]] = {}
        self._transport: asyncio.Transport | None = None
        self._flush_due = False
        self._wake: asyncio.TimerHandle | None = None
        self._probe: asyncio.TimerHandle | None = None
        self._heard_at = 0.0

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._conversation.is_retired

    def is_small(self, body: bytes) -> bool:
        return self._conversation.is_small(body)

    def ask(self, path: str, body: bytes, timeout_s: float, done: Done) -> int:
        """Calls `done` once, later; the number to cancel it by."""
        call = self._conversation.ask(path, body)
        deadline = self._loop.time() + timeout_s
        self._asked[call] = (deadline, done)
        if self._wake is None or deadline < self._wake.when():
            self._wake_at(deadline)
        self._write_soon()
        return call

    def cancel(self, call: int) -> None:
        if self._asked.pop(call, None) is not None:
            self._conversation.cancel(call)
            self._write_soon()

    def close(self, why: str = "the connection was closed") -> None:
        if (transport := self._transport) is not None:
            self._lose(why)
            # At once: under TLS a farewell would wait for the other side's.
            transport.abort()

    # -- asyncio.Protocol -------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._heard_at = self._loop.time()
        self._write()
        self._probe = self._loop.call_later(self._ping_s, self._ping)

    def data_received(self, data: bytes) -> None:
        self._heard_at = self._loop.time()
        try:
            answers = self._conversation.hear(data)
        except BrokenProtocol as error:
            self.close(str(error))
            return
        for call, status, message, body in answers:
            asked = self._asked.pop(call, None)
            if asked is not None:
                asked[1](CallFailed(status, message) if status else body)
        self._write_soon()
        if self._conversation.is_retired and not self._asked:
            self.close("the gateway closed the connection")

    def connection_lost(self, exc: Exception | None) -> None:
        self._lose(str(exc or "the gateway closed the connection"))

    # -- inside -----------------------------------------------------------------------------------------------------

    def _write_soon(self) -> None:
        if not self._flush_due:
            self._flush_due = True
            self._loop.call_soon(self._write)

    def _write(self) -> None:
        self._flush_due = False
        if self._transport is not None and (data := self._conversation.taken()):
            self._transport.write(data)

    def _wake_at(self, when: float) -> None:
        if self._wake is not None:
            self._wake.cancel()
        self._wake = self._loop.call_at(when, self._expire)

    def _expire(self) -> None:
        self._wake = None
        now = self._loop.time()
        for call in [call for call, (deadline, _) in self._asked.items() if deadline <= now]:
            _, done = self._asked.pop(call)
            self._conversation.cancel(call)
            done(TimeoutError())
        self._write_soon()
        if self._asked and self._wake is None:
            self._wake_at(min(deadline for deadline, _ in self._asked.values()))

    def _ping(self) -> None:
        silence = self._loop.time() - self._heard_at
        if silence >= self._ping_s + self._ping_timeout_s:
            if (transport := self._transport) is not None:
                self._lose("the gateway is silent")
                transport.abort()
            return
        if silence >= self._ping_s:
            self._conversation.ping()
            self._write()
        rest = self._ping_s - silence if silence < self._ping_s else self._ping_s + self._ping_timeout_s - silence
        self._probe = self._loop.call_later(max(rest, 0.01), self._ping)

    def _lose(self, why: str) -> None:
        self._transport = None
        for timer in (self._wake, self._probe):
            if timer is not None:
                timer.cancel()
        asked, self._asked = self._asked, {}
        for _, done in asked.values():
            done(LineLost(why))


class Line:
    """Where to, with what headers, and how long silence may last."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        tls: ssl.SSLContext | None,
        server_name: str | None,
        headers: Mapping[str, str],
        ping_s: float,
        ping_timeout_s: float,
    ) -> None:
        self._host, self._port, self._tls = host, port, tls
        self._server_name = (server_name or host) if tls is not None else None
        self._headers, self._ping_s, self._ping_timeout_s = headers, ping_s, ping_timeout_s
        self._connection: _Connection | None = None
        self._connecting = asyncio.Lock()
        self._is_closed = False

    def close(self) -> None:
        self._is_closed = True
        if self._connection is not None:
            self._connection.close()

    def ask_soon(self, path: str, body: bytes, timeout_s: float, done: Done) -> bool:
        """Asks without waiting for anything; False where that can't be: there is no connection, or the body is large.

        `done` is called once, from the event loop, and must not raise.
        """
        connection = self._connection
        if connection is None or not connection.is_open or not connection.is_small(body):
            return False
        connection.ask(path, body, timeout_s, done)
        return True

    async def ask(self, path: str, body: bytes, timeout_s: float) -> bytes | None:
        """The answer; None for a body that is too large for this. Raises `CallFailed`, `OSError` or `TimeoutError`."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        connection = self._connection
        if connection is None or not connection.is_open:
            async with asyncio.timeout(timeout_s):
                connection = await self._connected()
        if not connection.is_small(body):
            return None
        waiting: asyncio.Future[bytes] = loop.create_future()

        def done(answer: Answer) -> None:
            if waiting.done():
                return
            if isinstance(answer, bytes):
                waiting.set_result(answer)
            else:
                waiting.set_exception(answer)

        call = connection.ask(path, body, timeout_s - (loop.time() - begun), done)
        try:
            return await waiting
        finally:
            connection.cancel(call)

    async def _connected(self) -> _Connection:
        async with self._connecting:
            if self._connection is not None and self._connection.is_open:
                return self._connection
            if self._is_closed:
                raise LineLost("the connection was closed")
            host = f"[{self._host}]" if ":" in self._host else self._host
            conversation = Conversation(f"{host}:{self._port}", is_secure=self._tls is not None, headers=self._headers)
            _, connection = await asyncio.get_running_loop().create_connection(
                lambda: _Connection(conversation, self._ping_s, self._ping_timeout_s),
                self._host, self._port, ssl=self._tls, server_hostname=self._server_name,
            )  # fmt: skip
            if self._is_closed:
                connection.close()
                raise LineLost("the connection was closed")
            self._connection = connection
            return connection
