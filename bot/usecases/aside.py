"""A command of our own in a process beside the bot: long work takes the processor, and the bot's loop must go on answering."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bot.engine import cores
from storage.database import Database

ROOT = Path(__file__).resolve().parents[2]
_MARK = b"progress "
"""How commands say with `--progress` how far they are, a line each on stderr."""
_SECRET = ("QUNOPS_ONEBOT_TOKEN", "QUNOPS_WECHAT_ENDPOINT", "QUNOPS_WECHAT_TOKEN")


@dataclass(frozen=True, slots=True)
class Ended:
    """`complaint`: what it said on stderr besides its progress."""

    code: int
    out: bytes
    complaint: str


def _nobody(done: float) -> None:
    """Progress that nobody asked for."""


async def run_aside(
    words: Sequence[str], *, patience_s: float, environment: Mapping[str, str] | None = None,
    progress: Callable[[float], None] = _nobody,
) -> Ended:  # fmt: skip
    """`qunops` with these words. Raises `TimeoutError` when it takes longer; it does not outlive its caller."""
    with cores.anywhere():
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", *words, cwd=ROOT, env={**os.environ, **(environment or {})},
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        async with asyncio.timeout(patience_s):
            out, complaint = await asyncio.gather(process.stdout.read(), _complaint(process.stderr, progress))
            code = await process.wait()
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    return Ended(code, out, complaint)


async def _complaint(stream: asyncio.StreamReader, progress: Callable[[float], None]) -> str:
    lines = []
    async for line in stream:
        if line.startswith(_MARK):
            with suppress(ValueError):
                progress(min(1.0, max(0.0, float(line[len(_MARK) :]))))
        else:
            lines.append(line.decode(errors="replace"))
    return "".join(lines).strip()


class Commands:
    """Commands over the bot's own database, playbooks and templates, but without its secrets."""

    def __init__(self, database: Database, playbooks: Path, templates: Path) -> None:
        self._playbooks, self._templates = playbooks.resolve(), templates.resolve()
        # A password stands in the environment, which others can't read, not among the words, which everybody sees.
        path = database.path
        self._url = f"sqlite:///{path.resolve()}" if path else database.url.render_as_string(hide_password=False)

    async def run(
        self, words: Sequence[str], folder: Path, *, patience_s: float, progress: Callable[[float], None] = _nobody
    ) -> Ended:
        """`folder` is for the settings that the command is given; it is the caller's to take away. Raises `TimeoutError`."""
        environment = self.environment(folder / "settings.json")
        return await run_aside(words, patience_s=patience_s, environment=environment, progress=progress)

    def environment(self, settings: Path) -> dict[str, str]:
        """Writes the settings and names what the command needs of them; the bot's own tokens are taken away."""
        content = {"playbooks": str(self._playbooks), "templates": str(self._templates), "onebot": None}
        settings.write_text(json.dumps(content), "utf-8")
        return {
            **dict.fromkeys(_SECRET, ""), "QUNOPS_CONFIG": str(settings), "QUNOPS_DATABASE": self._url,
            "QUNOPS_DB": self._url, "PYTHONUTF8": "1",
        }  # fmt: skip
