"""Moderation: cases with their evidence, what waits for a person, rules with their numbers. What is decided goes through
the play's own acts and questions; nothing is written here."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.console.ports.accounts import Refused
from bot.console.ports.moderation import (
    Answered,
    Asked,
    Case,
    CaseRow,
    Cases,
    CaseState,
    Hit,
    Judgement,
    Measure,
    Mode,
    Named,
    PlayRow,
    Plays,
    Proposal,
    Rate,
    RuleRow,
    Rules,
    Sample,
    Sees,
    Trial,
    Tried,
)
from bot.console.words import Language
from bot.core.intervals import wilson
from bot.core.text.moderation import kept
from bot.engine.clock import from_ms, to_ms
from bot.engine.orders import Order
from bot.playbook.load import Loaded
from bot.playbook.model import ActivePlay
from bot.plays.rules import RulesParams
from bot.plays.rules.allowing import phrase_around
from bot.plays.rules.modes import reach
from bot.plays.rules.rule import MODES, Rule
from bot.plays.rules.state import Case as Kept
from bot.plays.rules.state import Slot
from bot.usecases.enforcing import propose
from bot.usecases.groups import said_of
from bot.usecases.playbooks import PlaybooksDesk
from bot.usecases.today import waiting_of
from bot.usecases.trying import try_on
from storage import groups, moderation, reads
from storage.database import Database

DAYS = 30
"""What the numbers of rules are taken from."""
_WINDOWS = (1, 7, 30, 90, 400)
"""Days: how far the list looks back until a page is full."""
_PAGE, _READ, _READS, _AROUND, _OTHERS, _SAMPLES = 30, 300, 20, 6, 8, 5
_EXCERPT = 120
_ANSWER_WITHIN = timedelta(hours=24)
_WEEK = timedelta(days=7)


@dataclass(slots=True)
class _Tally:
    """What one rule did and what people made of it."""

    acted: int = 0
    observed: int = 0
    upheld: int = 0
    undone: int = 0

    def add(self, other: _Tally) -> None:
        self.acted += other.acted
        self.observed += other.observed
        self.upheld += other.upheld
        self.undone += other.undone


@dataclass(frozen=True, slots=True)
class _Run:
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
            asked = [self._asked(row, runs, now) for row in await moderation.questions(session)]
            week = await moderation.counted(session, _chats(runs), _ids(runs), to_ms(now - _WEEK))
        mine = [each for each in asked if sees(each.waiting.group, each.waiting.play.partition("/")[0])]
        mine.sort(key=lambda each: (each.due_at is None, each.due_at or now, each.waiting.id))
        rules = {each.id for run in runs if run.params is not None for each in run.params.rules}
        return Cases(
            asked=tuple(mine), cases=tuple(found), older=older, group=group, rule=rule, state=state,
            groups=_places(runs), rules=tuple(sorted(rules)), week=week.get("verdict", 0), undone=week.get("undone", 0),
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
            (row,) = _rows([found], [run])
            kept_case = _kept(found)
            if kept_case is None:
                return _gone(row)
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
        theirs = [each for each in _rows(others, [run]) if each.member == kept_case.member and each.number != number]
        open_now = {
            row.key.partition(":")[0]: self._asked(row, [run], now) for row in questions if row.status == "open"
        }
        params = run.params
        rung = params.rung(kept_case.points_after) if params is not None and kept_case.points else None
        has_appealed = any(each.key.startswith("appeal:") for each in questions) or bool(kept_case.appeal)
        until = kept_case.at + params.appeal_within if params is not None else None
        return Case(
            row=row, text=kept_case.text, read_as=kept(kept_case.text), places=_places_of(kept_case),
            image=kept_case.image,
            hits=tuple(
                Hit(rule=each.rule, level=each.level, base=each.base, span=each.span, views=each.views)
                for each in kept_case.hits
            ),
            points=kept_case.points, points_before=kept_case.points_before, points_after=kept_case.points_after,
            rung=rung.at if rung is not None else 0, rung_does=rung.do if rung is not None else "",
            muted_until=kept_case.muted_until, error=kept_case.error, measures=_measures(kept_case, sent),
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
            phrase=_phrase(kept_case, params), context=tuple(said_of(each) for each in around),
            message=str(message) if message is not None else "", others=tuple(theirs[:_OTHERS]),
        )  # fmt: skip

    async def plays(self, sees: Sees) -> Plays:
        runs = [run for run in await self._runs() if sees(run.row.chat, run.playbook) and run.params is not None]
        tallies = await self._tallies(runs)
        by_ref: defaultdict[str, list[_Run]] = defaultdict(list)
        for run in runs:
            by_ref[run.row.ref].append(run)
        return Plays(plays=tuple(self._play_row(each, tallies) for each in by_ref.values()), days=DAYS)

    async def rules(self, playbook: str, play: str, sees: Sees) -> Rules | None:
        runs = await self._runs_of(playbook, play, sees)
        book = next((each for each in self.loaded().playbooks if each.id == playbook), None)
        if not runs or book is None:
            return None
        tallies = await self._tallies(runs)
        since = to_ms(self.now() - timedelta(days=DAYS))
        async with self.database.session() as session:
            newest = await moderation.verdicts(
                session, _ids(runs), _chats(runs), since=since, before=None, limit=_SAMPLES
            )
        return Rules(
            row=self._play_row(runs, tallies), days=DAYS, book=book.path.replace("/", "~"),
            samples=tuple(_rows(newest, runs)),
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
        return self._asked(row, await self._runs(), self.now()) if row is not None else None

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
        row = self._play_row(runs, await self._tallies(runs))
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

    async def _runs(self, chat: str = "") -> list[_Run]:
        async with self.database.session() as session:
            chat_id = await reads.chat_id(session, chat) if chat else None
            rows = [] if chat and chat_id is None else await moderation.runs(session, chat_id)
        loaded = self.loaded()
        found = []
        for row in rows:
            active = loaded.plan(row.chat).plays.get(row.ref)
            state = json.loads(row.state)
            found.append(_Run(row, active, tuple(state.get("watched", ())), bool(state.get("is_paused"))))
        return found

    async def _page(
        self,
        session: AsyncSession,
        runs: Sequence[_Run],
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
                    session, _ids(runs), _chats(runs), since=since, before=cursor, limit=_READ
                )
                found += filter(is_meant, _rows(rows, runs))
                cursor = rows[-1].id if rows else cursor
                reads_left, is_whole = reads_left - 1, len(rows) < _READ
        if len(found) > _PAGE:
            return found[:_PAGE], str(found[_PAGE - 1].id)
        return found, "" if reads_left else str(cursor)

    async def _run(self, group: str, playbook: str, play: str) -> _Run | None:
        ref = f"{playbook}/{play}"
        return next((run for run in await self._runs(group) if run.row.ref == ref), None)

    async def _runs_of(self, playbook: str, play: str, sees: Sees) -> list[_Run]:
        ref = f"{playbook}/{play}"
        return [
            run for run in await self._runs()
            if run.row.ref == ref and run.params is not None and sees(run.row.chat, playbook)
        ]  # fmt: skip

    async def _order(self, order: Order) -> None:
        if refused := await self.order(order):
            raise Refused(refused)

    async def _tallies(self, runs: Sequence[_Run]) -> dict[tuple[int, str], _Tally]:
        """(run, rule) → what it did in the last days."""
        since = to_ms(self.now() - timedelta(days=DAYS))
        async with self.database.session() as session:
            rows = await moderation.judged(session, _ids(runs), _chats(runs), since)
        return await asyncio.to_thread(_counted, rows)

    def _play_row(self, runs: Sequence[_Run], tallies: Mapping[tuple[int, str], _Tally]) -> PlayRow:
        now, first = self.now(), runs[0]
        params, active = first.params, first.active
        assert params is not None
        assert active is not None
        rules = dict.fromkeys(rule.id for run in runs for rule in (run.params.rules if run.params else ()))
        return PlayRow(
            playbook=first.playbook, title=active.header.title or first.playbook, play=first.play,
            mode=params.mode_on(first.day(now)), written=params.mode, groups=tuple(run.where for run in runs),
            rules=tuple(_rule_row(rule, runs, tallies, now) for rule in rules),
            paused_in=tuple(run.where for run in runs if run.is_paused),
            is_rolled_out=params.mode != params.mode_on(first.day(now)),
        )  # fmt: skip

    def _asked(self, row: Any, runs: Iterable[_Run], now: datetime) -> Asked:
        what, _, rest = row.key.partition(":")
        number = rest.partition(":")[0]
        due = None
        if what == "appeal":
            run = next((run for run in runs if run.row.id == row.run_id), None)
            within = run.params.answer_within if run is not None and run.params is not None else _ANSWER_WITHIN
            due = from_ms(row.created_at) + within
        return Asked(
            waiting=waiting_of(row), number=int(number) if number.isdecimal() and what in ("kick", "appeal") else 0,
            due_at=due, is_overdue=due is not None and now > due,
        )  # fmt: skip


def _ids(runs: Iterable[_Run]) -> list[int]:
    return [run.row.id for run in runs]


def _chats(runs: Iterable[_Run]) -> list[int]:
    return list({run.row.chat_id for run in runs})


def _places(runs: Iterable[_Run]) -> tuple[Named, ...]:
    return tuple({run.row.chat: run.where for run in runs}.values())


def _kept(row: Any) -> Kept | None:
    return Slot.model_validate_json(row.case).case if row.case else None


def _rows(rows: Sequence[Any], runs: Sequence[_Run]) -> list[CaseRow]:
    by_id = {run.row.id: run for run in runs}
    found = []
    for row in rows:
        run, data, case = by_id[row.run_id], json.loads(row.data), _kept(row)
        found.append(
            CaseRow(
                id=row.id, group=run.row.chat, group_name=run.where.name, playbook=run.playbook, play=run.play,
                number=int(row.number), at=from_ms(row.at), member=case.member if case else "",
                name=(case.name or case.member) if case else "", rule=str(data.get("rule", "")),
                level=int(data.get("level", 1)), mode=case.mode if case else data.get("mode") or "shadow",
                state=_state(case), text=" ".join(case.text.split())[:_EXCERPT] if case else "",
                done=case.done if case else tuple(data.get("done", ())),
                replaced=tuple((case.replaced if case else data.get("replaced", {})).items()),
                is_evasion=bool(data.get("evasion")),
            )
        )  # fmt: skip
    return found


def _state(case: Kept | None) -> CaseState:
    if case is None:
        return "deleted"
    if case.is_undone:
        return "undone"
    if case.appeal in ("open", "upheld"):
        return "appeal" if case.appeal == "open" else "upheld"
    if case.error == "paused":
        return "paused"
    by_mode: dict[str, CaseState] = {"shadow": "observed", "remind": "reminded"}
    return by_mode.get(case.mode, "acted")


def _gone(row: CaseRow) -> Case:
    """A verdict whose evidence is deleted: that it was, and over which rule."""
    return Case(
        row=row, text="", read_as="", places=(), image="", hits=(), points=0, points_before=0, points_after=0, rung=0,
        rung_does="", muted_until=None, error="", measures=(), asked=None, kick=None, answered=(), decided_by="",
        appealable_until=None, phrase="", context=(), message="", others=(),
    )  # fmt: skip


def _places_of(case: Kept) -> tuple[tuple[int, int], ...]:
    """Where the spans of the hits stand, each once, never over one another."""
    found: list[tuple[int, int]] = []
    for span in dict.fromkeys(hit.span for hit in case.hits if hit.span):
        at = case.text.find(span)
        if at >= 0 and not any(begin < at + len(span) and at < end for begin, end in found):
            found.append((at, at + len(span)))
    return tuple(sorted(found))


def _phrase(case: Kept, params: RulesParams | None) -> str:
    rule = params.book.by_id.get(case.rule) if params is not None else None
    return phrase_around(case) if rule is not None and rule.match.kind == "words" else ""


def _measures(case: Kept, sent: Sequence[Any]) -> tuple[Measure, ...]:
    """What was wanted, in the order of severity, with the network's answer."""
    by_what = {row.effect_key.partition(":")[0]: row for row in sent}
    found = []
    for what in dict.fromkeys((*case.wanted, *by_what)):
        row = by_what.get(what)
        error = row.error if row is not None else ""
        if not error and case.error.startswith(f"{what}: "):
            error = case.error.partition(": ")[2]
        status = row.status if row is not None else "done" if what in case.done else "not_sent"
        if what == "kick" and row is None and "ask_kick" in case.done:
            status = "asked"
        at = from_ms(row.settled_at) if row is not None and row.settled_at is not None else None
        found.append(Measure(what=what, status=status, error=error, at=at, instead=case.replaced.get(what, "")))
    return tuple(found)


