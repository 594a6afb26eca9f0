"""The worker process as seen from the engine: one at a time, killed when it takes too long, started again when needed."""

from __future__ import annotations

import asyncio
import struct
import sys
from collections.abc import Sequence
from contextlib import suppress

import orjson

_SIZE = struct.Struct(">I")
WORKER = (sys.executable, "-m", "bot.engine.images.worker")


class Decoder:
    """`limit_s` bounds the decoding of one picture; starting the process has `start_s`."""

    def __init__(self, *, limit_s: float = 2.0, start_s: float = 20.0, command: Sequence[str] = WORKER) -> None:
        self._limit_s, self._start_s, self._command = limit_s, start_s, tuple(command)
        self._process: asyncio.subprocess.Process | None = None

    async def decode(self, content: bytes) -> tuple[tuple[str, ...], str]:
        """The codes in the picture `content`, and why it could not be read."""
        try:
            is_cold = self._process is None or self._process.returncode is not None
            async with asyncio.timeout(self._limit_s + (self._start_s if is_cold else 0.0)):
                return await self._ask(content)
        except TimeoutError:
            await self.close()
            return (), "too slow"
        except (OSError, asyncio.IncompleteReadError) as error:
            await self.close()
            return (), f"the worker failed: {type(error).__name__}"
        except BaseException:
            await self.close()
            raise

    async def _ask(self, content: bytes) -> tuple[tuple[str, ...], str]:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                *self._command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
            )
        writer, reader = self._process.stdin, self._process.stdout
        assert writer is not None
        assert reader is not None
        writer.write(_SIZE.pack(len(content)) + content)
        await writer.drain()
        answer = orjson.loads(await reader.readexactly(_SIZE.unpack(await reader.readexactly(_SIZE.size))[0]))
        return tuple(answer["codes"]), answer["error"]

    async def close(self) -> None:
        """Ends the process, if there is one."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
        await process.wait()
        # Its transport is closed by the end of the process; a pipe that is still open would be reported as leaked.
        if process.stdin is not None:
            process.stdin.close()
            with suppress(OSError):
                await process.stdin.wait_closed()
