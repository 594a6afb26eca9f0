"""Today: what runs, what fires next, what waits for a person, what went wrong; live."""

from __future__ import annotations

from collections.abc import AsyncIterator

from pydantic import Field

from bot.console.access import Action
from bot.console.call import Call, NotHere
from bot.console.models import Query
from bot.console.page import Area, Done, Push
from bot.console.ports.accounts import Refused
from bot.console.ports.today import Sight, Today

area = Area("today", icon="today", order=10)


class Decision(Query):
    choice: str = Field(min_length=1, max_length=40)
    text: str = Field(default="", max_length=500)


@area.view("/", needs=Action.TODAY_SEE, template="today/index.html")
async def index(call: Call) -> Today:
    return _with_rights(await call.ports.today.today(_sight(call)), call)


@area.stream("/today/live", needs=Action.TODAY_SEE)
async def live(call: Call) -> AsyncIterator[Push | None]:
    """The whole page's parts after each change; nothing while nothing changes."""
    with call.hub.listening(call.stream_owner) as listener:
        yield None
        while not listener.is_closing:
            if await listener.changed():
                view = _with_rights(await call.ports.today.today(_sight(call)), call)
                yield Push("today", view, "today/parts.html")
            else:
                yield None


@area.act("/today/tasks/{task:int}", needs=Action.TASKS_DECIDE)
async def decide(call: Call, body: Decision) -> Done:
    """Answers a question that waits for a person."""
    task_id = int(call.params["task"])
    place = await call.ports.today.task(task_id)
    if place is None:
        raise Refused("already_decided")
    call.require(Action.TASKS_DECIDE, group=place.group, playbook=place.playbook)
    if place.choices and body.choice not in place.choices:
        raise Refused("no_such_choice")
    if not await call.ports.today.decide(task_id, body.choice, body.text, call.me.actor):
        raise Refused("already_decided")
    return Done(said="decided", to="/")


@area.act("/today/unsent/{row:int}/resend", needs=Action.OUTBOX_RESEND)
async def resend(call: Call) -> Done:
    """Sends again what failed, or what nobody knows of."""
    row_id = int(call.params["row"])
    group = await call.ports.today.unsent_place(row_id)
    if group is None:
        raise NotHere
    call.require(Action.OUTBOX_RESEND, group=group)
    if not await call.ports.today.resend(row_id, call.me.actor):
        raise Refused("already_decided")
    return Done(said="resent", to="/")


def _sight(call: Call) -> Sight:
    return Sight(
        lambda group, playbook: call.may(Action.TODAY_SEE, group=group, playbook=playbook),
        call.me.access.is_unbounded(Action.TODAY_SEE),
    )


def _with_rights(found: Today, call: Call) -> Today:
    """The buttons that this caller has."""
    waiting = tuple(
        each.model_copy(
            update={"may_decide": call.may(Action.TASKS_DECIDE, group=each.group, playbook=each.play.partition("/")[0])}
        )
        for each in found.waiting
    )
    unsent = tuple(
        each.model_copy(update={"may_resend": call.may(Action.OUTBOX_RESEND, group=each.group)})
        for each in found.unsent
    )
    return found.model_copy(update={"waiting": waiting, "unsent": unsent})
