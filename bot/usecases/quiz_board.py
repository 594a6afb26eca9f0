"""A quiz as stored → its sessions, the statistics of its questions, and members' own questions. Pure."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from bot.console.ports.quizzes import Asked, Item, Items, Offers, Place, QuizRow, Results, Session
from bot.console.ports.quizzes import Offer as Offered
from bot.core.effects import SendFile
from bot.core.intervals import wilson
from bot.engine.clock import from_ms
from bot.plays.quiz.bank import Question
from bot.plays.quiz.closing import Here, bank_of, banks_of, team_rows
from bot.plays.quiz.items import ENOUGH, note_of, questions_of, spread_of
from bot.plays.quiz.record import Offer, Played, Use, names, outcome, played, sheets
from bot.plays.quiz.record import Session as Running
from bot.usecases.runs import Kept

_FLAGS = {"hard": 0, "easy": 1, "flat": 2, "": 3, "few": 4}
EARLIER = 20
_RANKED = 50


@dataclass(frozen=True, slots=True)
class Shown:
    """One run with all its documents; `waiting`: task and time of each question of a member that waits, by its id."""

    kept: Kept
    ctx: Here
    waiting: Mapping[str, tuple[int, int]]

    @property
    def running(self) -> Running | None:
        found: Running | None = self.kept.state.session
        return found

    def items(self) -> list[Item]:
        uses = {key: slot.root for key, slot in self.ctx.slots.items() if key.startswith("u/")}
        found = [_item(bank, question, uses.get(key)) for key, (bank, question) in questions_of(self.ctx).items()]
        return sorted(found, key=lambda item: (_FLAGS[item.flag], item.rate if item.rate is not None else 2, item.id))


def row_of(shown: Shown) -> QuizRow:
    session, items = shown.running, shown.items()
    return QuizRow(
        group=shown.kept.chat, group_name=shown.kept.chat_name, play=shown.kept.ref,
        state=_state(session) if session is not None else "never",
        last_at=_began(session.id, shown.ctx) if session is not None else None,
        participants=len(list(sheets(shown.ctx.slots, session.id))) if session is not None else 0,
        questions=len(items), flagged=flagged(items), offers=len(shown.waiting),
    )  # fmt: skip


def results_of(shown: Shown, notes: Sequence[Any], earned: Sequence[Any]) -> Results:
    """`notes`: (what, member, key, data, at) of items; `earned`: (reason, name, points) of their sessions."""
    session = shown.running
    current = session.id if session is not None else ""
    return Results(
        group=shown.kept.chat, group_name=shown.kept.chat_name, play=shown.kept.ref,
        last=_session(shown, session) if session is not None else None,
        earlier=_earlier(shown, notes, earned, but=current), offers=len(shown.waiting),
        flagged=flagged(shown.items()),
    )  # fmt: skip


def items_of(shown: Shown) -> Items:
    items = shown.items()
    return Items(
        group=shown.kept.chat, group_name=shown.kept.chat_name, play=shown.kept.ref,
        banks=tuple(bank.name for bank in banks_of(shown.ctx)), items=tuple(items), total=len(items),
        never=sum(not item.asked for item in items), flagged=flagged(items), offers=len(shown.waiting),
    )  # fmt: skip


def offers_of(shown: Shown) -> Offers:
    found = []
    for id_, (task, at) in shown.waiting.items():
        slot = shown.ctx.slots.get(f"o/{id_}")
        if slot is None:
            continue
        offer: Offer = slot.root
        question = offer.question
        found.append(
            Offered(
                task=task, name=offer.name, at=from_ms(at), type=question.type, text=question.text,
                options=tuple(question.shown_options), answer=_answer(question), explanation=question.explanation,
            )
        )  # fmt: skip
    return Offers(
        group=shown.kept.chat, group_name=shown.kept.chat_name, play=shown.kept.ref,
        points=shown.ctx.params.submit_points, offers=tuple(found), flagged=flagged(shown.items()),
    )  # fmt: skip


def table_of(shown: Shown, what: Literal["items", "ranking"], form: Literal["xlsx", "csv"]) -> SendFile:
    """For spreadsheets; members' words are made harmless where the file is written."""
    if what == "items":
        columns = (
            "题号",
            "题库",
            "作者",
            "题目",
            "分类",
            "出过",
            "答过",
            "答对",
            "正确率",
            "下限",
            "上限",
            "区分度",
            "最近",
            "提醒",
        )
        rows = [
            (
                i.id, i.bank, i.author, i.text, i.category, i.asked, i.answered, i.right, _cell(i.rate), _cell(i.low),
                _cell(i.high), _cell(i.discrimination), i.last_on.isoformat() if i.last_on else "", i.flag,
            )
            for i in shown.items()
        ]  # fmt: skip
        return SendFile(name=f"题目统计.{form}", columns=columns, rows=tuple(rows), format=form)
    session = shown.running
    ranking = _session(shown, session, most=10_000).ranking if session is not None else ()
    places = tuple((place.rank, place.name, place.points, place.right or 0) for place in ranking)
    name = f"答题 {session.id}" if session is not None else "答题"
    return SendFile(name=f"{name}.{form}", columns=("名次", "成员", "得分", "答对"), rows=places, format=form)


