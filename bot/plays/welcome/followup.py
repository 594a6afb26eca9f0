"""What comes after the greeting: reminders and follow-ups, one timer per batch of newcomers.

Each timer carries the uids that were greeted together; whether somebody still needs it is decided when it fires, so a
member who is done or gone is silently left out, and a batch without anybody left says nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from bot.core.effects import Lane, Say, SetTimer, Template
from bot.core.events import TimerFired
from bot.core.play import Capability
from bot.plays.welcome.params import FollowUp
from bot.plays.welcome.people import Welcome, journey, people, present, words
from bot.plays.welcome.state import Journey

RULES, INTRO, FOLLOW = "rules@", "intro@", "follow@"
_STALE = timedelta(hours=6)


def members_of(data: Mapping[str, str]) -> tuple[str, ...]:
    """The batch that a timer was set for."""
    return tuple(uid for uid in data.get("members", "").split("\n") if uid)


def plan(turn: Welcome, uids: Sequence[str]) -> None:
    """Sets the timers of a batch that has just been greeted."""
    ctx, params, batch = turn.ctx, turn.params, turn.state.batches
    data = {"members": "\n".join(uids)}
    if params.rules_ack and params.rules_ack.remind_after:
        turn.do(
            SetTimer(name=f"{RULES}{batch}", at=ctx.after_quiet(ctx.now + params.rules_ack.remind_after), data=data)
        )
    if params.self_intro and params.self_intro.remind_after:
        turn.do(
            SetTimer(name=f"{INTRO}{batch}", at=ctx.after_quiet(ctx.now + params.self_intro.remind_after), data=data)
        )
    for index, follow in enumerate(params.follow_ups):
        turn.do(SetTimer(name=f"{FOLLOW}{index}@{batch}", at=_due(turn, follow), data=data))


def remind_rules(turn: Welcome, event: TimerFired) -> None:
    ack = turn.params.rules_ack
    if ack is None or ack.remind_after is None:
        return
    left = [uid for uid, here in _here(turn, event) if here is None or here.acked_version < ack.version]
    data = {"keyword": ack.keyword, "version": ack.version}
    _remind(turn, event, left, "rules_remind", data, ack.remind_after, ack.remind_times)


def remind_intro(turn: Welcome, event: TimerFired) -> None:
    intro = turn.params.self_intro
    if intro is None or intro.remind_after is None:
        return
    left = [uid for uid, here in _here(turn, event) if here is None or not here.is_introduced]
    data = {"template": intro.template, "prefix": intro.prefix, "points": intro.points}
    _remind(turn, event, left, "intro_remind", data, intro.remind_after, intro.remind_times)


def follow_up(turn: Welcome, event: TimerFired) -> None:
    """Sends the follow-up `follow@<index>@<batch>` to whoever still meets its condition."""
    index = event.name.split("@")[1]
    if not index.isdecimal() or int(index) >= len(turn.params.follow_ups):
        return
    follow = turn.params.follow_ups[int(index)]
    if _postponed(turn, event):
        return
    left = [uid for uid, here in _here(turn, event) if not _is_done(turn, follow, uid, here)]
    everyone = present(turn, left)
    turn.because(follow_up=follow.only_if, greeted=len(members_of(event.data)), left=len(everyone))
    days = round(follow.after / timedelta(days=1))
    if follow.to == "private" and Capability.PRIVATE in turn.ctx.caps:
        for uid, name in everyone:
            data = people([(uid, name)], 1) | _numbers(turn, [uid]) | {"name": name, "days": days}
            turn.do(Say(words=words(follow.text, "", data), to=uid, lane=Lane.NOTICE, expires_at=turn.ctx.now + _STALE))
    elif everyone:
        data = people(everyone, turn.params.mention_at_most) | _numbers(turn, left)
        data |= {"name": everyone[0][1] if len(everyone) == 1 else data["names"], "days": days}
        turn.do(Say(words=words(follow.text, "", data), lane=Lane.NOTICE, expires_at=turn.ctx.now + _STALE))


def _here(turn: Welcome, event: TimerFired) -> list[tuple[str, Journey | None]]:
    pairs = [(uid, journey(turn, uid)) for uid, _ in present(turn, members_of(event.data))]
    return [(uid, here) for uid, here in pairs if here is None or here.left_at is None]


def _is_done(turn: Welcome, follow: FollowUp, uid: str, here: Journey | None) -> bool:
    match follow.only_if:
        case "not_introduced":
            return here is not None and here.is_introduced
        case "not_acked":
            return here is not None and here.acked_version > 0
        case "not_spoken":
            active = {row.member for row in turn.ctx.scores.get(("activity", "all"), ()) if row.total > 0}
            return uid in active or (here is not None and (here.has_spoken or here.is_introduced))
        case "always":
            return False


def _remind(
    turn: Welcome,
    event: TimerFired,
    left: Sequence[str],
    template: str,
    data: Mapping[str, object],
    again_after: timedelta,
    times: int,
) -> None:
    if _postponed(turn, event):
        return
    turn.because(reminder=template, greeted=len(members_of(event.data)), left=len(left))
    everyone = present(turn, left)
    if not everyone:
        return
    about = {**people(everyone, turn.params.mention_at_most), **data}
    turn.do(Say(words=Template(f"welcome/{template}", about), lane=Lane.NOTICE, expires_at=turn.ctx.now + _STALE))
    nth = int(event.data.get("nth", "1")) if event.data.get("nth", "1").isdecimal() else times
    if nth < times:
        at = turn.ctx.after_quiet(turn.ctx.now + again_after)
        turn.do(SetTimer(name=event.name, at=at, data={"members": "\n".join(left), "nth": str(nth + 1)}))


def _postponed(turn: Welcome, event: TimerFired) -> bool:
    at = turn.ctx.after_quiet(turn.ctx.now)
    if at <= turn.ctx.now:
        return False
    turn.do(SetTimer(name=event.name, at=at, data=event.data))
    turn.because(quiet_until=f"{turn.ctx.local(at):%H:%M}")
    return True


def _due(turn: Welcome, follow: FollowUp) -> datetime:
    ctx = turn.ctx
    at = ctx.now + follow.after
    if follow.at is not None:
        local = ctx.local(at)
        moved = local.replace(hour=follow.at.hour, minute=follow.at.minute, second=0, microsecond=0)
        at = moved if moved > ctx.now else moved + timedelta(days=1)
    return ctx.after_quiet(at).astimezone(ctx.now.tzinfo)


def _numbers(turn: Welcome, uids: Sequence[str]) -> dict[str, int]:
    numbers = [here.number for uid in uids if (here := journey(turn, uid))] or [0]
    return {"first_number": min(numbers), "last_number": max(numbers)}
