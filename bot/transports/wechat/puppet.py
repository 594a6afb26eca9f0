"""The one module that imports wechaty: its `PuppetService`, made to stand today's gateways and today's Python.

What is ours: the import (a shim, no loggers of its own, no warnings), the channel (`channel`; the token as a header
and never in a log), the event stream (raw, so that no event can end it), and every call (a timeout, mapped errors, the
fields that wechaty's classes of 2021 lack). What is wechaty's: the calls whose meaning has not changed.
Import this module lazily: it costs memory, and nobody without a WeChat account needs it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from bot.core.errors import SendDeferred, SendRefused, SendUnknown, TransportError
from bot.transports.wechat import protobuf
from bot.transports.wechat.answers import EXISTS, UNAUTHENTICATED, error_of
from bot.transports.wechat.protobuf import Fields, Value
from bot.transports.wechat.settings import WeChatSettings


def _import_quietly() -> tuple[Any, Any, Any]:
    """wechaty's service layer. Its loggers, which take stderr and print texts and tokens, become ordinary silent ones."""
    before = set(logging.root.manager.loggerDict)
    kept = {name: os.environ.pop(name, None) for name in ("WECHATY_LOG", "WECHATY_LOG_FILE")}
    os.environ["WECHATY_LOG"] = "error"
    try:
        with warnings.catch_warnings():
            # telnetlib and others that it uses are deprecated, which nobody here can mend.
            warnings.simplefilter("ignore")
            from wechaty_puppet.schemas.puppet import PuppetOptions  # type: ignore[import-untyped]

            if PuppetOptions.__hash__ is None:
                # `import wechaty` fails on Python 3.11 and later without this; its service layer does not need it.
                PuppetOptions.__hash__ = object.__hash__
            from pyee.asyncio import AsyncIOEventEmitter
            from wechaty_grpc.wechaty import PuppetStub  # type: ignore[import-untyped]
            from wechaty_puppet_service import PuppetService
            from wechaty_puppet_service import puppet as its_module

            # The name that it imports warns whenever one is made, and is gone in the next pyee.
            vars(its_module)["AsyncIOEventEmitter"] = AsyncIOEventEmitter
    finally:
        del os.environ["WECHATY_LOG"]
        os.environ.update({name: value for name, value in kept.items() if value is not None})
    for name in set(logging.root.manager.loggerDict) - before:
        logger = logging.getLogger(name)
        if logger.handlers and not logger.propagate:
            logger.handlers.clear()
            logger.propagate = True
            logger.setLevel(logging.CRITICAL)
    return PuppetOptions, PuppetStub, PuppetService


PuppetOptions, PuppetStub, PuppetService = _import_quietly()

from grpclib.client import Stream  # noqa: E402
from grpclib.const import Cardinality  # noqa: E402
from grpclib.exceptions import GRPCError, ProtocolError, StreamTerminatedError  # noqa: E402

from bot.transports.wechat.channel import GatewayChannel, line_of  # noqa: E402
from bot.transports.wechat.unary import Answer, CallFailed  # noqa: E402

R = TypeVar("R")
_CHUNK = 256 * 1024
_LOST = (StreamTerminatedError, ProtocolError, OSError)
_FAILED = (TimeoutError, GRPCError, CallFailed, *_LOST)


class StreamTaken(Exception):
    """Another client holds the gateway's only event stream."""


class TokenRefused(Exception):
    """The gateway does not accept the token."""


class GatewayLost(Exception):
    """The connection could not be made, or it ended."""


