"""Pictures of our own disk, carried inside the message: the implementation may run where our paths mean nothing."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bot.core.errors import SendRefused
from bot.core.segments import Image, Segment

_AS_IS = ("http://", "https://", "base64://")


async def inline_pictures(segments: Iterable[Segment], limit_bytes: int) -> tuple[Segment, ...]:
    """`segments` with every local picture (a path or a `file://` address) as base64.

    Raises `SendRefused` for a picture that cannot be read or is larger than `limit_bytes`.
    """
    found = tuple(segments)
    if not any(_is_local(segment) for segment in found):
        return found
    return await asyncio.to_thread(lambda: tuple(_inline(segment, limit_bytes) for segment in found))


def _is_local(segment: Segment) -> bool:
    return isinstance(segment, Image) and bool(segment.url) and not segment.url.startswith(_AS_IS)


def _inline(segment: Segment, limit_bytes: int) -> Segment:
    if not isinstance(segment, Image) or not _is_local(segment):
        return segment
    url = segment.url
    path = Path(unquote(urlsplit(url).path) if url.startswith("file://") else url)
    try:
        size = path.stat().st_size
        if size > limit_bytes:
            raise SendRefused(f"{path.name} has {size} bytes, more than {limit_bytes}")
        content = path.read_bytes()
    except OSError as error:
        raise SendRefused(f"cannot read the picture {path.name}: {error.strerror}") from None
    return replace(segment, url=f"base64://{b64encode(content).decode('ascii')}", name=segment.name or path.name)
