"""Questions and satisfaction."""

from __future__ import annotations

import json

from bot.core.intervals import nps
from bot.insight.figures import Figures
from bot.insight.formulas.raw import Formulas, Raw, share

FORMULAS = Formulas()


@FORMULAS.of("service.response_time")
def _response_time(figures: Figures) -> Raw:
    asked, _, _, median = figures.answers
    return Raw(value=median / 60_000 if median is not None else None, of=asked)


@FORMULAS.of("service.answer_rate")
def _answer_rate(figures: Figures) -> Raw:
    return share(figures.answers[1], figures.answers[0], is_people=False)


@FORMULAS.of("service.within_30m")
def _within_30m(figures: Figures) -> Raw:
    return share(figures.answers[2], figures.answers[0], is_people=False)


@FORMULAS.of("nps.score")
def _nps(figures: Figures) -> Raw:
    scores = list(_scores(figures).values())
    promoters, detractors = sum(s >= 9 for s in scores), sum(s <= 6 for s in scores)
    found = nps(promoters, len(scores) - promoters - detractors, detractors)
    return Raw(value=found[0], interval=found[1], of=len(scores), is_people=True) if found else Raw()


@FORMULAS.of("nps.response_rate")
def _nps_responses(figures: Figures) -> Raw:
    answered = {who for _, who in _scores(figures)}
    return share(min(len(answered), figures.members), figures.members) if answered else Raw()


def _scores(figures: Figures) -> dict[tuple[int, int], int]:
    """(group, member) → the newest score."""
    return {(r.chat_id, r.member_id): int(json.loads(r.data)["score"]) for r in figures.notes("nps")}
