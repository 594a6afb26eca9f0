"""Cards drawn in a worker process, one at a time, and kept on disk by the hash of everything that makes them."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from bot.engine import templates
from bot.engine.drawings import NotDrawn
from bot.engine.worker import WorkerFailed, WorkerProcess

_VERSION = 1
"""Raised when cards are drawn differently, so that a picture of before is not taken for one of now."""
_LIMIT_S, _START_S = 5.0, 20.0
_PATIENCE_S = 20.0
_KEPT_BYTES = 64 * 1024**2
_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")


class Drawer:
    """`folder` is where pictures are kept, `kept_bytes` at most, the longest unused out first.

    One drawing has `limit_s`, starting the process `start_s` besides; who has waited `patience_s` for those before is told `busy`.
    """

    def __init__(
        self,
        templates: Path,
        folder: Path,
        *,
        kept_bytes: int = _KEPT_BYTES,
        limit_s: float = _LIMIT_S,
        start_s: float = _START_S,
        patience_s: float = _PATIENCE_S,
        command: Sequence[str] = (),
    ) -> None:
        self._templates, self._folder, self._kept_bytes, self._patience_s = templates, folder, kept_bytes, patience_s
        command = command or (sys.executable, "-m", "bot.insight.pictures.worker", str(templates))
        self._worker = WorkerProcess(command, limit_s=limit_s, start_s=start_s)
        self._turn = asyncio.Lock()
        self._fonts = ""

    async def draw(self, name: str, data: Mapping[str, Any]) -> Path:
        """The PNG's file. Raises `NotDrawn`."""
        if not _NAME.fullmatch(name):
            raise NotDrawn(f"no card {name!r}")
        try:
            path = await asyncio.to_thread(self._path, name, data)
            if await asyncio.to_thread(_is_there, path):
                return path
            async with asyncio.timeout(self._patience_s):
                await self._turn.acquire()
        except TimeoutError:
            raise NotDrawn("busy") from None
        except OSError as error:
            raise NotDrawn(f"{error.strerror}: {error.filename}") from None
        try:
            answer = await self._worker.ask(orjson.dumps({"card": name, "data": dict(data)}))
        except WorkerFailed as why:
            raise NotDrawn(str(why)) from None
        finally:
            self._turn.release()
        if not answer.startswith(b"+"):
            raise NotDrawn(answer[1:].decode("utf-8", "replace")[:300])
        try:
            await asyncio.to_thread(self._keep, path, answer[1:])
        except OSError as error:
            raise NotDrawn(f"{error.strerror}: {error.filename}") from None
        return path

    async def close(self) -> None:
        """Ends the worker process."""
        await self._worker.close()

    # -- on disk ----------------------------------------------------------------------------------------------------

    def _path(self, name: str, data: Mapping[str, Any]) -> Path:
        if not self._fonts:
            self._fonts = sha256((templates.OWN / "fonts" / "fonts.json").read_bytes()).hexdigest()
        template = templates.file(self._templates, "cards", f"{name}.yaml").read_bytes()
        body = orjson.dumps(dict(data), option=orjson.OPT_SORT_KEYS)
        whole = b"\x1f".join((str(_VERSION).encode(), name.encode(), self._fonts.encode(), template, body))
        return self._folder / f"{name}-{sha256(whole).hexdigest()[:40]}.png"

    def _keep(self, path: Path, content: bytes) -> None:
        """Writes the file whole or not at all, then lets the longest unused go."""
        self._folder.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(f".{os.getpid()}")
        unfinished.write_bytes(content)
        unfinished.replace(path)
        kept = sorted(
            ((file.stat(), file) for file in self._folder.glob("*.png")), key=lambda each: each[0].st_mtime_ns
        )
        size = sum(stat.st_size for stat, _ in kept)
        for stat, file in kept[:-1]:
            if size <= self._kept_bytes:
                break
            file.unlink(missing_ok=True)
            size -= stat.st_size


def _is_there(path: Path) -> bool:
    """Whether the picture is on disk; it then counts as used now."""
    try:
        os.utime(path)
    except OSError:
        return False
    return True
