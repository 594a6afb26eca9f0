"""A rehearsal in virtual time, in a process of its own: a simulation takes the processor for seconds, and the bot's loop
must go on answering."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from bot.console.ports.playbooks import Line, Played
from bot.usecases.aside import run_aside

_PATIENCE_S = 60.0
_MOST_LINES = 2_000
Files = Mapping[str, str]


async def rehearse(files: Files, path: str, *, days: int, members: int, seed: str) -> Played:
    """Plays the playbook at `path` among `files` for `days` with `members` who behave as members do."""
    with tempfile.TemporaryDirectory(prefix="qunops-rehearsal-") as name:
        folder = Path(name)
        await asyncio.to_thread(lay_out, folder, files)
        words = (
            "simulate", str(folder / path), "--days", str(days), "--members", str(members), "--seed", seed,
            "--format", "json",
        )  # fmt: skip
        try:
            ended = await run_aside(words, patience_s=_PATIENCE_S)
        except TimeoutError:
            return Played(problem="timeout")
    if ended.code not in (0, 1) or not ended.out:
        return Played(problem=ended.complaint.replace(f"{name}/", "")[:2000] or "failed")
    return _played(orjson.loads(ended.out))


def lay_out(folder: Path, files: Files) -> None:
    """Writes the files as they are named."""
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")


def _played(document: dict[str, Any]) -> Played:
    rows, report = document["transcript"], document["report"]
    return Played(
        lines=tuple(
            Line(at=datetime.fromisoformat(row["at"]), who=row["who"], text=row["line"], play=row["play"])
            for row in rows[:_MOST_LINES]
        ),
        left_out=max(0, len(rows) - _MOST_LINES),
        heard=report["heard"],
        sent=report["sent"],
        silent=tuple(report["never_fired"]),
        failures=tuple(report["failures"]),
        refused=tuple(report["refused"]),
    )
