"""One event through one group's plays, without a database: match, build the context, step.

The kernel gives it what it loaded and takes back what changed; the same code serves the live bot, the simulator, the
replay and the play tests. A step that raises spoils only its own play's answer to its own event.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.core.events import (
    EffectSettled,
    Event,
    MessageReceived,
    OperatorDecided,
    OperatorOrdered,
    PlayStarted,
    TimerFired,
)
from bot.core.play import ALL_CAPABILITIES, Capability, Command, Context, Member, Needs, Recent, Score, Step
from bot.core.points import Entry
from bot.core.scoring import Explanation
from bot.core.text import parse_command
from bot.playbook.model import ActivePlay, GroupPlan

_ADDRESSED = (TimerFired, EffectSettled, OperatorDecided, OperatorOrdered, PlayStarted)


@dataclass(slots=True)  # not frozen: made for every event that a play hears
class Heard:
    """One play that must see the event, with what it needs loaded."""

    active: ActivePlay
    command: Command | None
    needs: Needs
    is_chat: bool = False
    """A message that is no command of the play."""


@dataclass(slots=True, kw_only=True)
class Facts:
    """What the engine loaded for one heard event."""

    chat_name: str = ""
    group_size: int = 0
    account: str = ""
    caps: frozenset[Capability] = ALL_CAPABILITIES
    member: Member | None = None
    slots: Mapping[str, Any] = field(default_factory=dict)
    roster: Mapping[str, Member] = field(default_factory=dict)
    balances: Mapping[str, int] = field(default_factory=dict)
    scores: Mapping[tuple[str, str], tuple[Score, ...]] = field(default_factory=dict)
    own: Mapping[tuple[str, str], float] = field(default_factory=dict)
    recent: tuple[Recent, ...] = ()
    entries: Mapping[str, tuple[Entry, ...]] = field(default_factory=dict)
    earned: tuple[Entry, ...] = ()
    lapsing: Mapping[datetime, Mapping[str, int]] = field(default_factory=dict)
    claims: Mapping[str, str] = field(default_factory=dict)
    deeds: Mapping[tuple[str, int], Mapping[str, str]] = field(default_factory=dict)
    done: Mapping[str, int] = field(default_factory=dict)
    explanation: Explanation | None = None


@dataclass(frozen=True, slots=True)
class StepFailed:
    """A bug in a play: `error` is one line, `detail` the traceback."""

    error: str
    detail: str


def hearers(plan: GroupPlan, event: Event) -> Iterator[Heard]:
    """The plays of `plan` that must see `event`, in the order of the file.

    Addressed events (timers, settled effects, decisions, orders) reach their play only. A command reaches the play that owns
    it as a command; other plays see the message if they `hear` it.
    """
    if isinstance(event, _ADDRESSED):
        active = plan.plays.get(event.play)
        if active is not None and (type(event) in active.play.listens or isinstance(event, PlayStarted)):
            yield Heard(active, None, active.play.needs(active.params, event))
        return
    kind = type(event)
    if isinstance(event, MessageReceived):
        found = parse_command(event.text, plan.commands)
        owner, command = found if found else ("", None)
        for active in plan.plays.values() if owner else plan.hearing:
            play, params = active.play, active.params
            if active.ref == owner:
                yield Heard(active, command, play.needs(params, event))
            elif play.hears_chat and play.hears(params, event):
                yield Heard(active, None, play.needs(params, event), is_chat=True)
        return
    for active in plan.plays.values():
        if kind in active.play.listens:
            yield Heard(active, None, active.play.needs(active.params, event))


def context(
    active: ActivePlay,
    now: datetime,
    chat: str,
    facts: Facts,
    plan: GroupPlan,
    command: Command | None = None,
) -> Context[Any]:
    """The context of one step."""
    header = active.header
    quiet = header.quiet_hours
    return Context(
        params=active.params,
        now=now,
        chat=chat,
        chat_name=facts.chat_name,
        group_size=facts.group_size,
        account=facts.account,
        playbook=header.playbook,
        title=header.title,
        play=active.ref,
        seed=f"{active.ref}|{chat}",
        zone=header.zone,
        day_starts=header.day_starts,
        quiet_from=quiet.start if quiet else None,
        quiet_to=quiet.end if quiet else None,
        caps=facts.caps,
        member=facts.member,
        command=command,
        slots=facts.slots,
        roster=facts.roster,
        balances=facts.balances,
        scores=facts.scores,
        own=facts.own,
        recent=facts.recent,
        entries=facts.entries,
        earned=facts.earned,
        lapsing=facts.lapsing,
        claims=facts.claims,
        deeds=facts.deeds,
        done=facts.done,
        explanation=facts.explanation,
        assets=active.assets,
        group_vars=header.vars,
        handbook=plan.handbook,
    )


def begin(active: ActivePlay, ctx: Context[Any]) -> Step[Any] | StepFailed:
    """The first step of a run."""
    try:
        return active.play.start(ctx)
    except Exception as error:
        return StepFailed(f"{type(error).__name__}: {error}", traceback.format_exc(limit=8))


def advance(active: ActivePlay, state: Any, event: Event, ctx: Context[Any]) -> Step[Any] | StepFailed:
    """One step of a run: what it decided, or how it failed."""
    try:
        return active.play.step(state, event, ctx)
    except Exception as error:
        return StepFailed(f"{type(error).__name__}: {error}", traceback.format_exc(limit=8))
