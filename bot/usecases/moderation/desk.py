"""Moderation as it is asked for. What is decided goes through the play's own orders and questions; nothing is written here."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.console.ports.accounts import Refused
from bot.console.ports.moderation import (
    Answered,
    Asked,
    Case,
    CaseRow,
    Cases,
    Hit,
    Judgement,
    Mode,
    Named,
    Plays,
    Proposal,
    Rules,
    Sample,
    Sees,
    Trial,
    Tried,
)
from bot.console.words import Language
from bot.core.text.moderation import kept
from bot.engine.clock import from_ms, to_ms
from bot.engine.orders import Order
from bot.playbook.load import Loaded
from bot.usecases.groups import said_of
from bot.usecases.moderation.cases import asked, gone, kept_of, measures_of, phrase_of, places_of, rows_of
from bot.usecases.moderation.enforcing import propose
from bot.usecases.moderation.numbers import Tally, counted, play_row
from bot.usecases.moderation.runs import Run, chats_of, ids_of, places
from bot.usecases.moderation.trying import try_on
from bot.usecases.playbooks import PlaybooksDesk
from storage import groups, moderation, reads
from storage.database import Database

DAYS = 30
"""What the numbers of rules are taken from."""
_WINDOWS = (1, 7, 30, 90, 400)
"""Days: how far the list looks back until a page is full."""
_PAGE, _READ, _READS, _AROUND, _OTHERS, _SAMPLES = 30, 300, 20, 6, 8, 5
_WEEK = timedelta(days=7)


@dataclass(slots=True)
class ModerationDesk:
    """Answers `bot.console.ports.moderation.ModerationPort`. `order` has an order carried out: why not, or ""."""

    database: Database
    order: Callable[[Order], Awaitable[str]]
    loaded: Callable[[], Loaded]
    playbooks: PlaybooksDesk
    now: Callable[[], datetime]

    async def cases(self, sees: Sees, *, group: str, rule: str, state: str, before: str) -> Cases:
        now = self.now()
        runs = [run for run in await self._runs() if sees(run.row.chat, run.playbook)]
        chosen = [run for run in runs if group in ("", run.row.chat)]

        def is_meant(row: CaseRow) -> bool:
            return rule in ("", row.rule) and state in ("", row.state)

        async with self.database.session() as session:
            found, older = await self._page(session, chosen, before, now, is_meant)
            open_now = [asked(row, runs, now) for row in await moderation.questions(session)]
            week = await moderation.counted(session, chats_of(runs), ids_of(runs), to_ms(now - _WEEK))
        mine = [each for each in open_now if sees(each.waiting.group, each.waiting.play.partition("/")[0])]
        mine.sort(key=lambda each: (each.due_at is None, each.due_at or now, each.waiting.id))
        rules = {each.id for run in runs if run.params is not None for each in run.params.rules}
        return Cases(
            asked=tuple(mine), cases=tuple(found), older=older, group=group, rule=rule, state=state,
            groups=places(runs), rules=tuple(sorted(rules)), week=week.get("verdict", 0), undone=week.get("undone", 0),
            overdue=sum(each.is_overdue for each in mine),
        )  # fmt: skip

    async def case(self, group: str, playbook: str, play: str, number: int, *, with_context: bool) -> Case | None:
        now, run = self.now(), await self._run(group, playbook, play)
        if run is None:
            return None
        async with self.database.session() as session:
            found = await moderation.verdict(session, run.row.id, number)
            if found is None:
                return None
            (row,) = rows_of([found], [run])
            kept_case = kept_of(found)
            if kept_case is None:
                return gone(row)
            since = to_ms(kept_case.at) - 60_000
            questions = await moderation.questions_of(session, run.row.id, number, kept_case.member)
            sent = await moderation.measures(session, run.row.id, run.row.chat_id, number, kept_case.member, since)
            message = await moderation.message_id(session, run.row.chat_id, kept_case.message_id, to_ms(kept_case.at))
            around = (
                await groups.around(session, run.row.chat_id, message, each=_AROUND)
                if with_context and message is not None
                else []
            )
            others = await moderation.verdicts(
                session,
                [run.row.id],
                [run.row.chat_id],
                since=to_ms(now - timedelta(days=400)),
                before=None,
                limit=2000,
            )
        theirs = [each for each in rows_of(others, [run]) if each.member == kept_case.member and each.number != number]
        open_now = {row.key.partition(":")[0]: asked(row, [run], now) for row in questions if row.status == "open"}
        params = run.params
        rung = params.rung(kept_case.points_after) if params is not None and kept_case.points else None
        has_appealed = any(each.key.startswith("appeal:") for each in questions) or bool(kept_case.appeal)
        until = kept_case.at + params.appeal_within if params is not None else None
        return Case(
            row=row, text=kept_case.text, read_as=kept(kept_case.text), places=places_of(kept_case),
            image=kept_case.image,
            hits=tuple(
                Hit(rule=each.rule, level=each.level, base=each.base, span=each.span, views=each.views)
                for each in kept_case.hits
            ),
            points=kept_case.points, points_before=kept_case.points_before, points_after=kept_case.points_after,
            rung=rung.at if rung is not None else 0, rung_does=rung.do if rung is not None else "",
            muted_until=kept_case.muted_until, error=kept_case.error, measures=measures_of(kept_case, sent),
            asked=open_now.get("appeal"), kick=open_now.get("kick"),
            answered=tuple(
                Answered(
                    what="kick" if each.key.startswith("kick:") else "appeal", choice=each.choice or each.status,
                    by=each.decided_by, asked_at=from_ms(each.created_at),
                    at=from_ms(each.decided_at) if each.decided_at is not None else None,
                )
                for each in questions
                if each.status != "open"
            ),
            decided_by=kept_case.decided_by,
            appealable_until=until if not has_appealed and not kept_case.is_undone and kept_case.done else None,
            phrase=phrase_of(kept_case, params), context=tuple(said_of(each) for each in around),
            message=str(message) if message is not None else "", others=tuple(theirs[:_OTHERS]),
        )  # fmt: skip

    async def plays(self, sees: Sees) -> Plays:
        runs = [run for run in await self._runs() if sees(run.row.chat, run.playbook) and run.params is not None]
        tallies = await self._tallies(runs)
        by_ref: defaultdict[str, list[Run]] = defaultdict(list)
        for run in runs:
            by_ref[run.row.ref].append(run)
        return Plays(plays=tuple(play_row(each, tallies, self.now()) for each in by_ref.values()), days=DAYS)

    async def rules(self, playbook: str, play: str, sees: Sees) -> Rules | None:
        runs = await self._runs_of(playbook, play, sees)
        book = next((each for each in self.loaded().playbooks if each.id == playbook), None)
        if not runs or book is None:
            return None
        tallies = await self._tallies(runs)
        since = to_ms(self.now() - timedelta(days=DAYS))
        async with self.database.session() as session:
            newest = await moderation.verdicts(
                session, ids_of(runs), chats_of(runs), since=since, before=None, limit=_SAMPLES
            )
        return Rules(
            row=play_row(runs, tallies, self.now()), days=DAYS, book=book.path.replace("/", "~"),
            samples=tuple(rows_of(newest, runs)),
        )  # fmt: skip

    async def judge(
        self, group: str, playbook: str, play: str, number: int, judgement: Judgement, phrase: str, actor: str
    ) -> None:
        await self._order(
            Order(
                key=secrets.token_hex(8), play=f"{playbook}/{play}", order=judgement, about=str(number), chats=(group,),
                by=actor, action=f"moderation.{judgement}", data={"phrase": phrase} if phrase else {},
            )
        )  # fmt: skip

    async def question(self, task: int) -> Asked | None:
        async with self.database.session() as session:
            row = await moderation.question(session, task)
        return asked(row, await self._runs(), self.now()) if row is not None else None

    async def resume(self, group: str, playbook: str, play: str, rule: str, actor: str) -> None:
        await self._order(
            Order(
                key=secrets.token_hex(8), play=f"{playbook}/{play}", order="resume", about=rule, chats=(group,), by=actor,
                action="moderation.resume",
            )
        )  # fmt: skip

    async def propose(
        self, playbook: str, play: str, rule: str, mode: Mode, sees: Sees, language: Language
    ) -> Proposal | None:
        runs = await self._runs_of(playbook, play, sees)
        if not runs:
            return None
        row = play_row(runs, await self._tallies(runs), self.now())
        proposal = await propose(
            self.loaded(), self.playbooks, playbook, play, rule, mode, runs[0].day(self.now()), language
        )
        shown = next((each for each in row.rules if each.rule == rule), None)
        return proposal.model_copy(update={"row": shown, "groups": row.groups})

    async def trial(self, sees: Callable[[str], bool], group: str, play: str, words: str, last: int) -> Trial:
        async with self.database.session() as session:
            chats = [row for row in await reads.chats(session) if sees(row.uid)]
            chosen = next((row for row in chats if row.uid == group), None)
            wanted = chosen is not None and (words or play)
            said = await moderation.last_texts(session, chosen.id, last) if chosen is not None and wanted else []
        plan = self.loaded().plan(group).plays if chosen is not None else {}
        books = {ref: active for ref, active in plan.items() if active.play.kind == moderation.KIND}
        active = books.get(play)
        found = await asyncio.to_thread(try_on, said, words.split(), active)
        return Trial(
            group=group if chosen is not None else "", play=play if active is not None else "", words=words, last=last,
            groups=tuple(Named(value=row.uid, name=row.name or row.uid) for row in chats),
            plays=tuple(Named(value=ref, name=ref) for ref in books), messages=len(said), hit=found.hit,
            tried=tuple(
                Tried(
                    word=word, hits=hits,
                    samples=tuple(
                        Sample(at=from_ms(row.sent_at), name=row.name or row.uid, text=row.text[:500]) for row in rows
                    ),
                )
                for word, hits, rows in found.words
            ),
        )  # fmt: skip

    # -- inside -----------------------------------------------------------------------------------------------------

    async def _runs(self, chat: str = "") -> list[Run]:
        async with self.database.session() as session:
            chat_id = await reads.chat_id(session, chat) if chat else None
            rows = [] if chat and chat_id is None else await moderation.runs(session, chat_id)
        loaded = self.loaded()
        found = []
        for row in rows:
            active = loaded.plan(row.chat).plays.get(row.ref)
            state = json.loads(row.state)
            found.append(Run(row, active, tuple(state.get("watched", ())), bool(state.get("is_paused"))))
        return found

    async def _page(
        self,
        session: AsyncSession,
        runs: Sequence[Run],
        before: str,
        now: datetime,
        is_meant: Callable[[CaseRow], bool],
    ) -> tuple[list[CaseRow], str]:
        """One page of cases, the newest first, and the id to go on before. It looks back further and further, and stops
        after a while where nearly nothing is meant: the next page goes on from there."""
        found: list[CaseRow] = []
        cursor = int(before) if before.isdecimal() else None
        reads_left = _READS
        for days in _WINDOWS:
            since, is_whole = to_ms(now - timedelta(days=days)), False
            while len(found) <= _PAGE and reads_left and not is_whole:
                rows = await moderation.verdicts(
                    session, ids_of(runs), chats_of(runs), since=since, before=cursor, limit=_READ
                )
                found += filter(is_meant, rows_of(rows, runs))
                cursor = rows[-1].id if rows else cursor
                reads_left, is_whole = reads_left - 1, len(rows) < _READ
        if len(found) > _PAGE:
            return found[:_PAGE], str(found[_PAGE - 1].id)
        return found, "" if reads_left else str(cursor)

    async def _run(self, group: str, playbook: str, play: str) -> Run | None:
        ref = f"{playbook}/{play}"
        return next((run for run in await self._runs(group) if run.row.ref == ref), None)

    async def _runs_of(self, playbook: str, play: str, sees: Sees) -> list[Run]:
        ref = f"{playbook}/{play}"
        return [
            run for run in await self._runs()
            if run.row.ref == ref and run.params is not None and sees(run.row.chat, playbook)
        ]  # fmt: skip

    async def _order(self, order: Order) -> None:
        if refused := await self.order(order):
            raise Refused(refused)

    async def _tallies(self, runs: Sequence[Run]) -> dict[tuple[int, str], Tally]:
        """(run, rule) → what it did in the last days."""
        since = to_ms(self.now() - timedelta(days=DAYS))
        async with self.database.session() as session:
            rows = await moderation.judged(session, ids_of(runs), chats_of(runs), since)
        return await asyncio.to_thread(counted, rows)
