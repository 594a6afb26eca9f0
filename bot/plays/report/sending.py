"""Which span a report is about, and who gets it in which shape."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from bot.core.effects import Lane, Note, Say, SendReport, Template
from bot.core.events import MessageReceived, TimerFired
from bot.core.play import Capability, Schedule
from bot.core.turn import Turn
from bot.plays.report.params import Form, Params
from bot.plays.report.state import State

NAME = "report"
_DAY = timedelta(days=1)
_LATE_S = 20 * 3600
_LIFE = timedelta(hours=20)

Here = Turn[Params, State]


def schedule(params: Params) -> Schedule:
    """When the span before is over and people are awake."""
    late = params.missed if params.missed != "catch_up" else "late"
    clock = f"{params.at.minute} {params.at.hour}"
    match params.period:
        case "day":
            return Schedule(name=NAME, at=params.at, missed=late, within_s=_LATE_S)
        case "week":
            return Schedule(name=NAME, cron=f"{clock} * * {params.weekday}", missed=late, within_s=_LATE_S)
        case "month":
            return Schedule(name=NAME, cron=f"{clock} 1 * *", missed=late, within_s=_LATE_S)
        case "camp":
            assert params.last is not None
            return Schedule(
                name=NAME, once=datetime.combine(params.last + _DAY, params.at), missed=late, within_s=_LATE_S
            )


def span(params: Params, today: date) -> tuple[date, date]:
    """The newest span that was over before `today`; a camp's is always its own."""
    yesterday = today - _DAY
    match params.period:
        case "day":
            return yesterday, yesterday
        case "week":
            monday = today - timedelta(days=today.weekday())
            return monday - 7 * _DAY, monday - _DAY
        case "month":
            last = today.replace(day=1) - _DAY
            return last.replace(day=1), last
        case "camp":
            assert params.begins is not None
            assert params.last is not None
            return params.begins, params.last


def due(turn: Here, event: TimerFired) -> None:
    """The schedule fired: everybody who is to have it gets it, once."""
    ctx, params = turn.ctx, turn.params
    first, last = span(params, ctx.day(event.at))
    if turn.state.until is not None and last <= turn.state.until:
        turn.because(report=f"{first}..{last}", sent="before")
        return
    turn.change(until=last)
    operators = sorted(uid for uid, member in ctx.roster.items() if member.is_operator and not member.is_bot)
    told = 0
    if "operators" in params.audience and Capability.PRIVATE in ctx.caps:
        for uid in operators:
            told += 1
            _send(turn, (first, last), params.formats, uid)
    if "group" in params.audience:
        told += 1
        _send(turn, (first, last), params.group_formats, None)
    turn.because(report=f"{first}..{last}", told=told)
    data = {"period": params.period, "first": first.isoformat(), "last": last.isoformat(), "told": told}
    turn.do(Note(what="report", key=f"{first}..{last}", data=data))


def asked(turn: Here, event: MessageReceived) -> None:
    """An operator wants to see it now: in private, and only there."""
    ctx = turn.ctx
    spanned = span(turn.params, ctx.day(event.at))
    if Capability.PRIVATE not in ctx.caps and not event.is_private:
        turn.do(Say(words=Template("report/no_private", {}), reply_to=event.message_id))
        return
    _send(turn, spanned, turn.params.formats, event.member, lane=Lane.ANSWER)
    turn.because(asked=f"{spanned[0]}..{spanned[1]}")


def _send(
    turn: Here, spanned: tuple[date, date], forms: Sequence[Form], to: str | None, *, lane: Lane = Lane.NOTICE
) -> None:
    """Each shape that the network can carry; words in the place of those that it can't, once."""
    ctx = turn.ctx
    possible = {"html": Capability.FILE, "xlsx": Capability.FILE, "png": Capability.PICTURE}
    carried = dict.fromkeys("text" if form in possible and possible[form] not in ctx.caps else form for form in forms)
    for form in carried:
        turn.do(
            SendReport(
                period=turn.params.period, first=spanned[0].isoformat(), last=spanned[1].isoformat(), form=form, to=to,
                lane=lane, expires_at=ctx.now + _LIFE,
            )
        )  # fmt: skip
