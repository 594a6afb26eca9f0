"""Who comes back."""

from __future__ import annotations

from bot.core.retention import Kept, kept
from bot.insight.figures import Figures
from bot.insight.formulas.raw import TOO_EARLY, Formulas, Raw, share
from storage import measures

FORMULAS = Formulas()


def _retained(figures: Figures, n: int) -> Raw:
    found: Kept = kept(figures.pairs, n, figures.over)
    return share(found.hits, found.of) if found.of or not figures.pairs else TOO_EARLY


@FORMULAS.of("retention.d1")
def _d1(figures: Figures) -> Raw:
    return _retained(figures, 1)


@FORMULAS.of("retention.d7")
def _d7(figures: Figures) -> Raw:
    return _retained(figures, 7)


@FORMULAS.of("retention.d30")
def _d30(figures: Figures) -> Raw:
    return _retained(figures, 30)


@FORMULAS.of("retention.feature")
def _feature(figures: Figures) -> Raw:
    before = figures.takers(1)
    return share(len(before & figures.takers(0)), len(before))


@FORMULAS.of("checkin.retention_d21")
def _checkin_d21(figures: Figures) -> Raw:
    hits, ripe, everyone = measures.kept_doing(
        figures.connection, figures.scope.chat, "checkins", (19, 21), figures.over
    )
    return share(hits, ripe) if ripe or not everyone else TOO_EARLY
