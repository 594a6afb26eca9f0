"""打卡: how every group stands today, the calendar of one, and the submissions that wait for a reviewer."""

from __future__ import annotations

import secrets
from datetime import date
from urllib.parse import quote

from pydantic import Field

from bot.console.access import Action
from bot.console.call import Call, NotHere
from bot.console.models import Query
from bot.console.page import Area, Done
from bot.console.ports.checkins import Calendar, Checkins, Judgement, Queue

area = Area("checkins", icon="checkin", order=30, section="plays")

_ONE = "/checkins/{group}/{playbook}/{play}"


class CheckinsQuery(Query):
    q: str = Field(default="", max_length=100)
    page: int = Field(default=1, ge=1, le=10_000)


class CalendarQuery(Query):
    """`until`: the last day of the four weeks; today without it."""

    until: date | None = None
    page: int = Field(default=1, ge=1, le=10_000)


@area.view("/checkins", needs=Action.CHECKIN_SEE, template="checkins/index.html", part="checkins/list.html")
async def index(call: Call, query: CheckinsQuery) -> Checkins:
    """Every check-in with today's figures, those with most to review first."""
    return await call.ports.checkins.checkins(
        lambda group, playbook: call.may(Action.CHECKIN_SEE, group=group, playbook=playbook), words=query.q,
        page=query.page,
    )  # fmt: skip


@area.view(_ONE, needs=Action.CHECKIN_SEE, template="checkins/calendar.html")
async def calendar(call: Call, query: CalendarQuery) -> Calendar:
    """Four weeks of everybody, who is missing today, streaks and what is left of 补卡 and 请假."""
    found = await call.ports.checkins.calendar(*_which(call), until=query.until, page=query.page)
    if found is None:
        raise NotHere
    may = call.may(Action.CHECKIN_REVIEW, group=call.params["group"], playbook=call.params["playbook"])
    return found.model_copy(update={"may_review": may})


@area.view(_ONE + "/review", needs=Action.CHECKIN_REVIEW, template="checkins/queue.html")
async def queue(call: Call) -> Queue:
    """What waits for a verdict, the oldest first, with every version and what was said of it."""
    found = await call.ports.checkins.queue(*_which(call))
    if found is None:
        raise NotHere
    return found.model_copy(update={"key": secrets.token_hex(8)})


@area.act(_ONE + "/review", needs=Action.CHECKIN_REVIEW, form="queue")
async def judge(call: Call, body: Judgement) -> Done:
    """通过, 修改 or 点评, with points by line of the rubric; the group hears it."""
    group, play = _which(call)
    await call.ports.checkins.judge(group, play, body, call.me.actor)
    said = {"通过": "review_passed", "修改": "review_returned", "点评": "review_said"}[body.verdict]
    return Done(said=said, to=f"/checkins/{quote(group)}/{quote(play)}/review")


def _which(call: Call) -> tuple[str, str]:
    params = call.params
    return params["group"], f"{params['playbook']}/{params['play']}"
