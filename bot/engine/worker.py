"""A process of our own that does one risky thing at a time: killed when it takes too long, started again when needed.

Protocol, on its stdin and stdout: a length (4 bytes, big-endian) and the request; a length and the answer. What breaks a
C library takes only that process with it, and its memory is bounded.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import BinaryIO

from bot.engine import cores

_SIZE = struct.Struct(">I")
_MEMORY_BYTES = 1024**3


class WorkerFailed(Exception):
    """No answer: too slow, or the process ended. The next request gets a new process."""


class WorkerProcess:
    """`limit_s` bounds one answer; starting the process has `start_s` besides. One request at a time."""

    def __init__(self, command: Sequence[str], *, limit_s: float, start_s: float = 20.0) -> None:
        self._command, self._limit_s, self._start_s = tuple(command), limit_s, start_s
        self._process: asyncio.subprocess.Process | None = None

    async def ask(self, request: bytes) -> bytes:
        """Raises `WorkerFailed`."""
        try:
            is_cold = self._process is None or self._process.returncode is not None
            async with asyncio.timeout(self._limit_s + (self._start_s if is_cold else 0.0)):
                return await self._answer(request)
        except TimeoutError:
            await self.close()
            raise WorkerFailed("too slow") from None
        except (OSError, asyncio.IncompleteReadError) as error:
            await self.close()
            raise WorkerFailed(f"the worker failed: {type(error).__name__}") from None
        except BaseException:
            await self.close()
            raise

    async def _answer(self, request: bytes) -> bytes:
        if self._process is None or self._process.returncode is not None:
            with cores.anywhere():
                self._process = await asyncio.create_subprocess_exec(
                    *self._command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
                )
        writer, reader = self._process.stdin, self._process.stdout
        assert writer is not None
        assert reader is not None
        writer.write(_SIZE.pack(len(request)) + request)
        await writer.drain()
        return await reader.readexactly(_SIZE.unpack(await reader.readexactly(_SIZE.size))[0])

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


def serve(answer: Callable[[bytes], bytes], requests: BinaryIO, answers: BinaryIO) -> None:
    """The other side: answers until its input ends."""
    while len(head := requests.read(_SIZE.size)) == _SIZE.size:
        said = answer(requests.read(_SIZE.unpack(head)[0]))
        answers.write(_SIZE.pack(len(said)) + said)
        answers.flush()


def bound_memory(limit_bytes: int = _MEMORY_BYTES) -> None:
    """For the rest of this process, where the system can."""
    try:
        import resource
    except ImportError:  # not on Windows
        return
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (limit_bytes, limit_bytes))
