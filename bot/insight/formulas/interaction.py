"""Who talks with whom, and how."""

from __future__ import annotations

from bot.insight.figures import Figures
from bot.insight.formulas.raw import Formulas, Raw, per_day, ratio, share

FORMULAS = Formulas()


@FORMULAS.of("interaction.rate")
def _interaction(figures: Figures) -> Raw:
    return share(figures.links[2], figures.active)


@FORMULAS.of("interaction.answered_share")
def _answered_share(figures: Figures) -> Raw:
    return share(figures.links[1], figures.active)


@FORMULAS.of("interaction.frequency")
def _frequency(figures: Figures) -> Raw:
    return ratio(figures.total("msgs"), figures.total("active"))


@FORMULAS.of("interaction.quality")
def _quality(figures: Figures) -> Raw:
    return ratio(figures.total("replies"), figures.total("msgs"))


@FORMULAS.of("interaction.length")
def _length(figures: Figures) -> Raw:
    return ratio(figures.total("chars"), figures.total("msgs"))


@FORMULAS.of("interaction.helped")
def _helped(figures: Figures) -> Raw:
    return per_day(figures, "helped")


@FORMULAS.of("rules.false_alarm_rate")
def _false_alarms(figures: Figures) -> Raw:
    verdicts = figures.noted("verdict")
    return share(min(figures.noted("undone"), verdicts), verdicts, is_people=False)
