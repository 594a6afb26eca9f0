"""The client's side of one HTTP/2 connection that carries gRPC calls, purely: bytes in, answers out; bytes to send aside.

A message is asked for with every message of every group, and a general HTTP/2 library spends a third of a millisecond on each
such question. Three things make it cheap here: the header block of a question is made once per method, for nothing in it
changes; the gateway is told to use no table of headers (RFC 7541, 4.2), so that equal header blocks mean the same and each
is read once; and the windows (RFC 9113, 5.2) are opened wide, for an answer is bounded by `LARGEST_ANSWER` anyway.

What it does not do: bodies of more than one frame to send (`is_small`), compression, server push, priorities.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from struct import Struct
from typing import NamedTuple
from urllib.parse import unquote

from hpack import Decoder
from hpack.exceptions import HPACKError

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS, PADDED, WITH_PRIORITY = 0x1, 0x1, 0x4, 0x8, 0x20
HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE = 1, 2, 3, 4, 5
CANCEL = 0x8
UNKNOWN, EXHAUSTED, INTERNAL, UNAVAILABLE = 2, 8, 13, 14
"""gRPC's status for what HTTP/2 itself says of a call."""

LARGEST_ANSWER = 96 * 2**20
_FRAME = 16_384
_WIDE = 2**31 - 1
_OPENED = 2**30
_TOPPED_UP = 2**20
_MOST_BLOCKS = 512
_LAST_ID = 2**31 - 1

_HEAD = Struct(">HBBBL")
_SETTING = Struct(">HL")
_OF_HTTP = {400: 13, 401: 16, 403: 7, 404: 12, 429: 14, 502: 14, 503: 14, 504: 14}


class BrokenProtocol(Exception):
    """The other side doesn't speak HTTP/2 as it must; the connection is of no more use."""


class Answered(NamedTuple):
    """The end of a call. `status` is gRPC's; `body` is the message of status 0."""

    call: int
    status: int
    message: str
    body: bytes


class _Trailer(NamedTuple):
    status: int | None
    """None: this block doesn't end the call."""
    message: str


@dataclass(slots=True)
class _Call:
    parts: list[bytes]
    size: int = 0
    end: _Trailer | None = None


