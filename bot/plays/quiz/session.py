"""The course of a session.

        begin ─► next ─► asked ──delivered──► open ──limit + 2 s──► revealed ─► next … ─► over
                          │                    │
                          └ not delivered ─────┴ timer far too late (the bot was down): void, then next

Events: the schedule or an operator begins it; `EffectSettled` of the question says when it was delivered and starts its
clock; timers `reveal`, `hurry`, `next` and `overdue` (the network never said what became of the question) drive it.
Invariants: one session at a time; every question is void or closed exactly once; points follow from the record alone and
enter the ledger when the session is over; nothing about right or wrong is said before the reveal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot.core.effects import CancelTimer, Effect, Note, Say, SetTimer, Template
from bot.core.events import EffectSettled, TimerFired
from bot.core.play import Capability, Step
from bot.plays.quiz.bank import Question
from bot.plays.quiz.closing import TIMERS, Here, Result, bank_of, finish, rows_of, say
from bot.plays.quiz.drawing import draw, with_shuffled_options
from bot.plays.quiz.record import (
    Live,
    Offer,
    Played,
    Session,
    Slot,
    State,
    Use,
    names,
    outcome,
    use_key,
)
from bot.plays.quiz.scoring import Outcome, Verdict

UNDER_WAY = timedelta(seconds=2)
"""The reveal waits for messages that were sent in time."""
RESTARTED = timedelta(seconds=10)
"""A timer later than this fires into a bot that was down: the question is void."""
_DELIVERY = timedelta(seconds=60)
_SILENT_QUESTIONS = 4
_NAMES_AT_MOST, _LEADERS = 10, 3


# -- beginning --------------------------------------------------------------------------------------------------------


def begin(
    state: State, ctx: Here, at: datetime, *, only: str = "", count: int | None = None, named: str = ""
) -> Result:
    """Draws the questions and announces the session; `only` is a tag, a category or a type, `named` a bank's name."""
    if state.session and not state.session.is_over:
        return Step(state, (say("running"),), why={"session": "one is running"})
    bank = bank_of(ctx, named)
    every = [*((bank.name, question) for question in bank.questions), *(("", own) for own in _accepted(ctx.slots))]
    pool = {
        use_key(of, question.id): (of, question)
        for of, question in every
        if _fits(question, ctx.params.tags) and _is_of(question, only)
    }
    if not pool:
        return Step(state, (say("no_questions", only=only),), why={"questions": 0, "only": only})
    id_ = f"{ctx.local(at):%Y%m%d-%H%M%S}"
    seed = f"{ctx.seed}|{id_}"
    used_on = {key: slot.root.on for key, slot in ctx.slots.items() if key.startswith("u/")}
    wanted = count or ctx.params.questions
    keys = draw(pool, used_on, ctx.day(ctx.now), wanted, seed, ctx.params.no_repeat)
    if not keys:
        return Step(state, (say("used_up", days=ctx.params.no_repeat.days),), why={"questions": "all used lately"})
    drawn = [pool[key] for key in keys]
    if ctx.params.shuffle_options:
        drawn = [(of, with_shuffled_options(question, seed)) for of, question in drawn]
    session = Session(id=id_, bank=bank.name, total=len(drawn))
    slots: dict[str, Slot | None] = {key: None for key in ctx.slots if key.startswith(("a/", "s/"))}
    slots |= {key: None for key, slot in ctx.slots.items() if key.startswith("m/") and slot.root.until <= ctx.now}
    for n, (of, question) in enumerate(drawn):
        limit_s = ctx.params.limit_s(question.limit_s, bank)
        slots[f"s/{n}"] = Slot(Played(question=question, limit_s=limit_s, bank=of))
    limits = {slot.root.limit_s for key, slot in slots.items() if slot and isinstance(slot.root, Played)}
    intro = say(
        "intro",
        total=len(drawn),
        limit=limits.pop() if len(limits) == 1 else None,
        mode=ctx.params.mode,
        private=ctx.params.private,
        teams=list(ctx.params.teams),
    )
    note = Note(
        what="quiz_session",
        key=id_,
        data={"seed": seed, "bank": bank.name, "questions": [question.id for _, question in drawn]},
    )
    why = {"session": id_, "drawn": len(drawn), "of": len(pool), "seed": seed}
    return Step(State(session=session), (intro, note, _next_at(ctx.now + ctx.params.gap)), slots=slots, why=why)


def _accepted(slots: Mapping[str, Any]) -> list[Question]:
    offers = [slot.root for key, slot in slots.items() if key.startswith("o/")]
    return [offer.question for offer in offers if isinstance(offer, Offer) and offer.is_accepted]


def _fits(question: Question, tags: tuple[str, ...]) -> bool:
    return not tags or bool(set(tags) & {*question.tags, question.category})


