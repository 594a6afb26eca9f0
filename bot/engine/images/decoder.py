"""The worker process that decodes, as seen from the engine."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import orjson

from bot.engine.worker import WorkerFailed, WorkerProcess

WORKER = (sys.executable, "-m", "bot.engine.images.worker")


class Decoder:
    """`limit_s` bounds the decoding of one picture; starting the process has `start_s`."""

    def __init__(self, *, limit_s: float = 2.0, start_s: float = 20.0, command: Sequence[str] = WORKER) -> None:
        self._worker = WorkerProcess(command, limit_s=limit_s, start_s=start_s)

    async def decode(self, content: bytes) -> tuple[tuple[str, ...], str]:
        """The codes in the picture `content`, and why it could not be read."""
        try:
            answer = orjson.loads(await self._worker.ask(content))
        except WorkerFailed as why:
            return (), str(why)
        return tuple(answer["codes"]), answer["error"]

    async def close(self) -> None:
        """Ends the process, if there is one."""
        await self._worker.close()
