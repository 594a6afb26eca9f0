"""Coming and going: batched greetings under a throttle, returns, farewells, milestones."""

from __future__ import annotations

from datetime import timedelta

from bot.core.effects import AskOperator, CancelTimer, Lane, Say, SetTimer, Tag
from bot.core.events import MemberJoined, MemberLeft, TimerFired
from bot.plays.welcome import admission, followup
from bot.plays.welcome.people import Welcome, journey, name_of, people, present, words
from bot.plays.welcome.state import Arrival, Journey, Slot

GREET, BYE = "greet", "bye"
WAIT, GONE = "wait/", "bye/"
_HOUR = timedelta(hours=1)
_SAME_NOTICE = timedelta(minutes=10)
"""Networks tell some joins twice; a second one this soon, with no leaving in between, is the same."""
_BACK_AGAIN = timedelta(days=7)


def joined(turn: Welcome, event: MemberJoined) -> None:
    ctx, params = turn.ctx, turn.params
    if not event.member or event.member == ctx.account or (ctx.member and ctx.member.is_bot):
        return
    _celebrate(turn)
    turn.put(GONE + event.member, None)
    before = journey(turn, event.member)
    if before and before.left_at is None and abs(event.at - before.joined_at) < _SAME_NOTICE:
        turn.because(joined="told twice")
        return
    name = name_of(event, ctx)
    _tag_channel(turn, event.member)
    is_back = before is not None and before.was_greeted and before.number > 0
    is_first = before is None or before.number == 0
    if is_first:
        turn.change(admitted=turn.state.admitted + 1)
    if before is None:
        now_here = Journey(name=name, number=turn.state.admitted, joined_at=event.at, was_greeted=False)
    else:
        now_here = before.model_copy(
            update={
                "name": name or before.name,
                "number": before.number or turn.state.admitted,
                "joined_at": event.at,
                "left_at": None,
                "joins": before.joins + 1,
            }
        )
    _unhide_words(turn, event.member)
    if is_first:
        admission.register(turn, event.member, now_here)
    recently_back = before is not None and before.back_greeted_at and event.at - before.back_greeted_at < _BACK_AGAIN
    if ctx.now - event.at > params.too_late:
        turn.because(greeting="joined too long ago")
    elif is_back and (not params.greet_returning or recently_back):
        turn.because(greeting="welcomed back before")
    else:
        if is_back:
            now_here = now_here.model_copy(update={"back_greeted_at": event.at})
        arrival = Arrival(name=name, at=event.at, number=now_here.number, is_back=is_back)
        turn.put(WAIT + event.member, Slot(arrival=arrival))
        if turn.state.greet_at is None:
            at = ctx.after_quiet(ctx.now + params.batch)
            turn.change(greet_at=at)
            turn.do(SetTimer(name=GREET, at=at))
    turn.put(event.member, Slot(journey=now_here))


def left(turn: Welcome, event: MemberLeft) -> None:
    uid, params = event.member, turn.params
    was_waiting = turn.slot(WAIT + uid) is not None
    turn.put(WAIT + uid, None)
    here = journey(turn, uid)
    if here is not None:
        was_greeted = here.was_greeted or not was_waiting
        turn.put(uid, Slot(journey=here.model_copy(update={"left_at": event.at, "was_greeted": was_greeted})))
    for prefix in ("intro/", "goal/"):
        slot: Slot | None = turn.slot(prefix + uid)
        if slot and slot.words:
            turn.put(prefix + uid, Slot(words=slot.words.model_copy(update={"is_hidden": True})))
    if turn.slot("goal/" + uid) is not None:
        turn.do(CancelTimer(name=f"goal/{uid}"))
    turn.change(first_words=tuple(first for first in turn.state.first_words if first.member != uid))
    if params.farewell is None or event.was_kicked or was_waiting or not uid:
        return
    name = (here.name if here else "") or name_of(event, turn.ctx)
    turn.put(GONE + uid, Slot(arrival=Arrival(name=name, at=event.at)))
    if turn.state.bye_at is None:
        at = turn.ctx.now + params.farewell.batch
        at = turn.ctx.after_quiet(at) if params.farewell.to == "group" else at
        turn.change(bye_at=at)
        turn.do(SetTimer(name=BYE, at=at))


