"""How a member comes to a level or loses it, and what goes with it: labels, title, card, the note for reports.

A level is a label: who is 黄金 carries `level:黄金`, and `level:X+` for it and every lower one, so that playbooks can mean
"silver or higher". Up is at once, by as many levels as the score reaches. Down is one level at a time: after `grace` days
below, and never less than `warn` days after the member was told in private. Days on which nothing was counted, because
the bot was away, count for nobody.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bot.core.effects import Lane, Note, Say, Tag, Template
from bot.core.marks import dress
from bot.core.play import Capability, Member
from bot.plays.levels.ladder import Ladder, missing, shown
from bot.plays.levels.params import Params
from bot.plays.levels.record import Hand, Place, index_of

MARKS_AT_ONCE = 40
"""Titles and cards given in one step at most: the others follow the next day, before the network thinks it is flooded."""


def move(turn: Hand, member: Member, to: int, score: float) -> None:
    """To the level at `to` (-1: to none). What the group hears of it is the caller's."""
    params, ctx = turn.params, turn.ctx
    place: Place | None = turn.slot(member.uid)
    before = place.level if place is not None else ""
    name = params.levels[to].name if to >= 0 else ""
    day = ctx.day(ctx.now)
    if before != name:
        fact = {"level": name, "before": before, "score": shown(score), "day": day.isoformat()}
        turn.do(Note(what="level", key=f"{member.uid}|{day}|{before}>{name}", member=member.uid, data=fact))
    base = place or Place(since=day)
    turn.put(member.uid, base.model_copy(update={"level": name, "since": day, "below": 0, "warned": None}))
    label(turn, member)


def label(turn: Hand, member: Member) -> None:
    """The labels that the level brings; those of other levels of this play go. Nothing where they are right already."""
    place: Place = turn.slot(member.uid)
    at = index_of(turn.params, place.level)
    wanted = labels_of(turn.params, at)
    own = {each for level in turn.params.levels for each in (f"level:{level.name}", f"level:{level.name}+")}
    has = (member.labels & own) | set(place.tags)
    turn.do(*(Tag(member=member.uid, tag=tag, on=False) for tag in sorted(has - set(wanted))))
    turn.do(*(Tag(member=member.uid, tag=tag) for tag in wanted if tag not in member.labels))
    if place.tags != wanted:
        turn.put(member.uid, place.model_copy(update={"tags": wanted}))


def labels_of(params: Params, at: int) -> tuple[str, ...]:
    """Of the level at `at`: its own, and one for it and each lower one."""
    if at < 0:
        return ()
    return (f"level:{params.levels[at].name}", *(f"level:{level.name}+" for level in params.levels[: at + 1]))


def sink(turn: Hand, member: Member, ladder: Ladder, score: float) -> None:
    """One more count at which the member's level was not reached."""
    params, ctx = turn.params, turn.ctx
    place: Place = turn.slot(member.uid)
    at = index_of(params, place.level)
    rule = params.demote
    if rule is None or Capability.PRIVATE not in ctx.caps:
        return
    below = place.below + 1
    data: dict[str, Any]
    if place.warned is not None and below >= rule.grace.days and below - place.warned >= rule.warn.days:
        move(turn, member, at - 1, score)
        lower = params.levels[at - 1].name if at > 0 else ""
        data = {"name": member.name, "level": lower, "before": place.level, "command": params.command}
        turn.do(Say(words=Template("levels/lost", data), to=member.uid, lane=Lane.NOTICE))
        return
    warned = place.warned
    if warned is None and below >= rule.grace.days - rule.warn.days:
        warned = below
        data = {
            "name": member.name, "level": place.level, "days": max(rule.warn.days, rule.grace.days - below),
            "short": missing(score, ladder.lines[at]), "unit": unit(params),
        }  # fmt: skip
        turn.do(Say(words=Template("levels/warned", data), to=member.uid, lane=Lane.NOTICE, key=f"warn/{member.uid}"))
    turn.put(member.uid, place.model_copy(update={"below": below, "warned": warned}))


def hold(turn: Hand, member: Member) -> None:
    """The level is reached again, or can't be judged today."""
    place: Place = turn.slot(member.uid)
    if place.below:
        turn.put(member.uid, place.model_copy(update={"below": 0, "warned": None}))


def decorate(turn: Hand, people: Iterable[Member]) -> None:
    """Title and card of the level, as far as rights and pace allow; the trace says what was missing."""
    params, left = turn.params, MARKS_AT_ONCE
    for member in people:
        place: Place | None = turn.slot(member.uid)
        if place is None or left <= 0:
            continue
        at = index_of(params, place.level)
        title, card = (params.levels[at].title, params.levels[at].card) if at >= 0 else ("", "")
        found = dress(turn, member, place.mark, title, card)
        left -= len(found.effects)
        if found.mark != place.mark:
            turn.put(member.uid, place.model_copy(update={"mark": found.mark}))


def unit(params: Params) -> str:
    """What the score is called."""
    return "积分" if params.by == "points" else "活跃度"