def _counted(rows: Sequence[Any]) -> dict[tuple[int, str], _Tally]:
    """By run and rule, each verdict once and what was made of it under its own rule."""
    of: dict[tuple[int, str], str] = {}
    found: defaultdict[tuple[int, str], _Tally] = defaultdict(_Tally)
    judged: dict[tuple[int, str], str] = {}
    for row in rows:
        if row.what != "verdict":
            judged.setdefault((row.run_id, row.key), row.what)
            if row.what == "undone":
                judged[(row.run_id, row.key)] = "undone"
            continue
        data = json.loads(row.data)
        rule = str(data.get("rule", ""))
        of[(row.run_id, row.key)] = rule
        tally = found[(row.run_id, rule)]
        tally.observed += data.get("mode") == "shadow"
        tally.acted += data.get("mode") != "shadow"
    for (run, key), what in judged.items():
        rule_of = of.get((run, key))
        if rule_of is not None:
            found[(run, rule_of)].undone += what == "undone"
            found[(run, rule_of)].upheld += what == "upheld"
    return dict(found)


def _rule_row(rule: str, runs: Sequence[_Run], tallies: Mapping[tuple[int, str], _Tally], now: datetime) -> RuleRow:
    total = _Tally()
    modes: set[Mode] = set()
    first: Rule | None = None
    for run in runs:
        assert run.params is not None
        total.add(tallies.get((run.row.id, rule), _Tally()))
        written = run.params.book.by_id.get(rule)
        if written is not None:
            first = first or written
            modes.add(reach(written, run.params, run.day(now), run.watched))
    assert first is not None
    verdicts = total.acted + total.observed
    interval = wilson(total.undone, verdicts)
    return RuleRow(
        rule=rule, kind=first.match.kind, level=first.default_level, modes=tuple(sorted(modes, key=MODES.index)),
        acted=total.acted, observed=total.observed, upheld=total.upheld,
        undone=Rate(
            hits=total.undone, of=verdicts, share=total.undone / verdicts if verdicts else None,
            low=interval.low if interval else None, high=interval.high if interval else None,
        ),
        watched_in=tuple(run.where for run in runs if rule in run.watched),
    )  # fmt: skip
