"""The network's lists against what the log knows."""

from __future__ import annotations

from dataclasses import replace

import pytest
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


def test_the_lists_sign_of_a_bot_is_kept(database: Database) -> None:
    """What the network calls a bot is one after a restart, too, also where a later list doesn't say it; an operator's word is kept
    as well, and can be taken back."""
    bench = Bench(database)
    robot = Member(uid="qq:2854196310", name="Q群管家", is_bot=True)
    bench.kernel.learn_members(BOT, GROUP, [*_list(8, 9), robot], NOW)
    assert _bots(bench) == {"qq:2854196310"}
    bench.kernel.learn_members(BOT, GROUP, [*_list(8, 9), replace(robot, is_bot=False)], NOW)
    bench.kernel.mark_bot("qq:9", True, "群友说的", "qq:8", NOW)
    assert _bots(bench) == {"qq:2854196310", "qq:9"}
    bench.connection.close()
    bench = Bench(database)
    assert _bots(bench) == {"qq:2854196310", "qq:9"}
    bench.kernel.mark_bot("qq:9", False, "说错了", "qq:8", NOW)
    assert _bots(bench) == {"qq:2854196310"}
    with pytest.raises(LookupError):
        bench.kernel.mark_bot("qq:77", True, "", "qq:8", NOW)
    bench.connection.close()


def test_a_bot_that_comes_later_is_one_at_once(database: Database) -> None:
    """The list finds a bot that joined unseen: its join is logged, and plays see no person."""
    bench = Bench(database)
    bench.kernel.learn_members(BOT, GROUP, _list(8, 9), NOW)
    robot = Member(uid="qq:2854196310", name="Q群管家", is_bot=True)
    bench.kernel.learn_members(BOT, GROUP, [*_list(8, 9), robot], NOW)
    assert _events(bench) == [("MemberJoined", "list")]
    assert _bots(bench) == {"qq:2854196310"}
    bench.connection.close()


def _bots(bench: Bench) -> set[str]:
    """As plays see it, which must be what the rows say."""
    directory = bench.kernel.directory
    with bench.connection.begin():
        written = set(bench.connection.execute(text("SELECT uid FROM member WHERE is_bot = 1")).scalars())
        seen = {uid for uid, member in directory.roster(directory.rooms[GROUP]).items() if member.is_bot}
    assert seen == written
    return seen
