"""One small question and its answer on grpclib's connection, without what grpclib does for streams of any length.

A message is asked for with every message of every group, and half of what such a call costs is buffers, queues, wrappers and
metadata that one frame out and one frame back don't need. The connection (HTTP/2, flow control, keepalive, TLS) stays grpclib's;
only what its events processor calls on a stream is answered here. grpclib is pinned by wechaty, a test holds this to it.
Imported by `channel` only.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

from grpclib.const import Status
from grpclib.exceptions import GRPCError, StreamTerminatedError
from grpclib.protocol import H2Protocol
from h2.exceptions import StreamClosedError, TooManyStreamsError

LARGEST = 16_000
"""Questions beyond one frame go the ordinary way."""

Headers = Sequence[tuple[str, str]]


class _Deaf:
    """Stands where grpclib sets an event that nobody waits for."""

    def set(self) -> None:
        pass


_DEAF = _Deaf()


class Exchange:
    """What grpclib's events processor takes for a stream. `answer` is the body, or raises as grpclib would."""

    headers_received = trailers_received = _DEAF

    def __init__(self, connection: Any, stream_id: int) -> None:
        self.id, self._connection = stream_id, connection
        self.answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self.window_updated = asyncio.Event()
        self.headers: Headers = ()
        self.trailers: Headers = ()
        self.data_received = 0
        self.buffer = self
        self.is_over = False
        self._parts: list[bytes] = []

    def add(self, data: bytes, size: int) -> None:
        self._parts.append(data)
        self._connection.ack(self.id, size)

    def __ended__(self) -> None:
        self.is_over = True
        if self.answer.done():
            return
        found = dict(self.trailers or self.headers)
        status = found.get("grpc-status", "")
        if status != "0":
            number = int(status) if status.isdigit() and int(status) <= 16 else Status.UNKNOWN.value
            self.answer.set_exception(GRPCError(Status(number), unquote(found.get("grpc-message", ""))))
            return
        frame = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        size = int.from_bytes(frame[1:5], "big")
        if frame[:1] != b"\0" or len(frame) != size + 5:
            self.answer.set_exception(GRPCError(Status.INTERNAL, "the answer is not one plain message"))
            return
        self.answer.set_result(frame[5:])

    def __terminated__(self, reason: str) -> None:
        self.is_over = True
        if not self.answer.done():
            self.answer.set_exception(StreamTerminatedError(reason))


async def ask(protocol: H2Protocol, headers: list[tuple[str, str]], body: bytes) -> bytes:
    """The answer to `body`. Raises `GRPCError` or `StreamTerminatedError`; cancelled, it tells the other side."""
    processor: Any = protocol.processor
    connection: Any = processor.connection
    h2: Any = connection._connection
    while True:
        if not connection.write_ready.is_set():
            await connection.write_ready.wait()
        if connection.is_closing():
            raise StreamTerminatedError("Connection lost")
        stream_id = h2.get_next_available_stream_id()
        try:
            h2.send_headers(stream_id, headers)
            break
        except TooManyStreamsError:
            connection.stream_close_waiter.clear()
            await connection.stream_close_waiter.wait()
    exchange = Exchange(connection, stream_id)
    processor.streams[stream_id] = exchange
    connection.last_stream_created = time.monotonic()
    connection.streams_started += 1
    try:
        frame = b"\0" + len(body).to_bytes(4, "big") + body
        while h2.local_flow_control_window(stream_id) < len(frame):
            exchange.window_updated.clear()
            await exchange.window_updated.wait()
        h2.send_data(stream_id, frame, end_stream=True)
        connection._transport.write(h2.data_to_send())
        connection.headers_send_process()
        return await exchange.answer
    finally:
        processor.streams.pop(stream_id, None)
        connection.stream_close_waiter.set()
        if not exchange.is_over and not connection.is_closing():
            _give_up(connection, h2, stream_id)


def _give_up(connection: Any, h2: Any, stream_id: int) -> None:
    try:
        h2.reset_stream(stream_id)
    except StreamClosedError:
        return
    if connection.write_ready.is_set():
        connection._transport.write(h2.data_to_send())
