"""Groups: how each is, what runs there, what is said there, and where its settings come from."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.console.ports.groups import (
    Feed,
    Found,
    Gap,
    Group,
    GroupRow,
    GroupSettings,
    Health,
    MemberRow,
    Members,
    PlayRow,
    Said,
    SettingRow,
    SettingsOf,
    Stage,
)
from bot.engine.clock import from_ms
from bot.engine.codec import plain as readable
from bot.engine.live import LiveEngine
from bot.playbook.load import Loaded
from bot.playbook.nodes import Node
from bot.playbook.origin import origin
from storage import groups as rows
from storage import reads
from storage.database import Database
from storage.search import Found as Hits
from storage.search import Hit, Query
from storage.search import search as find

DAYS = 14
_FEED, _SENT = 60, 30
_LONGEST_TEXT = 2000
_PAGE = 100
_FOUND = 50
_AROUND = 10
_SEARCHES = 20
"""How often the next hits are asked for when those found are not for the caller's eyes."""


@dataclass(slots=True)
class _Fortnight:
    """Messages a day for two weeks, oldest first; `active`: who spoke on the last day that was counted, which is `last`."""

    trend: list[int] = field(default_factory=lambda: [0] * DAYS)
    active: int = 0
    last: int = -1


_SILENT = _Fortnight()


