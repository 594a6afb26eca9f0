"""Check-ins, quizzes and 接龙."""

from __future__ import annotations

from bot.insight.figures import Figures
from bot.insight.formulas.raw import Formulas, Raw, count, ratio, share

FORMULAS = Formulas()


@FORMULAS.of("checkin.rate")
def _checkin_rate(figures: Figures) -> Raw:
    return _daily_share(figures, "checkin_members", "members")


@FORMULAS.of("checkin.members")
def _checkin_members(figures: Figures) -> Raw:
    return count(figures, figures.did("checkins"))


@FORMULAS.of("checkin.days")
def _checkin_days(figures: Figures) -> Raw:
    return ratio(figures.total("checkin_members"), figures.did("checkins"))


@FORMULAS.of("quiz.participation")
def _participation(figures: Figures) -> Raw:
    return share(figures.did("quiz"), figures.active)


@FORMULAS.of("quiz.accuracy")
def _accuracy(figures: Figures) -> Raw:
    return share(figures.noted("quiz", '"is_right":true'), figures.noted("quiz"), is_people=False)


@FORMULAS.of("chain.entries")
def _entries(figures: Figures) -> Raw:
    return count(figures, figures.noted("chain_entry"))


@FORMULAS.of("chain.entries_per_week")
def _entries_per_week(figures: Figures) -> Raw:
    return ratio(figures.noted("chain_entry"), figures.scope.weeks) if figures.days else Raw()


def _daily_share(figures: Figures, some: str, of: str) -> Raw:
    """The mean over days of a share of that day."""
    shares = [day[some] / day[of] for day in figures.days if day[of]]
    return Raw(value=sum(shares) / len(shares) if shares else None)
