"""Codes as members photograph, crop and disguise them; pictures that want to harm."""

from __future__ import annotations

import struct
import sys
import zlib

import pytest
from PIL import Image

from bot.engine.images.decoder import Decoder
from bot.engine.images.worker import decode
from tests.engine.images.codes import INVITE, WAYS, bytes_of, code, poster


@pytest.mark.parametrize("way", WAYS)
def test_a_code_is_read_however_it_is_shown(way: str) -> None:
    """Turned, inverted, small, blurred, faint, mirrored, see-through, shaded, squeezed, coloured."""
    assert decode(bytes_of(WAYS[way](code()))) == ((INVITE,), "")


@pytest.mark.parametrize(("size", "scale"), [((1080, 1440), 6), ((4000, 3000), 12)])
def test_a_code_in_a_photo_is_found(size: tuple[int, int], scale: int) -> None:
    """A poster with the code in its corner, as JPEG; a large one is looked at in half its size."""
    assert decode(bytes_of(poster(size=size, scale=scale), "JPEG", quality=60)) == ((INVITE,), "")


def test_the_middle_of_an_animation_is_looked_at() -> None:
    """A code that shows for a moment only."""
    frames = [Image.new("L", (296, 296), 255) for _ in range(6)]
    frames[3] = code().resize((296, 296))
    animated = bytes_of(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=200)
    assert decode(animated) == ((INVITE,), "")


def test_two_codes_of_one_picture_are_both_read() -> None:
    """An allowed code beside another does not hide it."""
    both = Image.new("L", (700, 320), 255)
    both.paste(code("https://qq.com/a"), (10, 10))
    both.paste(code(), (360, 10))
    assert set(decode(bytes_of(both))[0]) == {"https://qq.com/a", INVITE}


def test_a_picture_that_unfolds_to_gigabytes_is_not_unfolded() -> None:
    """Its header is enough to refuse it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0))
    bomb = b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    assert decode(bomb)[0] == ()
    assert decode(bomb)[1]


@pytest.mark.parametrize("content", [b"", b"hello", b"<svg/>", b"%PDF-1.4", b"GIF89a", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_picture_is_said_to_be_none(content: bytes) -> None:
    """Never an exception: the reason is data."""
    codes, error = decode(content)
    assert codes == ()
    assert error


async def test_the_worker_process_answers_again_and_again() -> None:
    """One process for many pictures, damaged ones between them."""
    decoder = Decoder()
    try:
        good = bytes_of(code())
        assert await decoder.decode(good) == ((INVITE,), "")
        assert (await decoder.decode(b"nothing"))[1] == "not a picture"
        assert (await decoder.decode(good[: len(good) * 2 // 3]))[0] in ((), (INVITE,))
        assert await decoder.decode(good) == ((INVITE,), "")
    finally:
        await decoder.close()


async def test_a_worker_that_hangs_or_dies_is_replaced() -> None:
    """The limit ends the wait; the next picture gets a new process."""
    hanging = Decoder(limit_s=0.2, start_s=0.2, command=(sys.executable, "-c", "import sys; sys.stdin.buffer.read()"))
    assert await hanging.decode(b"x") == ((), "too slow")
    assert await hanging.decode(b"x") == ((), "too slow")
    dying = Decoder(command=(sys.executable, "-c", "import sys; sys.stdin.buffer.read(4); sys.exit(1)"))
    assert (await dying.decode(b"x" * 100))[1].startswith("the worker failed")
    assert (await dying.decode(b"x" * 100))[1].startswith("the worker failed")
