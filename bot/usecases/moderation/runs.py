"""Rules plays as they run in groups."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from bot.console.ports.moderation import (
    Named,
)
from bot.playbook.model import ActivePlay
from bot.plays.rules import RulesParams


@dataclass(frozen=True, slots=True)
class Run:
    """A rules play in one group. `active` is None where the playbook that it came from can't be read."""

    row: Any
    active: ActivePlay | None
    watched: tuple[str, ...]
    is_paused: bool

    @property
    def playbook(self) -> str:
        return str(self.row.ref).partition("/")[0]

    @property
    def play(self) -> str:
        return str(self.row.ref).partition("/")[2]

    @property
    def where(self) -> Named:
        return Named(value=self.row.chat, name=self.row.chat_name or self.row.chat)

    @property
    def params(self) -> RulesParams | None:
        params = self.active.params if self.active is not None else None
        return params if isinstance(params, RulesParams) else None

    def day(self, at: datetime) -> date:
        assert self.active is not None
        header = self.active.header
        local = at.astimezone(header.zone)
        return (local - timedelta(hours=header.day_starts.hour, minutes=header.day_starts.minute)).date()


def ids_of(runs: Iterable[Run]) -> list[int]:
    return [run.row.id for run in runs]


def chats_of(runs: Iterable[Run]) -> list[int]:
    return list({run.row.chat_id for run in runs})


def places(runs: Iterable[Run]) -> tuple[Named, ...]:
    return tuple({run.row.chat: run.where for run in runs}.values())
