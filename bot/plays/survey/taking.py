"""What members hand in: a score, and what they say to it. In the group a bare score is taken in silence, so that two hundred
answers are not two hundred replies; in private each is answered."""

from __future__ import annotations

from typing import Any

from bot.core.audience import includes
from bot.core.effects import Note, Say, Template
from bot.core.events import MessageReceived
from bot.core.play import Member
from bot.core.text import fold
from bot.plays.survey import reading
from bot.plays.survey.asking import clock, lettered
from bot.plays.survey.record import JOINED, Hand, Sheet

_CHAT = 4


def heard(turn: Hand, event: MessageReceived, member: Member) -> None:
    """A message that is no command of this play."""
    number = _open_for(turn, member)
    if number is None or _is_command(turn, event):
        return
    sheet: Sheet | None = turn.slot(member.uid)
    score = reading.bare(event.text)
    if score is not None:
        round_ = turn.state.round
        is_listening = round_ is not None and event.at <= round_.listen_until
        if event.is_private or score[1] or (is_listening and any(map(str.isdecimal, event.text))):
            _take(turn, event, member, number, score[0], "")
    elif event.is_private and sheet is not None and sheet.waits and event.text.strip():
        _said(turn, event, member, sheet)


def answered(turn: Hand, event: MessageReceived, member: Member, rest: str) -> None:
    """`评分 9 节奏可以慢一点`."""
    params = turn.params
    found, number = reading.answer(rest), _open_for(turn, member)
    if found is None and len(fold(rest)) > _CHAT:
        # 评分标准是什么: they talk about it.
        turn.because(chat=params.command)
        return
    if number is None:
        _say(turn, event, "closed", {})
        return
    if found is None:
        _say(turn, event, "how", {"command": params.command, "question": params.question})
        return
    _take(turn, event, member, number, *found, is_command=True)


def _open_for(turn: Hand, member: Member) -> int | None:
    """The round that the member may answer now."""
    params, ctx = turn.params, turn.ctx
    sheet: Sheet | None = turn.slot(member.uid)
    if sheet is not None and sheet.until is not None and ctx.now < sheet.until:
        return JOINED
    round_ = turn.state.round
    if round_ is None or ctx.now >= round_.until or member.is_bot or not includes(params.who, member, ctx.now):
        return None
    if round_.is_private and (sheet is None or sheet.round != round_.number):
        # Who was not drawn is not in the sample.
        return None
    return round_.number


def _take(
    turn: Hand, event: MessageReceived, member: Member, number: int, score: int, said: str, *, is_command: bool = False
) -> None:
    params, ctx = turn.params, turn.ctx
    known: Sheet | None = turn.slot(member.uid)
    before = known if known is not None and known.round == number else None
    extra = params.follow_up
    words = _kept(turn, said) or (before.said if before is not None else "")
    asks = extra is not None and event.is_private and not words
    sheet = Sheet(
        round=number, score=score, said=words, waits=asks, takes=before.takes + 1 if before is not None else 1,
        until=before.until if before is not None else None,
    )  # fmt: skip
    turn.put(member.uid, sheet)
    turn.do(_note(member, sheet))
    turn.because(score=score, changed=before is not None and before.score is not None)
    if event.is_private or is_command:
        until = sheet.until or (turn.state.round.until if turn.state.round is not None else ctx.now)
        data = {
            "score": score, "is_changed": before is not None and before.score is not None, "until": clock(turn, until),
            "follow_up": extra.ask if asks and extra is not None else "",
            "choices": lettered(extra.choices) if asks and extra is not None else [], "is_private": event.is_private,
        }  # fmt: skip
        _say(turn, event, "taken", data)


def _said(turn: Hand, event: MessageReceived, member: Member, sheet: Sheet) -> None:
    extra = turn.params.follow_up
    words = _kept(turn, event.text)
    if not words:
        _say(turn, event, "which", {"choices": lettered(extra.choices) if extra is not None else []})
        return
    after = sheet.model_copy(update={"said": words, "waits": False, "takes": sheet.takes + 1})
    turn.put(member.uid, after)
    turn.do(_note(member, after))
    _say(turn, event, "thanks", {})


def _kept(turn: Hand, said: str) -> str:
    """The words as they are kept: one of the choices where there are some, else what was typed."""
    extra = turn.params.follow_up
    if extra is not None and extra.choices:
        return reading.choice(said, extra.choices)
    return " ".join(said.split())[: reading.LONGEST]


def _note(member: Member, sheet: Sheet) -> Note:
    """The newest of a member counts: that is how the metrics read it."""
    key = f"{sheet.round}|{member.uid}|{sheet.takes}"
    return Note(
        what="nps", key=key, member=member.uid, data={"score": sheet.score, "round": sheet.round, "said": sheet.said}
    )


def _is_command(turn: Hand, event: MessageReceived) -> bool:
    """Whether it begins with a word that some play of the group answers to."""
    typed = fold(event.text[:40])
    return any(typed.startswith(fold(name)) for _, spec in turn.ctx.handbook for name in (spec.name, *spec.aliases))


def _say(turn: Hand, event: MessageReceived, template: str, data: dict[str, Any]) -> None:
    to = event.member if event.is_private else None
    turn.do(Say(words=Template(f"survey/{template}", data), to=to, reply_to=None if to else event.message_id))
