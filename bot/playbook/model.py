"""What a checked playbook becomes for the engine: one plan per group, every value effective and every play compiled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from bot.core.play import CommandSpec, Play
from bot.core.text import CommandTable
from bot.core.units import ClockWindow


@dataclass(frozen=True, slots=True)
class RelayRule:
    """A person says what the bot would say: asked for what gathered within `gather`, given up after `within`."""

    gather: timedelta = timedelta(minutes=1)
    within: timedelta = timedelta(hours=6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a playbook says about the group as a whole. `operators` are member uids."""

    playbook: str
    title: str = ""
    zone: ZoneInfo = ZoneInfo("Asia/Shanghai")
    day_starts: time = time(0)
    quiet_hours: ClockWindow | None = None
    vars: Mapping[str, Any] = field(default_factory=dict)
    relay: RelayRule | None = None
    operators: frozenset[str] = frozenset()
    roles: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Further roles (`coach`, `版主`) → member uids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivePlay:
    """One play of one playbook as it applies to one group. `version` is a hash of all that it does: params, header,
    assets, the play's own version. Two groups with the same effective values share it."""

    name: str
    play: Play[Any, Any]
    params: BaseModel
    version: str
    header: Header
    assets: Mapping[str, Any] = field(default_factory=dict)
    definition: Mapping[str, Any] = field(default_factory=dict)
    """All that the version covers, as JSON values: what `bot.playbook.versions.restore_play` builds it from again."""
    metric: str = ""
    ref: str = field(init=False)
    """`<playbook>/<play>`: names the run within a group."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "ref", f"{self.header.playbook}/{self.name}")


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupPlan:
    """Everything that runs in one group."""

    chat: str
    plays: Mapping[str, ActivePlay]
    """By `ref`, in the order of the file."""
    commands: CommandTable
    """Spelling → (ref, spec)."""
    handbook: tuple[tuple[str, CommandSpec], ...] = ()
    tags: frozenset[str] = frozenset()
    hearing: tuple[ActivePlay, ...] = field(init=False)
    """The plays that chat can reach, in the order of the file: asked for at each message."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "hearing", tuple(active for active in self.plays.values() if active.play.hears_chat))


def plan_of(chat: str, plays: list[ActivePlay], tags: frozenset[str] = frozenset()) -> GroupPlan:
    """The plan of `chat`: commands of all plays in one table, the first claim of a spelling wins."""
    specs = [(play.ref, tuple(play.play.commands(play.params))) for play in plays]
    return GroupPlan(
        chat=chat,
        plays={play.ref: play for play in plays},
        commands=CommandTable.build(specs),
        handbook=tuple((ref.split("/", 1)[1], spec) for ref, group in specs for spec in group),
        tags=tags,
    )
