"""A round from its first question to its result, and the single questions after joining.

    closed → open → closed

Group or private; one answer for each person, the last one counts until it closes. Reminders are counted and go with the
half and the last quarter of the time; in private only to those who have not answered.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.core.audience import includes
from bot.core.draw import shuffled
from bot.core.effects import CancelTimer, Lane, Note, Say, SetTimer, Template
from bot.core.play import Capability, Member
from bot.plays.survey.record import JOINED, Hand, Round, Sheet
from bot.plays.survey.result import result, told

CLOSE, REMIND, JOIN = "close", "remind", "join/"
_TOLD = 5
_SHARES = (0.5, 0.75)


def begin(turn: Hand) -> None:
    """Opens a round, unless one is open."""
    params, ctx, state = turn.params, turn.ctx, turn.state
    if state.round is not None:
        turn.because(refused="a round is open")
        return
    people = asked_people(turn)
    is_private = params.via == "private" and Capability.PRIVATE in ctx.caps
    number, until = state.rounds + 1, ctx.now + params.closes
    if is_private:
        people = [ctx.roster[uid] for uid in shuffled(f"{ctx.seed}|{number}", [m.uid for m in people])][
            : params.at_most
        ]
    round_ = Round(
        number=number,
        opened=ctx.now,
        until=until,
        listen_until=ctx.now + params.listen,
        is_private=is_private,
        asked=len(people),
    )
    turn.change(rounds=number, round=round_)
    turn.do(SetTimer(name=CLOSE, at=until))
    _next_reminder(turn, round_)
    if is_private:
        for member in people:
            turn.put(member.uid, Sheet(round=number))
            turn.do(question(turn, until, to=member.uid, name=member.name))
    else:
        turn.do(question(turn, until))
    turn.because(round=number, asked=len(people), via="private" if is_private else "group")


def asked_people(turn: Hand) -> list[Member]:
    params, ctx = turn.params, turn.ctx
    return [
        member
        for _, member in sorted(ctx.roster.items())
        if not member.is_bot and includes(params.who, member, ctx.now)
    ]


def remind(turn: Hand) -> None:
    """Once more, to those who may have missed it."""
    params, ctx, round_ = turn.params, turn.ctx, turn.state.round
    if round_ is None or round_.reminded >= params.reminders or ctx.now >= round_.until:
        return
    sheets = sheets_of(turn, round_.number)
    answered = sum(sheet.score is not None for sheet in sheets.values())
    after = round_.model_copy(
        update={"reminded": round_.reminded + 1, "listen_until": max(round_.listen_until, ctx.now + params.listen)}
    )
    turn.change(round=after)
    if round_.is_private:
        for uid, sheet in sheets.items():
            if sheet.score is None and uid in ctx.roster:
                turn.do(question(turn, round_.until, to=uid, name=ctx.roster[uid].name, is_again=True))
    else:
        turn.do(question(turn, round_.until, is_again=True, answered=answered))
    _next_reminder(turn, after)


def close(turn: Hand) -> None:
    """The result: sums for the group where there are enough of them, more for operators, in private."""
    params, ctx, round_ = turn.params, turn.ctx, turn.state.round
    if round_ is None:
        return
    sheets = sheets_of(turn, round_.number)
    found = result(sheets.values(), round_.asked, f"{ctx.seed}|{round_.number}")
    for uid, sheet in sheets.items():
        if sheet.waits:
            turn.put(uid, sheet.model_copy(update={"waits": False}))
    turn.change(round=None, last=round_)
    turn.do(CancelTimer(name=CLOSE), CancelTimer(name=REMIND))
    if params.publish:
        is_enough = found.answered >= params.min_sample
        data = {**shown(turn, round_), "is_enough": is_enough, "question": params.question}
        turn.do(Say(words=Template("survey/published", data), lane=Lane.NOTICE))
    for uid in operators(turn):
        turn.do(Say(words=Template("survey/result", shown(turn, round_)), to=uid, lane=Lane.NOTICE))
    fact = {
        "asked": found.asked,
        "answered": found.answered,
        "counts": {str(n): of for n, of in sorted(found.counts.items())},
    }
    turn.do(Note(what="survey", key=str(round_.number), data=fact))
    turn.because(asked=found.asked, answered=found.answered)


def shown(turn: Hand, round_: Round) -> dict[str, Any]:
    """The result of a round as operators read it."""
    params, ctx = turn.params, turn.ctx
    found = result(sheets_of(turn, round_.number).values(), round_.asked, f"{ctx.seed}|{round_.number}")
    choices = params.follow_up.choices if params.follow_up is not None else ()
    return {
        **told(found, choices),
        "question": params.question,
        "follow_up": params.follow_up.ask if params.follow_up is not None else "",
        "number": round_.number,
        "until": clock(turn, round_.until),
        "is_open": turn.state.round is not None,
        "needed": params.min_sample,
    }


def operators(turn: Hand) -> list[str]:
    if Capability.PRIVATE not in turn.ctx.caps:
        return []
    return sorted(uid for uid, m in turn.ctx.roster.items() if m.is_operator and not m.is_bot)[:_TOLD]


def ask_newcomer(turn: Hand, uid: str) -> None:
    """The own question some days after joining; nobody who has just been asked is asked again."""
    params, ctx = turn.params, turn.ctx
    member = ctx.roster.get(uid)
    sheet: Sheet | None = turn.slot(uid)
    if params.after_join is None or member is None or not includes(params.who, member, ctx.now):
        return
    if Capability.PRIVATE not in ctx.caps or turn.state.round is not None:
        turn.because(skipped="no private messages" if turn.state.round is None else "a round is open")
        return
    if sheet is not None and (sheet.until is not None or sheet.round == turn.state.rounds):
        turn.because(skipped="asked before")
        return
    until = ctx.now + params.closes
    turn.put(uid, Sheet(round=JOINED, until=until))
    turn.do(question(turn, until, to=uid, name=member.name))


def sheets_of(turn: Hand, number: int) -> dict[str, Sheet]:
    return {uid: sheet for uid, sheet in turn.slots("").items() if sheet.round == number}


def question(
    turn: Hand, until: datetime, *, to: str | None = None, name: str = "", is_again: bool = False, answered: int = 0
) -> Say:
    params = turn.params
    extra = params.follow_up
    data = {
        "question": params.question, "low": params.low, "high": params.high, "until": clock(turn, until), "name": name,
        "is_private": to is not None, "is_again": is_again, "answered": answered, "command": params.command,
        "follow_up": extra.ask if extra is not None else "", "choices": lettered(extra.choices if extra else ()),
        "can_whisper": Capability.PRIVATE in turn.ctx.caps,
    }  # fmt: skip
    return Say(words=Template("survey/question", data), to=to, lane=Lane.NOTICE)


def lettered(choices: tuple[str, ...]) -> list[str]:
    return [f"{chr(ord('A') + at)}. {each}" for at, each in enumerate(choices)]


def clock(turn: Hand, at: datetime) -> str:
    local = turn.ctx.local(at)
    return f"{local.month}月{local.day}日 {local:%H:%M}"


def _next_reminder(turn: Hand, round_: Round) -> None:
    if round_.reminded >= turn.params.reminders:
        return
    shares = _SHARES[-turn.params.reminders :]
    at = round_.opened + (round_.until - round_.opened) * shares[round_.reminded]
    turn.do(SetTimer(name=REMIND, at=max(at, turn.ctx.now)))
