"""The gRPC channel to a gateway: TLS, keepalive, bytes as they are, and one write for what is sent at once.

Imported by `puppet` only: grpclib comes with wechaty and is as dear.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

from grpclib.client import Channel, Handler
from grpclib.config import Configuration
from grpclib.encoding.base import CodecBase
from grpclib.metadata import USER_AGENT
from grpclib.protocol import H2Protocol

from bot.transports.wechat.settings import WeChatSettings
from bot.transports.wechat.unary import ask


class _Codec(CodecBase):
    """Bytes as they are; wechaty's own message classes by their own methods."""

    __content_subtype__ = "proto"

    def encode(self, message: Any, message_type: Any) -> bytes:
        return message if type(message) is bytes else bytes(message)

    def decode(self, data: bytes, message_type: Any) -> Any:
        return data if message_type is bytes else message_type().parse(data)


class _Gathered:
    """A transport that writes once per turn of the loop: a call is two small writes, and a write is dear."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._data: list[bytes] = []

    def write(self, data: bytes) -> None:
        if not self._data:
            self._loop.call_soon(self._flush)
        self._data.append(data)

    def _flush(self) -> None:
        data, self._data = self._data, []
        if data and not self._transport.is_closing():
            self._transport.write(b"".join(data))

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class _Protocol(H2Protocol):
    def connection_made(self, transport: Any) -> None:
        super().connection_made(_Gathered(transport))  # type: ignore[arg-type]


class GatewayChannel(Channel):
    """The settings say where to, and how long silence may last."""

    def __init__(self, settings: WeChatSettings) -> None:
        super().__init__(
            settings.host,
            settings.port,
            codec=_Codec(),
            ssl=_tls(settings),
            config=Configuration(
                _keepalive_time=settings.ping_s,
                _keepalive_timeout=settings.ping_timeout_s,
                _http2_max_pings_without_data=0,
                _http2_min_sent_ping_interval_without_data=min(settings.ping_s, 1.0),
                ssl_target_name_override=settings.tls_name or ("insecure" if settings.tls == "builtin" else None),
            ),
        )

        token = settings.token.get_secret_value()
        self._own_headers = [
            (":method", "POST"), (":scheme", self._scheme), (":path", ""), (":authority", self._authority),
            ("te", "trailers"), ("content-type", "application/grpc"), ("user-agent", USER_AGENT),
            ("authorization", f"Wechaty {token}"),
        ]  # fmt: skip

    async def ask(self, path: str, body: bytes) -> bytes:
        """The answer to one small question; raises what grpclib raises."""
        protocol = await self.__connect__()
        headers = [*self._own_headers]
        headers[2] = (":path", path)
        return await ask(protocol, headers, body)

    def _protocol_factory(self) -> H2Protocol:
        return _Protocol(Handler(), self._config, self._h2_config)


def _tls(settings: WeChatSettings) -> ssl.SSLContext | None:
    if settings.tls == "off":
        return None
    context = ssl.create_default_context(cafile=settings.tls_ca or None)
    if settings.tls == "builtin":
        # Its private key is published with the gateway: checking the certificate would prove nothing.
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    return context
