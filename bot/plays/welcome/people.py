"""Naming people in a message: bounded mentions, plain names, and the operator's text or the built-in one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from bot.core.effects import Inline, Template, Words
from bot.core.events import Event
from bot.core.play import Context, Member
from bot.core.segments import Mention
from bot.core.turn import Turn
from bot.plays.welcome.params import Params
from bot.plays.welcome.state import Journey, Slot, State

Welcome: TypeAlias = Turn[Params, State]

_NAMES_SHOWN = 10
_NAME_CHARS = 20


def short(name: str) -> str:
    """A name for a sentence: one line, not a wall of text."""
    flat = " ".join(name.split())
    return flat if len(flat) <= _NAME_CHARS else flat[: _NAME_CHARS - 1] + "…"


def name_of(event: Event, ctx: Context[Params]) -> str:
    """What the network or the roster calls the acting member; "" where nobody knows."""
    return short(getattr(event, "name", "") or (ctx.member.name if ctx.member else ""))


def words(custom: str, builtin: str, data: Mapping[str, Any]) -> Words:
    return Inline(custom, data) if custom else Template(f"welcome/{builtin}", data)


def people(everyone: Sequence[tuple[str, str]], at_most: int) -> dict[str, Any]:
    """(uid, name) pairs → what a text about them may use. `more`: how many are not mentioned."""
    mentions = [Mention(uid, name) for uid, name in everyone[:at_most]]
    return {
        "mentions": mentions or "",
        "names": "、".join(name for _, name in everyone[:_NAMES_SHOWN] if name),
        "count": len(everyone),
        "more": len(everyone) - len(mentions),
    }


def journey(turn: Welcome, uid: str) -> Journey | None:
    slot: Slot | None = turn.slot(uid)
    return slot.journey if slot else None


def known_journey(turn: Welcome, event: Event) -> Journey:
    """The acting member's journey; a member from before the play gets one with number 0."""
    found = journey(turn, event.member)
    if found is not None:
        return found
    member = turn.ctx.member
    since = member.joined_at if member and member.joined_at else event.at
    return Journey(name=name_of(event, turn.ctx), joined_at=since)


def present(turn: Welcome, uids: Sequence[str]) -> list[tuple[str, str]]:
    """(uid, current name) of those who are in the group now."""
    roster: Mapping[str, Member] = turn.ctx.roster
    return [(uid, short(roster[uid].name)) for uid in uids if uid in roster and not roster[uid].is_bot]