class Conversation:
    """Begun by `ask`, fed by `hear`; after each of them what is to be written is fetched by `taken`."""

    def __init__(self, authority: str, *, is_secure: bool, headers: Mapping[str, str]) -> None:
        # :method POST, :scheme and :authority by their numbers in the static table; the others never indexed.
        self._before = b"\x83" + (b"\x87" if is_secure else b"\x86") + b"\x01" + _string(authority)
        self._after = b"".join(b"\x10" + _string(name) + _string(value) for name, value in headers.items())
        self._blocks: dict[str, bytes] = {}
        self._decoder = Decoder()
        self._decoder.max_allowed_table_size = 0
        self._decoder.header_table_size = 0
        self._read: dict[bytes, _Trailer] = {}
        self._calls: dict[int, _Call] = {}
        self._next_id = 1
        self._waiting: deque[tuple[int, bytes, bytes]] = deque()
        self._rest = b""
        self._partial: tuple[int, int, bytes] | None = None
        self._consumed = 0
        self._window, self._stream_window, self._most_calls = 65_535, 65_535, 100
        self.is_retired = False
        """It takes no more calls; those under way may still be answered."""
        self.pongs = 0
        settings = {HEADER_TABLE_SIZE: 0, ENABLE_PUSH: 0, INITIAL_WINDOW_SIZE: _WIDE}
        self._out = [
            PREFACE,
            _frame(SETTINGS, 0, 0, b"".join(_SETTING.pack(*pair) for pair in settings.items())),
            _frame(WINDOW_UPDATE, 0, 0, _OPENED.to_bytes(4, "big")),
        ]

    # -- asking -----------------------------------------------------------------------------------------------------

    def is_small(self, body: bytes) -> bool:
        return len(body) + 5 <= min(_FRAME, self._stream_window)

    def ask(self, path: str, body: bytes) -> int:
        """Begins a call of a small body; its number."""
        call, self._next_id = self._next_id, self._next_id + 2
        if self._next_id > _LAST_ID - 2:
            self.is_retired = True
        block = self._blocks.get(path)
        if block is None:
            block = self._blocks[path] = self._before + b"\x04" + _string(path) + self._after
        message = b"\0" + len(body).to_bytes(4, "big") + body
        if self._waiting or len(self._calls) >= self._most_calls or len(message) > self._window:
            self._waiting.append((call, block, message))
        else:
            self._send(call, block, message)
        return call

    def cancel(self, call: int) -> None:
        """Nobody waits for the answer any more."""
        if self._calls.pop(call, None) is not None:
            self._out.append(_frame(RST_STREAM, 0, call, CANCEL.to_bytes(4, "big")))
            self._send_waiting()
        else:
            self._waiting = deque(each for each in self._waiting if each[0] != call)

    def ping(self) -> None:
        self._out.append(_frame(PING, 0, 0, b"qunops\0\0"))

    def taken(self) -> bytes:
        """What has to be written now."""
        out, self._out = self._out, []
        return b"".join(out)

    def _send(self, call: int, block: bytes, message: bytes) -> None:
        self._calls[call] = _Call([])
        self._window -= len(message)
        size, length = len(block), len(message)
        self._out += (
            _HEAD.pack(size >> 8, size & 0xFF, HEADERS, END_HEADERS, call), block,
            _HEAD.pack(length >> 8, length & 0xFF, DATA, END_STREAM, call), message,
        )  # fmt: skip

    def _send_waiting(self) -> None:
        while self._waiting and len(self._calls) < self._most_calls and len(self._waiting[0][2]) <= self._window:
            self._send(*self._waiting.popleft())

    # -- hearing ----------------------------------------------------------------------------------------------------

    def hear(self, data: bytes) -> list[Answered]:
        """The calls that ended with these bytes, in the order in which they ended. Raises `BrokenProtocol`."""
        if self._rest:
            data = self._rest + data
        found: list[Answered] = []
        at, end = 0, len(data)
        calls, unpack = self._calls, _HEAD.unpack_from
        while end - at >= 9:
            high, low, kind, flags, stream = unpack(data, at)
            size = high << 8 | low
            if size > _FRAME:
                raise BrokenProtocol(f"a frame of {size} bytes")
            if end - at - 9 < size:
                break
            at += 9
            payload = data[at : at + size]
            at += size
            if self._partial is not None and kind != CONTINUATION:
                raise BrokenProtocol("a header block that is not continued")
            if kind == DATA:
                self._consumed += size
                if (call := calls.get(stream)) is not None:
                    self._take_data(stream, call, _unpadded(payload) if flags & PADDED else payload, found)
            elif kind == HEADERS:
                if flags & (PADDED | WITH_PRIORITY):
                    payload = _plain(payload, flags)
                if not flags & END_HEADERS:
                    self._partial = (stream, flags, payload)
                    continue
                self._take_headers(stream, payload)
            elif kind == CONTINUATION:
                flags = self._continue(stream, flags, payload)
            else:
                self._take_other(kind, flags, stream, payload, found)
                continue
            if flags & END_STREAM and (call := calls.pop(stream, None)) is not None:
                found.append(_answer(stream, call))
                if self._waiting:
                    self._send_waiting()
        self._rest = data[at:]
        if self._consumed >= _TOPPED_UP:
            self._out.append(_frame(WINDOW_UPDATE, 0, 0, self._consumed.to_bytes(4, "big")))
            self._consumed = 0
        return found

    def _take_data(self, stream: int, call: _Call, payload: bytes, found: list[Answered]) -> None:
        call.parts.append(payload)
        call.size += len(payload)
        if call.size > LARGEST_ANSWER:
            self.cancel(stream)
            found.append(Answered(stream, EXHAUSTED, f"an answer larger than max {LARGEST_ANSWER} bytes", b""))

    def _take_headers(self, stream: int, block: bytes) -> None:
        trailer = self._read.get(block)
        if trailer is None:
            if len(self._read) >= _MOST_BLOCKS:
                self._read.clear()
            trailer = self._read[block] = self._decoded(block)
        if trailer.status is not None and (call := self._calls.get(stream)) is not None:
            call.end = trailer

    def _decoded(self, block: bytes) -> _Trailer:
        try:
            headers = {str(name): str(value) for name, value in self._decoder.decode(block)}
        except (HPACKError, UnicodeDecodeError) as error:
            raise BrokenProtocol(f"headers that can't be read: {error}") from None
        status, http = headers.get("grpc-status"), headers.get(":status", "200")
        if status is not None:
            number = int(status) if status.isascii() and status.isdigit() and int(status) <= 16 else UNKNOWN
            return _Trailer(number, unquote(headers.get("grpc-message", "")))
        if http == "200" or http.startswith("1"):
            return _Trailer(None, "")
        number = _OF_HTTP.get(int(http), UNKNOWN) if http.isascii() and http.isdigit() else UNKNOWN
        return _Trailer(number, f"HTTP status {http[:20]}")

    def _continue(self, stream: int, flags: int, payload: bytes) -> int:
        """The flags that count for the stream: those of the block's first frame."""
        if self._partial is None or self._partial[0] != stream:
            raise BrokenProtocol("a header block that nobody began")
        _, first, begun = self._partial
        if len(begun) + len(payload) > 4 * _FRAME:
            raise BrokenProtocol("a header block without end")
        if not flags & END_HEADERS:
            self._partial = (stream, first, begun + payload)
            return 0
        self._partial = None
        self._take_headers(stream, begun + payload)
        return first

    def _take_other(self, kind: int, flags: int, stream: int, payload: bytes, found: list[Answered]) -> None:
        if kind == PING and not flags & ACK:
            self._out.append(_frame(PING, ACK, 0, payload))
        elif kind == PING:
            self.pongs += 1
        elif kind == SETTINGS and not flags & ACK:
            self._take_settings(payload)
        elif kind == WINDOW_UPDATE and stream == 0:
            self._window += int.from_bytes(payload, "big") & _WIDE
            self._send_waiting()
        elif kind == RST_STREAM and self._calls.pop(stream, None) is not None:
            code = int.from_bytes(payload, "big")
            found.append(Answered(stream, UNAVAILABLE, f"the gateway reset the call ({code})", b""))
            self._send_waiting()
        elif kind == GOAWAY:
            self._retire(int.from_bytes(payload[:4], "big") & _WIDE, found)
        elif kind == PUSH_PROMISE:
            raise BrokenProtocol("a push, which was declined")

    def _take_settings(self, payload: bytes) -> None:
        if len(payload) % 6:
            raise BrokenProtocol("settings that are none")
        for number, value in _SETTING.iter_unpack(payload):
            if number == INITIAL_WINDOW_SIZE:
                self._stream_window = value
            elif number == MAX_CONCURRENT_STREAMS:
                self._most_calls = value
        self._out.append(_frame(SETTINGS, ACK, 0, b""))
        self._send_waiting()

    def _retire(self, last: int, found: list[Answered]) -> None:
        self.is_retired = True
        lost = [call for call in self._calls if call > last] + [each[0] for each in self._waiting]
        self._waiting.clear()
        for call in lost:
            self._calls.pop(call, None)
            found.append(Answered(call, UNAVAILABLE, "the gateway closes the connection", b""))


