"""The two connections to a gateway, both with TLS and keepalive: grpclib's, and the quick one for small questions.

Imported by `puppet` only: grpclib comes with wechaty and is as dear.
"""

from __future__ import annotations

import logging
import ssl
from typing import Any

from grpclib.client import Channel
from grpclib.config import Configuration
from grpclib.encoding.base import CodecBase
from grpclib.metadata import USER_AGENT

from bot.transports.wechat.settings import WeChatSettings
from bot.transports.wechat.unary import Line

# It writes every header it encodes into its log of DEBUG, and one of them is the token.
logging.getLogger("hpack").setLevel(logging.INFO)


class _Codec(CodecBase):
    """Bytes as they are; wechaty's own message classes by their own methods."""

    __content_subtype__ = "proto"

    def encode(self, message: Any, message_type: Any) -> bytes:
        return message if type(message) is bytes else bytes(message)

    def decode(self, data: bytes, message_type: Any) -> Any:
        return data if message_type is bytes else message_type().parse(data)


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
                ssl_target_name_override=_name_on_certificate(settings),
            ),
        )

    def close(self) -> None:
        """At once: under TLS grpclib's farewell would wait for the other side's."""
        transport = getattr(self._protocol.connection, "_transport", None) if self._protocol is not None else None
        super().close()
        if transport is not None:
            transport.abort()


def line_of(settings: WeChatSettings) -> Line:
    """The connection for small questions, to the same gateway with the same patience."""
    return Line(
        settings.host,
        settings.port,
        tls=_tls(settings),
        server_name=_name_on_certificate(settings),
        headers={
            "te": "trailers",
            "content-type": "application/grpc",
            "user-agent": USER_AGENT,
            "authorization": f"Wechaty {settings.token.get_secret_value()}",
        },
        ping_s=settings.ping_s,
        ping_timeout_s=settings.ping_timeout_s,
    )


def _name_on_certificate(settings: WeChatSettings) -> str | None:
    return settings.tls_name or ("insecure" if settings.tls == "builtin" else None)


def _tls(settings: WeChatSettings) -> ssl.SSLContext | None:
    if settings.tls == "off":
        return None
    context = ssl.create_default_context(cafile=settings.tls_ca or None)
    if settings.tls == "builtin":
        # Its private key is published with the gateway: checking the certificate would prove nothing.
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    return context
