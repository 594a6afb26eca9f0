"""What operators type: 代打卡, 撤销打卡, 打卡情况."""

from __future__ import annotations

from datetime import date, timedelta

from bot.core.effects import Effect
from bot.core.events import MessageReceived
from bot.core.play import Member, Step
from bot.core.text import fold
from bot.plays.checkin.answer import Here, Outcome, State, answer, on, when
from bot.plays.checkin.board import cards, missing
from bot.plays.checkin.credit import grant, undo
from bot.plays.checkin.dayword import parse_day
from bot.plays.checkin.record import COUNTED, Slot, mark_of

_REACH = timedelta(days=2)
"""How far back operators may mend: as far as the record keeps what a day was worth."""
_NAMES_AT_MOST = 50
_LONGEST = 400
"""What is read of a list of names; what nobody is called is said back."""


def _people(event: MessageReceived, ctx: Here, rest: str, today: date) -> tuple[list[Member], date, list[str]]:
    """Members named in `rest` or mentioned, the day (today unless one is named), and names that nobody has."""
    people = [ctx.roster[uid] for uid in event.mentions if uid in ctx.roster and not ctx.roster[uid].is_bot]
    day, unknown = today, []
    for token in rest[:_LONGEST].replace("、", " ").replace(",", " ").replace("，", " ").split():
        if found_day := parse_day(token, today, is_past=True):
            day = found_day
        elif not (people and event.mentions):
            name = fold(token.lstrip("@"))
            found = [member for member in ctx.roster.values() if fold(member.name) == name]
            if len(found) == 1:
                people.append(found[0])
            else:
                unknown.append(token.lstrip("@"))
    return people, day, unknown


def on_behalf(state: State, event: MessageReceived, ctx: Here, rest: str) -> Outcome:
    """代打卡 成员… [昨天]: a credit without window and content, noted with the operator."""
    at = when(event, ctx)
    today = ctx.day(at)
    people, day, unknown = _people(event, ctx, rest, today)
    if not people or not today - _REACH <= day <= today:
        return _how(state, event, ctx, "behalf", unknown, is_far=bool(people))
    slots: dict[str, Slot] = {}
    effects: list[Effect] = []
    done, had = [], []
    for member in people:
        slot = (ctx.slots.get(member.uid) or Slot()).model_copy(update={"name": member.name})
        if mark_of(slot, day) in COUNTED:
            had.append(member.name)
            continue
        granted = grant(slot, member.uid, day, at, "", ctx.params, {"by": event.member})
        slots[member.uid] = granted.slot
        effects += granted.effects
        done.append({"name": member.name, "streak": granted.slot.streak, "earned": granted.earned})
    said = answer(event, "behalf", word=ctx.params.word, on=on(day, today), done=done, had=had, unknown=unknown)
    return Step(state, (*effects, said), slots=slots, why={"by": event.member, "day": day, "granted": len(done)})


def revoke(state: State, event: MessageReceived, ctx: Here, rest: str) -> Outcome:
    """撤销打卡 成员… [昨天]: the mark goes, and a reversal entry for all that the day earned."""
    today = ctx.day(when(event, ctx))
    people, day, unknown = _people(event, ctx, rest, today)
    if not people or not today - _REACH <= day <= today:
        return _how(state, event, ctx, "revoke", unknown, is_far=bool(people))
    slots: dict[str, Slot] = {}
    effects: list[Effect] = []
    done, had = [], []
    for member in people:
        slot = ctx.slots.get(member.uid) or Slot()
        taken = undo(slot, member.uid, day, ctx.balances.get(member.uid, 0), event.member, ctx.params)
        if taken is None:
            had.append(member.name)
            continue
        slots[member.uid] = taken.slot
        effects += taken.effects
        done.append({"name": member.name, "taken": -taken.earned})
    said = answer(event, "revoked", word=ctx.params.word, on=on(day, today), done=done, had=had, unknown=unknown)
    return Step(state, (*effects, said), slots=slots, why={"by": event.member, "day": day, "undone": len(done)})


def _how(state: State, event: MessageReceived, ctx: Here, what: str, unknown: list[str], *, is_far: bool) -> Outcome:
    said = answer(event, "desk_how", word=ctx.params.word, what=what, unknown=unknown, is_far=is_far)
    return Step(state, (said,), why={what: "too far back" if is_far else "nobody named"})


def status(state: State, event: MessageReceived, ctx: Here) -> Outcome:
    """打卡情况: how many are done, who is missing, who is on leave, what waits for a review."""
    today = ctx.day(when(event, ctx))
    here = cards(ctx)
    absent = [member.name for member in missing(state, ctx, today)]
    said = answer(
        event,
        "status",
        word=ctx.params.word,
        done=sum(mark_of(slot, today) in COUNTED for slot in here.values()),
        missing=absent[:_NAMES_AT_MOST],
        more=max(0, len(absent) - _NAMES_AT_MOST),
        leave=[slot.name for slot in here.values() if mark_of(slot, today) == "j"],
        waiting=sum(work.status == "waiting" for slot in here.values() for work in slot.works),
        reviews=ctx.params.review is not None,
    )
    return Step(state, (said,), why={"missing": len(absent)})
