"""Two ids of one member: their badges together, and apart again."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.persons import Deed, Persons
from bot.plays.badges.record import Holder


def join(older: Holder, newer: Holder) -> Holder:
    """Every badge once, by the older id where both have it; the title is the older one's, if it has any."""
    mark = older.mark if older.mark.title else newer.mark
    return Holder(badges={**newer.badges, **older.badges}, mark=mark)


def part(now: Holder, older: Holder, newer: Holder, deeds: Sequence[Deed]) -> tuple[Holder, Holder]:
    """Each has its own again, without what was taken back meanwhile; what came meanwhile stays with the older one."""
    gained = {name: held for name, held in now.badges.items() if name not in older.badges and name not in newer.badges}
    left, right = ({name: held for name, held in each.badges.items() if name in now.badges} for each in (older, newer))
    mark = older.mark if now.mark == join(older, newer).mark else now.mark
    return Holder(badges={**left, **gained}, mark=mark), newer.model_copy(update={"badges": right})


PERSONS = Persons(join=join, part=part)