def _answer(number: int, call: _Call) -> Answered:
    if call.end is None:
        return Answered(number, INTERNAL, "the answer has no status", b"")
    status, message = call.end
    if status:
        return Answered(number, status or 0, message, b"")
    data = call.parts[0] if len(call.parts) == 1 else b"".join(call.parts)
    if data[:1] != b"\0" or len(data) != int.from_bytes(data[1:5], "big") + 5:
        return Answered(number, INTERNAL, "the answer is not one plain message", b"")
    return Answered(number, 0, "", data[5:])


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    size = len(payload)
    return _HEAD.pack(size >> 8, size & 0xFF, kind, flags, stream) + payload


def _plain(payload: bytes, flags: int) -> bytes:
    """The header block without padding and priority."""
    if flags & PADDED:
        payload = _unpadded(payload)
    return payload[5:] if flags & WITH_PRIORITY else payload


def _unpadded(payload: bytes) -> bytes:
    if not payload or payload[0] >= len(payload):
        raise BrokenProtocol("more padding than frame")
    return payload[1 : len(payload) - payload[0]]


def _string(value: str) -> bytes:
    """A string literal without Huffman's code (RFC 7541, 5.2)."""
    data = value.encode("ascii")
    size = len(data)
    if size < 127:
        return bytes((size,)) + data
    out, size = bytearray((127,)), size - 127
    while size >= 128:
        out.append(size & 0x7F | 0x80)
        size >>= 7
    out.append(size)
    return bytes(out) + data
