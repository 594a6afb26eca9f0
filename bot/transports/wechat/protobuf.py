"""The protobuf wire format, as much of it as the gateway speaks: strings, bytes, whole numbers, messages inside messages.

wechaty's generated classes for Python are of 2021 and lack fields and calls of today's gateways; and one message is read
for every message of every group, so reading it must be cheap.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

Value: TypeAlias = str | bytes | int | bool | Sequence[str]
Fields: TypeAlias = dict[int, list[bytes | int]]


def encode(fields: Mapping[int, Value]) -> bytes:
    """A message. Empty text is written, too: where a field is optional, being there means something."""
    out = bytearray()
    for number, value in fields.items():
        if isinstance(value, int):
            out += _varint(number << 3) + _varint(int(value))
        elif isinstance(value, (str, bytes)):
            out += _chunk(number, value)
        else:
            for each in value:
                out += _chunk(number, each)
    return bytes(out)


def _chunk(number: int, value: str | bytes) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def decode(data: bytes) -> Fields:
    """Field number → its values in order. Raises `ValueError` for what is no message."""
    found: Fields = {}
    at, end = 0, len(data)
    try:
        while at < end:
            key = data[at]
            at += 1
            if key > 0x7F:
                key, at = _read_varint(data, at - 1)
            wire = key & 7
            value: bytes | int
            if wire == 2:
                size = data[at]
                at += 1
                if size > 0x7F:
                    size, at = _read_varint(data, at - 1)
                value = data[at : at + size]
                at += size
            elif wire == 0:
                value, at = _read_varint(data, at)
            elif wire in (1, 5):
                width = 8 if wire == 1 else 4
                value = int.from_bytes(data[at : at + width], "little")
                at += width
            else:
                raise ValueError(f"no protobuf: wire type {wire}")
            found.setdefault(key >> 3, []).append(value)
    except IndexError:
        raise ValueError("no protobuf: it ends too early") from None
    if at != end:
        raise ValueError("no protobuf: it ends too early")
    return found


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("no protobuf: a number without end")


def text(fields: Fields, number: int) -> str:
    """The last value of a field as text; "" where it is missing."""
    values = fields.get(number)
    if not values or not isinstance(values[-1], bytes):
        return ""
    return values[-1].decode("utf-8", errors="replace")


def texts(fields: Fields, number: int) -> tuple[str, ...]:
    return tuple(
        value.decode("utf-8", errors="replace") for value in fields.get(number, ()) if isinstance(value, bytes)
    )


def whole(fields: Fields, number: int) -> int:
    values = fields.get(number)
    return values[-1] if values and isinstance(values[-1], int) else 0