class Puppet(PuppetService):  # type: ignore[misc,valid-type]
    """One connection to one gateway, made anew for every attempt. Raises the three errors of a send, or those above."""

    def __init__(self, settings: WeChatSettings) -> None:
        # Both are given, or the environment's `TOKEN` and `ENDPOINT` would be taken.
        token = settings.token.get_secret_value()
        super().__init__(PuppetOptions(end_point=settings.endpoint, token=token), "puppet")
        self._settings = settings
        self._headers = {"authorization": f"Wechaty {token}"}
        self.channel: GatewayChannel | None = GatewayChannel(settings)
        self._line = line_of(settings)
        self._puppet_stub = PuppetStub(self.channel, metadata=self._headers)

    def _init_puppet(self) -> None:
        """Nothing: wechaty would ping by a blocking telnet and ask a public server for the address."""

    def close(self) -> None:
        """Ends everything at once; calls under way end as unknown."""
        self._event_stream.remove_all_listeners()
        self._puppet_stub = None
        self._line.close()
        if self.channel is not None:
            self.channel.close()
            self.channel = None

    # -- the event stream -------------------------------------------------------------------------------------------

    async def listen(self, hear: Callable[[int, bytes], Awaitable[None]]) -> None:
        """Gives type and payload of every event to `hear`, one after the other, until the stream ends.

        Raises `GatewayLost`, `StreamTaken` or `TokenRefused`; never returns.
        """
        try:
            async with self._stream("Event", Cardinality.UNARY_STREAM) as stream:
                await stream.send_message(b"", end=True)
                while (data := await stream.recv_message()) is not None:
                    fields = protobuf.decode(data)
                    payload = fields.get(2, [b"{}"])[-1]
                    await hear(protobuf.whole(fields, 1), payload if isinstance(payload, bytes) else b"{}")
        except GRPCError as error:
            raise _stream_error(error) from None
        except _LOST as error:
            raise GatewayLost(_why(error)) from None
        raise GatewayLost("the gateway ended the event stream")

    # -- calls ------------------------------------------------------------------------------------------------------

    async def call(
        self, method: str, fields: Mapping[int, Value] | None = None, *, timeout_s: float, capability: str = ""
    ) -> bytes:
        """The answer's bytes."""
        path, body = _path(method), protobuf.encode(fields or {})
        try:
            answer = await self._line.ask(path, body, timeout_s)
            if answer is not None:
                return answer
            async with asyncio.timeout(timeout_s), self._stream(method, Cardinality.UNARY_UNARY) as stream:
                await stream.send_message(body, end=True)
                return await stream.recv_message() or b""
        except _FAILED as error:
            raise _call_error(error, method, timeout_s, capability) from None

    def call_soon(
        self,
        method: str,
        fields: Mapping[int, Value],
        done: Callable[[bytes | TransportError], None],
        *,
        timeout_s: float,
    ) -> bool:
        """`call` without a task, for what is asked with every message. False: it can't be asked like that now.

        `done` is called once, later, and must not raise.
        """

        def answered(answer: Answer) -> None:
            done(answer if isinstance(answer, bytes) else _call_error(answer, method, timeout_s, ""))

        return self._line.ask_soon(_path(method), protobuf.encode(fields), timeout_s, answered)

    async def ask(self, method: str, fields: Mapping[int, Value] | None = None, *, timeout_s: float) -> Fields:
        return protobuf.decode(await self.call(method, fields, timeout_s=timeout_s))

    async def within(self, timeout_s: float, work: Awaitable[R], capability: str = "") -> R:
        """The result of one of wechaty's own calls, under a timeout and with errors mapped."""
        async with self._mapped(getattr(work, "__name__", "call"), timeout_s, capability):
            return await work

    async def upload(self, content: bytes, *, timeout_s: float) -> str:
        """The uuid under which the gateway keeps the content."""
        async with self._mapped("Upload", timeout_s, ""), self._stream("Upload", Cardinality.STREAM_UNARY) as stream:
            for start in range(0, len(content), _CHUNK):
                await stream.send_message(protobuf.encode({1: content[start : start + _CHUNK]}))
            await stream.end()
            answer: bytes | None = await stream.recv_message()
        return protobuf.text(protobuf.decode(answer or b""), 1)

    async def download(self, uuid: str, *, limit: int, timeout_s: float) -> bytes:
        """Raises `SendRefused` for more than `limit` bytes."""
        found = bytearray()
        async with (
            self._mapped("Download", timeout_s, ""),
            self._stream("Download", Cardinality.UNARY_STREAM) as stream,
        ):
            await stream.send_message(protobuf.encode({1: uuid}), end=True)
            while (data := await stream.recv_message()) is not None:
                for chunk in protobuf.decode(data).get(1, ()):
                    found += chunk if isinstance(chunk, bytes) else b""
                if len(found) > limit:
                    raise SendRefused(f"the file has more than {limit} bytes")
        return bytes(found)

    # -- inside -----------------------------------------------------------------------------------------------------

    def _stream(self, method: str, cardinality: Cardinality) -> Stream[bytes, bytes]:
        if self.channel is None:
            raise SendDeferred("the connection to the gateway is closed", retry_after_s=2)
        stream: Stream[bytes, bytes] = self.channel.request(
            _path(method), cardinality, bytes, bytes, metadata=self._headers
        )
        return stream

    @asynccontextmanager
    async def _mapped(self, method: str, timeout_s: float, capability: str) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(timeout_s):
                yield
        except _FAILED as error:
            raise _call_error(error, method, timeout_s, capability) from None


def _path(method: str) -> str:
    return f"/wechaty.Puppet/{method}"


def _call_error(error: BaseException, method: str, timeout_s: float, capability: str) -> TransportError:
    if isinstance(error, TimeoutError):
        return SendUnknown(f"{method}: no answer within {timeout_s:g} s")
    if isinstance(error, GRPCError):
        return error_of(error.status.value, error.message or "", method, capability)
    if isinstance(error, CallFailed):
        return error_of(error.status, error.message, method, capability)
    if isinstance(error, ConnectionRefusedError):
        return SendDeferred(f"{method}: {_why(error)}", retry_after_s=2)
    return SendUnknown(f"{method}: {_why(error)}")


def _stream_error(error: GRPCError) -> Exception:
    if error.status.value == UNAUTHENTICATED:
        return TokenRefused("the gateway refuses the token")
    if error.status.value == EXISTS:
        return StreamTaken("another client holds the gateway's event stream")
    return GatewayLost(f"the event stream ended with {error.status.name}")


def _why(error: BaseException) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "nobody listens there"
    return (str(error) or type(error).__name__)[:200]


def qr_art(text: str) -> Iterable[str]:
    """The QR code as lines for a terminal; none where the library that draws it is missing."""
    try:
        import qrcode  # type: ignore[import-untyped]
    except ImportError:
        return []
    code = qrcode.QRCode(border=2)
    code.add_data(text)
    code.make(fit=True)
    rows = code.get_matrix()
    if len(rows) % 2:
        rows.append([False] * len(rows[0]))
    glyphs = {(True, True): " ", (True, False): "▄", (False, True): "▀", (False, False): "█"}
    return [
        "".join(glyphs[pair] for pair in zip(*pairs, strict=True)) for pairs in zip(rows[::2], rows[1::2], strict=True)
    ]
