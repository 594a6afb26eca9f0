"""Who stands where."""

from __future__ import annotations

from bot.insight.figures import Figures
from bot.insight.formulas.raw import Formulas, Raw, share

FORMULAS = Formulas()


def _tier(figures: Figures, scheme: str, *values: str) -> tuple[int, int]:
    found = figures.standing.get(scheme, {})
    return sum(found.get(value, 0) for value in values), sum(found.values())


@FORMULAS.of("tier.core_share")
def _core(figures: Figures) -> Raw:
    return share(*_tier(figures, "pyramid", "核心"))


@FORMULAS.of("tier.active_share")
def _activated(figures: Figures) -> Raw:
    return share(*_tier(figures, "pyramid", "激活"))


@FORMULAS.of("tier.koc_share")
def _koc(figures: Figures) -> Raw:
    koc, _ = _tier(figures, "ladder", "KOC", "KOL")
    core, _ = _tier(figures, "pyramid", "核心")
    return share(min(koc, core), core)
