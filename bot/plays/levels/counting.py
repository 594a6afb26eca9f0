"""The daily count: everybody's score against the ladder, and one message for all who rose."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bot.core.audience import includes
from bot.core.effects import Lane, Say, Template
from bot.core.play import Member
from bot.plays.levels import ladder as rungs
from bot.plays.levels.moving import decorate, hold, label, move, sink
from bot.plays.levels.params import Params
from bot.plays.levels.record import Ctx, Hand, Place, index_of

_LISTED = 200
"""Promotions that wait to be announced at most."""


def takes_part(params: Params, member: Member | None, ctx: Ctx) -> bool:
    return member is not None and not member.is_bot and includes(params.who, member, ctx.now)


def is_newcomer(params: Params, member: Member, ctx: Ctx) -> bool:
    return member.joined_at is not None and ctx.now - member.joined_at < params.newcomers


def count(turn: Hand) -> None:
    """Everybody anew. The first count of a group that has a past places all quietly and says only how many."""
    params, ctx = turn.params, turn.ctx
    totals = {score.member: score.total for score in ctx.scores.get(params.score, ())}
    here = [member for _, member in sorted(ctx.roster.items()) if takes_part(params, member, ctx)]
    drawing = [totals.get(member.uid, 0.0) for member in here if not is_newcomer(params, member, ctx)]
    ladder = rungs.ladder(params.levels, drawing, params.min_members)
    risen = list(turn.state.risen)
    for member in here:
        score = totals.get(member.uid, 0.0)
        place: Place | None = turn.slot(member.uid)
        now_at = index_of(params, place.level) if place is not None else -1
        to = ladder.reached(score)
        if to > now_at:
            move(turn, member, to, score)
            if place is None or now_at >= 0:
                risen.append((member.uid, params.levels[to].name))
        elif place is not None and now_at >= 0:
            if to == now_at or not ladder.is_open(now_at) or is_newcomer(params, member, ctx):
                hold(turn, member)
            else:
                sink(turn, member, ladder, score)
            label(turn, member)
    decorate(turn, [*here, *_out(turn, here)])
    held = _held(turn, here)
    _announce(turn, risen, held)
    turn.change(counted=turn.state.counted + 1, lines=rungs.stored(ladder), held=held, risen=())
    turn.because(people=len(here), with_score=sum(score > 0 for score in drawing), lines=rungs.stored(ladder))


def _out(turn: Hand, here: list[Member]) -> list[Member]:
    """Those who have a level and take part no longer: it is laid down without a word, and comes back the same way."""
    taking_part = {member.uid for member in here}
    others = [member for uid, member in sorted(turn.ctx.roster.items()) if uid not in taking_part]
    found = [member for member in others if (place := turn.slot(member.uid)) is not None and place.level]
    for member in found:
        move(turn, member, -1, 0.0)
    return found


def earned(turn: Hand, member: Member) -> None:
    """Points that may lift the member right now, by the lines of the last count."""
    params, ctx = turn.params, turn.ctx
    score = ctx.own.get(params.score, 0.0)
    place: Place | None = turn.slot(member.uid)
    now_at = index_of(params, place.level) if place is not None else -1
    to = rungs.restored(params.levels, turn.state.lines).reached(score)
    if to <= now_at:
        return
    move(turn, member, to, score)
    decorate(turn, (member,))
    held = dict(turn.state.held)
    name = params.levels[to].name
    held[name] = held.get(name, 0) + 1
    if now_at >= 0:
        before = params.levels[now_at].name
        held[before] = max(0, held.get(before, 0) - 1)
    turn.change(held=held)
    if to == 0 or params.announce == "none":
        return
    if params.announce == "at_once":
        turn.do(Say(words=Template("levels/rose", {"groups": [_group(params, name, [member.name])]}), lane=Lane.NOTICE))
    else:
        kept = [pair for pair in turn.state.risen if pair[0] != member.uid]
        turn.change(risen=(*kept, (member.uid, name))[-_LISTED:])


def _held(turn: Hand, here: Iterable[Member]) -> dict[str, int]:
    held = {level.name: 0 for level in turn.params.levels}
    for member in here:
        place: Place | None = turn.slot(member.uid)
        if place is not None and place.level in held:
            held[place.level] += 1
    return held


def _announce(turn: Hand, risen: list[tuple[str, str]], held: dict[str, int]) -> None:
    """One message: the highest level first, never the lowest, which everybody begins with."""
    params, ctx = turn.params, turn.ctx
    if params.announce == "none":
        return
    data: dict[str, Any] = {"table": params.table, "command": params.command}
    if not turn.state.counted:
        rows = [{"level": level.name, "people": held[level.name]} for level in reversed(params.levels)]
        if any(row["people"] for row in rows[:-1]):
            turn.do(Say(words=Template("levels/opened", {**data, "rows": rows}), lane=Lane.NOTICE))
        return
    newest = dict(risen)
    groups = []
    for level in reversed(params.levels[1:]):
        names = [
            ctx.roster[uid].name
            for uid, reached in newest.items()
            if reached == level.name and uid in ctx.roster and _stands(turn, uid, level.name)
        ]
        if names:
            groups.append(_group(params, level.name, names))
    if groups:
        turn.do(Say(words=Template("levels/rose", {**data, "groups": groups}), lane=Lane.NOTICE))


def _stands(turn: Hand, uid: str, level: str) -> bool:
    place: Place | None = turn.slot(uid)
    return place is not None and place.level == level


def _group(params: Params, name: str, names: list[str]) -> dict[str, Any]:
    level = params.levels[index_of(params, name)]
    return {
        "level": name,
        "names": names[: params.named],
        "more": max(0, len(names) - params.named),
        "benefits": level.benefits,
    }
