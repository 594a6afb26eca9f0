"""What the pages about groups ask."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Literal, Protocol

from bot.console.models import View

Stage = Literal["new", "growing", "steady", "fading", "silent"]
Health = Literal["good", "warn", "bad", "idle"]


class GroupRow(View):
    """`trend`: messages a day for two weeks, oldest first. `idle` health: nothing runs there."""

    uid: str
    name: str
    platform: str
    size: int
    account: str
    health: Health
    why: Literal["", "offline", "failed", "broken", "nothing_runs"]
    stage: Stage
    trend: tuple[int, ...]
    active: int
    plays: int
    waiting: int


class PlayRow(View):
    """One play in the group. `status`: open, done (it has ended), closed (no longer in the playbook), broken."""

    ref: str
    kind: str
    status: str
    since: datetime
    updated_at: datetime
    next_at: datetime | None
    next_name: str
    is_pinned: bool
    """It goes on with an earlier version until it is done."""


class Said(View):
    """One line of the feed: a message, or what the bot sent."""

    id: str
    at: datetime
    member: str
    name: str
    text: str
    kind: str
    is_bot: bool = False
    is_recalled: bool = False
    is_edited: bool = False
    is_backfilled: bool = False
    places: tuple[tuple[int, int], ...] = ()
    """Where the words of a search stand in `text`."""
    group: str = ""
    group_name: str = ""
    """Where it was said, in a search of all groups."""


class Gap(View):
    from_at: datetime
    to_at: datetime | None
    status: str
    found: int


class Group(View):
    uid: str
    name: str
    platform: str
    size: int
    members: int
    account: str
    is_online: bool
    tags: tuple[str, ...]
    stage: Stage
    trend: tuple[int, ...]
    active: int
    plays: tuple[PlayRow, ...]
    feed: tuple[Said, ...]
    cursor: str
    """Where a live feed goes on."""
    gaps: tuple[Gap, ...]


class Feed(View):
    """What is new, newest first. `skipped`: older news that are not among it."""

    said: tuple[Said, ...]
    cursor: str
    skipped: int


class Found(View):
    """Messages that a search found, or those around one, newest first."""

    group: str
    group_name: str
    query: str
    around: str
    said: tuple[Said, ...]
    older: str
    """The id to go on before; "" at the end."""
    unseen: int = 0
    """So many new messages the search index has not come to yet."""


class MemberRow(View):
    uid: str
    name: str
    role: str
    joined_at: datetime | None
    spoke_at: datetime | None
    points: int
    tags: tuple[str, ...]


class Members(View):
    group: str
    group_name: str
    query: str
    members: tuple[MemberRow, ...]
    total: int
    page: int
    pages: int


class SettingRow(View):
    """One effective value. `layer` wrote it last; `layers` are all that did, from the general to the particular."""

    key: str
    value: str
    layer: str
    place: str
    layers: tuple[str, ...]


class SettingsOf(View):
    playbook: str
    title: str
    path: str
    rows: tuple[SettingRow, ...]


class GroupSettings(View):
    group: str
    group_name: str
    tags: tuple[str, ...]
    playbooks: tuple[SettingsOf, ...]


class GroupsPort(Protocol):
    """Groups by uid; None for one that is not known."""

    async def groups(self, sees: Callable[[str], bool]) -> tuple[GroupRow, ...]: ...

    async def group(self, uid: str) -> Group | None: ...

    async def feed(self, uid: str, cursor: str) -> Feed | None: ...

    async def messages(self, uid: str, *, containing: str, before: str, around: str) -> Found | None:
        """Newest first; `containing` are words that must all be there, `around` the id of a message to show with its
        surroundings."""
        ...

    async def search(self, words: str, sees: Callable[[str], bool], *, before: str) -> Found:
        """The same over all groups that the caller sees; `group` of what is found is ""."""
        ...

    async def members(self, uid: str, *, containing: str, page: int) -> Members | None: ...

    async def settings(self, uid: str) -> GroupSettings | None: ...