def flagged(items: Sequence[Item]) -> int:
    return sum(item.flag in ("hard", "easy", "flat") for item in items)


def reason_of(session: str) -> str:
    """What the ledger says of a session's points."""
    return f"答题 {session}"


def _session(shown: Shown, session: Running, *, most: int = _RANKED) -> Session:
    ctx = shown.ctx
    result = outcome(ctx.params.rules(bank_of(ctx, session.bank)), session, ctx.slots)
    who = names(ctx.slots, session.id)
    asked = played(ctx.slots, session.total)[: session.next_index]
    return Session(
        id=session.id, at=_began(session.id, ctx), state=_state(session), participants=len(who), total=session.total,
        ranking=tuple(
            Place(rank=place.rank, name=who.get(place.member, place.member), points=place.points, right=place.right)
            for place in result.ranking[:most]
        ),
        questions=tuple(
            _asked(number, one, result.questions[number - 1] if number <= len(result.questions) else [])
            for number, one in enumerate(asked, start=1)
        ),
        teams=tuple((row["name"], row["members"], float(row["average"])) for row in team_rows(ctx, session, result)),
    )  # fmt: skip


def _asked(number: int, one: Played, verdicts: Sequence[Any]) -> Asked:
    right, is_told = sum(verdict.is_right for verdict in verdicts), one.is_closed and not one.is_void
    return Asked(
        number=number, question=one.question.id, text=one.question.text, answered=len(verdicts), right=right,
        rate=right / len(verdicts) if is_told and verdicts else None, is_void=one.is_void,
    )  # fmt: skip


def _earlier(shown: Shown, notes: Sequence[Any], earned: Sequence[Any], *, but: str) -> tuple[Session, ...]:
    texts = {question.id: question.text for _, question in questions_of(shown.ctx).values()}
    by_session: defaultdict[str, list[Asked]] = defaultdict(list)
    for row in notes:
        session, _, index = row.key.partition("|")
        data = json.loads(row.data)
        if session != but:
            by_session[session].append(
                Asked(
                    number=int(index) + 1, question=data["question"], text=texts.get(data["question"], ""),
                    answered=data["answered"], right=data["right"],
                    rate=data["right"] / data["answered"] if data["answered"] else None, is_void=False,
                )
            )  # fmt: skip
    points: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
    for row in earned:
        points[row.reason].append((int(row.points), row.name))
    return tuple(
        Session(
            id=session, at=_began(session, shown.ctx), state="over", participants=max(each.answered for each in asked),
            total=len(asked), ranking=_ranked(points[reason_of(session)]),
            questions=tuple(sorted(asked, key=lambda each: each.number)),
        )
        for session, asked in sorted(by_session.items(), reverse=True)[:EARLIER]
    )  # fmt: skip


def _ranked(earned: Sequence[tuple[int, str]]) -> tuple[Place, ...]:
    ordered = sorted(earned, key=lambda row: (-row[0], row[1]))
    return tuple(
        Place(rank=1 + sum(other[0] > points for other in ordered), name=name, points=points, right=None)
        for points, name in ordered[:_RANKED]
    )  # fmt: skip


def _item(bank: str, question: Question, use: Use | None) -> Item:
    use_ = use or Use(on=datetime.min.date())
    found = wilson(use_.right, use_.answered)
    flag = note_of(use_) or ("few" if use_.answered < ENOUGH else "")
    spread = spread_of(use_)
    return Item(
        id=question.id, bank=bank, author=question.author, text=question.text, category=question.category,
        asked=use_.asked, answered=use_.answered, right=use_.right,
        rate=use_.right / use_.answered if use_.answered else None, low=found.low if found else None,
        high=found.high if found else None, discrimination=round(spread, 3) if spread is not None else None,
        spreads=use_.spreads, last_on=use.on if use is not None else None, flag=flag,
    )  # fmt: skip


def _answer(question: Question) -> str:
    if question.type == "truefalse":
        return question.shown_options["AB".index(question.answer[0])]
    return "、".join(question.answer)


def _state(session: Running) -> Literal["running", "paused", "over"]:
    if session.is_over:
        return "over"
    return "paused" if session.is_paused else "running"


def _began(session: str, ctx: Here) -> datetime | None:
    """A session is named by the group's clock at its start."""
    try:
        return datetime.strptime(session, "%Y%m%d-%H%M%S").replace(tzinfo=ctx.zone)
    except ValueError:
        return None


def _cell(value: float | None) -> float | str:
    return round(value, 3) if value is not None else ""
