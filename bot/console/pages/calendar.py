"""The calendar: a week of what fires, what became of it and whom it reached; moving, pausing, sending, stopping."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Annotated
from urllib.parse import quote, urlencode

from pydantic import AwareDatetime, Field, StringConstraints

from bot.console.access import Action
from bot.console.call import Call, NotHere
from bot.console.models import Query
from bot.console.page import Area, Done, Push
from bot.console.pages.playbooks import reaches
from bot.console.ports.calendar import Act, Detail, Flight, Goal, Move, Place, Sight, Week

area = Area("calendar", icon="calendar", order=35)

Name = Annotated[str, Field(max_length=200)]
OneDay = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2199, 12, 31))]
Moment = Annotated[AwareDatetime, Field(ge=datetime(2000, 1, 1, tzinfo=UTC), le=datetime(2199, 12, 31, tzinfo=UTC))]
Key = Annotated[str, StringConstraints(pattern=r"^[\w-]{8,60}$")]
"""Drawn by the page, or by the program that asks: the same key is the same order."""


class WeekQuery(Query):
    """`week` is any day of it; `within`: minutes."""

    week: OneDay | None = None
    playbook: Name = ""
    group: Name = ""
    within: int = Field(default=30, ge=1, le=240)


class PlaceQuery(Query):
    play: Name
    name: Name
    at: Moment
    hand: Name = ""
    group: Name = ""


class MoveQuery(PlaceQuery):
    day: OneDay
    slot: Name = ""
    clock: str = Field(default="", pattern=r"^(?:[01]\d|2[0-3]):[0-5]\d$|^$")


class MoveBody(MoveQuery):
    base: str = Field(max_length=64)


class OrderBody(Query):
    """`about`: the post, "" everything of the play; `group`: one, "" every group within the caller's bounds. `at`, `hand`: the
    occurrence whose page it was, to go back to."""

    play: Name
    act: Act
    about: Name = ""
    group: Name = ""
    key: Key
    at: Moment | None = None
    hand: Name = ""


@area.view("/calendar", needs=Action.CALENDAR_SEE, template="calendar/index.html")
async def index(call: Call, query: WeekQuery) -> Week:
    """What fires in a week, or fired, in the groups and playbooks that the caller sees."""
    found = await call.ports.calendar.week(
        _sight(call), query.week, playbook=query.playbook, group=query.group, within=query.within
    )
    return found.model_copy(
        update={
            "may_edit": call.may(Action.CALENDAR_EDIT), "may_send": call.may(Action.CALENDAR_SEND), "key": _key(),
        }
    )  # fmt: skip


@area.stream("/calendar/live", needs=Action.CALENDAR_SEE)
async def live(call: Call, query: WeekQuery) -> AsyncIterator[Push | None]:
    """What is going out, whenever that changes."""
    shown: tuple[Flight, ...] | None = None
    with call.hub.listening(call.stream_owner) as listener:
        yield None
        while not listener.is_closing:
            if not await listener.changed():
                yield None
                continue
            found = await call.ports.calendar.flights(_sight(call), playbook=query.playbook, group=query.group)
            if found.flights != shown:
                shown = found.flights
                rights = {"key": _key(), "may_send": call.may(Action.CALENDAR_SEND)}
                yield Push("flights", found.model_copy(update=rights), "calendar/flights.html")


@area.view("/calendar/{playbook}/entry", needs=Action.CALENDAR_SEE, template="calendar/entry.html")
async def entry(call: Call, query: PlaceQuery) -> Detail:
    """One occurrence: what each group reads, whom it reached, what can be done."""
    playbook = call.params["playbook"]
    found = await call.ports.calendar.detail(_sight(call), _place(call, query), query.group)
    if found is None:
        raise NotHere
    return found.model_copy(
        update={
            "may_edit": call.may(Action.CALENDAR_EDIT, playbook=playbook),
            "may_send": call.may(Action.CALENDAR_SEND, playbook=playbook), "key": _key(),
        }
    )  # fmt: skip


@area.view("/calendar/{playbook}/move", needs=Action.CALENDAR_EDIT, template="calendar/move.html")
async def move(call: Call, query: MoveQuery) -> Move:
    """What moving a post would write into its playbook; nothing is written."""
    found = await _movable(call, query)
    if not reaches(call, Action.PLAYBOOKS_PUBLISH, call.params["playbook"], found.selectors):
        return found.model_copy(update={"problem": "not_yours"})
    return found


@area.act("/calendar/{playbook}/move", needs=Action.CALENDAR_EDIT, form="move")
async def moved(call: Call, body: MoveBody) -> Done:
    """Writes it into the playbook and publishes that, within the same rights as the editor."""
    found = await _movable(call, body)
    if not reaches(call, Action.PLAYBOOKS_PUBLISH, call.params["playbook"], found.selectors):
        raise NotHere
    await call.ports.calendar.moved(_place(call, body), _goal(body), body.base, call.me.actor)
    return Done(said="moved", to=f"/calendar?week={body.day}")


@area.act("/calendar/{playbook}/order", needs=Action.CALENDAR_SEND)
async def order(call: Call, body: OrderBody) -> Done:
    """Pauses, resumes, stops, sends or takes back, in one group or in all that the caller may send to."""
    playbook = call.params["playbook"]
    runs_in = await call.ports.calendar.groups_of(playbook, body.play)
    groups = tuple(
        each for each in runs_in
        if body.group in ("", each) and call.may(Action.CALENDAR_SEND, group=each, playbook=playbook)
    )  # fmt: skip
    if not groups:
        raise NotHere
    await call.ports.calendar.order(playbook, body.play, body.act, body.about, groups, body.key, call.me.actor)
    to = "/calendar"
    if body.at is not None:
        place = {"play": body.play, "name": body.about, "at": body.at.isoformat(), "hand": body.hand}
        to = f"/calendar/{quote(playbook, safe='')}/entry?{urlencode(place)}"
    return Done(said=f"order_{body.act}", to=to)


def _sight(call: Call) -> Sight:
    return Sight(
        lambda group, playbook: call.may(Action.CALENDAR_SEE, group=group, playbook=playbook),
        call.me.access.is_unbounded(Action.CALENDAR_SEE),
    )


async def _movable(call: Call, query: MoveQuery) -> Move:
    found = await call.ports.calendar.move(_place(call, query), _goal(query), call.language)
    if found is None:
        raise NotHere
    return found


def _place(call: Call, query: PlaceQuery) -> Place:
    return Place(playbook=call.params["playbook"], play=query.play, name=query.name, at=query.at, hand=query.hand)


def _goal(query: MoveQuery) -> Goal:
    return Goal(day=query.day, slot=query.slot, clock=query.clock)


def _key() -> str:
    return secrets.token_urlsafe(12)
