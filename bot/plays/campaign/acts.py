"""What an operator can do to the pushes of a group, whether they typed it there or pressed a button elsewhere."""

from __future__ import annotations

from bot.core.effects import CancelTimer, Lane, Note, Recall
from bot.core.play import Capability
from bot.plays.campaign import flight
from bot.plays.campaign.agenda import Item
from bot.plays.campaign.content import Campaign
from bot.plays.campaign.state import EVERYTHING, Flight, Sent, Waiting


def pause(turn: Campaign, item: Item | None) -> None:
    """One post, or everything; a post in flight is held where it is."""
    name = item.name if item else EVERYTHING
    turn.change(paused=tuple(dict.fromkeys((*turn.state.paused, name))))
    current = turn.state.flight
    if current is not None and name in (EVERYTHING, current.name):
        flight.hold(turn)


def resume(turn: Campaign, item: Item | None) -> bool:
    """Whether it was paused at all."""
    left = tuple(name for name in turn.state.paused if item is not None and name != item.name)
    had = len(left) != len(turn.state.paused)
    turn.change(paused=left)
    current = turn.state.flight
    if current is None or not flight.is_paused(turn, current.name):
        flight.release(turn)
    return had


def stop(turn: Campaign, item: Item | None) -> tuple[Flight | None, int]:
    """Ends what is in flight and drops what waits; (the post that was stopped, how many were dropped)."""
    queue = turn.state.queue
    dropped = tuple(waiting for waiting in queue if item is None or waiting.name == item.name)
    turn.change(queue=tuple(waiting for waiting in queue if waiting not in dropped))
    for waiting in dropped:
        fact = {"post": waiting.name, "reason": "stopped"}
        turn.do(Note(what="post_skipped", key=waiting.occurrence, data=fact))
    if not turn.state.queue:
        turn.do(CancelTimer(name=flight.WAKE))
    current = turn.state.flight
    stopped = current if current is not None and (item is None or current.name == item.name) else None
    if stopped is not None:
        flight.end(turn, "stopped")
    return stopped, len(dropped)


def send(turn: Campaign, item: Item, cause: str) -> str:
    """`sent`, `queued` or `skipped`; "" when this cause was taken before."""
    if turn.state.by_hand == cause:
        turn.because(command="taken before")
        return ""
    turn.change(by_hand=cause)
    occurrence = f"{item.name}@hand:{cause}"
    waiting = Waiting(occurrence=occurrence, name=item.name, on=turn.ctx.day(turn.ctx.now), is_by_hand=True)
    return flight.admit(turn, waiting, busy="queue")


def recall(turn: Campaign, by: str) -> Sent | None:
    """Takes the newest post back; what was taken back, None when there was nothing, or the network can't."""
    newest = turn.state.newest
    if newest is None or not newest.message_ids or Capability.RECALL_OWN not in turn.ctx.caps:
        return None
    if turn.state.flight and turn.state.flight.occurrence == newest.occurrence:
        flight.end(turn, "stopped")
    turn.do(*(Recall(message_id=message_id, lane=Lane.MODERATION) for message_id in newest.message_ids))
    turn.do(Note(what="post_recalled", key=newest.occurrence, data={"post": newest.name, "by": by}))
    turn.change(newest=newest.model_copy(update={"message_ids": ()}))
    return newest
