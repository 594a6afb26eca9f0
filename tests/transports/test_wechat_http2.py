"""The quick connection to a gateway, against another implementation of HTTP/2 as the server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, PingAckReceived, RequestReceived, StreamEnded, StreamReset
from h2.settings import SettingCodes
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.transports.wechat.http2 import LARGEST_ANSWER, Answered, BrokenProtocol, Conversation
from bot.transports.wechat.unary import CallFailed, Line, LineLost

HEADERS = {"te": "trailers", "content-type": "application/grpc", "authorization": "Wechaty " + "t" * 300}
_BODIES = st.binary(max_size=3000)
_WORDS = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters="%"), max_size=50).map(
    str.strip
)


def conversation() -> Conversation:
    return Conversation("gateway:1", is_secure=False, headers=HEADERS)


class Server:
    """The other side in memory. `asked`: stream → (path, body without gRPC's frame head), when its question is whole."""

    def __init__(self, **own_settings: int) -> None:
        self.h2 = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self.h2.initiate_connection()
        if own_settings:
            self.h2.update_settings({SettingCodes[name]: value for name, value in own_settings.items()})
        self.asked: dict[int, tuple[str, bytes]] = {}
        self.headers: dict[int, dict[str, str]] = {}
        self.resets: list[int] = []
        self.pongs = 0
        self._bodies: dict[int, bytes] = {}

    def hear(self, data: bytes, *, acknowledges: bool = True) -> None:
        for event in self.h2.receive_data(data):
            match event:
                case RequestReceived(stream_id=stream, headers=headers):
                    assert stream is not None
                    self.headers[stream] = {str(name): str(value) for name, value in headers or ()}
                    self._bodies[stream] = b""
                case DataReceived(stream_id=stream, data=part, flow_controlled_length=size):
                    assert stream is not None
                    self._bodies[stream] += part or b""
                    if acknowledges and size:
                        self.h2.acknowledge_received_data(size, stream)
                case StreamEnded(stream_id=stream):
                    assert stream is not None
                    self.asked[stream] = (self.headers[stream][":path"], self._bodies[stream][5:])
                case StreamReset(stream_id=stream):
                    assert stream is not None
                    self.resets.append(stream)
                case PingAckReceived():
                    self.pongs += 1

    def answer(self, stream: int, body: bytes, *, padding: int | None = None) -> None:
        self.h2.send_headers(stream, [(":status", "200"), ("content-type", "application/grpc"), ("date", "now")])
        frame = b"\0" + len(body).to_bytes(4, "big") + body
        for start in range(0, len(frame), 16_000):
            self.h2.send_data(stream, frame[start : start + 16_000], pad_length=padding)
        self.h2.send_headers(stream, [("grpc-status", "0"), ("grpc-message", "OK")], end_stream=True)

    def refuse(self, stream: int, status: int, message: str) -> None:
        headers = [(":status", "200"), ("grpc-status", str(status)), ("grpc-message", message)]
        self.h2.send_headers(stream, headers, end_stream=True)

    def said(self) -> bytes:
        return self.h2.data_to_send()


def exchange(client: Conversation, server: Server, *, acknowledges: bool = True) -> list[Answered]:
    """Both hear what the other wrote, until neither writes."""
    found: list[Answered] = []
    while (out := client.taken()) + (back := server.said()):
        server.hear(out, acknowledges=acknowledges)
        found += client.hear(back)
    return found


def chunks(data: bytes, sizes: Iterator[int]) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        size = next(sizes, len(data))
        yield data[at : at + size]
        at += size


@settings(max_examples=60)
@given(
    st.lists(st.tuples(_BODIES, st.one_of(_BODIES, st.tuples(st.integers(1, 16), _WORDS))), min_size=1, max_size=12),
    st.lists(st.integers(1, 700), max_size=60),
    st.randoms(use_true_random=False),
)
def test_every_question_has_its_answer(
    calls: Sequence[tuple[bytes, bytes | tuple[int, str]]], sizes: list[int], order: object
) -> None:
    """Whatever bodies, refusals, order of the answers and sizes of the pieces in which they arrive."""
    client, server = conversation(), Server()
    wanted = {client.ask(f"/p/{number % 3}", body): answer for number, (body, answer) in enumerate(calls)}
    exchange(client, server)
    assert list(server.asked.values()) == [(f"/p/{number % 3}", body) for number, (body, _) in enumerate(calls)]
    assert all(headers["authorization"] == HEADERS["authorization"] for headers in server.headers.values())
    streams = list(wanted)
    order.shuffle(streams)  # type: ignore[attr-defined]
    for stream in streams:
        match wanted[stream]:
            case bytes() as body:
                server.answer(stream, body, padding=stream % 3 or None)
            case status, message:
                server.refuse(stream, status, message)
    found = [each for piece in chunks(server.said(), iter(sizes)) for each in client.hear(piece)]
    assert [each.call for each in found] == streams
    for each in found:
        expected = wanted[each.call]
        assert (each.body if each.status == 0 else (each.status, each.message)) == expected
    server.hear(client.taken())


def test_a_large_answer_is_whole() -> None:
    """Three megabytes in two hundred frames; the window is opened again."""
    client, server = conversation(), Server()
    call = client.ask("/p", b"")
    exchange(client, server)
    body = bytes(range(256)) * 12_000
    server.answer(call, body)
    assert exchange(client, server) == [Answered(call, 0, "", body)]


def test_no_more_at_once_than_the_gateway_allows() -> None:
    """What is beyond its limit of streams waits for an answer, in order; who is cancelled meanwhile never leaves."""
    client, server = conversation(), Server(MAX_CONCURRENT_STREAMS=2)
    exchange(client, server)
    first, second, third, fourth, fifth = (client.ask("/p", bytes((number,))) for number in range(5))
    exchange(client, server)
    assert list(server.asked) == [first, second]
    client.cancel(third)
    client.cancel(second)
    exchange(client, server)
    assert server.resets == [second]
    assert list(server.asked) == [first, second, fourth]
    server.answer(first, b"1")
    assert [each.call for each in exchange(client, server)] == [first]
    assert list(server.asked)[-1] == fifth


def test_a_full_window_is_waited_for() -> None:
    """Nothing is sent that the gateway has no room for: a violation would end the connection."""
    client, server = conversation(), Server()
    calls = [client.ask("/p", bytes(16_000)) for _ in range(6)]
    exchange(client, server, acknowledges=False)
    assert list(server.asked) == calls[:4]
    server.h2.increment_flow_control_window(65_535)
    exchange(client, server)
    assert list(server.asked) == calls


def test_what_is_large_is_sent_otherwise() -> None:
    """More than a frame, or than the gateway's window for a stream."""
    client, server = conversation(), Server(INITIAL_WINDOW_SIZE=1000)
    assert client.is_small(bytes(16_379))
    assert not client.is_small(bytes(16_380))
    exchange(client, server)
    assert client.is_small(bytes(995))
    assert not client.is_small(bytes(996))


def test_the_end_of_a_connection() -> None:
    """What the gateway won't look at any more is lost, what it took is answered, and nothing new is asked."""
    client, server = conversation(), Server()
    taken, refused = client.ask("/p", b"1"), client.ask("/p", b"2")
    exchange(client, server)
    server.h2.close_connection(last_stream_id=taken)
    found = client.hear(server.said())
    assert [(each.call, each.status) for each in found] == [(refused, 14)]
    assert client.is_retired


def test_resets_pings_and_headers_in_pieces() -> None:
    """A reset call is lost alone; a ping is answered; headers beyond one frame are put together."""
    client, server = conversation(), Server()
    reset, long = client.ask("/p", b""), client.ask("/p", b"")
    exchange(client, server)
    server.h2.reset_stream(reset, 2)
    server.h2.ping(b"12345678")
    server.refuse(long, 13, "x" * 20_000)
    assert exchange(client, server) == [
        Answered(reset, 14, "the gateway reset the call (2)", b""),
        Answered(long, 13, "x" * 20_000, b""),
    ]
    assert server.pongs == 1
    client.ping()
    exchange(client, server)
    assert client.pongs == 1


@pytest.mark.parametrize(("http", "status"), [("401", 16), ("404", 12), ("503", 14), ("418", 2)])
def test_a_proxy_between_may_answer_instead(http: str, status: int) -> None:
    """What isn't gRPC at all has a meaning, too."""
    client, server = conversation(), Server()
    call = client.ask("/p", b"")
    exchange(client, server)
    server.h2.send_headers(call, [(":status", http)], end_stream=True)
    assert [(each.call, each.status) for each in exchange(client, server)] == [(call, status)]


@pytest.mark.parametrize("body", [b"", b"\1\0\0\0\1x", b"\0\0\0\0\5x"])
def test_an_answer_that_is_none(body: bytes) -> None:
    """Compressed, cut or empty: an error of this call only."""
    client, server = conversation(), Server()
    call = client.ask("/p", b"")
    exchange(client, server)
    server.h2.send_headers(call, [(":status", "200")])
    server.h2.send_data(call, body)
    server.h2.send_headers(call, [("grpc-status", "0")], end_stream=True)
    assert [each.status for each in exchange(client, server)] == [13]


def test_an_answer_without_end_is_refused() -> None:
    """An answer beyond the bound is given up, and the gateway is told."""
    client, server = conversation(), Server()
    call = client.ask("/p", b"")
    exchange(client, server)
    server.h2.send_headers(call, [(":status", "200")])
    found: list[Answered] = []
    sent = 0
    while not found and sent <= LARGEST_ANSWER + 16_384:
        for _ in range(64):
            server.h2.send_data(call, bytes(16_384))
        sent += 64 * 16_384
        found = client.hear(server.said())
        server.hear(client.taken())
    assert [(each.call, each.status) for each in found] == [(call, 8)]
    assert server.resets == [call]


@settings(max_examples=300)
@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 255), st.integers(0, 3), st.binary(max_size=60)), max_size=8)
)
def test_whatever_comes_is_an_answer_or_a_broken_connection(frames: Sequence[tuple[int, int, int, bytes]]) -> None:
    """Frames of any kind, flags and content raise nothing else."""
    client = conversation()
    client.ask("/p", b"")
    data = b"".join(
        len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload
        for kind, flags, stream, payload in frames
    )
    with suppress(BrokenProtocol):
        assert all(isinstance(each, Answered) for each in client.hear(data))


