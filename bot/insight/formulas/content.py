"""What is posted and what comes back."""

from __future__ import annotations

import json
from collections import Counter

from bot.insight.figures import Figures
from bot.insight.formulas.raw import Formulas, Raw, ratio, share

FORMULAS = Formulas()


@FORMULAS.of("content.cadence")
def _cadence(figures: Figures) -> Raw:
    return ratio(figures.total("posts"), figures.scope.weeks) if figures.days else Raw()


def _source_share(figures: Figures, *wanted: str) -> Raw:
    sources = Counter(json.loads(row.data).get("source") or "" for row in figures.notes("post"))
    tagged = sources.total() - sources[""]
    return share(sum(sources[each] for each in wanted), tagged, is_people=False)


@FORMULAS.of("content.pgc_share")
def _pgc(figures: Figures) -> Raw:
    return _source_share(figures, "pgc", "pugc")


@FORMULAS.of("content.ugc_share")
def _ugc(figures: Figures) -> Raw:
    return _source_share(figures, "ugc")


@FORMULAS.of("content.ogc_share")
def _ogc(figures: Figures) -> Raw:
    return _source_share(figures, "ogc")


@FORMULAS.of("campaign.replies_per_post")
def _replies_per_post(figures: Figures) -> Raw:
    return ratio(figures.total("post_replies"), figures.total("posts"))


@FORMULAS.of("campaign.reach")
def _reach(figures: Figures) -> Raw:
    of = sum(day["posts"] * day["members"] for day in figures.days)
    return Raw(value=min(1.0, figures.total("post_replies") / of) if of else None)
