"""数据: the figures of all groups or of one, how they were kept and won, who stands where, and reports to print."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from typing import Literal, TypeVar

from pydantic import BaseModel, Field

from bot.console.access import Action
from bot.console.call import Call, NotHere
from bot.console.models import Query, View
from bot.console.page import Area, Done, Download, Push
from bot.console.ports.insight import (
    Board,
    By,
    Form,
    Funnel,
    Leaders,
    MetricRow,
    Overview,
    Place,
    ReportPage,
    ReportRow,
    Retention,
    Sees,
    Span,
    Tiers,
)  # fmt: skip
from bot.console.ports.work import Work
from bot.core.play import Window

area = Area("insight", icon="insight", order=60)
V = TypeVar("V", bound=BaseModel)

Tab = Literal["figures", "retention", "funnel", "tiers", "leaders", "reports"]
_PLACES = 40
_TICK_S = 0.25
_NO_CHAT = "work"
"""What a stream of progress listens to: no commit wakes it."""
_MEDIA = {
    "html": "text/html; charset=utf-8", "png": "image/png", "text": "text/plain; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}  # fmt: skip


class Days(Query):
    days: int = Field(default=30, ge=1, le=366)


class Catalogue(View):
    metrics: tuple[MetricRow, ...]


class Picked(Query):
    q: str = Field(default="", max_length=100)
    tab: Tab = "figures"


class Places(View):
    places: tuple[Place, ...]
    q: str
    tab: Tab


class RetentionQuery(Query):
    by: By = "cohort"
    days: int = Field(default=60, ge=1, le=366)


class FunnelQuery(Query):
    playbook: str = Field(default="", max_length=100)
    days: int = Field(default=60, ge=1, le=366)


class TiersQuery(Query):
    day: date | None = None


class LeadersQuery(Query):
    board: Board = "activity"
    window: Window = "month"


class Reports(View):
    """`group`: what the form begins with."""

    reports: tuple[ReportRow, ...]
    group: Place | None


class ReportsQuery(Query):
    group: str = Field(default="", max_length=200)


class Order(Query):
    """`on`: any day of the span, of a camp its last; none: the newest that is over. `begins`: a camp's first day."""

    span: Span = "week"
    on: date | None = None
    begins: date | None = None


class Wanted(Query):
    form: Form = "html"


@area.view("/insight", needs=Action.INSIGHT_SEE, template="insight/overview.html")
async def index(call: Call, query: Days) -> Overview:
    """All groups that the caller sees, as one."""
    return _there(await call.ports.insight.overview("", _sees(call), query.days, call.language))


@area.stream("/insight/live", needs=Action.INSIGHT_SEE)
async def live(call: Call, query: Days) -> AsyncIterator[Push | None]:
    """How far the figures of all groups are measured, and the figures when they are; then the stream ends."""
    with call.hub.listening(call.stream_owner, _NO_CHAT) as listener:
        yield None
        found = _there(await call.ports.insight.overview("", _sees(call), query.days, call.language))
        work = found.work
        while work is not None and not work.is_over:
            yield Push("progress", work, "insight/progress.html")
            await listener.changed(_TICK_S)
            if listener.is_closing:
                return
            work = call.ports.insight.measuring(work.id)
        if work is None or work.state == "done":
            if work is not None:
                found = _there(await call.ports.insight.overview("", _sees(call), query.days, call.language))
            yield Push("figures", found, "insight/figures.html")
        yield Push("progress", work or _OVER, "insight/progress.html")
        yield Push("end", work or _OVER, "parts/end.html")


@area.view("/insight/catalogue", needs=Action.INSIGHT_SEE, template="insight/catalogue.html")
async def catalogue(call: Call) -> Catalogue:
    """What each metric means, who answers for it, and what to beware of."""
    return Catalogue(metrics=call.ports.insight.catalogue(call.language))


@area.view("/insight/groups", needs=Action.INSIGHT_SEE, template="insight/places.html", part="insight/places_rows.html")
async def places(call: Call, query: Picked) -> Places:
    """Groups to look at, found by name."""
    found = await call.ports.insight.places(_sees(call), query.q, _PLACES)
    return Places(places=found, q=query.q, tab=query.tab)


@area.view("/insight/groups/{group}", needs=Action.INSIGHT_SEE, template="insight/overview.html")
async def group(call: Call, query: Days) -> Overview:
    return _there(await call.ports.insight.overview(call.params["group"], None, query.days, call.language))


