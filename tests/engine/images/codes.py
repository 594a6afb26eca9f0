"""Pictures with real QR codes in them, as members photograph, crop and disguise them."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping

import zxingcpp
from PIL import Image, ImageChops, ImageFilter, ImageOps

INVITE = "https://u.wechat.com/EAbCdEfGhIjKlMnOpQr"


def code(text: str = INVITE, scale: int = 8) -> Image.Image:
    drawn = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode).to_image(scale=scale)
    rows, columns = drawn.shape
    return Image.frombytes("L", (columns, rows), bytes(drawn))


def poster(text: str = INVITE, size: tuple[int, int] = (1080, 1440), scale: int = 8) -> Image.Image:
    """The code in the corner of a photo."""
    photo = Image.effect_noise(size, 40).convert("RGB")
    drawn = code(text, scale)
    photo.paste(drawn, (size[0] - drawn.width - 60, size[1] - drawn.height - 90))
    return photo


def bytes_of(picture: Image.Image, format: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, format, **options)
    return out.getvalue()


def _faint(picture: Image.Image) -> Image.Image:
    return Image.blend(Image.new("L", picture.size, 140), picture, 0.12)


def _see_through(picture: Image.Image) -> Image.Image:
    drawn = Image.new("RGBA", picture.size, (0, 0, 0, 0))
    drawn.paste((0, 0, 0, 255), mask=ImageOps.invert(picture))
    return drawn


def _stained(picture: Image.Image) -> Image.Image:
    shade = Image.linear_gradient("L").resize(picture.size)
    return ImageChops.multiply(picture, Image.blend(Image.new("L", picture.size, 255), shade, 0.7))


WAYS: Mapping[str, Callable[[Image.Image], Image.Image]] = {
    "plain": lambda picture: picture,
    "upside down": lambda picture: picture.rotate(180),
    "tilted": lambda picture: picture.rotate(33, expand=True, fillcolor=255),
    "inverted": ImageOps.invert,
    "small": lambda picture: picture.resize((74, 74), Image.Resampling.BILINEAR),
    "blurred": lambda picture: picture.filter(ImageFilter.GaussianBlur(4)),
    "low contrast": _faint,
    "mirrored": ImageOps.mirror,
    "see-through": _see_through,
    "half in shadow": _stained,
    "squeezed": lambda picture: picture.resize((picture.width, picture.height * 2 // 3)),
    "colours of the shop": lambda picture: ImageOps.colorize(picture, "#7a1f5c", "#ffe8b0"),
}
