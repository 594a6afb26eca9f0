"""What a member types: 打卡, 补卡, 请假, 销假, 我的打卡, and taking a check-in back."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime, timedelta

from bot.core.effects import Effect, Inline, Note, Say, Template
from bot.core.events import MessageRecalled, MessageReceived
from bot.core.play import Step
from bot.core.segments import Image
from bot.plays.checkin.answer import (
    Here,
    Outcome,
    State,
    answer,
    answered_once,
    end_of,
    into_day,
    on,
    own_slot,
    settled,
    when,
)
from bot.plays.checkin.credit import Grant, grant, make_up, undo
from bot.plays.checkin.dayword import parse_day, parse_span
from bot.plays.checkin.evidence import evidence, lack
from bot.plays.checkin.pictures import calendar_of
from bot.plays.checkin.record import (
    COUNTED,
    ONE_DAY,
    Slot,
    Work,
    credit_of,
    in_month,
    mark_of,
    marked,
    streak_on,
    with_work,
)

PICTURE_MAY_FOLLOW = timedelta(minutes=10)
_LEAVE_AHEAD_DAYS = 31


def check_in(state: State, event: MessageReceived, ctx: Here, text: str) -> Outcome:
    """打卡: at most one credit, one compact answer."""
    params, at = ctx.params, when(event, ctx)
    today, slot = ctx.day(at), own_slot(event, ctx)
    if mark_of(slot, today) in COUNTED:
        return answered_once(state, event, slot, today, "again", word=params.word)
    clock = ctx.local(at).time()
    if params.window and clock not in params.window:
        is_early = into_day(clock, ctx) < into_day(params.window.start, ctx)
        name = "early" if is_early else "late"
        return answered_once(
            state, event, slot, today, name, word=params.word, window=str(params.window), makeup=bool(params.makeup)
        )
    brought = evidence(text, event.segments)
    if missing := lack(params.content, brought, slot.imprint):
        assert params.content is not None
        if params.content.takes_image and not brought.has_image:
            slot = slot.model_copy(update={"waiting_at": at})
        need = {
            "need": params.content.min_chars,
            "have": brought.chars,
            "word": params.word,
            "form": params.content.template,
        }
        told = answered_once(state, event, slot, today, missing, 3, **need)
        return told if told.slots else settled(state, event, slot, **dict(told.why))
    if brought.imprint:
        slot = slot.model_copy(update={"imprint": brought.imprint})
    data = {"chars": brought.chars, "image": brought.has_image}
    granted = grant(slot, event.member, today, at, event.message_id, params, data)
    slot, effects = granted.slot, list(granted.effects)
    if params.review and (brought.chars or brought.has_image):
        slot = with_work(slot, Work(message_id=event.message_id, day=today))
        effects.append(submission(event, today, 1))
    effects.append(_done(event, ctx, slot, granted))
    return settled(state, event, slot, *effects, day=today, streak=slot.streak, chars=brought.chars)


def picture_follows(state: State, event: MessageReceived, ctx: Here) -> Outcome:
    """A picture right after a 打卡 that lacked one completes it; any other picture is chat."""
    slot, at = own_slot(event, ctx), when(event, ctx)
    has_image = any(isinstance(segment, Image) for segment in event.segments)
    if not has_image or slot.waiting_at is None or not timedelta(0) <= at - slot.waiting_at <= PICTURE_MAY_FOLLOW:
        return Step(state)
    if mark_of(slot, ctx.day(at)) in COUNTED:
        return Step(state)
    return check_in(state, event, ctx, event.text)


def submission(event: MessageReceived, day: date, version: int) -> Note:
    data = {"day": day.isoformat(), "version": version, "message_id": event.message_id}
    return Note(what="submission", key=f"{event.member}|{day}|{event.message_id}", member=event.member, data=data)


def _done(event: MessageReceived, ctx: Here, slot: Slot, granted: Grant) -> Say:
    params = ctx.params
    nearest = next((n for n in params.streak if n > slot.streak), None)
    data = {
        "name": slot.name,
        "word": params.word,
        "streak": slot.streak,
        "earned": granted.earned,
        "bonus": granted.bonus,
        "balance": ctx.balances.get(event.member, 0) + granted.earned,
    }
    if params.reply:
        return Say(words=Inline(params.reply, data), to=event.member if event.is_private else None)
    ahead = {"left": nearest - slot.streak, "points": params.streak[nearest]} if nearest else None
    return answer(event, "done", **data, ahead=ahead if ahead and ahead["left"] <= 3 else None)


def recalled(state: State, event: MessageRecalled, ctx: Here) -> Outcome:
    """A check-in whose message is taken back the same day does not count; the member may check in again."""
    slot, today = ctx.slots.get(event.member), ctx.day(when(event, ctx))
    if slot is None or (credit := credit_of(slot, today)) is None or credit.message_id != event.message_id:
        return Step(state)
    balance = ctx.balances.get(event.member, 0)
    if (taken := undo(slot, event.member, today, balance, event.by, ctx.params)) is None:
        return Step(state)
    after = taken.slot.model_copy(
        update={"works": tuple(w for w in slot.works if w.day != today or w.status == "passed"), "imprint": ""}
    )
    words = Template("checkin/recalled", {"name": slot.name, "word": ctx.params.word, "taken": -taken.earned})
    return settled(state, event, after, *taken.effects, Say(words=words), recalled=today)


def makeup(state: State, event: MessageReceived, ctx: Here, rest: str) -> Outcome:
    """补卡 [哪天]: the latest missed day within reach when none is named."""
    rule, at = ctx.params.makeup, when(event, ctx)
    assert rule is not None
    today, slot = ctx.day(at), own_slot(event, ctx)
    word = {"word": ctx.params.word, "name": slot.name}

    def refuse(why: str, day: date | None = None, **data: object) -> Outcome:
        shown = on(day, today) if day else None
        return settled(state, event, slot, answer(event, "makeup_no", why=why, on=shown, **word, **data), refused=why)

    day = parse_day(rest, today, is_past=True) if rest else _latest_missed(state, slot, today, at, ctx)
    if day is None:
        return refuse("how" if rest else "none")
    if day >= today:
        return refuse("today" if day == today else "future", day)
    if mark_of(slot, day) in COUNTED:
        return refuse("done", day)
    if mark_of(slot, day) == "j":
        return refuse("leave", day)
    if day < state.since:
        return refuse("before", day)
    if at > end_of(day, ctx) + rule.within:
        return refuse("old", day, hours=int(rule.within.total_seconds() // 3600))
    if in_month(slot, day, "b") >= rule.per_month:
        return refuse("budget", day, per_month=rule.per_month)
    balance = ctx.balances.get(event.member, 0)
    if balance < rule.cost:
        return refuse("poor", day, cost=rule.cost, balance=balance)
    made = make_up(slot, event.member, day, ctx.params, rule.cost)
    said = answer(
        event,
        "makeup",
        **word,
        on=on(day, today),
        streak=streak_on(made.slot, today),
        cost=rule.cost,
        bonus=made.bonus,
        balance=balance - rule.cost + made.earned,
        left=rule.per_month - in_month(made.slot, day, "b"),
    )
    return settled(state, event, made.slot, *made.effects, said, made_up=day, streak=made.slot.streak)


def _latest_missed(state: State, slot: Slot, today: date, at: datetime, ctx: Here) -> date | None:
    assert ctx.params.makeup is not None
    day = today - ONE_DAY
    while day >= state.since and at <= end_of(day, ctx) + ctx.params.makeup.within:
        if mark_of(slot, day) == "-":
            return day
        day -= ONE_DAY
    return None


def leave(state: State, event: MessageReceived, ctx: Here, rest: str) -> Outcome:
    """请假 [哪天 | N天]: today when nothing is said; all days of the request or none."""
    rule, at = ctx.params.leave, when(event, ctx)
    assert rule is not None
    today, slot = ctx.day(at), own_slot(event, ctx)

    def refuse(why: str, day: date | None = None) -> Outcome:
        shown = on(day, today) if day else None
        data = {"name": slot.name, "word": ctx.params.word, "per_month": rule.per_month}
        return settled(state, event, slot, answer(event, "leave_no", why=why, on=shown, **data), refused=why)

    first, *more = rest.split() or ["今天"]
    span = parse_span(more[0] if more else first)
    start = today if span and not more else parse_day(first, today, is_past=False)
    if start is None or (more and span is None):
        # A reason may follow (请假 今天出差); anything that is no day at all is taken as the reason for today.
        start, span = start or today, 1
    if start < today:
        return refuse("past", start)
    days = [start + timedelta(days=n) for n in range(span or 1)]
    if days[-1] > today + timedelta(days=_LEAVE_AHEAD_DAYS):
        return refuse("far", days[-1])
    after = slot
    for day in days:
        if mark_of(after, day) == "j":
            return refuse("done", day)
        if mark_of(after, day) in COUNTED:
            return refuse("checked", day)
        if in_month(after, day, "j") >= rule.per_month:
            return refuse("budget", day)
        after = marked(after, day, "j")
    notes = [Note(what="leave", key=f"{event.member}|{day}", member=event.member) for day in days]
    said = answer(
        event,
        "leave",
        name=slot.name,
        word=ctx.params.word,
        on=on(start, today),
        days=len(days),
        left=rule.per_month - in_month(after, start, "j"),
    )
    return settled(state, event, after, *notes, said, leave=start, days=len(days))


def end_leave(state: State, event: MessageReceived, ctx: Here) -> Outcome:
    """销假: leave of today and later is given back."""
    today, slot = ctx.day(when(event, ctx)), own_slot(event, ctx)
    days = [day for n in range(_LEAVE_AHEAD_DAYS + 1) if mark_of(slot, day := today + timedelta(days=n)) == "j"]
    for day in days:
        slot = marked(slot, day, "-")
    said = answer(event, "leave_ended", name=slot.name, word=ctx.params.word, days=len(days))
    return settled(state, event, slot, said, ended=len(days))


def calendar(state: State, event: MessageReceived, ctx: Here) -> Outcome:
    """我的打卡: this month as a grid, weeks from Monday on."""
    today, slot = ctx.day(when(event, ctx)), own_slot(event, ctx)
    first = today.replace(day=1)
    cells = [""] * first.weekday()
    for n in range(monthrange(today.year, today.month)[1]):
        day = first + timedelta(days=n)
        mark = mark_of(slot, day)
        cells.append(mark if mark != "-" else "future" if day > today else "today" if day == today else "missed")
    shown = answer(
        event,
        "calendar",
        calendar_of(slot, today, ctx),
        name=slot.name,
        word=ctx.params.word,
        month=today.month,
        weeks=[cells[n : n + 7] for n in range(0, len(cells), 7)],
        counted=in_month(slot, today, "o") + in_month(slot, today, "b"),
        streak=streak_on(slot, today),
        best=slot.best,
        total=slot.total,
        balance=ctx.balances.get(event.member, 0),
        makeup_left=ctx.params.makeup.per_month - in_month(slot, today, "b") if ctx.params.makeup else None,
        leave_left=ctx.params.leave.per_month - in_month(slot, today, "j") if ctx.params.leave else None,
    )
    effects: tuple[Effect, ...] = (shown,)
    return Step(state, effects, why={"calendar": f"{today:%Y-%m}"})
