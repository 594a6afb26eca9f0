"""A post from being due to its last message.

due → (skipped | waiting | in flight) → (done | held | stopped | cut | replaced). Every way out leaves a note. The part that
may be sent next is in the state, and the timer that asks for it names occurrence and part: asked twice, it is sent once.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bot.core.effects import AskOperator, CancelTimer, Lane, Note, Say, SetTimer, Template, Words
from bot.core.events import EffectSettled, MessageRecalled, TimerFired
from bot.core.play import Capability
from bot.plays.campaign import agenda, content
from bot.plays.campaign.address import Addressed, addressed
from bot.plays.campaign.agenda import Item
from bot.plays.campaign.content import Campaign
from bot.plays.campaign.state import EVERYTHING, Flight, Sent, Waiting

NEXT, WAKE = "next", "wake"
_QUEUE = 20
_LATE = timedelta(minutes=10)
_SHORTEST_LIFE = timedelta(minutes=10)
_ENOUGH = ("知道了",)


def due(turn: Campaign, event: TimerFired) -> None:
    """A schedule fired: the occurrence is taken, once, and then sent, queued or skipped."""
    name = event.name.removeprefix(agenda.PREFIX)
    item = _item(turn, name)
    if item is None:
        turn.because(post="not in the playbook any more")
        return
    newest = turn.state.taken.get(name)
    if newest is not None and event.at <= newest:
        turn.because(post="taken before", newest=newest.isoformat())
        return
    known = {each.name for each in agenda.items(turn.params)}
    kept = {key: at for key, at in turn.state.taken.items() if key in known}
    turn.change(taken={**kept, name: event.at})
    on = turn.ctx.day(event.at)
    week, day = content.week_and_day(turn.params, turn.state.began_on, on)
    turn.because(post=name, week=week, day=day)
    if not agenda.is_due(turn.params, item, on, week):
        turn.because(due=False)
        return
    is_catching_up = turn.params.missed == "catch_up" and turn.ctx.now - event.at > _LATE
    waiting = Waiting(occurrence=f"{name}@{event.at.isoformat()}", name=name, on=on)
    admit(turn, waiting, busy="queue" if is_catching_up else turn.params.busy)


def admit(turn: Campaign, waiting: Waiting, *, busy: str) -> str:
    """Sends, queues or skips an occurrence; returns which: `sent`, `queued`, `skipped`."""
    state, ctx = turn.state, turn.ctx
    if not waiting.is_by_hand and is_paused(turn, waiting.name):
        return _skip(turn, waiting, "paused")
    if not waiting.is_by_hand and _posted_today(turn) >= turn.params.per_day:
        return _skip(turn, waiting, "quota")
    if ctx.is_quiet(ctx.now):
        if turn.params.quiet == "skip":
            return _skip(turn, waiting, "quiet hours")
        return _queue(turn, waiting, ctx.after_quiet(ctx.now))
    if state.flight is None:
        # What has waited longer goes first; its timer is set.
        return _begin(turn, waiting) if waiting.is_by_hand or _next(turn) is None else _queue(turn, waiting, None)
    if busy == "ignore":
        return _skip(turn, waiting, "busy")
    if busy == "restart":
        end(turn, "replaced")
        return _begin(turn, waiting)
    return _queue(turn, waiting, None)


def wake(turn: Campaign) -> None:
    """Begins the first of the queue that may go now."""
    ctx = turn.ctx
    if ctx.is_quiet(ctx.now):
        if turn.state.queue:
            turn.do(SetTimer(name=WAKE, at=ctx.after_quiet(ctx.now)))
        return
    while turn.state.flight is None:
        ready = _next(turn)
        if ready is None:
            return
        turn.change(queue=tuple(waiting for waiting in turn.state.queue if waiting != ready))
        if not ready.is_by_hand and _posted_today(turn) >= turn.params.per_day:
            _skip(turn, ready, "quota")
        elif _begin(turn, ready) == "sent":
            return


def go_on(turn: Campaign, event: TimerFired) -> None:
    flight = turn.state.flight
    asked = (event.data.get("occurrence"), event.data.get("part"))
    if flight is None or flight.held_at is not None or asked != (flight.occurrence, str(flight.next)):
        turn.because(timer="stale")
        return
    _send_next(turn)


def hold(turn: Campaign) -> None:
    """Keeps the post in flight where it is."""
    flight = turn.state.flight
    if flight is not None and flight.held_at is None:
        turn.change(flight=flight.model_copy(update={"held_at": turn.ctx.now}))
        turn.do(CancelTimer(name=NEXT))


def release(turn: Campaign) -> None:
    """Goes on with a held post; the time it was held does not count as broadcast."""
    flight = turn.state.flight
    if flight is not None and flight.held_at is not None:
        began_at = flight.began_at + max(turn.ctx.now - flight.held_at, timedelta(0))
        turn.change(flight=flight.model_copy(update={"held_at": None, "began_at": began_at}))
        _plan_next(turn, turn.ctx.now)
    elif flight is None and turn.state.queue:
        turn.do(SetTimer(name=WAKE, at=turn.ctx.now))


def end(turn: Campaign, outcome: str) -> None:
    """The post in flight is over."""
    flight = turn.state.flight
    if flight is None:
        return
    data = {"post": flight.name, "outcome": outcome, "sent": flight.next, "parts": flight.parts}
    turn.do(Note(what="post_end", key=flight.occurrence, data=data))
    turn.because(ended=outcome)
    if outcome != "done":
        turn.do(CancelTimer(name=NEXT))
    turn.change(flight=None)
    if turn.state.queue:
        turn.do(SetTimer(name=WAKE, at=turn.ctx.now + turn.params.pacing.between))


def settled(turn: Campaign, event: EffectSettled) -> None:
    """Remembers what the network called it; a failure is noted, and told to the operators once per post."""
    occurrence, _, part = event.key.rpartition("#")
    newest = turn.state.newest
    is_newest = newest is not None and newest.occurrence == occurrence
    if event.outcome == "done":
        if newest is not None and is_newest and event.message_id and event.message_id not in newest.message_ids:
            ids = (*newest.message_ids, event.message_id)[-turn.params.pacing.max_messages :]
            turn.change(newest=newest.model_copy(update={"message_ids": ids}))
        return
    data = {"part": part, "outcome": event.outcome, "error": event.error[:200]}
    turn.do(Note(what="post_failed", key=event.key, data=data))
    if newest is not None and is_newest and not newest.has_failed:
        turn.change(newest=newest.model_copy(update={"has_failed": True}))
        _tell(turn, f"failed/{occurrence}", "failed", {"name": newest.name, **data})


def taken_back(turn: Campaign, event: MessageRecalled) -> None:
    """Somebody recalled one of our messages."""
    newest = turn.state.newest
    if newest is not None and event.message_id in newest.message_ids:
        turn.do(Note(what="post_recalled", key=event.message_id, data={"post": newest.name, "by": event.by}))
        left = tuple(message_id for message_id in newest.message_ids if message_id != event.message_id)
        turn.change(newest=newest.model_copy(update={"message_ids": left}))


def is_paused(turn: Campaign, name: str) -> bool:
    return EVERYTHING in turn.state.paused or name in turn.state.paused


def _next(turn: Campaign) -> Waiting | None:
    """The first of the queue that nobody has paused."""
    return next((each for each in turn.state.queue if each.is_by_hand or not is_paused(turn, each.name)), None)


def _begin(turn: Campaign, waiting: Waiting) -> str:
    ctx, item = turn.ctx, _item(turn, waiting.name)
    if item is None:
        return _skip(turn, waiting, "not in the playbook any more")
    variant = content.variant_of(item.post, ctx.seed, item.name)
    data = content.variables(item, turn.params, turn.state.began_on, waiting.on, variant)
    parts = content.messages(item, ctx, data)
    if not parts:
        _tell(turn, f"missing/{waiting.occurrence}", "missing", {"name": item.name, "date": data["date"]})
        return _skip(turn, waiting, "no content")
    people = addressed(item.post, waiting.occurrence, ctx) if item.post.audience else Addressed((), ())
    if item.post.audience and not people.told:
        return _skip(turn, waiting, "nobody fits the audience")
    turn.change(
        flight=Flight(
            occurrence=waiting.occurrence,
            name=item.name,
            on=waiting.on,
            variant=variant,
            parts=len(parts),
            began_at=ctx.now,
            told=people.told,
        ),
        newest=Sent(occurrence=waiting.occurrence, name=item.name),
        posted=_posted_today(turn) + 1,
        posted_on=ctx.day(ctx.now),
    )
    facts = {"post": item.name, "variant": variant, "parts": len(parts), "source": item.post.source}
    turn.do(Note(what="post", key=waiting.occurrence, data={**facts, "week": data["week"], "day": data["day"]}))
    for arm, uids in (("told", people.told), ("held", people.held)):
        for uid in uids:
            fact = {"arm": arm, "post": item.name, "day": ctx.day(ctx.now).isoformat()}
            turn.do(Note(what="reached", key=f"{waiting.occurrence}|{uid}", member=uid, data=fact))
    turn.because(variant=variant, parts=len(parts), told=len(people.told), held=len(people.held))
    _send_next(turn)
    return "sent"


def _send_next(turn: Campaign) -> None:
    flight, ctx, pacing = turn.state.flight, turn.ctx, turn.params.pacing
    item = _item(turn, flight.name) if flight else None
    if flight is None or item is None:
        end(turn, "stopped")
        return
    lasted = ctx.now - flight.began_at
    if flight.next >= pacing.max_messages or lasted > pacing.max_duration:
        _cut(turn, "messages" if flight.next >= pacing.max_messages else "duration")
        return
    if ctx.is_quiet(ctx.now):
        if turn.params.quiet == "skip":
            _cut(turn, "quiet")
            return
        morning = ctx.after_quiet(ctx.now)
        began_at = flight.began_at + (morning - ctx.now)
        turn.change(flight=flight.model_copy(update={"began_at": began_at}))
        _plan_next(turn, morning)
        return
    data = content.variables(item, turn.params, turn.state.began_on, flight.on, flight.variant)
    parts = content.messages(item, ctx, data)
    if flight.next >= len(parts):
        end(turn, "stopped")
        return
    if item.post.via == "private" and Capability.PRIVATE in ctx.caps:
        _write_to_each(turn, flight, item, data)
    else:
        _say(turn, flight, item, parts[flight.next])
    turn.change(flight=flight.model_copy(update={"next": flight.next + 1}))
    if flight.next + 1 >= min(flight.parts, len(parts)):
        end(turn, "done")
    else:
        _plan_next(turn, ctx.now + pacing.gap)


def _say(turn: Campaign, flight: Flight, item: Item, words: Words) -> None:
    """The next part in the group; the first one mentions whom it addresses."""
    is_first, caps = flight.next == 0, turn.ctx.caps
    turn.do(
        Say(
            words=words,
            key=f"{flight.occurrence}#{flight.next}",
            lane=Lane.CAMPAIGN,
            expires_at=_life(turn),
            pictures=item.post.pictures if is_first and Capability.PICTURE in caps else (),
            mention=flight.told if is_first else (),
            mention_all=is_first and item.post.mention_all and Capability.MENTION_ALL in caps,
        )
    )


def _write_to_each(turn: Campaign, flight: Flight, item: Item, data: dict[str, Any]) -> None:
    """The next part to everybody whom it addresses, by name. Who has left meanwhile gets nothing."""
    ctx = turn.ctx
    for uid in flight.told:
        if uid in ctx.roster:
            parts = content.messages(item, ctx, {**data, "member": ctx.roster[uid].name})
            pictures = item.post.pictures if flight.next == 0 and Capability.PICTURE in ctx.caps else ()
            turn.do(
                Say(words=parts[flight.next], to=uid, lane=Lane.CAMPAIGN, expires_at=_life(turn), pictures=pictures)
            )


def _life(turn: Campaign) -> datetime:
    return turn.ctx.now + max(_SHORTEST_LIFE, turn.params.pacing.max_duration)


def _plan_next(turn: Campaign, at: datetime) -> None:
    flight = turn.state.flight
    if flight is not None:
        turn.do(SetTimer(name=NEXT, at=at, data={"occurrence": flight.occurrence, "part": str(flight.next)}))


def _cut(turn: Campaign, limit: str) -> None:
    """A limit of the broadcast is reached: the rest is not sent, and the operators hear of it."""
    flight = turn.state.flight
    if flight is None:
        return
    data = {"name": flight.name, "limit": limit, "sent": flight.next, "parts": flight.parts}
    _tell(turn, f"cut/{flight.occurrence}", "cut", data)
    end(turn, "cut")


def _queue(turn: Campaign, waiting: Waiting, at: datetime | None) -> str:
    if len(turn.state.queue) >= _QUEUE:
        return _skip(turn, waiting, "queue is full")
    turn.change(queue=(*turn.state.queue, waiting))
    turn.because(queued=waiting.occurrence)
    if at is not None:
        turn.do(SetTimer(name=WAKE, at=at))
    return "queued"


def _skip(turn: Campaign, waiting: Waiting, reason: str) -> str:
    turn.because(skipped=reason)
    turn.do(Note(what="post_skipped", key=waiting.occurrence, data={"post": waiting.name, "reason": reason}))
    return "skipped"


def _tell(turn: Campaign, key: str, template: str, data: dict[str, object]) -> None:
    turn.do(AskOperator(key=key, words=Template(f"campaign/{template}", data), choices=_ENOUGH))


def _posted_today(turn: Campaign) -> int:
    return turn.state.posted if turn.state.posted_on == turn.ctx.day(turn.ctx.now) else 0


def _item(turn: Campaign, name: str) -> Item | None:
    return next((item for item in agenda.items(turn.params) if item.name == name), None)
