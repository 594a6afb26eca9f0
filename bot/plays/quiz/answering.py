"""A member's message while a question is open: an answer is put on the member's sheet, everything else is chat."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.core.audience import includes
from bot.core.effects import Effect, SetTimer
from bot.core.events import MemberMuted, MessageReceived
from bot.core.play import Step
from bot.plays.quiz.closing import Here, Result, say
from bot.plays.quiz.judge import is_right_text, judge
from bot.plays.quiz.params import Params
from bot.plays.quiz.record import Given, Live, Muted, Sheet, Slot, State
from bot.plays.quiz.teams import next_team

_LONGEST = 40
_CLOCKS_DIFFER = timedelta(seconds=5)
_KEPT_BEYOND = 3
_TOLD_AT_MOST = 200
_MUTED_AT_MOST_S = 30 * 86_400


def may_be_answer(event: MessageReceived) -> bool:
    """Short, and no question; only mentions and a quotation (WeChat) may make it long. Cheap: it sees all chat."""
    text = event.text
    if len(text) > _LONGEST and "@" not in text and "- - - - -" not in text:
        return False
    return bool(text) and "?" not in text[-_LONGEST:] and "？" not in text[-_LONGEST:]


def take(state: State, event: MessageReceived, ctx: Here) -> Result:
    """Records an answer without a word: right or wrong is a secret until the reveal."""
    session = state.session
    if session is None or session.is_over or (live := session.live) is None or not _may_score(event, ctx):
        return Step(state)
    if (muted := ctx.slots.get(f"m/{event.member}")) is not None and muted.root.until > event.at:
        return Step(state, why={"answer": "muted", "until": muted.root.until})
    judged = _judged(live, event.text)
    if judged is None:
        return Step(state)
    letters, is_right_words = judged
    if ctx.params.private and not event.is_private:
        if event.member in session.told or len(session.told) >= _TOLD_AT_MOST or live.phase == "revealed":
            return Step(state, why={"answer": "not in private"})
        told = session.model_copy(update={"told": (*session.told, event.member)})
        return Step(State(session=told), (say("privately", name=event.name),), why={"answer": "not in private"})
    slot = ctx.slots.get(f"a/{event.member}")
    sheet: Sheet = slot.root if slot else Sheet(session=session.id, name="")
    if sheet.session != session.id:
        sheet = Sheet(session=session.id, name="")
    sizes = session.team_sizes
    if ctx.params.teams and not sheet.team:
        team = next_team(ctx.params.teams, sizes, f"{ctx.seed}|{session.id}", event.member)
        sizes = tuple((sizes[n] if n < len(sizes) else 0) + (n == team) for n in range(len(ctx.params.teams)))
        sheet = sheet.model_copy(update={"team": ctx.params.teams[team]})
    had = [given for given in sheet.answers if given.index == live.index]
    is_late = live.phase == "revealed"
    at_most = 1 if ctx.params.mode == "race" or is_late else ctx.params.attempts + _KEPT_BEYOND
    if len(had) >= at_most:
        return Step(state, why={"answer": "one too many", "had": len(had)})
    given = Given(
        index=live.index,
        seq=session.seq,
        at=_at(event, ctx),
        message_id=event.message_id,
        text=event.text[:_LONGEST],
        letters=letters,
        is_right_text=is_right_words,
        is_late=is_late,
    )
    name = ctx.member.name if ctx.member else event.name
    slots = {f"a/{event.member}": Slot(sheet.model_copy(update={"name": name, "answers": (*sheet.answers, given)}))}
    effects: list[Effect] = []
    if not is_late:
        live = live.model_copy(update={"is_answered": True})
        if ctx.params.mode == "race" and not live.is_won and _is_right(live, given):
            live = live.model_copy(update={"is_won": True})
            if live.phase == "open":
                effects.append(SetTimer(name="reveal", at=ctx.now, data={"index": str(live.index)}))
    session = session.model_copy(update={"seq": session.seq + 1, "live": live, "team_sizes": sizes})
    why = {"answer to": live.index, "letters": "".join(letters), "late": is_late}
    return Step(State(session=session), tuple(effects), slots=slots, why=why)


def _may_score(event: MessageReceived, ctx: Here) -> bool:
    if not event.member:
        return False
    member = ctx.member
    return member is None or not (member.is_bot or includes(ctx.params.exclude, member, event.at))


def muted(state: State, event: MemberMuted) -> Result:
    """Remembers who may not talk and until when; a mute of the whole group is nobody's."""
    if not event.member or event.for_s < 0:
        return Step(state)
    key = f"m/{event.member}"
    for_s = min(event.for_s, _MUTED_AT_MOST_S)
    return Step(state, slots={key: Slot(Muted(until=event.at + timedelta(seconds=for_s))) if for_s else None})


def _judged(live: Live, typed: str) -> tuple[tuple[str, ...], bool] | None:
    question = live.question
    if question.type == "text":
        right = is_right_text(question.answer, typed)
        return None if right is None else ((), right)
    letters = judge(question.type, question.options, typed)
    return None if letters is None else (letters, False)


def _is_right(live: Live, given: Given) -> bool:
    return given.is_right_text if live.question.type == "text" else given.letters == live.question.answer


def _at(event: MessageReceived, ctx: Here) -> datetime:
    """The network's time of the message, unless the clocks differ: then its arrival."""
    return event.at if abs(event.at - ctx.now) <= _CLOCKS_DIFFER else ctx.now


def hears(params: Params, event: MessageReceived) -> bool:
    return may_be_answer(event)