def _is_of(question: Question, only: str) -> bool:
    kinds = {"single": "单选", "multi": "多选", "truefalse": "判断", "text": "填空"}
    return not only or only in {*question.tags, question.category, question.type, kinds[question.type]}


def _next_at(at: datetime) -> SetTimer:
    return SetTimer(name="next", at=at)


# -- asking -----------------------------------------------------------------------------------------------------------


def ask(state: State, ctx: Here, *, after: Mapping[str, Any] | None = None) -> Result:
    """The next question; `after` is the reveal that is said in the same message."""
    session = state.session
    assert session is not None
    index = session.next_index
    slot = ctx.slots.get(f"s/{index}")
    if slot is None:
        return finish(state, ctx)
    one: Played = slot.root
    question = one.question
    live = Live(index=index, question=question)
    shown = {
        "number": index + 1,
        "total": session.total,
        "limit": one.limit_s,
        "type": question.type,
        "text": question.text,
        "options": [[chr(ord("A") + n), option] for n, option in enumerate(question.shown_options)],
        "author": question.author,
    }
    words = Template("quiz/turn", {"after": after, "question": shown})
    asked = Say(
        words=words,
        key=f"q|{session.id}|{index}",
        expires_at=ctx.now + _DELIVERY,
        pictures=_pictures(ctx, question),
    )
    overdue = SetTimer(name="overdue", at=ctx.now + _DELIVERY + UNDER_WAY, data={"index": str(index)})
    session = session.model_copy(update={"live": live, "next_index": index + 1})
    return Step(State(session=session), (asked, overdue, CancelTimer(name="next")), why={"asked": question.id})


def _pictures(ctx: Here, question: Question) -> tuple[str, ...]:
    """The question's picture, where the network shows pictures."""
    return (question.image,) if question.image and Capability.PICTURE in ctx.caps else ()


def delivered(state: State, event: EffectSettled, ctx: Here) -> Result:
    """The clock of a question starts when the network had accepted it."""
    session, live = state.session, state.session.live if state.session else None
    if session is None or live is None or live.phase != "asked" or event.key != f"q|{session.id}|{live.index}":
        return Step(state)
    if event.outcome != "done":
        return void_open(state, ctx, "not_delivered")
    one: Played = ctx.slots[f"s/{live.index}"].root
    # Networks stamp messages in whole seconds: an answer in the second of the question is not before it.
    asked_at = event.at.replace(microsecond=0)
    index = {"index": str(live.index)}
    closes = asked_at + timedelta(seconds=one.limit_s)
    reveal_at = ctx.now if live.is_won else max(ctx.now, closes + UNDER_WAY)
    effects: list[Effect] = [CancelTimer(name="overdue"), SetTimer(name="reveal", at=reveal_at, data=index)]
    if ctx.params.hurry and closes - ctx.params.hurry > ctx.now:
        effects.append(SetTimer(name="hurry", at=closes - ctx.params.hurry, data=index))
    session = session.model_copy(update={"live": live.model_copy(update={"phase": "open"})})
    slots = {f"s/{live.index}": Slot(one.model_copy(update={"asked_at": asked_at}))}
    return Step(State(session=session), tuple(effects), slots=slots, why={"open": live.index, "asked at": asked_at})


def void_open(state: State, ctx: Here, why: str) -> Result:
    """The question at hand does not count; the session goes on."""
    session = state.session
    assert session is not None
    live = session.live
    assert live is not None
    one: Played = ctx.slots[f"s/{live.index}"].root
    slots = {f"s/{live.index}": Slot(one.model_copy(update={"is_void": True, "is_closed": True}))}
    session = session.model_copy(update={"live": None})
    effects: list[Effect] = [CancelTimer(name=name) for name in TIMERS]
    effects.append(say("void", number=live.index + 1, why=why))
    if session.is_paused:
        return Step(State(session=session), tuple(effects), slots=slots, why={"void": live.index, "because": why})
    effects.append(_next_at(ctx.now + ctx.params.gap))
    return Step(State(session=session), tuple(effects), slots=slots, why={"void": live.index, "because": why})


# -- the clock --------------------------------------------------------------------------------------------------------


def timer(state: State, event: TimerFired, ctx: Here) -> Result:
    session = state.session
    if session is None or session.is_over:
        return Step(state)
    live = session.live
    if event.name == "next":
        if session.is_paused or (live is not None and live.phase != "revealed"):
            return Step(state, why={"next": "paused" if session.is_paused else "a question is open"})
        return ask(state, ctx)
    if live is None or event.data.get("index") != str(live.index):
        return Step(state)
    late = ctx.now - event.at
    match event.name, live.phase:
        case "overdue", "asked":
            return void_open(state, ctx, "not_delivered")
        case "reveal", "open":
            return void_open(state, ctx, "restart") if late > RESTARTED else reveal(state, ctx)
        case "hurry", "open" if late <= UNDER_WAY and ctx.params.hurry:
            left = int(ctx.params.hurry.total_seconds())
            call = Say(words=Template("quiz/hurry", {"left": left}), expires_at=ctx.now + ctx.params.hurry)
            return Step(state, (call,))
    return Step(state, why={event.name: live.phase})


