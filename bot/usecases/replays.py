"""Replays of real talk under a text that is not published: `qunops replay` beside the bot, the text against the files as they are."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from bot.console.ports.accounts import Refused
from bot.console.ports.playbooks import Caught, Otherwise, Reached, Replayed
from bot.usecases.aside import Commands
from bot.usecases.rehearsal import Files, lay_out
from bot.usecases.works import Begun, Undone, Works
from storage import measures
from storage.database import Database

_PATIENCE_S = 150.0
_MOST_HEARD = 20_000
"""So many of the group's newest messages are replayed: about ten seconds of work."""
_MOST_CAUGHT, _MOST_OTHERS = 200, 100


@dataclass(frozen=True, slots=True)
class _Asked:
    group: Reached
    days: int


class Replays:
    """Each belongs to the actor who began it; it is forgotten after some hours."""

    def __init__(self, database: Database, commands: Commands, now: Callable[[], datetime]) -> None:
        self._database, self._commands = database, commands
        self._works = Works[dict[str, Any]](now)

    async def begin(self, files: Files, changed: Files, group: str, days: int, actor: str) -> Replayed:
        reached = await asyncio.to_thread(self._reached, group)
        key = sha256(orjson.dumps([dict(files), dict(changed), group, days], option=orjson.OPT_SORT_KEYS)).hexdigest()
        begun = self._works.begin(
            actor, key, f"replay {group}", lambda tell: self._replay(files, changed, group, days, tell),
            about=_Asked(reached, days),
        )  # fmt: skip
        return _view(begun)

    def found(self, replay: str, actor: str) -> Replayed | None:
        begun = self._works.find(replay, actor)
        return _view(begun) if begun is not None else None

    # -- inside -----------------------------------------------------------------------------------------------------

    def _reached(self, group: str) -> Reached:
        with self._database.reading() as connection:
            row = measures.group(connection, group)
        if row is None:
            raise Refused("no_such_group")
        return Reached(uid=row.uid, name=row.name or row.uid)

    async def _replay(
        self, files: Files, changed: Files, group: str, days: int, tell: Callable[[float], None]
    ) -> dict[str, Any]:
        with tempfile.TemporaryDirectory(prefix="qunops-replay-") as name:
            folder = Path(name)
            await asyncio.to_thread(lay_out, folder / "now", files)
            await asyncio.to_thread(lay_out, folder / "then", changed)
            words = (
                "replay", "--playbooks", str(folder / "then"), "--against", str(folder / "now"), "--group", group,
                "--days", str(days), "--newest", str(_MOST_HEARD), "--format", "json", "--progress",
            )  # fmt: skip
            ended = await self._commands.run(words, folder, patience_s=_PATIENCE_S, progress=tell)
        if ended.code not in (0, 1):
            raise Undone(ended.complaint.replace(f"{name}/", "")[-1000:] or "failed")
        results: list[dict[str, Any]] = orjson.loads(ended.out)
        if not results:
            raise Undone("not_for_group")
        return results[0]


def _view(begun: Begun[dict[str, Any]]) -> Replayed:
    asked: _Asked = begun.about
    row = begun.result
    if row is None:
        return Replayed(group=asked.group, days=asked.days, work=begun.view)
    names: Mapping[str, str] = row["names"]
    others = [
        Otherwise(
            at=datetime.fromisoformat(each["at"]) if each["at"] else None, name=names.get(uid, uid), what=each["what"],
            before=tuple(line for line in each["before"] if line not in each["after"]),
            after=tuple(line for line in each["after"] if line not in each["before"]),
        )
        for uid, rows in row["members"].items()
        for each in rows
    ]  # fmt: skip
    return Replayed(
        group=asked.group, days=asked.days, work=begun.view, replayed=row["replayed"],
        since=datetime.fromisoformat(row["since"]), hits=row["hits"], more=_caught(row["more"], names),
        more_left_out=max(0, len(row["more"]) - _MOST_CAUGHT), fewer=_caught(row["fewer"], names),
        others=tuple(others[:_MOST_OTHERS]), left_out=max(0, len(others) - _MOST_OTHERS),
        people=sum(bool(uid) for uid in row["members"]),
    )  # fmt: skip


def _caught(rows: Iterable[dict[str, Any]], names: Mapping[str, str]) -> tuple[Caught, ...]:
    return tuple(
        Caught(
            at=datetime.fromisoformat(each["at"]), name=names.get(each["member"], each["member"]), text=each["text"][:500],
            rule=each["rule"], level=each["level"], mode=each["mode"], done=tuple(each["done"]),
        )
        for each in list(rows)[:_MOST_CAUGHT]
    )  # fmt: skip
