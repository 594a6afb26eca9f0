"""Runs as stored, with the play on the version that they are pinned to: what the boards of plays are made from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection

from bot.core.errors import ConfigMistake
from bot.core.play import Context, Member
from bot.engine.clock import from_ms
from bot.playbook.model import ActivePlay
from bot.playbook.versions import restore_play
from bot.plays import all_plays, asset_parsers
from storage import play_runs as rows

T = TypeVar("T")
PAGE = 20
"""Rows of a list of runs: only those on the page are read with all that they keep."""
_KNOWN: dict[str, ActivePlay] = {}
_MOST_KNOWN = 256


@dataclass(frozen=True, slots=True)
class Kept:
    """One run. `state` is its document; slots are read apart, as few as are needed."""

    id: int
    chat_id: int
    chat: str
    chat_name: str
    ref: str
    active: ActivePlay
    state: Any

    @property
    def playbook(self) -> str:
        return self.ref.partition("/")[0]

    @property
    def play(self) -> str:
        return self.ref.partition("/")[2]

    def slots(self, connection: Connection, *beginnings: str) -> dict[str, Any]:
        return self.read_slots(rows.slots_of(connection, self.id, *beginnings))

    def read_slots(self, documents: Mapping[str, str]) -> dict[str, Any]:
        model = self.active.play.Slot
        assert model is not None
        return {key: model.model_validate_json(data) for key, data in documents.items()}

    def context(self, now: datetime, slots: Mapping[str, Any], roster: Mapping[str, Member]) -> Context[Any]:
        """As its play would see it now."""
        header = self.active.header
        return Context(
            params=self.active.params, now=now, chat=self.chat, chat_name=self.chat_name, playbook=header.playbook,
            title=header.title, play=self.ref, zone=header.zone, day_starts=header.day_starts, slots=slots,
            roster=roster, assets=self.active.assets,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class People:
    """Everybody who is or was in the group; `here`: who is."""

    everybody: Mapping[str, Member]
    here: Mapping[str, Member]

    def name(self, uid: str) -> str:
        """As the console shows it: operators of the console have no prefix."""
        found = self.everybody.get(uid)
        return found.name if found is not None else uid.removeprefix("console:")


def runs_in(connection: Connection, kind: str, chat: str = "", ref: str = "") -> Iterator[Kept]:
    """The runs whose play can still be read."""
    for row in rows.runs_of(connection, kind, chat, ref):
        if (kept := kept_of(connection, row)) is not None:
            yield kept


def kept_of(connection: Connection, row: Any) -> Kept | None:
    """A row of `play_runs.runs_of` with its play; None when nobody can read it any more."""
    active = play_of(connection, row.version)
    if active is None:
        return None
    state = active.play.State.model_validate_json(row.state)
    return Kept(row.id, row.chat_id, row.chat, row.chat_name or row.chat, row.ref, active, state)


def meant(connection: Connection, kind: str, sees: Callable[[str, str], bool], words: str) -> list[Any]:
    """Rows of the runs that the caller sees and whose group or play the words name; nothing is restored yet."""
    wanted = words.casefold()
    return [
        row
        for row in rows.runs_of(connection, kind)
        if sees(row.chat, row.ref.partition("/")[0])
        and (wanted in (row.chat_name or row.chat).casefold() or wanted in row.ref.casefold() or words == row.chat)
    ]


@dataclass(frozen=True, slots=True)
class Paging:
    """Page `page` of `total` things; one behind the last is the last."""

    total: int
    wanted: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PAGE))

    @property
    def page(self) -> int:
        return min(self.wanted, self.pages)

    def of(self, found: Sequence[T]) -> Sequence[T]:
        return found[(self.page - 1) * PAGE : self.page * PAGE]


def people_in(connection: Connection, kept: Kept) -> People:
    operators, roles = kept.active.header.operators, kept.active.header.roles
    everybody, here = {}, {}
    for row in rows.people_in(connection, kept.chat):
        labels = {
            f"id:{row.uid}",
            f"role:{row.role}",
            *(f"role:{role}" for role, uids in roles.items() if row.uid in uids),
        }
        if row.role != "member" or row.uid in operators:
            labels.add("role:operator")
        member = Member(
            uid=row.uid, name=row.name, role=row.role, labels=frozenset(labels), is_bot=bool(row.is_bot),
            joined_at=from_ms(row.joined_at) if row.joined_at is not None else None,
        )  # fmt: skip
        everybody[row.uid] = member
        if row.is_here:
            here[row.uid] = member
    return People(everybody, here)


def play_of(connection: Connection, version: str) -> ActivePlay | None:
    """The play as it was when it had this version, which is a hash of all that it does; None when it is gone."""
    found = _KNOWN.get(version)
    if found is None:
        try:
            found = restore_play(rows.source_of(connection, version), all_plays(), asset_parsers())
        except (ConfigMistake, ValueError):
            return None
        if len(_KNOWN) >= _MOST_KNOWN:
            _KNOWN.clear()
        _KNOWN[version] = found
    return found
