"""What members read when they ask: the own level and what is missing, the whole ladder with its benefits."""

from __future__ import annotations

from typing import Any

from bot.core.play import Capability, Member
from bot.plays.levels import ladder as rungs
from bot.plays.levels.counting import takes_part
from bot.plays.levels.moving import unit
from bot.plays.levels.params import Level, Params
from bot.plays.levels.record import Hand, Place, index_of

Answer = tuple[str, dict[str, Any]]


def own(turn: Hand, member: Member) -> Answer:
    """Where the member stands by the score of this very moment; what was reached since the count comes with the next."""
    params, ctx = turn.params, turn.ctx
    if not takes_part(params, member, ctx):
        return "apart", {"table": params.table}
    score = ctx.own.get(params.score, 0.0)
    ladder = rungs.restored(params.levels, turn.state.lines)
    place: Place | None = turn.slot(member.uid)
    at = index_of(params, place.level) if place is not None else -1
    reached = ladder.reached(score)
    data: dict[str, Any] = {
        "name": member.name, "unit": unit(params), "score": rungs.shown(score), "days": params.over.days if params.over else 0,
        "level": params.levels[at].name if at >= 0 else "", "benefits": params.levels[at].benefits if at >= 0 else (),
        "waiting": params.levels[reached].name if reached > at else "", "at": f"{params.at:%H:%M}", "table": params.table,
        "next": "", "short": "", "top": "", "closed": "", "people": params.min_members, "left": 0, "keep": "", "kept": place.mark.kept if place is not None else "",
    }  # fmt: skip
    upper = ladder.next_after(max(at, reached))
    if upper is not None:
        level = params.levels[upper]
        data |= {"next": level.name, "short": rungs.missing(score, ladder.lines[upper]), "top": percent(level)}
    elif at + 1 < len(params.levels):
        data["closed"] = params.levels[at + 1].name
    if place is not None and place.warned is not None and params.demote is not None and reached < at:
        rule = params.demote
        data["left"] = max(1, rule.grace.days - place.below, rule.warn.days - (place.below - place.warned))
        data["keep"] = rungs.missing(score, ladder.lines[at])
    return "own", data


def table(turn: Hand) -> Answer:
    """Every level, the highest first."""
    params = turn.params
    ladder = rungs.restored(params.levels, turn.state.lines)
    has_titles = Capability.SET_TITLE in turn.ctx.caps
    rows = [
        {
            "level": level.name, "at": rungs.shown(level.at), "top": percent(level), "benefits": level.benefits,
            "title": level.title if has_titles else "", "people": turn.state.held.get(level.name, 0),
            "is_closed": bool(turn.state.counted) and not ladder.is_open(at),
        }
        for at, level in reversed(list(enumerate(params.levels)))
    ]  # fmt: skip
    return "table", {
        "rows": rows,
        "unit": unit(params),
        "days": params.over.days if params.over else 0,
        "command": params.command,
        "people": params.min_members,
        "demote": _grace(params),
    }


def percent(level: Level) -> str:
    """The share of a level as members read it, "" where it has none."""
    return f"{level.top * 100:.1f}".removesuffix(".0") + "%" if level.top is not None else ""


def _grace(params: Params) -> int:
    return params.demote.grace.days if params.demote is not None else 0
