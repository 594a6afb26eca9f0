"""The network's lists against what the log knows."""

from __future__ import annotations

from sqlalchemy import text

from bot.core.events import MemberJoined
from bot.core.play import Member
from storage.database import Database
from tests.engine.test_kernel import BOT, GROUP, NOW, Bench, says


def _list(*numbers: int) -> list[Member]:
    return [Member(uid=f"qq:{number}", name=f"成员{number}") for number in numbers]


def _events(bench: Bench) -> list[tuple[str, str]]:
    with bench.connection.begin():
        rows = bench.connection.execute(text("SELECT kind, key FROM event ORDER BY id")).all()
    return [(row.kind, row.key.split(":")[0]) for row in rows]


def test_the_first_list_is_learned_not_welcomed(database: Database) -> None:
    """Somebody who joins just before the first list does not make the whole group look new."""
    bench = Bench(database)
    bench.hears(MemberJoined(id="j1", account=BOT, chat=GROUP, member="qq:8", at=NOW, name="小新"))
    bench.kernel.learn_members(BOT, GROUP, _list(*range(8, 58)), NOW)
    assert _events(bench) == [("MemberJoined", "j1")]
    people = bench.kernel.directory.rooms[GROUP].people
    assert people is not None
    assert len(people) == 50
    bench.connection.close()


def test_a_later_list_finds_who_came_and_went_unseen(database: Database) -> None:
    """Networks forget to say that somebody joined: the list says it, once."""
    bench = Bench(database)
    bench.hears(says(8, "早"))
    bench.kernel.learn_members(BOT, GROUP, _list(8, 9, 10, 11), NOW)
    for _ in range(2):
        bench.kernel.learn_members(BOT, GROUP, _list(9, 10, 11, 12), NOW)
    assert _events(bench) == [("MemberJoined", "list"), ("MemberLeft", "list")]
    bench.connection.close()
