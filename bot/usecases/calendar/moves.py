"""Moving a post: what it would write, and writing it, by the same way as the playbooks' editor."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, time
from zoneinfo import ZoneInfo

from bot.console.ports.accounts import Refused
from bot.console.ports.calendar import Goal, Move, Place
from bot.console.ports.playbooks import Book
from bot.console.words import Language
from bot.playbook.model import ActivePlay
from bot.playbook.reading import read
from bot.plays.campaign import agenda
from bot.plays.campaign.agenda import Item
from bot.plays.campaign.params import Params
from bot.usecases.calendar import moving
from bot.usecases.playbooks import PlaybooksDesk, compared


class Mover:
    """`running` gives a play as each version of it runs, with how many groups have it."""

    def __init__(
        self, playbooks: PlaybooksDesk, running: Callable[[str, str], Awaitable[Sequence[tuple[ActivePlay, int]]]],
        now: Callable[[], datetime],
    ) -> None:  # fmt: skip
        self._playbooks, self._running, self._now = playbooks, running, now

    async def move(self, place: Place, goal: Goal, language: Language) -> Move | None:
        found = await self._running(place.playbook, place.play)
        row = next((each for each in await self._playbooks.books() if each.id == place.playbook), None)
        book = await self._playbooks.book(row.book, language) if row is not None else None
        if not found or book is None:
            return None
        active = found[0][0]
        zone = active.header.zone
        view = _plain(place, goal, book, zone).model_copy(update={"groups": sum(n for _, n in found)})
        try:
            moved = _text(book, active, place, goal)
        except moving.Unmovable as why:
            return view.model_copy(update={"problem": why.code})
        checked = await self._playbooks.check(book.row.book, moved.text, language)
        return view.model_copy(
            update={
                "base": book.base, "changed": tuple(compared(book.source, moved.text)), "changes": checked.changes,
                "findings": checked.findings, "is_sound": checked.is_sound, "with_it": moved.with_it,
                "again": place.at <= self._now() < _moment(goal, place, zone),
            }
        )  # fmt: skip

    async def moved(self, place: Place, goal: Goal, base: str, actor: str) -> None:
        """Raises `Refused`: what the editor refuses, and the codes of `Unmovable`."""
        found = await self._running(place.playbook, place.play)
        row = next((each for each in await self._playbooks.books() if each.id == place.playbook), None)
        book = await self._playbooks.book(row.book, "zh") if row is not None else None
        if not found or book is None:
            raise Refused("not_planned")
        if book.base != base:
            raise Refused("changed_meanwhile")
        try:
            text = _text(book, found[0][0], place, goal).text
        except moving.Unmovable as why:
            raise Refused(why.code) from None
        plain = _plain(place, goal, book, found[0][0].header.zone)
        note = f"{place.name}: {plain.before} → {plain.after}"
        await self._playbooks.publish(book.row.book, text, base, note[:200], actor)


def _plain(place: Place, goal: Goal, book: Book, zone: ZoneInfo) -> Move:
    local = place.at.astimezone(zone)
    return Move(
        place=place, goal=goal, title=place.name, book=book.row.book, selectors=book.row.selectors,
        before=f"{local:%Y-%m-%d %H:%M}", after=f"{goal.day} {goal.slot or goal.clock or f'{local:%H:%M}'}",
    )  # fmt: skip


def _text(book: Book, active: ActivePlay, place: Place, goal: Goal) -> moving.Moved:
    item = _item(active, place.name)
    if item is None or not isinstance(active.params, Params):
        raise moving.Unmovable("only_posts")
    tree, _ = read(book.row.path, book.source)
    if tree is None:
        raise moving.Unmovable("written_elsewhere")
    day = place.at.astimezone(active.header.zone).date()
    clock = time.fromisoformat(goal.clock) if goal.clock else None
    target = moving.Target(day=goal.day, slot=goal.slot, clock=clock)
    return moving.move(tree, place.play, active.params, item, day, target)


def _item(active: ActivePlay, name: str) -> Item | None:
    if not isinstance(active.params, Params):
        return None
    return next((each for each in agenda.items(active.params) if each.name == name), None)


def _moment(goal: Goal, place: Place, zone: ZoneInfo) -> datetime:
    """About when it would go out then: what matters is whether that is still to come."""
    clock = (
        time.fromisoformat(goal.clock)
        if goal.clock
        else time(23, 59)
        if goal.slot
        else place.at.astimezone(zone).time()
    )
    return datetime.combine(goal.day, clock, zone)
