"""The way in."""

from __future__ import annotations

from datetime import timedelta

from bot.insight.figures import Figures
from bot.insight.formulas.raw import TOO_EARLY, Formulas, Raw, share
from bot.insight.funnel import newcomers
from storage import measures

FORMULAS = Formulas()


@FORMULAS.of("funnel.conversion")
def _conversion(figures: Figures) -> Raw:
    steps = newcomers(figures)
    return share(steps[-1].people, steps[0].people) if steps[0].people else TOO_EARLY if figures.days else Raw()


@FORMULAS.of("welcome.introduced_d7")
def _introduced(figures: Figures) -> Raw:
    if not figures.days:
        return Raw()
    week = int(timedelta(days=7).total_seconds() * 1000)
    until = figures.span[1] - week
    joined = measures.joined(figures.connection, figures.scope.chat, figures.span[0], max(until, figures.span[0]))
    if not joined:
        return TOO_EARLY
    wrote = {(row.chat_id, row.member_id): row.at for row in figures.notes("self_intro")}
    hits = sum(0 <= wrote.get((r.chat_id, r.member_id), -1) - r.joined_at <= week for r in joined)
    return share(hits, len(joined))
