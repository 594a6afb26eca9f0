"""What operators and members type around a session: begin, skip, void, pause, end; the ranking; how it works."""

from __future__ import annotations

from collections.abc import Mapping

from bot.core.effects import Award, CancelTimer, Effect
from bot.core.events import MessageReceived
from bot.core.play import Step
from bot.core.text import fold
from bot.plays.quiz import items
from bot.plays.quiz.closing import Here, Result, bank_of, banks_of, finish, say, team_rows, won
from bot.plays.quiz.record import Session, Slot, State, names, outcome, played
from bot.plays.quiz.scoring import Place
from bot.plays.quiz.session import ask, begin, reveal, void_open

_TOP = 5
_LONGEST = 20


def operate(state: State, event: MessageReceived, ctx: Here, name: str, rest: str) -> Result:
    """An operator's command; anybody else's is met with silence."""
    if ctx.member is None or not ctx.member.is_operator:
        return Step(state, why={name: "not an operator"})
    if name == "开始答题":
        return _begin(state, event, ctx, rest)
    if name == "题目统计":
        return items.show(state, event, ctx, rest)
    session = state.session
    if session is None:
        return Step(state, (say("none_running"),))
    if name == "作废":
        return _void(state, session, ctx, rest)
    if session.is_over:
        return Step(state, (say("none_running"),))
    live = session.live
    is_open = live is not None and live.phase != "revealed"
    match name:
        case "跳过":
            return void_open(state, ctx, "skipped") if is_open else Step(state, (say("none_open"),))
        case "下一题":
            state = State(session=session.model_copy(update={"is_paused": False}))
            if live is not None and live.phase == "open":
                return reveal(state, ctx, at_once=True)
            return ask(state, ctx) if not is_open else Step(state)
        case "暂停答题":
            paused = State(session=session.model_copy(update={"is_paused": True}))
            return Step(paused, (CancelTimer(name="next"), say("pausing" if is_open else "paused")))
        case "继续答题":
            resumed = State(session=session.model_copy(update={"is_paused": False}))
            return Step(resumed) if is_open or not session.is_paused else ask(resumed, ctx)
        case "结束答题":
            return finish(state, ctx, reason="ended")
    return Step(state)


def _begin(state: State, event: MessageReceived, ctx: Here, rest: str) -> Result:
    only, named, count = "", "", None
    names = {fold(bank.name): bank.name for bank in banks_of(ctx)}
    for word in rest[:100].split():
        digits = fold(word).removesuffix("题")
        if digits.isdecimal():
            count = max(1, min(int(digits), 100))
        elif fold(word) in names:
            named = names[fold(word)]
        else:
            only = word[:_LONGEST]
    return begin(state, ctx, event.at, only=only, count=count, named=named)


def _void(state: State, session: Session, ctx: Here, rest: str) -> Result:
    """作废 [第几题]: the table anew from the record; what was already paid is corrected in the ledger."""
    live = session.live
    digits = fold(rest[:_LONGEST]).removeprefix("第").removesuffix("题")
    index = int(digits) - 1 if digits.isdecimal() else session.next_index - 1
    slot = ctx.slots.get(f"s/{index}")
    if slot is None or index >= session.next_index or slot.root.is_void:
        return Step(state, (say("void_what", asked=session.next_index),))
    if live is not None and live.index == index and live.phase != "revealed":
        return void_open(state, ctx, "skipped")
    rules = ctx.params.rules(bank_of(ctx, session.bank))
    was = outcome(rules, session, ctx.slots).ranking
    before = {place.member: place.points for place in was}
    slots = {f"s/{index}": Slot(slot.root.model_copy(update={"is_void": True}))}
    after = outcome(rules, session, {**ctx.slots, **slots})
    who = names(ctx.slots, session.id)
    leaders = [{"rank": p.rank, "name": who[p.member], "points": p.points} for p in after.ranking[:3]]
    moved = _moved(ctx, was, after.ranking, who) if session.is_over else []
    effects: list[Effect] = [say("voided", number=index + 1, leaders=leaders, over=session.is_over, prizes=moved)]
    if session.is_over and ctx.params.award:
        now = {place.member: place.points for place in after.ranking}
        for member, points in before.items():
            change = max(now.get(member, 0), 0) - max(points, 0)
            change = max(change, -ctx.balances.get(member, 0))
            if change:
                key = f"quiz:{session.id}:void{index}"
                reason = f"答题 {session.id} 第 {index + 1} 题作废"
                effects.append(Award(member=member, points=change, reason=reason, key=key, source="quiz"))
    if moved:
        effects += won(ctx, session, after.ranking)
    return Step(state, tuple(effects), slots=slots, why={"void": index, "afterwards": True})


def _moved(ctx: Here, was: list[Place], now: list[Place], who: Mapping[str, str]) -> list[dict[str, str]]:
    """Places with a prize that others hold now. Who has a prize keeps it until an operator takes it back; who comes to a
    place anew gets the prize, unless this session has given one already."""
    found = []
    for rank, item in sorted(ctx.params.prizes.items()):
        before, after = (
            [place.member for place in places if place.rank == rank and place.points > 0] for places in (was, now)
        )
        if set(before) != set(after):
            named = ("、".join(who[uid] for uid in uids) or "–" for uids in (before, after))
            found.append({"rank": str(rank), "item": item, "before": next(named), "after": next(named)})
    return found


def ranking(state: State, event: MessageReceived, ctx: Here) -> Result:
    """The table as it stands after the last reveal, and the member's own place."""
    session, to = state.session, event.member if event.is_private else None
    if session is None:
        return Step(state, (say("none_running", to=to),))
    result = outcome(ctx.params.rules(bank_of(ctx, session.bank)), session, ctx.slots)
    places = result.ranking
    who = names(ctx.slots, session.id)
    rows = [{"rank": p.rank, "name": who[p.member], "points": p.points, "right": p.right} for p in places[:_TOP]]
    own = next((p for p in places if p.member == event.member), None)
    shown = {"rank": own.rank, "points": own.points, "right": own.right, "streak": own.streak} if own else None
    closed = sum(one.is_closed and not one.is_void for one in played(ctx.slots, session.total))
    name = ctx.member.name if ctx.member else event.name
    said = say(
        "ranking",
        to=to,
        rows=rows,
        own=shown,
        name=name,
        closed=closed,
        over=session.is_over,
        teams=team_rows(ctx, session, result),
    )
    return Step(state, (said,), why={"ranking": len(places)})


def help_(state: State, event: MessageReceived, ctx: Here) -> Result:
    session = state.session
    running = session is not None and not session.is_over
    said = say(
        "help",
        to=event.member if event.is_private else None,
        running=running,
        private=ctx.params.private,
        submit=ctx.params.submit,
        at=f"{ctx.params.schedule.at:%H:%M}" if ctx.params.schedule and ctx.params.schedule.at else "",
    )
    return Step(state, (said,))
