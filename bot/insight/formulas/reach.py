"""Whom the group reaches, and who stays silent."""

from __future__ import annotations

import json

from bot.core.intervals import difference
from bot.core.retention import shifted
from bot.insight.figures import Figures
from bot.insight.formulas.raw import Formulas, Raw, share
from storage import measures

FORMULAS = Formulas()


@FORMULAS.of("reach.penetration")
def _penetration(figures: Figures) -> Raw:
    # Who was active and left since is still one of those who were there.
    return share(min(figures.active, figures.members), figures.members)


@FORMULAS.of("reach.silent_share")
def _silent(figures: Figures) -> Raw:
    return share(figures.quiet[0], figures.members)


@FORMULAS.of("reach.never_share")
def _never(figures: Figures) -> Raw:
    return share(figures.quiet[1], figures.members)


@FORMULAS.of("wake.uplift")
def _uplift(figures: Figures) -> Raw:
    """Whoever was addressed or held out, and whether they spoke in the 7 days after."""
    arms: dict[str, list[tuple[int, int, str]]] = {"told": [], "held": []}
    for row in figures.notes("reached"):
        data = json.loads(row.data)
        if data.get("arm") in arms and shifted(data["day"], 7) <= figures.over:
            arms[data["arm"]].append((row.chat_id, row.member_id, data["day"]))
    if not all(arms.values()):
        return Raw()
    spoke = [_spoke_after(figures, people) for people in arms.values()]
    (told, held) = (len(people) for people in arms.values())
    return Raw(
        value=spoke[0] / told - spoke[1] / held, of=told + held, is_people=True,
        interval=difference(spoke[0], told, spoke[1], held),
    )  # fmt: skip


def _spoke_after(figures: Figures, people: list[tuple[int, int, str]]) -> int:
    first = min(day for _, _, day in people)
    rows = measures.deeds_of_noted(
        figures.connection, figures.scope.chat, first, figures.over, "reached", *figures.span
    )
    spoke = {(row.chat_id, row.member_id, row.day) for row in rows if row.msgs}
    return sum(any((chat, who, shifted(day, n)) in spoke for n in range(1, 8)) for chat, who, day in people)
