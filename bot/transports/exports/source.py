"""The file behind a reader: its encoding told from its bytes, its lines counted, how far it has been read."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from pathlib import Path
from typing import IO

_HEAD = 256 * 1024


class Source:
    """One export. `head` is its beginning as text; `done` how many bytes have been read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = path.stat().st_size
        with path.open("rb") as file:
            raw = file.read(_HEAD)
        self.encoding = encoding_of(raw)
        self.head = raw.decode(self.encoding, errors="replace").lstrip("\ufeff")
        self._file: IO[bytes] | None = None

    @property
    def done(self) -> int:
        return self._file.tell() if self._file is not None and not self._file.closed else 0

    def bytes(self) -> IO[bytes]:
        """The file from its beginning, behind a byte order mark of UTF-8."""
        self._file = self.path.open("rb")
        if self._file.read(3) != codecs.BOM_UTF8:
            self._file.seek(0)
        return self._file

    def text(self) -> io.TextIOWrapper:
        """The file as text; bytes that are none become U+FFFD."""
        raw = self.bytes()
        encoding = "utf-8" if self.encoding == "utf-8-sig" else self.encoding
        return io.TextIOWrapper(raw, encoding=encoding, errors="replace", newline="")

    def lines(self) -> Iterator[tuple[int, str]]:
        """(number from 1, line without its end). Ends are \\n, \\r\\n or \\r\\r\\n, which exports on Windows write."""
        with self.text() as file:
            for number, line in enumerate(_lines(file), 1):
                yield number, line.rstrip("\r\n").replace("\x00", "")


def encoding_of(raw: bytes) -> str:
    """By the byte order mark, else UTF-8 if it is, else GB18030, which every Chinese Windows writes."""
    if raw.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(raw)
    except UnicodeDecodeError as error:
        # A few torn bytes in an otherwise valid text do not make it GB18030.
        valid = raw[: error.start].decode("utf-8")
        return "gb18030" if valid.isascii() or error.start < len(raw) // 2 else "utf-8"
    return "utf-8"


_LONGEST = 4 * 1024 * 1024


def _lines(file: io.TextIOWrapper) -> Iterator[str]:
    """Lines by \\n; one that is longer than any message comes in pieces, so that memory stays bounded."""
    while line := file.readline(_LONGEST):
        yield line