# -- on a socket --------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def served(
    on_question: Callable[[Server, int, asyncio.StreamWriter], None],
) -> AsyncIterator[tuple[Line, list[int]]]:
    """A line to a server that does `on_question` for every question; with the number of questions of each connection."""
    connections: list[int] = []
    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        place, server, seen = len(connections), Server(), set[int]()
        connections.append(0)
        while data := await reader.read(65_536):
            server.hear(data)
            for stream in set(server.asked) - seen:
                seen.add(stream)
                connections[place] += 1
                on_question(server, stream, writer)
            writer.write(server.said())
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    line = Line("127.0.0.1", port, tls=None, server_name=None, headers=HEADERS, ping_s=60, ping_timeout_s=60)
    try:
        async with listening:
            yield line, connections
            line.close()
            for writer in writers:
                writer.close()
                await writer.wait_closed()
    finally:
        line.close()


async def test_a_question_without_answer_ends_in_time() -> None:
    """Each at its own deadline; the connection serves on."""

    def on_question(server: Server, stream: int, writer: asyncio.StreamWriter) -> None:
        if server.asked[stream][1] != b"silence":
            server.answer(stream, b"yes")

    async with served(on_question) as (line, connections):
        assert await line.ask("/p", b"?", 5) == b"yes"
        long = asyncio.create_task(line.ask("/p", b"silence", 60))
        with pytest.raises(TimeoutError):
            await line.ask("/p", b"silence", 0.05)
        answers: list[object] = []
        assert line.ask_soon("/p", b"?", 5, answers.append)
        assert line.ask_soon("/p", b"silence", 0.01, answers.append)
        assert await line.ask("/p", b"?", 5) == b"yes"
        with pytest.raises(TimeoutError):
            await line.ask("/p", b"silence", 0.05)
        assert answers[0] == b"yes"
        assert isinstance(answers[1], TimeoutError)
        long.cancel()
        with pytest.raises(asyncio.CancelledError):
            await long
        assert connections == [7]


async def test_a_lost_connection_is_made_anew() -> None:
    """Who waited is told; the next question has a connection of its own; a refusal is no loss."""

    def on_question(server: Server, stream: int, writer: asyncio.StreamWriter) -> None:
        match server.asked[stream][1]:
            case b"close":
                writer.close()
            case b"no":
                server.refuse(stream, 7, "not an owner")
            case body:
                server.answer(stream, body)

    async with served(on_question) as (line, connections):
        assert not line.ask_soon("/p", b"nobody is connected", 5, print)
        with pytest.raises(LineLost):
            await line.ask("/p", b"close", 5)
        assert await line.ask("/p", b"again", 5) == b"again"
        with pytest.raises(CallFailed) as refused:
            await line.ask("/p", b"no", 5)
        assert (refused.value.status, refused.value.message) == (7, "not an owner")
        assert connections == [1, 2]
        line.close()
        with pytest.raises(LineLost):
            await line.ask("/p", b"closed for good", 5)