def greet(turn: Welcome, event: TimerFired) -> None:
    """Greets all who wait, in one message for newcomers and one for those who came back."""
    ctx, params, state = turn.ctx, turn.params, turn.state
    if state.greet_at is None or event.at < state.greet_at:
        turn.because(greeting="timer is stale")
        return
    recent = tuple(at for at in state.greeted_at if ctx.now - at < _HOUR)
    due = ctx.after_quiet(recent[-params.max_per_hour] + _HOUR if len(recent) >= params.max_per_hour else ctx.now)
    if due > ctx.now:
        turn.change(greet_at=due)
        turn.do(SetTimer(name=GREET, at=due))
        turn.because(greeting="postponed", throttle=f"{len(recent)}/{params.max_per_hour}", quiet=ctx.is_quiet(ctx.now))
        return
    waiting = {uid: slot.arrival for uid, slot in turn.slots(WAIT).items()}
    for uid in waiting:
        turn.put(WAIT + uid, None)
    here = dict(present(turn, sorted(waiting, key=lambda uid: (waiting[uid].at, waiting[uid].number, uid))))
    new = [uid for uid in here if not waiting[uid].is_back]
    back = [uid for uid in here if waiting[uid].is_back]
    turn.change(greet_at=None, greeted_at=(*recent, ctx.now) if here else recent)
    turn.because(new=len(new), back=len(back), gone=len(waiting) - len(here))
    expires_at = ctx.now + params.too_late
    if new:
        data = people([(uid, here[uid]) for uid in new], params.mention_at_most)
        numbers = [waiting[uid].number for uid in new]
        data |= {
            "first_number": min(numbers),
            "last_number": max(numbers),
            "keyword": params.rules_ack.keyword if params.rules_ack else "",
            "intro": params.self_intro.prefix if params.self_intro else "",
        }
        is_crowd = len(new) > max(params.mention_at_most, 1)
        greeting = words(params.summary, "summary", data) if is_crowd else words(params.text, "greeting", data)
        turn.do(Say(words=greeting, lane=Lane.NOTICE, expires_at=expires_at))
        admission.deliver(turn, [(uid, here[uid], waiting[uid].number) for uid in new])
        turn.change(batches=state.batches + 1)
        followup.plan(turn, new)
    if back:
        data = people([(uid, here[uid]) for uid in back], params.mention_at_most)
        numbers = [waiting[uid].number for uid in back]
        data |= {"first_number": min(numbers), "last_number": max(numbers)}
        turn.do(Say(words=words(params.welcome_back, "back", data), lane=Lane.NOTICE, expires_at=expires_at))


def see_off(turn: Welcome, event: TimerFired) -> None:
    ctx, farewell = turn.ctx, turn.params.farewell
    if turn.state.bye_at is None or event.at < turn.state.bye_at:
        return
    due = ctx.after_quiet(ctx.now)
    if farewell and farewell.to == "group" and due > ctx.now:
        turn.change(bye_at=due)
        turn.do(SetTimer(name=BYE, at=due))
        return
    gone = {uid: slot.arrival for uid, slot in turn.slots(GONE).items()}
    for uid in gone:
        turn.put(GONE + uid, None)
    turn.change(bye_at=None)
    if not gone or farewell is None:
        return
    data = people([(uid, arrival.name) for uid, arrival in gone.items()], 0)
    text = words(farewell.text, "farewell" if farewell.to == "group" else "farewell_operators", data)
    if farewell.to == "group":
        turn.do(Say(words=text, lane=Lane.NOTICE, expires_at=ctx.now + _HOUR))
    else:
        turn.change(byes=turn.state.byes + 1)
        turn.do(AskOperator(key=f"bye/{turn.state.byes}", words=text, choices=("知道了",)))


def _celebrate(turn: Welcome) -> None:
    """A size is celebrated when it passes the largest one ever seen, so it happens once however the size oscillates."""
    size = turn.ctx.group_size
    if size <= 0:
        return
    peak = turn.state.peak if turn.state.peak is not None else size - 1
    reached = [mark for mark in (turn.params.milestones.sizes if turn.params.milestones else ()) if peak < mark <= size]
    turn.change(peak=max(peak, size))
    if not reached or turn.params.milestones is None:
        return
    mark = max(reached)
    custom = turn.params.milestones.texts.get(mark) or turn.params.milestones.text
    at = turn.ctx.after_quiet(turn.ctx.now)
    turn.because(milestone=mark)
    if at > turn.ctx.now:
        turn.do(SetTimer(name=f"milestone/{mark}", at=at))
        return
    turn.do(Say(words=words(custom, "milestone", {"size": mark}), lane=Lane.NOTICE, expires_at=at + _HOUR))


def celebrate_later(turn: Welcome, name: str) -> None:
    """A milestone that was reached in quiet hours."""
    mark = name.partition("/")[2]
    milestones = turn.params.milestones
    if milestones is None or not mark.isdecimal() or int(mark) not in milestones.sizes:
        return
    custom = milestones.texts.get(int(mark)) or milestones.text
    expires_at = turn.ctx.now + _HOUR
    turn.do(Say(words=words(custom, "milestone", {"size": int(mark)}), lane=Lane.NOTICE, expires_at=expires_at))


def _tag_channel(turn: Welcome, uid: str) -> None:
    slot: Slot | None = turn.slot(f"join/{uid}")
    if slot and slot.request:
        if slot.request.verdict == "approved" and slot.request.channel:
            turn.do(Tag(member=uid, tag=f"channel:{slot.request.channel}"))
        turn.put(f"join/{uid}", None)


def _unhide_words(turn: Welcome, uid: str) -> None:
    for prefix in ("intro/", "goal/"):
        slot: Slot | None = turn.slot(prefix + uid)
        if slot and slot.words and slot.words.is_hidden:
            turn.put(prefix + uid, Slot(words=slot.words.model_copy(update={"is_hidden": False})))
