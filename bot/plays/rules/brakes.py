"""Brakes: a bot that acts too often is wrong or under attack; either way people must look."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.plays.rules.params import Brakes
from bot.plays.rules.state import State

_HOUR, _MINUTE = timedelta(hours=1), timedelta(minutes=1)


def may_act(state: State, brakes: Brakes, now: datetime) -> bool:
    """Whether one more verdict may be acted on within this minute."""
    return sum(1 for at in state.acts if now - at < _MINUTE) < brakes.actions_per_minute


def may_kick(state: State, brakes: Brakes, now: datetime) -> bool:
    """Whether one more member may be removed within this hour."""
    return sum(1 for at in state.kicks if now - at < _HOUR) < brakes.kicks_per_hour


def acted(state: State, now: datetime) -> State:
    return state.model_copy(update={"acts": (*(at for at in state.acts if now - at < _MINUTE), now)})


def kicked(state: State, now: datetime) -> State:
    return state.model_copy(update={"kicks": (*(at for at in state.kicks if now - at < _HOUR), now)})
