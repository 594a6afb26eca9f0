"""The bytes of a picture, from an address that somebody in a group chose: nothing of our own network is reachable by it.

Every host is resolved here, each of its addresses must be public, and the connection goes to the address that was looked
at, so a name that resolves differently a moment later gains nothing. Redirects are followed by hand, under the same rule.
"""

from __future__ import annotations

import asyncio
import binascii
import http.client
import socket
import ssl
from base64 import b64decode
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urljoin, urlsplit

from bot.engine.clock import monotonic_s

MOST_BYTES = 10 * 1024 * 1024
_INLINE = "base64://"
_REDIRECTS = 3
_CHUNK = 64 * 1024
_NAT64 = ip_network("64:ff9b::/96")

Network = IPv4Network | IPv6Network


class NotFetched(Exception):
    """Why a picture could not be had."""


class Downloads:
    """`allow` are networks of our own that pictures may come from all the same; `limit_s` bounds one download."""

    def __init__(self, allow: Sequence[str] = (), *, limit_s: float = 10.0, most_bytes: int = MOST_BYTES) -> None:
        self._allow: tuple[Network, ...] = tuple(ip_network(each) for each in allow)
        self._limit_s, self._most_bytes = limit_s, most_bytes
        self._tls = ssl.create_default_context()

    async def get(self, url: str) -> bytes:
        """The content of `url`: `http(s)://`, or `base64://` where the network delivered the picture itself.

        Raises `NotFetched`.
        """
        if url.startswith(_INLINE):
            return self._inline(url.removeprefix(_INLINE))
        return await asyncio.to_thread(self._fetch, url, monotonic_s() + self._limit_s)

    def _inline(self, text: str) -> bytes:
        if len(text) > self._most_bytes * 4 // 3 + 4:
            raise NotFetched("too large")
        try:
            return b64decode(text, validate=True)
        except binascii.Error:
            raise NotFetched("not base64") from None

    def _fetch(self, url: str, until_s: float) -> bytes:
        for _ in range(_REDIRECTS + 1):
            answer = self._ask(url, until_s)
            if isinstance(answer, bytes):
                return answer
            url = urljoin(url, answer)
        raise NotFetched("too many redirects")

    def _ask(self, url: str, until_s: float) -> bytes | str:
        """The content, or where it is said to be."""
        try:
            parts = urlsplit(url)
            connection = self._connect(parts, until_s)
        except (ValueError, OSError) as error:
            raise NotFetched(_reason(error)) from None
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("GET", target, headers={"User-Agent": "Mozilla/5.0", "Accept": "image/*"})
            response = connection.getresponse()
            if response.status in (301, 302, 303, 307, 308):
                return response.headers.get("Location", "")
            if response.status != 200:
                raise NotFetched(f"status {response.status}")
            return self._body(response, until_s)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise NotFetched(_reason(error)) from None
        finally:
            connection.close()

    def _body(self, response: http.client.HTTPResponse, until_s: float) -> bytes:
        if (response.length or 0) > self._most_bytes:
            raise NotFetched("too large")
        content = bytearray()
        while chunk := response.read1(_CHUNK):
            content += chunk
            if len(content) > self._most_bytes:
                raise NotFetched("too large")
            if monotonic_s() > until_s:
                raise NotFetched("too slow")
        return bytes(content)

    def _connect(self, parts: SplitResult, until_s: float) -> http.client.HTTPConnection:
        host = parts.hostname
        if parts.scheme not in ("http", "https") or not host or parts.username is not None:
            raise NotFetched("not a web address")
        port = parts.port or (443 if parts.scheme == "https" else 80)
        left_s = until_s - monotonic_s()
        if left_s <= 0:
            raise NotFetched("too slow")
        plain = socket.create_connection((str(self._public(host, port)), port), timeout=min(left_s, 5.0))
        connection = http.client.HTTPConnection(host, port)
        try:
            connection.sock = self._tls.wrap_socket(plain, server_hostname=host) if parts.scheme == "https" else plain
        except BaseException:
            plain.close()
            raise
        return connection

    def _public(self, host: str, port: int) -> IPv4Address | IPv6Address:
        """The host's first address; every one must be allowed, or somebody plays with the order."""
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [ip_address(str(info[4][0]).partition("%")[0]) for info in found]
        if not addresses or not all(self._may_reach(each) for each in addresses):
            raise NotFetched("not a public address")
        return addresses[0]

    def _may_reach(self, address: IPv4Address | IPv6Address) -> bool:
        if any(address in network for network in self._allow if network.version == address.version):
            return True
        if isinstance(address, IPv6Address):
            inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
            if address in _NAT64:
                inner = IPv4Address(int(address) & 0xFFFF_FFFF)
            if inner is not None:
                return self._may_reach(inner)
        return address.is_global and not address.is_multicast


def _reason(error: Exception) -> str:
    return "too slow" if isinstance(error, TimeoutError) else f"{type(error).__name__}: {error}"[:200]
