"""Deeds of persons, from the courses of their ids: what badge rules are judged by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Connection

from bot.core.deeds import reached, total
from bot.engine.clock import from_ms
from bot.engine.directory import Directory, Room
from storage import deeds as store


class Deeds:
    """Reads what `Needs.deeds` and `Needs.done` ask for."""

    def __init__(self, connection: Connection, directory: Directory) -> None:
        self._connection, self._directory = connection, directory

    def reached(self, room: Room, rules: Sequence[tuple[str, int]]) -> dict[tuple[str, int], dict[str, str]]:
        """Rule → member → day, of everybody in the group."""
        people = self._courses(room, {deed for deed, _ in rules}, None)
        found: dict[tuple[str, int], dict[str, str]] = {rule: {} for rule in rules}
        for uid, courses in people.items():
            for deed, needed in rules:
                if (course := courses.get(deed)) and (day := reached(deed, course, needed)):
                    found[(deed, needed)][uid] = day
        return found

    def done(self, room: Room, uid: str, deeds: Collection[str]) -> dict[str, int]:
        """Deed → how often the person has done it."""
        directory = self._directory
        ids = [directory.members[each] for each in directory.persons.ids(uid) if each in directory.members]
        courses = next(iter(self._courses(room, deeds, ids).values()), {})
        return {deed: total(deed, courses.get(deed, {})) for deed in deeds}

    def _courses(
        self, room: Room, deeds: Collection[str], who: Sequence[int] | None
    ) -> dict[str, Mapping[str, Counter[str]]]:
        """Person → deed → day → how often, all ids together."""
        directory = self._directory
        stored = store.courses(
            self._connection, room.id, deeds, lambda at: directory.date(room, from_ms(at)).isoformat(), who
        )
        uids = store.uids_of(self._connection, sorted(stored))
        found: dict[str, dict[str, Counter[str]]] = {}
        for member, courses in stored.items():
            mine = found.setdefault(directory.persons.head(uids[member]), {})
            for deed, course in courses.items():
                mine.setdefault(deed, Counter()).update(course)
        return dict(found)