class GroupsDesk:
    """Answers `bot.console.ports.groups.GroupsPort`."""

    def __init__(
        self, database: Database, engine: LiveEngine, loaded: Callable[[], Loaded], now: Callable[[], datetime],
        zone: ZoneInfo,
    ) -> None:  # fmt: skip
        self._database, self._engine, self._loaded, self._now, self._zone = database, engine, loaded, now, zone

    async def groups(self, sees: Callable[[str], bool]) -> tuple[GroupRow, ...]:
        today = self._today()
        async with self._database.session() as session:
            chats = [chat for chat in await reads.chats(session) if sees(chat.uid)]
            fortnights = _fortnights(await rows.days(session, _first(today).isoformat()), today)
            # Only where the week before was silent can a group be new: the whole past of all would be read for nothing.
            young = [chat.id for chat in chats if chat.id in fortnights and not any(fortnights[chat.id].trend[:7])]
            began = await rows.first_days(session, young)
            runs, tasks, failed, broken = await rows.open_counts(session)
        online = self._engine.online
        found = []
        for chat in chats:
            fortnight = fortnights.get(chat.id, _SILENT)
            health, why = _health(chat, online, runs.get(chat.id, 0), failed.get(chat.id, 0), chat.id in broken)
            found.append(
                GroupRow(
                    uid=chat.uid, name=chat.name or chat.uid, platform=chat.platform, size=chat.size,
                    account=chat.account or "", health=health, why=why,
                    stage=stage_of(fortnight.trend, began.get(chat.id), today), trend=tuple(fortnight.trend),
                    active=fortnight.active, plays=runs.get(chat.id, 0), waiting=tasks.get(chat.id, 0),
                )
            )  # fmt: skip
        return tuple(found)

    async def group(self, uid: str) -> Group | None:
        today = self._today()
        async with self._database.session() as session:
            chat = await rows.chat(session, uid)
            if chat is None:
                return None
            counted = await rows.days(session, _first(today).isoformat(), chat=chat.id)
            began = (await rows.first_days(session, [chat.id])).get(chat.id)
            runs = await rows.runs(session, chat.id)
            members = await rows.roster_size(session, chat.id)
            heard = await rows.newest(session, chat.id, limit=_FEED)
            sent = await rows.sent(session, chat.id, limit=_SENT)
            gaps = await reads.gaps(session, chat=chat.id, limit=10)
        fortnight = _fortnights(counted, today).get(chat.id, _SILENT)
        loaded = self._loaded()
        versions = {ref: active.version for ref, active in loaded.plan(uid).plays.items()}
        return Group(
            uid=uid, name=chat.name or uid, platform=chat.platform, size=chat.size, members=members,
            account=chat.account or "", is_online=chat.account in self._engine.online,
            tags=tuple(sorted(loaded.house.tags_of(uid))), stage=stage_of(fortnight.trend, began, today),
            trend=tuple(fortnight.trend),
            active=fortnight.active,
            plays=tuple(
                PlayRow(
                    ref=run.ref, kind=run.kind, status=run.status, since=from_ms(run.started_at),
                    updated_at=from_ms(run.updated_at), next_at=_at(run.at), next_name=run.name or "",
                    is_pinned=run.status == "open" and versions.get(run.ref, run.version) != run.version,
                )
                for run in runs
            ),
            feed=_merged(heard, sent)[:_FEED], cursor=_cursor(heard, sent, (0, 0)),
            gaps=tuple(
                Gap(from_at=from_ms(gap.from_at), to_at=_at(gap.to_at), status=gap.status, found=gap.found)
                for gap in gaps
            ),
        )  # fmt: skip

    async def feed(self, uid: str, cursor: str) -> Feed | None:
        message_id, settled_at = _position(cursor)
        async with self._database.session() as session:
            chat = await rows.chat(session, uid)
            if chat is None:
                return None
            heard = await rows.newest(session, chat.id, limit=_FEED)
            sent = await rows.sent(session, chat.id, limit=_SENT)
            fresh = [row for row in heard if row.id > message_id]
            skipped = 0
            if message_id and len(fresh) == _FEED:
                skipped = await rows.count_between(session, chat.id, message_id, fresh[-1].id)
        said = _merged(fresh, [row for row in sent if (row.settled_at or 0) > settled_at])
        return Feed(said=said, cursor=_cursor(heard, sent, (message_id, settled_at)), skipped=skipped)

    async def messages(self, uid: str, *, containing: str, before: str, around: str) -> Found | None:
        async with self._database.session() as session:
            chat = await rows.chat(session, uid)
            if chat is None:
                return None
            if around.isdecimal():
                found: Sequence[Any] = await rows.around(session, chat.id, int(around), each=_AROUND)
            elif not containing:
                found = await rows.messages(session, chat.id, before=_id(before) or None, limit=_FOUND)
        if containing and not around.isdecimal():
            hits = await self._hits(Query(words=containing, chat=uid, before=_id(before), limit=_FOUND))
            return _answer(hits.hits, hits.unseen, containing, group=uid, group_name=chat.name or uid)
        older = str(found[-1].id) if len(found) >= _FOUND and not around else ""
        said = tuple(said_of(row) for row in found)
        return Found(
            group=uid, group_name=chat.name or uid, query=containing, around=around, said=said, older=older
        )  # fmt: skip

    async def search(self, words: str, sees: Callable[[str], bool], *, before: str) -> Found:
        found: list[Hit] = []
        start, unseen = _id(before), 0
        for _ in range(_SEARCHES):
            part = await self._hits(Query(words=words, before=start, limit=_FOUND))
            found += [hit for hit in part.hits if sees(hit.chat)]
            unseen = max(unseen, part.unseen)
            if len(found) >= _FOUND or len(part.hits) < _FOUND:
                break
            start = part.hits[-1].id
        return _answer(found[:_FOUND], unseen, words)

    async def members(self, uid: str, *, containing: str, page: int) -> Members | None:
        async with self._database.session() as session:
            chat = await rows.chat(session, uid)
            if chat is None:
                return None
            found, total = await rows.members(
                session, chat.id, containing=containing, offset=(page - 1) * _PAGE, limit=_PAGE
            )
            tags = await rows.tags(session, chat.id, [row.id for row in found])
        people = tuple(
            MemberRow(
                uid=row.uid, name=row.name or row.uid, role=row.role, joined_at=_at(row.joined_at),
                spoke_at=_at(row.spoke_at), points=row.points, tags=tuple(tags.get(row.id, ())),
            )
            for row in found
        )  # fmt: skip
        return Members(
            group=uid, group_name=chat.name or uid, query=containing, members=people, total=total, page=page,
            pages=max(1, -(-total // _PAGE)),
        )  # fmt: skip

    async def settings(self, uid: str) -> GroupSettings | None:
        async with self._database.session() as session:
            chat = await rows.chat(session, uid)
        if chat is None:
            return None
        loaded = self._loaded()
        playbooks = []
        for playbook, tags in loaded.applying(uid):
            variant = playbook.variant_for(uid, tags)
            found = []
            for key in _leaves(variant.tree):
                where = origin(loaded, playbook, key, uid)
                if where.is_written and where.layers:
                    last = where.layers[-1]
                    found.append(
                        SettingRow(
                            key=where.key, value=json.dumps(where.value, ensure_ascii=False, default=str)[:500],
                            layer=last.layer, place=f"{last.place.path}:{last.place.line}",
                            layers=tuple(layer.layer for layer in where.layers),
                        )
                    )  # fmt: skip
            playbooks.append(
                SettingsOf(playbook=playbook.id, title=playbook.title, path=playbook.path, rows=tuple(found))
            )
        return GroupSettings(
            group=uid, group_name=chat.name or uid, tags=tuple(sorted(loaded.house.tags_of(uid))),
            playbooks=tuple(playbooks),
        )  # fmt: skip

    async def _hits(self, query: Query) -> Hits:
        """In a thread: comparing words is work, and the loop has other things to do."""

        def work() -> Hits:
            with self._database.reading() as connection:
                return find(connection, query)

        return await asyncio.to_thread(work)

    def _today(self) -> date:
        return self._now().astimezone(self._zone).date()


def stage_of(trend: Sequence[int], began: str | None, today: date) -> Stage:
    """Where a group is in its life, by two weeks of messages a day: the last seven against the seven before."""
    before, last = sum(trend[:7]), sum(trend[7:])
    if last == 0:
        return "silent"
    if began is not None and (today - date.fromisoformat(began)).days < 7:
        return "new"
    if last < before * 0.6:
        return "fading"
    return "growing" if last > before * 1.25 else "steady"


def _health(chat: Any, online: Mapping[str, str], plays: int, failed: int, is_broken: bool) -> tuple[Health, str]:
    if not chat.account or chat.account not in online:
        return "bad", "offline"
    if is_broken:
        return "bad", "broken"
    if failed:
        return "warn", "failed"
    return ("good", "") if plays else ("idle", "nothing_runs")


def _first(today: date) -> date:
    return today - timedelta(days=DAYS - 1)


def _fortnights(counted: Sequence[Any], today: date) -> dict[int, _Fortnight]:
    """Group → its last two weeks, from the rows of its days."""
    places = {(_first(today) + timedelta(days=n)).isoformat(): n for n in range(DAYS)}
    found: dict[int, _Fortnight] = {}
    for chat_id, day, msgs, active in counted:
        place = places.get(day)
        if place is not None:
            fortnight = found.setdefault(chat_id, _Fortnight())
            fortnight.trend[place] = msgs
            if place >= fortnight.last:
                fortnight.last, fortnight.active = place, active
    return found


def _merged(heard: Sequence[Any], sent: Sequence[Any]) -> tuple[Said, ...]:
    """Both in one order, newest first."""
    lines = [said_of(row) for row in heard] + [_sent(row) for row in sent if _is_in_group(row)]
    return tuple(sorted(lines, key=lambda line: line.at, reverse=True))


def _answer(hits: Sequence[Hit], unseen: int, words: str, *, group: str = "", group_name: str = "") -> Found:
    said = tuple(
        Said(
            id=str(hit.id), at=from_ms(hit.sent_at), member=hit.member, name=hit.name or hit.member,
            text=hit.text[:_LONGEST_TEXT], kind="text", places=hit.places, group=hit.chat,
            group_name=hit.chat_name or hit.chat,
        )
        for hit in hits
    )  # fmt: skip
    older = said[-1].id if len(said) >= _FOUND else ""
    return Found(
        group=group, group_name=group_name, query=words, around="", said=said, older=older, unseen=unseen
    )  # fmt: skip


def _id(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def _is_in_group(row: Any) -> bool:
    """Said to everybody: not an act, and not a word in private."""
    return row.kind in ("message", "file", "table") and not json.loads(row.body).get("to")


def said_of(row: Any) -> Said:
    """A message of the log as a line of a feed."""
    return Said(
        id=str(row.id), at=from_ms(row.sent_at), member=row.member or "", name=row.name or row.member or "",
        text=row.text[:_LONGEST_TEXT], kind=row.kind, is_bot=bool(row.is_bot), is_recalled=row.recalled_at is not None,
        is_edited=row.edited_at is not None, is_backfilled=bool(row.flags & 8),
    )  # fmt: skip


def _sent(row: Any) -> Said:
    return Said(
        id=f"o{row.id}", at=from_ms(row.settled_at or row.created_at), member=row.account, name=row.name or row.account,
        text=readable(row.kind, row.body)[:_LONGEST_TEXT], kind="text" if row.kind == "message" else row.kind, is_bot=True,
    )  # fmt: skip


def _cursor(heard: Sequence[Any], sent: Sequence[Any], least: tuple[int, int]) -> str:
    """The newest message's id and the newest send's time: what is new begins behind them."""
    message_id = max([row.id for row in heard], default=0)
    settled_at = max([row.settled_at or 0 for row in sent], default=0)
    return f"{max(message_id, least[0])}.{max(settled_at, least[1])}"


def _position(cursor: str) -> tuple[int, int]:
    first, _, second = cursor.partition(".")
    return (int(first) if first.isdecimal() else 0, int(second) if second.isdecimal() else 0)


def _leaves(node: Node | None, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The keys worth a line: those of the head, and of each play."""
    for key, child in (node.children if node is not None else {}).items():
        here = (*path, key)
        if child.kind == "map" and (here == ("plays",) or (len(here) == 2 and here[0] == "plays")):
            yield from _leaves(child, here)
        elif key not in ("playbook", "overrides"):
            yield here


def _at(ms: int | None) -> datetime | None:
    return from_ms(ms) if ms is not None else None