def reveal(state: State, ctx: Here, *, at_once: bool = False) -> Result:
    """The right answer, who had it, who leads; then the next question, or the end."""
    session = state.session
    assert session is not None
    live = session.live
    assert live is not None
    index, question = live.index, live.question
    closed: Played = ctx.slots[f"s/{index}"].root.model_copy(update={"is_closed": True})
    slots: dict[str, Slot] = {f"s/{index}": Slot(closed)}
    known = {**ctx.slots, **slots}
    result = outcome(ctx.params.rules(bank_of(ctx, session.bank)), session, known)
    verdicts = result.questions[index]
    unanswered = 0 if verdicts else session.unanswered + 1
    who = names(known, session.id)
    shown = _reveal_data(ctx, session, question, verdicts, result, who)
    session = session.model_copy(
        update={"live": live.model_copy(update={"phase": "revealed"}), "unanswered": unanswered}
    )
    slots[use_key(closed.bank, question.id)] = _used(ctx, closed, verdicts)
    effects: list[Effect] = [CancelTimer(name="reveal"), CancelTimer(name="hurry")]
    effects += [_answer_note(session, closed, index, verdict) for verdict in verdicts]
    state = State(session=session)
    stopped = bool(ctx.params.stop_score and any(p.points >= ctx.params.stop_score for p in result.ranking))
    is_silent = unanswered >= _SILENT_QUESTIONS
    why = {"revealed": index, "answered": len(verdicts), "unanswered in a row": unanswered}
    if index + 1 >= session.total or stopped or is_silent:
        effects.append(say("turn", after=shown, question=None))
        end = finish(state, _with_slots(ctx, {**known, **slots}), reason="silent" if is_silent else "")
        return Step(end.state, (*effects, *end.effects), slots={**slots, **end.slots}, why=why)
    if session.is_paused:
        return Step(state, (*effects, say("turn", after=shown, question=None), say("paused")), slots=slots, why=why)
    if ctx.params.one_message or at_once:
        then = ask(state, _with_slots(ctx, known), after=shown)
        return Step(then.state, (*effects, *then.effects), slots={**slots, **then.slots}, why=why)
    return Step(
        state,
        (*effects, say("turn", after=shown, question=None), _next_at(ctx.now + ctx.params.gap)),
        slots=slots,
        why=why,
    )


def _with_slots(ctx: Here, slots: Mapping[str, Any]) -> Here:
    return replace(ctx, slots=slots)


def _reveal_data(
    ctx: Here, session: Session, question: Question, verdicts: list[Verdict], result: Outcome, who: Mapping[str, str]
) -> dict[str, Any]:
    right = [verdict for verdict in verdicts if verdict.is_right]
    options = question.shown_options
    if question.type == "text":
        answer = [["", question.answer[0]]]
    else:
        answer = [[letter, options[ord(letter) - ord("A")]] for letter in question.answer]
    return {
        "answer": answer,
        "is_truefalse": question.type == "truefalse",
        "explanation": question.explanation if ctx.params.reveal == "with_explanation" else "",
        "mode": ctx.params.mode,
        "right": [{"name": who.get(v.member, v.member), "points": v.points} for v in right[:_NAMES_AT_MOST]],
        "more": max(0, len(right) - _NAMES_AT_MOST),
        "answered": len(verdicts),
        "leaders": rows_of(result.ranking[:_LEADERS], who),
    }


def _used(ctx: Here, one: Played, verdicts: list[Verdict]) -> Slot:
    old = ctx.slots.get(use_key(one.bank, one.question.id))
    use = old.root if old else Use(on=ctx.day(ctx.now))
    return Slot(
        use.model_copy(
            update={
                "on": ctx.day(ctx.now),
                "asked": use.asked + 1,
                "answered": use.answered + len(verdicts),
                "right": use.right + sum(verdict.is_right for verdict in verdicts),
            }
        )
    )


def _answer_note(session: Session, one: Played, index: int, verdict: Verdict) -> Note:
    data = {
        "bank": one.bank,
        "question": one.question.id,
        "letters": "".join(verdict.letters),
        "is_right": verdict.is_right,
        "points": verdict.points,
        "e": verdict.e,
    }
    return Note(what="quiz", key=f"{session.id}|{index}|{verdict.member}", member=verdict.member, data=data)
