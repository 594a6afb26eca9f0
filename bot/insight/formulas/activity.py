"""How lively the group is."""

from __future__ import annotations

from bot.core.retention import shifted
from bot.insight.figures import Figures
from bot.insight.formulas.raw import TOO_EARLY, Formulas, Raw, count, per_day, ratio
from storage import measures

FORMULAS = Formulas()


@FORMULAS.of("activity.dau_mau")
def _dau_mau(figures: Figures) -> Raw:
    if not figures.days or not figures.month:
        return Raw()
    daily = figures.days[-30:]
    return Raw(value=sum(day["active"] for day in daily) / len(daily) / figures.month)


@FORMULAS.of("activity.dau")
def _dau(figures: Figures) -> Raw:
    return per_day(figures, "active")


@FORMULAS.of("activity.wau")
def _wau(figures: Figures) -> Raw:
    return count(figures, figures.active_in(7))


@FORMULAS.of("activity.mau")
def _mau(figures: Figures) -> Raw:
    return count(figures, figures.month)


@FORMULAS.of("activity.msgs_per_day")
def _msgs_per_day(figures: Figures) -> Raw:
    return per_day(figures, "msgs")


@FORMULAS.of("activity.decay")
def _decay(figures: Figures) -> Raw:
    began = figures.opening
    if began is None:
        return Raw()
    if shifted(began, 27) > figures.over:
        return TOO_EARLY
    early, late = (_mean_active(figures, began, *span) for span in ((0, 6), (14, 27)))
    return ratio(late, early)


def _mean_active(figures: Figures, began: str, first: int, last: int) -> float:
    days = measures.days(figures.connection, figures.scope.chat, shifted(began, first), shifted(began, last))
    return sum(day["active"] for day in days) / (last - first + 1)
