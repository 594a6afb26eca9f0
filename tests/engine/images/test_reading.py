"""From a message with a picture to an `ImageRead`, over a real server; addresses that a stranger must not make us ask."""

from __future__ import annotations

import asyncio
import threading
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bot.core.events import ImageRead, MessageReceived
from bot.core.segments import Image, Text
from bot.engine.images import Downloads, ImageReading
from bot.engine.images.download import NotFetched
from tests.engine.images.codes import INVITE, bytes_of, code

PICTURE = bytes_of(code())


class _Pictures(BaseHTTPRequestHandler):
    """A server of pictures, and of what a hostile one would answer."""

    def do_GET(self) -> None:
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        if self.path.startswith("/to?"):
            self.send_response(302)
            self.send_header("Location", self.path.partition("?")[2])
            self.end_headers()
            return
        body = {"/code.png": PICTURE, "/huge": b"x" * 3000}.get(self.path, b"")
        self.send_response(200 if body else 404)
        if self.path != "/huge":
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    found = ThreadingHTTPServer(("127.0.0.1", 0), _Pictures)
    found.asked = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=found.serve_forever, args=(0.02,))
    thread.start()
    yield found
    found.shutdown()
    thread.join()
    found.server_close()


def _url(server: ThreadingHTTPServer, path: str) -> str:
    return f"http://127.0.0.1:{server.server_port}{path}"


OURS = Downloads(["127.0.0.0/8"], most_bytes=2000)


def _message(*urls: str, chat: str = "qq:1", n: int = 1) -> MessageReceived:
    return MessageReceived(
        id=f"m{n}", account="qq:9", chat=chat, member="qq:5", at=datetime(2026, 3, 2, tzinfo=UTC), message_id=f"m{n}",
        text="看看", segments=(Text("看看"), *(Image(url=url) for url in urls)),
    )  # fmt: skip


async def _read(downloads: Downloads, *messages: MessageReceived) -> list[ImageRead]:
    found: list[ImageRead] = []

    async def report(event: ImageRead) -> None:
        found.append(event)

    reading = ImageReading(lambda chat: chat == "qq:1", report, downloads)
    reading.offer(messages)
    running = asyncio.create_task(reading.run())
    try:
        async with asyncio.timeout(30):
            await reading.drain()
    finally:
        running.cancel()
        await asyncio.wait({running})
    return sorted(found, key=lambda event: event.id)


async def test_each_picture_of_a_message_becomes_one_event(server: ThreadingHTTPServer) -> None:
    """With the message's sender, time and id; one that is not there says why; other groups' pictures stay unread."""
    message = _message(_url(server, "/code.png"), _url(server, "/gone.png"), f"base64://{b64encode(PICTURE).decode()}")
    other = _message(_url(server, "/code.png"), chat="qq:2", n=2)
    found = await _read(OURS, message, other)
    assert [(event.id, event.codes, event.error) for event in found] == [
        ("m1#image0", (INVITE,), ""),
        ("m1#image1", (), "status 404"),
        ("m1#image2", (INVITE,), ""),
    ]
    assert {(event.message_id, event.member, event.at) for event in found} == {("m1", "qq:5", message.at)}
    assert found[0].sha256 == found[2].sha256 != ""
    assert len(server.asked) == 2  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/code.png",
        "http://localhost:{port}/code.png",
        "http://[::1]:{port}/",
        "http://0.0.0.0:{port}/",
        "http://2130706433:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://10.0.0.1/",
        "http://172.17.0.1/",
        "http://192.168.1.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://100.64.0.1/",
        "http://[fe80::1]/",
        "http://[fd00::1]/",
        "http://user:pass@example.com/",
        "file:///etc/passwd",
        "ftp://example.com/a.png",
        "gopher://127.0.0.1/",
        "http://",
        "http://[::1",
        "http://example.com:99999/",
        "base64://%%%",
        "",
    ],
)
async def test_our_own_network_is_out_of_reach(server: ThreadingHTTPServer, url: str) -> None:
    """Loopback, link-local, private and mapped addresses, other schemes and nonsense are refused before anything is sent."""
    with pytest.raises(NotFetched):
        await Downloads().get(url.replace("{port}", str(server.server_port)))
    assert server.asked == []  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "target", ["http://169.254.169.254/", "http://10.0.0.1/", "http://[::1]/", "file:///etc/passwd", "//192.168.0.1/a"]
)
async def test_a_redirect_is_held_to_the_same_rule(server: ThreadingHTTPServer, target: str) -> None:
    """A picture's server cannot send us where its address could not."""
    with pytest.raises(NotFetched):
        await OURS.get(_url(server, f"/to?{target}"))
    assert len(server.asked) == 1  # type: ignore[attr-defined]


async def test_an_honest_redirect_is_followed_and_a_circle_is_not(server: ThreadingHTTPServer) -> None:
    """At most three."""
    assert await OURS.get(_url(server, "/to?/code.png")) == PICTURE
    with pytest.raises(NotFetched, match="too many redirects"):
        await OURS.get(_url(server, "/to?" + "/to?" * 6))


async def test_what_is_too_large_is_not_taken(server: ThreadingHTTPServer) -> None:
    """With and without a length in the header."""
    with pytest.raises(NotFetched, match="too large"):
        await OURS.get(_url(server, "/huge"))
    with pytest.raises(NotFetched, match="too large"):
        await OURS.get(f"base64://{b64encode(b'x' * 3000).decode()}")
