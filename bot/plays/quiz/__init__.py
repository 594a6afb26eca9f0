"""答题: timed questions from a bank, answers judged as people type them, points by the record, fair and replayable.

Theory and invariants stand at the top of `session`; judging is `judge`, points are `scoring`, files are `reading`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import replace

from bot.core.events import EffectSettled, Event, MemberMuted, MessageReceived, OperatorDecided, PlayStarted, TimerFired
from bot.core.play import NOTHING, Capability, Needs, Play, Step
from bot.core.text import fold
from bot.core.units import AssetParser, AssetProblem
from bot.plays.quiz import answering, desk, offering, session
from bot.plays.quiz.bank import Bank, Question
from bot.plays.quiz.closing import Here, Result
from bot.plays.quiz.forgetting import forget
from bot.plays.quiz.params import Params, commands, schedules
from bot.plays.quiz.reading import parse_bank
from bot.plays.quiz.record import Slot, State

_LEADING = re.compile(r"^(?:@\S+\s+)*[/.。!#]?\s*")
_EVERYTHING = Needs(slots="all", balances="all")
_WIDE = tuple(
    fold(word)
    for spec in commands(Params(bank="-"))
    if spec.name not in ("答题", "投稿")
    for word in (spec.name, *spec.aliases)
)
_FIRST = frozenset(word[0] for word in (*_WIDE, "排行", "投稿", "出题"))


def start(ctx: Here) -> Result:
    return Step(State())


def step(state: State, event: Event, ctx: Here) -> Result:
    match event:
        case MessageReceived() if ctx.command is None:
            if state.session is None or state.session.is_over:
                return Step(state)
            if fold(event.text) == "排行":
                return desk.ranking(state, event, ctx) if _is_free("排行", ctx) else Step(state)
            return answering.take(state, event, ctx)
        case MessageReceived():
            return _command(state, event, ctx)
        case MemberMuted():
            return answering.muted(state, event)
        case EffectSettled():
            return session.delivered(state, event, ctx)
        case TimerFired(name="start"):
            if state.session and not state.session.is_over:
                return Step(state, why={"start": "a session is running"})
            if ctx.is_quiet(ctx.now):
                return Step(state, why={"start": "quiet hours"})
            return session.begin(state, ctx, event.at)
        case TimerFired():
            return session.timer(state, event, ctx)
        case PlayStarted():
            if state.session and not state.session.is_over:
                return Step(state, why={"start": "a session is running"})
            return session.begin(state, ctx, ctx.now, only=event.data.get("only", ""), named=event.data.get("bank", ""))
        case OperatorDecided():
            return offering.decided(state, event, ctx)
    return Step(state)


def _command(state: State, event: MessageReceived, ctx: Here) -> Result:
    assert ctx.command is not None
    match ctx.command.name:
        case "答题":
            return desk.help_(state, event, ctx)
        case "答题排行":
            return desk.ranking(state, event, ctx)
        case "投稿":
            return offering.offer(state, event, ctx, ctx.command.rest)
        case name:
            return desk.operate(state, event, ctx, name, ctx.command.rest)


def _is_free(word: str, ctx: Here) -> bool:
    """Whether no other play of this group answers `word`."""
    return not any(word in (spec.name, *spec.aliases) for _, spec in ctx.handbook)


def needs(params: Params, event: Event) -> Needs:
    """The member's own sheet for chat; everything only for timers and for what looks at everybody."""
    match event:
        case MessageReceived():
            first = event.text[:1]
            if first.isalnum() and first not in _FIRST:
                return _own(event)
            head = _LEADING.sub("", fold(event.text[:60]))
            if head.startswith(_WIDE) or head == "排行":
                return _EVERYTHING
            if params.submit and head.startswith(("投稿", "出题")):
                return Needs(slots=("o/*",))
            return _own(event)
        case EffectSettled():
            return Needs(slots=(f"s/{event.key.rpartition('|')[2]}",))
        case OperatorDecided():
            return Needs(slots=(f"o/{event.key.partition('|')[2]}",))
        case TimerFired() | PlayStarted():
            return Needs(slots="all")
    return NOTHING


def _own(event: MessageReceived) -> Needs:
    return Needs(slots=(f"a/{event.member}", f"m/{event.member}")) if event.member else NOTHING


def is_busy(state: State) -> bool:
    return state.session is not None and not state.session.is_over


def _parse_bank(path: str, text: str) -> tuple[Bank, list[AssetProblem]]:
    bank, problems = parse_bank(path, text)
    bank = replace(bank, questions=tuple(_with_picture(question, path) for question in bank.questions))
    return bank, [AssetProblem(p.line, f"{p.zh} · {p.en}", p.is_error) for p in problems]


def _with_picture(question: Question, path: str) -> Question:
    """The picture as the folder of playbooks knows it: banks name it from where they lie."""
    if not question.image or "://" in question.image:
        return question
    return question.model_copy(
        update={"image": posixpath.normpath(posixpath.join(posixpath.dirname(path), question.image))}
    )


ASSET_PARSERS: Mapping[str, AssetParser] = {"bank": _parse_bank}

PLAY = Play(
    kind="quiz",
    version=1,
    title="答题",
    Params=Params,
    State=State,
    Slot=Slot,
    can_wait=False,
    start=start,
    step=step,
    hears=answering.hears,
    attends=is_busy,
    needs=needs,
    forget=forget,
    commands=commands,
    schedules=schedules,
    is_busy=is_busy,
    wants_capabilities=lambda params: {"private": Capability.PRIVATE} if params.private else {},
    listens=frozenset({MessageReceived, MemberMuted, EffectSettled, TimerFired, PlayStarted, OperatorDecided}),
)