@area.view("/insight/groups/{group}/retention", needs=Action.INSIGHT_SEE, template="insight/retention.html")
async def retention(call: Call, query: RetentionQuery) -> Retention:
    """Who came back after a day, a week, a month: by when they came, how they came, what they took part in."""
    return _there(await call.ports.insight.retention(call.params["group"], query.by, query.days, call.language))


@area.view("/insight/groups/{group}/funnel", needs=Action.INSIGHT_SEE, template="insight/funnel.html")
async def funnel(call: Call, query: FunnelQuery) -> Funnel:
    """How far newcomers get, or members in a playbook, step by step."""
    if query.playbook:
        call.require(Action.INSIGHT_SEE, group=call.params["group"], playbook=query.playbook)
    return _there(await call.ports.insight.funnel(call.params["group"], query.playbook, query.days, call.language))


@area.view("/insight/groups/{group}/tiers", needs=Action.INSIGHT_SEE, template="insight/tiers.html")
async def tiers(call: Call, query: TiersQuery) -> Tiers:
    """Who stands where, who moved, whom to win, who may leave. Names are for who may see members."""
    uid = call.params["group"]
    named = call.may(Action.MEMBERS_SEE, group=uid)
    return _there(await call.ports.insight.tiers(uid, query.day, call.language, with_people=named))


@area.view("/insight/groups/{group}/leaders", needs=Action.MEMBERS_SEE, template="insight/leaders.html")
async def leaders(call: Call, query: LeadersQuery) -> Leaders:
    """Rankings by activity or by points, with what they are made of."""
    return _there(await call.ports.insight.leaders(call.params["group"], query.board, query.window))


@area.view("/insight/reports", needs=Action.INSIGHT_SEE, template="insight/reports.html")
async def reports(call: Call, query: ReportsQuery) -> Reports:
    """What was ordered in this console, and a form to order more."""
    place = None
    if query.group:
        call.require(Action.INSIGHT_SEE, group=query.group)
        found = await call.ports.insight.places(lambda uid: uid == query.group, "", 1)
        place = found[0] if found else None
    return Reports(reports=call.ports.insight.reports(call.me.actor), group=place)


@area.act("/insight/groups/{group}/reports", needs=Action.INSIGHT_SEE)
async def order(call: Call, body: Order) -> Done:
    """Makes a report beside the bot; the page shows how far it is."""
    made = await call.ports.insight.order(call.params["group"], body.span, body.on, body.begins, call.me.actor)
    return Done(to=f"/insight/reports/{made}")


@area.view("/insight/reports/{report}", needs=Action.INSIGHT_SEE, template="insight/report.html")
async def report(call: Call) -> ReportPage:
    return _report(call)


@area.stream("/insight/reports/{report}/live", needs=Action.INSIGHT_SEE)
async def report_live(call: Call) -> AsyncIterator[Push | None]:
    """How far the report is; the stream ends with it."""
    with call.hub.listening(call.stream_owner, _NO_CHAT) as listener:
        yield None
        while not listener.is_closing:
            found = _report(call)
            yield Push("report", found, "insight/report_state.html")
            if found.row.work.is_over:
                yield Push("end", found.row.work, "parts/end.html")
                return
            await listener.changed(_TICK_S)


@area.file("/insight/reports/{report}/page", needs=Action.INSIGHT_SEE)
async def report_page(call: Call) -> Download:
    """The report itself, to be shown in a frame that may do nothing."""
    _, content = _made(call, "html")
    return Download(name="report.html", media_type=_MEDIA["html"], content=content, is_shown=True)


@area.file("/insight/reports/{report}/file", needs=Action.INSIGHT_EXPORT)
async def report_file(call: Call, query: Wanted) -> Download:
    """The report to keep."""
    name, content = _made(call, query.form)
    return Download(name=name, media_type=_MEDIA[query.form], content=content)


_OVER = Work(id="", title="", state="done", done=1.0)


def _sees(call: Call) -> Sees:
    return None if call.me.access.is_unbounded(Action.INSIGHT_SEE) else call.scope(Action.INSIGHT_SEE)


def _report(call: Call) -> ReportPage:
    found = _there(call.ports.insight.report(call.params["report"], call.me.actor))
    call.require(Action.INSIGHT_SEE, group=found.row.group.uid)
    return found


def _made(call: Call, form: Form) -> tuple[str, bytes]:
    call.require(Action.INSIGHT_SEE if form == "html" else Action.INSIGHT_EXPORT, group=_report(call).row.group.uid)
    made = call.ports.insight.made(call.params["report"], form, call.me.actor)
    if made is None:
        raise NotHere
    return made


def _there(found: V | None) -> V:
    if found is None:
        raise NotHere
    return found
