"""Members over a kernel and each database: found, read as one person over ids and groups, noted, exported, forgotten."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.engine.clock import to_ms
from bot.engine.tagging import tag
from bot.plays import all_plays
from bot.usecases.members import MemberRecords
from storage import members, standings
from storage.database import Database
from tests.usecases.bench import NOW, ONE, TWO
from tests.usecases.bench import Bench as Stepped


class Bench(Stepped):
    """The records over the same database."""

    def __init__(self, database: Database, folder: Path) -> None:
        super().__init__(database, folder)
        zone = ZoneInfo("Asia/Shanghai")
        self.records = MemberRecords(database, lambda: self.loaded, lambda: self.now, zone)

    async def found(self, **query: str | bool) -> list[str]:
        asked = {"q": "", "group": "", "tag": "", "tier": "", "follow": False, "before": ""} | query
        people = await self.records.people(everywhere, is_all=True, **asked)  # type: ignore[arg-type]
        return [each.uid for each in people.people]


@pytest.fixture
async def bench(database: Database, tmp_path: Path) -> AsyncIterator[Bench]:
    made = Bench(database, tmp_path)
    yield made
    made.connection.close()


def everywhere(group: str) -> bool:
    return True


async def test_found_by_what_is_known_of_them(bench: Bench) -> None:
    """Name, id, group, tag, tier, follow-up; the newest first, page by page."""
    for number in range(60):
        bench.says("早", f"qq:{100 + number}", name=f"学员{number}")
    bench.says("早", "qq:9", group=TWO, name="100% 的人")
    assert await bench.found(q="学员5") == [f"qq:{100 + n}" for n in (59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 5)]
    assert await bench.found(q="0% 的") == ["qq:9"]
    assert await bench.found(q="qq:101") == ["qq:101"]
    assert await bench.found(group=TWO) == ["qq:9"]
    first = await bench.records.people(
        everywhere, is_all=True, q="", group="", tag="", tier="", follow=False, before=""
    )
    rest = await bench.found(before=first.older)
    assert (len(first.people), len(rest)) == (50, 11)
    assert tag(bench.kernel, ONE, "qq:101", "营员", on=True, by="console:老陈", now=bench.now)
    assert not tag(bench.kernel, ONE, "qq:404", "营员", on=True, by="console:老陈", now=bench.now)
    assert await bench.found(tag="营员") == ["qq:101"]
    who = bench.kernel.directory.members["qq:102"]
    room = bench.kernel.directory.rooms[ONE].id
    bench.kernel.in_transaction(lambda c: standings.write(c, room, "pyramid", "2026-03-01", {who: "核心"}))
    assert await bench.found(tier="核心") == ["qq:102"]
    found = await bench.records.people(
        everywhere, is_all=False, q="qq:102", group="", tag="", tier="", follow=False, before=""
    )
    assert [each.tier for each in found.people] == ["核心"]


async def test_one_person_over_two_ids_and_groups(bench: Bench) -> None:
    """Both ids lead to the same record; a group out of bounds is nowhere in it."""
    bench.says("打卡 读了三页", "qq:7")
    bench.says("加微信", "qq:8")
    bench.says("早上好呀各位", "qq:8", group=TWO)
    bench.kernel.merge("qq:7", "qq:8", "换了号", "console:老陈", bench.now, all_plays())
    found = await bench.records.member("qq:8", everywhere)
    assert found is not None
    assert (found.uid, [each.uid for each in found.linked]) == ("qq:7", ["qq:8"])
    assert {each.group: each.msgs for each in found.groups} == {ONE: 2, TWO: 1}
    assert [each.streak for each in found.streaks] == [1]
    assert [(each.rule, each.group) for each in found.offences] == [("拉人", ONE)]
    part = await bench.records.member("qq:7", lambda group: group == TWO)
    assert part is not None
    assert [each.group for each in part.groups] == [TWO]
    assert (part.offences, part.streaks, part.entries) == ((), (), ())
    assert await bench.records.member("qq:7", lambda group: False) is None
    exported = json.loads(await bench.records.export("qq:7", lambda group: group == TWO))
    assert [each["text"] for each in exported["qq:8"]["message"]] == ["早上好呀各位"]
    assert exported["qq:7"]["message"] == []


async def test_the_score_adds_up(bench: Bench) -> None:
    """The lines to the day, the days to the sum."""
    for text in ("打卡 读了三页", "今天的内容对我很有帮助", "谢谢大家的分享"):
        bench.says(text)
    found = await bench.records.score("qq:7", everywhere, ONE, "all")
    assert found is not None
    assert found.points > 5
    for day in found.days:
        assert round(sum(line.points for line in day.lines), 3) == round(day.points, 3)
    assert round(sum(day.points for day in found.days), 3) == round(found.points, 3)


async def test_notes_are_settled_once_and_erased_with_the_member(bench: Bench) -> None:
    bench.says("早")
    at = to_ms(NOW)
    made = bench.kernel.in_transaction(
        lambda c: members.add_note(c, ONE, "qq:7", "约她分享", "2026-03-01", by="console:老陈", at=at)
    )
    assert made is not None
    assert bench.kernel.in_transaction(lambda c: members.add_note(c, TWO, "qq:7", "x", None, by="y", at=at)) is None
    assert await bench.found(follow=True) == ["qq:7"]
    assert await bench.records.note_place("qq:7", made) == ONE
    found = await bench.records.member("qq:7", everywhere)
    assert found is not None
    assert [(each.text, each.is_due) for each in found.notes] == [("约她分享", True)]
    assert bench.kernel.in_transaction(lambda c: members.settle_note(c, made, by="console:老陈", at=at))
    assert not bench.kernel.in_transaction(lambda c: members.settle_note(c, made, by="console:老陈", at=at))
    assert await bench.found(follow=True) == []
    bench.kernel.erase_member("qq:7", bench.now, "test")
    assert await bench.records.member("qq:7", everywhere) is None
