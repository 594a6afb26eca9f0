"""Orders from the console and the terminal: the acts of `acts`, without an answer in the group."""

from __future__ import annotations

from bot.core.events import OperatorOrdered
from bot.plays.campaign import acts, agenda
from bot.plays.campaign.content import Campaign

ORDERS = ("pause", "resume", "stop", "send", "recall")


def obey(turn: Campaign, event: OperatorOrdered) -> None:
    """`about` is the name of a post as the playbook has it now; one that is gone meanwhile is left alone. Only the newest post can
    be taken back."""
    item = next((each for each in agenda.items(turn.params) if each.name == event.about), None)
    if event.about and item is None:
        turn.because(order=event.order, post="not in the playbook any more")
        return
    turn.because(order=event.order, by=event.member)
    match event.order:
        case "pause":
            acts.pause(turn, item)
        case "resume":
            acts.resume(turn, item)
        case "stop":
            acts.stop(turn, item)
        case "send" if item is not None:
            acts.send(turn, item, event.id)
        case "recall":
            newest = turn.state.newest
            if item is None or (newest is not None and newest.name == item.name):
                acts.recall(turn, event.member)
        case _:
            turn.because(order="unknown")
