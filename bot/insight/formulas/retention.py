"""Who comes back."""

from __future__ import annotations

from bot.core.retention import Kept, kept, shifted
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
    began: dict[tuple[int, int], str] = {}
    back: set[tuple[int, int]] = set()
    for row in measures.deed_days(figures.connection, figures.scope.chat, "checkins", figures.over):
        person = (row.chat_id, row.member_id)
        first = began.setdefault(person, row.day)
        if shifted(first, 19) <= row.day <= shifted(first, 21):
            back.add(person)
    ripe = {person for person, first in began.items() if shifted(first, 21) <= figures.over}
    return share(len(back & ripe), len(ripe)) if ripe or not began else TOO_EARLY
