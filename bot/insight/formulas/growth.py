"""Who comes and who goes."""

from __future__ import annotations

import json

from bot.insight.figures import Figures
from bot.insight.formulas.raw import Formulas, Raw, count, share
from storage import measures

FORMULAS = Formulas()


@FORMULAS.of("growth.net")
def _net(figures: Figures) -> Raw:
    return count(figures, figures.total("joins") - figures.total("leaves"))


@FORMULAS.of("growth.joins")
def _joins(figures: Figures) -> Raw:
    return count(figures, figures.total("joins"))


@FORMULAS.of("growth.leaves")
def _leaves(figures: Figures) -> Raw:
    return count(figures, figures.total("leaves"))


@FORMULAS.of("growth.leave_rate")
def _leave_rate(figures: Figures) -> Raw:
    if not figures.days:
        return Raw()
    first = figures.days[0]
    begin = max(0, first["members"] - first["joins"] + first["leaves"])
    leaves, of = figures.total("leaves"), begin + figures.total("joins")
    return share(min(leaves, of), of)


@FORMULAS.of("growth.invited_share")
def _invited(figures: Figures) -> Raw:
    joins = measures.join_events(figures.connection, figures.scope.chat, *figures.span)
    return share(sum(bool(json.loads(row.data).get("by")) for row in joins), len(joins))
