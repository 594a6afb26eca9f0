"""Members as people: the list, and one person's whole record."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.console.ports.members import (
    Candidate,
    Day,
    Entry,
    Fact,
    InGroup,
    Line,
    Linked,
    Member,
    Note,
    Offence,
    Paper,
    People,
    Person,
    Placed,
    Score,
    Sees,
    Streak,
    Tagged,
    Window,
)
from bot.console.ports.moderation import Named
from bot.core.tiers import LADDER, PYRAMID
from bot.engine.clock import from_ms
from bot.playbook.load import Loaded
from bot.plays.welcome.directory import GOAL, INTRO
from bot.usecases.scores import calendar_of, days_of
from storage import explanation, members, persons, privacy, reads, scoring
from storage.database import Database

_PAGE = 50
_LEDGER, _OFFENCES, _PAPERS = 30, 30, 20
_CANDIDATE_GROUPS = 12
_WORDS = (INTRO, GOAL)


@dataclass(slots=True)
class MemberRecords:
    """What is asked of members; `MembersDesk` does what is done."""

    database: Database
    loaded: Callable[[], Loaded]
    now: Callable[[], datetime]
    zone: ZoneInfo

    async def people(
        self, sees: Sees, *, is_all: bool, q: str, group: str, tag: str, tier: str, follow: bool, before: str
    ) -> People:
        start = int(before) if before.isdecimal() else None
        async with self.database.session() as session:
            chats = [chat for chat in await reads.chats(session) if sees(chat.uid)]
            names = {chat.id: Named(value=chat.uid, name=chat.name or chat.uid) for chat in chats}
            within = None if is_all else list(names)
            chosen = next((chat.id for chat in chats if chat.uid == group), None)
            ids = (
                await members.found(
                    session, within, words=q, group=chosen, tag=tag, tier=tier, follows=follow, before=start,
                    limit=_PAGE + 1,
                )
                if chosen is not None or not group
                else []
            )  # fmt: skip
            shown = ids[:_PAGE]
            people = await members.heads(session, shown)
            every = [each for of in people.values() for each in of]
            seen = await members.memberships(session, every, self._lately())
            tagged = await members.tags(session, every)
            placed = await members.standings(session, every, now_only=True)
            follows = await members.notes(session, every, open_only=True)
            tags = await members.known_tags(session, within)
        rows = []
        for head, own in people.items():
            mine = [row for row in seen if row.member_id in own and row.chat_id in names]
            if mine:
                rows.append(_person(head, own, mine, names, tagged, placed, follows))
        return People(
            people=tuple(rows), older=str(shown[-1]) if len(ids) > _PAGE else "", q=q,
            group=group if chosen is not None else "", tag=tag, tier=tier, follow=follow, today=self._today(),
            groups=tuple(names.values()), tags=tuple(tags), tiers=(*PYRAMID, *LADDER),
        )  # fmt: skip

    async def member(self, uid: str, sees: Sees) -> Member | None:
        async with self.database.session() as session:
            ids = await members.ids_of(session, uid)
            every = await members.memberships(session, ids, self._lately())
            seen = [row for row in every if sees(row.chat)]
            if not seen:
                return None
            names = {row.chat_id: row.chat_name or row.chat for row in seen}
            groups = {row.chat_id: row.chat for row in seen}
            chats = list(names)
            uids = list(dict.fromkeys(row.uid for row in every))
            tagged = [row for row in await members.tags(session, ids) if row.chat_id in names]
            placed = [row for row in await members.standings(session, ids, now_only=False) if row.chat_id in names]
            ledger = await members.ledger(session, ids, chats, _LEDGER)
            verdicts = await members.noted(session, ids, chats, ("verdict",), _OFFENCES)
            undone = await members.noted(session, ids, chats, ("undone",), 200)
            papers = await members.noted(session, ids, chats, ("certificate",), _PAPERS)
            checkins = await members.documents(session, chats, ("checkin",), uids)
            words = [f"{start}{each}" for start in _WORDS for each in uids]
            said = await members.documents(session, chats, ("welcome",), words)
            notes = [row for row in await members.notes(session, ids) if row.chat_id in names]
            linked = await members.links(session, ids)
        head = next((row for row in every if row.member_id == ids[0]), seen[0])
        name = _name(seen)
        gone = {(row.run_id, row.key) for row in undone}
        today = self._today()
        return Member(
            uid=head.uid, name=name, platform=head.platform, today=today,
            groups=tuple(_in_group(chat, rows, tagged, placed) for chat, rows in _by_chat(seen).items()),
            facts=tuple(_facts(seen, placed, said, names)),
            linked=tuple(
                Linked(
                    uid=row.member, evidence=row.evidence, by=row.merged_by, at=from_ms(row.merged_at),
                    is_newest=place == 0,
                )
                for place, row in enumerate(linked)
            ),
            candidates=await asyncio.to_thread(self._candidates, seen, frozenset(uids)),
            entries=tuple(
                Entry(
                    at=from_ms(row.at), group_name=names[row.chat_id], delta=row.delta, balance=row.balance_after,
                    reason=row.reason, source=row.source,
                )
                for row in ledger
            ),
            placed=tuple(
                Placed(
                    scheme=row.scheme, value=row.value, since=row.since, until=row.until or "",
                    group_name=names[row.chat_id],
                )
                for row in placed
                if row.scheme in ("pyramid", "ladder")
            ),
            streaks=tuple(_streak(row, names) for row in checkins),
            papers=tuple(_paper(row, names) for row in papers),
            offences=tuple(_offence(row, names, groups, (row.run_id, row.key) in gone) for row in verdicts),
            notes=tuple(_note(row, names, groups, today) for row in notes),
        )  # fmt: skip

    async def score(self, uid: str, sees: Sees, group: str, window: Window) -> Score | None:
        async with self.database.session() as session:
            ids = await members.ids_of(session, uid)
            seen = [row for row in await members.memberships(session, ids, self._lately()) if sees(row.chat)]
        if not seen:
            return None
        chosen = next((row for row in seen if row.chat == group), seen[0])
        version, days = await asyncio.to_thread(self._days, chosen, ids, window)
        groups = {row.chat: Named(value=row.chat, name=row.chat_name or row.chat) for row in seen}
        return Score(
            uid=uid, name=_name(seen), group=chosen.chat, groups=tuple(groups.values()), window=window, version=version,
            points=sum(day.mp for day in days) / 1000, days=tuple(_day(day) for day in reversed(days)),
        )  # fmt: skip

    async def where(self, uid: str) -> tuple[str, ...]:
        async with self.database.session() as session:
            seen = await members.memberships(session, await members.ids_of(session, uid), self._lately())
        return tuple(dict.fromkeys(row.chat for row in seen))

    async def note_place(self, uid: str, note: int) -> str | None:
        async with self.database.session() as session:
            ids = await members.ids_of(session, uid)
            row = await members.note(session, note)
        return str(row.chat) if row is not None and row.member_id in ids else None

    async def export(self, uid: str, sees: Sees) -> bytes:
        uids = await self.uids_of(uid)

        def work() -> bytes:
            with self.database.reading() as connection:
                found = {each: _within(privacy.export_member(connection, each), sees) for each in uids}
            return (json.dumps(found, ensure_ascii=False, indent=2) + "\n").encode()

        return await asyncio.to_thread(work)

    # -- inside -----------------------------------------------------------------------------------------------------

    async def uids_of(self, uid: str) -> list[str]:
        """Every id of the person."""
        async with self.database.session() as session:
            seen = await members.memberships(session, await members.ids_of(session, uid), self._lately())
        return list(dict.fromkeys([uid, *(row.uid for row in seen)]))

    def _days(self, seen: Any, ids: Sequence[int], window: Window) -> tuple[str, list[explanation.Day]]:
        zone, starts = calendar_of(self.loaded(), seen.chat)
        with self.database.reading() as connection:
            version = scoring.active(connection)
            days = list(days_of(connection, seen.chat_id, ids, version, zone, starts, window, self.now()))
        return version.version, days

    def _candidates(self, seen: Sequence[Any], uids: Collection[str]) -> tuple[Candidate, ...]:
        """Ids that may be the same person, by name, in the groups where the person is."""
        found: dict[str, Candidate] = {}
        places = {row.chat: row for row in seen}
        with self.database.reading() as connection:
            for row in list(places.values())[:_CANDIDATE_GROUPS]:
                for each in persons.candidates(connection, row.platform, chat=row.chat):
                    other = each.newer if each.older in uids else each.older if each.newer in uids else ""
                    if other and other not in uids:
                        found.setdefault(
                            other,
                            Candidate(
                                uid=other, name=each.name, group_name=row.chat_name or row.chat,
                                is_older=other == each.older, until=each.until, since=each.since, both=each.both,
                                namesakes=each.namesakes,
                            ),
                        )  # fmt: skip
        return tuple(found.values())

    def _lately(self) -> str:
        """The day from which the nightly figures may be behind."""
        return (self.now().astimezone(self.zone).date() - timedelta(days=2)).isoformat()

    def _today(self) -> str:
        return self.now().astimezone(self.zone).date().isoformat()


def _by_chat(seen: Sequence[Any]) -> dict[int, list[Any]]:
    found: defaultdict[int, list[Any]] = defaultdict(list)
    for row in seen:
        found[row.chat_id].append(row)
    return dict(found)


def _name(seen: Sequence[Any]) -> str:
    """What the person is called where they are, the id that spoke last first."""
    ranked = sorted(seen, key=lambda row: (row.left_at is None, row.spoke_at or 0), reverse=True)
    return str(next((row.name or row.own_name for row in ranked if row.name or row.own_name), ranked[0].uid))


def _person(
    head: int, ids: Sequence[int], seen: Sequence[Any], names: Mapping[int, Named], tagged: Sequence[Any],
    placed: Sequence[Any], follows: Sequence[Any],
) -> Person:  # fmt: skip
    own = next((row for row in seen if row.member_id == head), seen[0])
    mine = [row for row in placed if row.member_id in ids and row.chat_id in names]
    spoke = [row.spoke_at for row in seen if row.spoke_at is not None]
    days = sorted(row.follow_on for row in follows if row.member_id in ids and row.chat_id in names)
    return Person(
        uid=own.uid, id=head, name=_name(seen), groups=tuple({row.chat_id: names[row.chat_id] for row in seen}.values()),
        tags=tuple(dict.fromkeys(row.tag for row in tagged if row.member_id in ids and row.chat_id in names)),
        tier=_best(mine, "pyramid", tuple(PYRAMID)), ladder=_best(mine, "ladder", LADDER),
        points=sum(row.points for row in seen), spoke_at=from_ms(max(spoke)) if spoke else None,
        follow_on=days[0] if days else "", ids=len(ids),
    )  # fmt: skip


def _best(placed: Iterable[Any], scheme: str, order: Sequence[str]) -> str:
    """Of several groups, the place that is furthest up."""
    values = {row.value for row in placed if row.scheme == scheme}
    return next((each for each in reversed(order) if each in values), "")


def _in_group(chat: int, rows: Sequence[Any], tagged: Sequence[Any], placed: Sequence[Any]) -> InGroup:
    def place(scheme: str) -> str:
        here = (row for row in placed if row.chat_id == chat and row.scheme == scheme and row.until is None)
        return next((row.value for row in here), "")

    first = rows[0]
    spoke = [row.spoke_at for row in rows if row.spoke_at is not None]
    joined = [row.joined_at for row in rows if row.joined_at is not None]
    is_gone = all(row.left_at is not None for row in rows)
    return InGroup(
        group=first.chat, name=first.chat_name or first.chat, shown_as=_name(rows), role=first.role,
        joined_at=from_ms(min(joined)) if joined else None,
        left_at=from_ms(max(row.left_at for row in rows)) if is_gone else None,
        spoke_at=from_ms(max(spoke)) if spoke else None,
        first_day=min((row.first_day for row in rows if row.first_day), default=""),
        days=sum(row.days for row in rows), msgs=sum(row.msgs for row in rows),
        points=sum(row.points for row in rows), tier=place("pyramid"), ladder=place("ladder"), rfm=place("rfm"),
        tags=tuple(Tagged(tag=row.tag, at=from_ms(row.at)) for row in tagged if row.chat_id == chat),
    )  # fmt: skip


def _facts(seen: Sequence[Any], placed: Sequence[Any], said: Sequence[Any], names: Mapping[int, str]) -> Iterable[Fact]:
    """What is known, who says so, and when it was said or since when it holds."""
    for row in {row.uid: row for row in seen}.values():
        if row.own_name:
            yield Fact(what="name", value=row.own_name, source="network", group_name="", at=None)
    for row in seen:
        where = names[row.chat_id]
        if row.name and row.name != row.own_name:
            yield Fact(what="card", value=row.name, source="network", group_name=where, at=None)
        if row.role != "member":
            yield Fact(what="role", value=row.role, source="network", group_name=where, at=None)
        if row.joined_at is not None:
            yield Fact(what="joined", value="", source="network", group_name=where, at=from_ms(row.joined_at))
        elif row.first_day:
            yield Fact(what="first_said", value=row.first_day, source="log", group_name=where, at=None)
        if row.left_at is not None:
            yield Fact(what="left", value="", source="network", group_name=where, at=from_ms(row.left_at))
    for row in said:
        words = json.loads(row.data).get("words") or {}
        if words.get("text"):
            at = datetime.fromisoformat(words["at"]) if words.get("at") else None
            what = "goal" if row.key.startswith(GOAL) else "intro"
            yield Fact(what=what, value=words["text"], source="self", group_name=names[row.chat_id], at=at)


def _streak(row: Any, names: Mapping[int, str]) -> Streak:
    data = json.loads(row.data)
    return Streak(
        group_name=names[row.chat_id], play=row.ref.partition("/")[2], streak=data.get("streak", 0),
        best=data.get("best", 0), total=data.get("total", 0), last=data.get("last") or "",
    )  # fmt: skip


def _paper(row: Any, names: Mapping[int, str]) -> Paper:
    data = json.loads(row.data)
    return Paper(
        at=from_ms(row.at), group_name=names[row.chat_id], play=row.ref.partition("/")[2],
        number=int(data.get("number") or 0), code=str(data.get("code", "")),
    )  # fmt: skip


def _offence(row: Any, names: Mapping[int, str], groups: Mapping[int, str], is_undone: bool) -> Offence:
    data, (playbook, _, play) = json.loads(row.data), row.ref.partition("/")
    return Offence(
        at=from_ms(row.at), group=groups[row.chat_id], group_name=names[row.chat_id], playbook=playbook, play=play,
        number=int(row.key), rule=str(data.get("rule", "")), mode=str(data.get("mode", "")), is_undone=is_undone,
    )  # fmt: skip


def _note(row: Any, names: Mapping[int, str], groups: Mapping[int, str], today: str) -> Note:
    is_open = row.done_at is None and row.follow_on
    return Note(
        id=row.id, group=groups[row.chat_id], group_name=names[row.chat_id], author=row.author, text=row.text,
        at=from_ms(row.at), follow_on=row.follow_on or "", is_due=bool(is_open and row.follow_on <= today),
        done_at=from_ms(row.done_at) if row.done_at is not None else None, done_by=row.done_by,
    )  # fmt: skip


def _day(day: explanation.Day) -> Day:
    return Day(
        day=day.day, points=day.mp / 1000,
        lines=tuple(
            Line(
                at=line.event.at, points=line.mp / 1000, text=line.event.text, by=line.event.by,
                parts=tuple((part, mp / 1000) for part, mp in line.parts.items()), why_not=line.event.why_not,
                capped=tuple(line.capped),
            )
            for line in day.lines
        ),
    )  # fmt: skip


def _within(found: dict[str, Any], sees: Sees) -> dict[str, Any]:
    """Only the rows of groups that the caller sees; what belongs to no group is the person's."""
    return {
        table: [row for row in rows if "chat" not in row or (row["chat"] is not None and sees(row["chat"]))]
        if isinstance(rows, list)
        else rows
        for table, rows in found.items()
    }
