"""What `qunops calendar` does, for the running bot's control port: plain values in and out, with every right."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, get_args

from bot.console.ports.accounts import Refused
from bot.console.ports.calendar import Act, CalendarPort, Goal, Place, Sight

_ALL = Sight(lambda group, playbook: True, True)


async def act(calendar: CalendarPort, what: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """Raises `Refused`, `LookupError` for an act that does not exist, `ValueError` for a day that is none."""
    match what:
        case "show":
            day = date.fromisoformat(str(data["week"])) if data.get("week") else None
            asked = {"playbook": str(data.get("playbook", "")), "group": str(data.get("group", ""))}
            week = await calendar.week(_ALL, day, within=int(data.get("within", 30)), **asked)
            return week.model_dump(mode="json")
        case "look":
            detail = await calendar.detail(_ALL, await _place(calendar, data), str(data.get("group", "")))
            if detail is None:
                raise Refused("not_planned")
            return detail.model_dump(mode="json")
        case "move":
            place = await _place(calendar, data)
            to = date.fromisoformat(str(data["to"]))
            goal = Goal(day=to, slot=str(data.get("slot", "")), clock=str(data.get("clock", "")))
            if base := str(data.get("base", "")):
                await calendar.moved(place, goal, base, str(data.get("by", "console:cli")))
                return {}
            found = await calendar.move(place, goal, "zh")
            if found is None or found.problem:
                raise Refused(found.problem if found is not None else "not_planned")
            return found.model_dump(mode="json")
        case _ if what in get_args(Act):
            playbook, play = str(data["playbook"]), str(data["play"])
            runs_in = await calendar.groups_of(playbook, play)
            groups = tuple(each for each in runs_in if not data.get("groups") or each in data["groups"])
            if not groups:
                raise Refused("not_running_there")
            about, key, by = str(data.get("about", "")), str(data["key"]), str(data.get("by", "console:cli"))
            order: Any = what
            return {"groups": await calendar.order(playbook, play, order, about, groups, key, by)}
    raise LookupError(what)


async def _place(calendar: CalendarPort, data: Mapping[str, Any]) -> Place:
    """The occurrence of that name on that day. Raises `Refused` when there is none."""
    on = date.fromisoformat(str(data["on"]))
    playbook, play, name = str(data["playbook"]), str(data["play"]), str(data["name"])
    week = await calendar.week(_ALL, on, playbook=playbook, group="", within=30)
    for each in (each for day in week.days if day.day == on for cell in day.cells for each in cell):
        if (each.play, each.name) == (play, name):
            return Place(playbook=playbook, play=play, name=name, at=each.at, hand=each.hand)
    raise Refused("not_planned")
