"""The process that opens strangers' pictures: `python -m bot.engine.images.worker`.

Asked with a picture, it answers with JSON, `{"codes": [...], "error": "..."}`; `bot.engine.worker` is the way between.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import suppress

import orjson
import zxingcpp
from PIL import Image, ImageChops, ImageFile, ImageFilter, UnidentifiedImageError

from bot.engine.worker import bound_memory, serve

MOST_PIXELS = 20_000_000
_LARGE_PIXELS = 6_000_000
"""Above this a picture is looked at in half its size: a photo of 20 megapixels would else take 2 s."""
_MOST_CODES = 20
_LONGEST_CODE = 4_000
_EVEN_EDGE = 1_000
_KINDS = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.AllMatrix)
_FORMATS = frozenset(("PNG", "JPEG", "GIF", "WEBP", "BMP"))


def decode(content: bytes) -> tuple[tuple[str, ...], str]:
    """The texts of the QR codes in a picture, and why it could not be read ("" when it could).

    Of an animation the first and the middle frame are looked at.
    """
    try:
        with Image.open(io.BytesIO(content), formats=tuple(_FORMATS)) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                return (), "too large"
            codes: dict[str, None] = {}
            for frame in _frames(picture):
                found = zxingcpp.read_barcodes(frame, formats=_KINDS)
                for code in found or zxingcpp.read_barcodes(_evenly_lit(frame), formats=_KINDS):
                    if code.text:
                        codes[code.text[:_LONGEST_CODE]] = None
            return tuple(codes)[:_MOST_CODES], ""
    except UnidentifiedImageError:
        return (), "not a picture"
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError, Image.DecompressionBombError) as error:
        return (), f"{type(error).__name__}: {error}"[:200]


def _frames(picture: Image.Image) -> Iterator[Image.Image]:
    count = getattr(picture, "n_frames", 1)
    for index in sorted({0, count // 2}):
        with suppress(EOFError):
            picture.seek(index)
        if picture.width * picture.height > _LARGE_PIXELS:
            yield picture.convert("L").reduce(2)
            continue
        # What is see-through is shown on white; a code drawn on nothing would else vanish into black.
        frame = picture.convert("RGBA") if picture.has_transparency_data else picture
        if frame.mode == "RGBA":
            frame = Image.alpha_composite(Image.new("RGBA", frame.size, "white"), frame)
        yield frame.convert("L")


def _evenly_lit(frame: Image.Image) -> Image.Image:
    """The frame, small, without its shadows: each point against the average around it."""
    frame = frame.copy()
    frame.thumbnail((_EVEN_EDGE, _EVEN_EDGE), Image.Resampling.BOX)
    around = frame.filter(ImageFilter.BoxBlur(_EVEN_EDGE // 20))
    return ImageChops.subtract(frame, around, scale=1, offset=128)


def answer(content: bytes) -> bytes:
    codes, error = decode(content)
    return orjson.dumps({"codes": codes, "error": error})


if __name__ == "__main__":
    ImageFile.LOAD_TRUNCATED_IMAGES = True  # chats show the beginning of a damaged picture, so it is read
    bound_memory()
    serve(answer, sys.stdin.buffer, sys.stdout.buffer)
