"""What a session remembers, and where: the state holds the question being played, slots hold all that grows.

Slots by key: `a/<uid>` a member's answers of the session, `s/<n>` the n-th question as drawn, `u/<bank>|<id>` when a
question was last used and how it went (members' own questions belong to no bank), `o/<message id>` a question that a
member submitted, `m/<uid>` a member who is muted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import Field, RootModel

from bot.core.play import Frozen
from bot.plays.quiz.bank import Question
from bot.plays.quiz.scoring import Answer, Asked, Outcome, Rules, score

_RECEIPT_S = 1
"""The receipt of a question comes a moment after members see it, at times in the next second of the network's stamps: what was
said within this time before it is an answer to it."""


class Given(Frozen):
    """One answer. `seq` is the order of arrival in the whole session; `at` the time that counts."""

    index: int
    seq: int
    at: datetime
    message_id: str
    text: str
    letters: tuple[str, ...] = ()
    is_right_text: bool = False
    is_late: bool = False


class Sheet(Frozen):
    what: Literal["sheet"] = "sheet"
    session: str
    name: str
    team: str = ""
    answers: tuple[Given, ...] = ()


class Played(Frozen):
    """`asked_at`: when the network had accepted the question, in whole seconds as networks stamp messages. `bank`: the
    name of the bank that it comes from, "" for a member's own."""

    what: Literal["played"] = "played"
    question: Question
    limit_s: int
    bank: str = ""
    asked_at: datetime | None = None
    is_closed: bool = False
    is_void: bool = False


class Use(Frozen):
    """Item statistics: in how many sessions it was asked, how many answered in time, how many were right; the sum of
    its discrimination over the `spreads` sessions that were large enough to tell."""

    what: Literal["use"] = "use"
    on: date
    asked: int = 0
    answered: int = 0
    right: int = 0
    spread: float = 0.0
    spreads: int = 0


class Muted(Frozen):
    """A member whom the network lets say nothing in the group: answers by private message don't score either."""

    what: Literal["muted"] = "muted"
    until: datetime


class Offer(Frozen):
    what: Literal["offer"] = "offer"
    question: Question
    member: str
    name: str
    is_accepted: bool = False


class Slot(RootModel[Annotated[Sheet | Played | Use | Offer | Muted, Field(discriminator="what")]]):
    """One document of any of the sorts; its key says which."""


class Live(Frozen):
    """The question at hand. `asked`: handed over for sending; `open`: delivered, the clock runs; `revealed`: over."""

    index: int
    question: Question
    phase: Literal["asked", "open", "revealed"] = "asked"
    is_answered: bool = False
    is_won: bool = False


class Session(Frozen):
    """`seq` counts answers in order of arrival; `unanswered` questions in a row without any; `told`: who was told that
    answers go by private message; `team_sizes`: members of each team, in the order of the playbook."""

    id: str
    bank: str
    total: int
    live: Live | None = None
    next_index: int = 0
    seq: int = 0
    unanswered: int = 0
    is_paused: bool = False
    is_over: bool = False
    told: tuple[str, ...] = ()
    team_sizes: tuple[int, ...] = ()


class State(Frozen):
    session: Session | None = None


def use_key(bank: str, question: str) -> str:
    """Where the statistics of a question stand: an id is unique within its bank only."""
    return f"u/{bank}|{question}"


def sheets(slots: Mapping[str, Any], session: str) -> Iterator[tuple[str, Sheet]]:
    for key, slot in slots.items():
        if key.startswith("a/") and slot.root.session == session:
            yield key[2:], slot.root


def played(slots: Mapping[str, Any], total: int) -> list[Played]:
    return [slots[f"s/{n}"].root for n in range(total) if f"s/{n}" in slots]


def outcome(rules: Rules, session: Session, slots: Mapping[str, Any]) -> Outcome:
    """The score of all closed questions; the open one stays a secret. Questions not asked yet count as void."""
    by_index: dict[int, list[tuple[int, str, Given]]] = {}
    for uid, sheet in sheets(slots, session.id):
        for given in sheet.answers:
            by_index.setdefault(given.index, []).append((given.seq, uid, given))
    record = []
    for index, one in enumerate(played(slots, session.total)):
        asked = asked_of(one)
        answers: list[Answer] = []
        if one.asked_at is not None and one.is_closed:
            for _, uid, given in sorted(by_index.get(index, ()), key=lambda row: row[0]):
                answers.append(_answer(uid, given, one.asked_at))
        record.append((asked, answers))
    return score(rules, record)


def asked_of(one: Played) -> Asked:
    question = one.question
    return Asked(
        type=question.type,
        options=question.options,
        answer=question.answer,
        points=Fraction(question.points) if question.points is not None else None,
        limit_s=Fraction(one.limit_s),
        is_void=one.is_void or not one.is_closed,
    )


def _answer(uid: str, given: Given, asked_at: datetime) -> Answer:
    after_s = Fraction(round((given.at - asked_at).total_seconds() * 1000), 1000)
    if -_RECEIPT_S <= after_s < 0:
        after_s = Fraction(0)
    return Answer(
        member=uid,
        after_s=after_s,
        letters=given.letters,
        is_right_text=given.is_right_text,
        is_late=given.is_late,
    )


def names(slots: Mapping[str, Any], session: str) -> dict[str, str]:
    return {uid: sheet.name for uid, sheet in sheets(slots, session)}
