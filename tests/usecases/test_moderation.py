"""Moderation over a kernel and each database: cases, numbers and context are read back as the play left them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import delete

from bot.console.ports.accounts import Refused
from bot.engine.orders import Order
from bot.usecases.moderation import ModerationDesk
from bot.usecases.playbooks import PlaybooksDesk
from storage.database import Database
from storage.tables import slot
from tests.usecases.bench import ONE, TWO
from tests.usecases.bench import Bench as Stepped


class Bench(Stepped):
    """The desk over the same database."""

    def __init__(self, database: Database, folder: Path) -> None:
        super().__init__(database, folder)

        async def order(wanted: Order) -> str:
            return self.kernel.order_one(wanted, self.now)

        self.desk = ModerationDesk(database, order, lambda: self.loaded, cast(PlaybooksDesk, None), lambda: self.now)


@pytest.fixture
async def bench(database: Database, tmp_path: Path) -> AsyncIterator[Bench]:
    made = Bench(database, tmp_path)
    yield made
    made.connection.close()


def everything(group: str, playbook: str) -> bool:
    return True


def only(group: str) -> Callable[[str, str], bool]:
    return lambda chat, playbook: chat == group


async def test_cases_newest_first_filtered_and_paged(bench: Bench) -> None:
    """By group, rule and state; a page ends with the id to go on before; bounds hide the rest."""
    for number in range(34):
        bench.says(f"加微信 {number}", f"qq:{100 + number}")
    bench.says("免费送")
    bench.says("加微信", group=TWO)

    async def numbers(**query: str) -> list[tuple[str, int]]:
        asked = {"group": "", "rule": "", "state": "", "before": ""} | query
        return [(each.group, each.number) for each in (await bench.desk.cases(everything, **asked)).cases]

    first = await bench.desk.cases(everything, group="", rule="", state="", before="")
    assert [(each.group, each.number, each.state) for each in first.cases[:3]] == [
        (TWO, 1, "acted"), (ONE, 35, "observed"), (ONE, 34, "acted"),
    ]  # fmt: skip
    rest = await bench.desk.cases(everything, group="", rule="", state="", before=first.older)
    assert (len(first.cases), len(rest.cases), rest.older) == (30, 6, "")
    assert await numbers(rule="广告") == [(ONE, 35)]
    assert await numbers(group=TWO) == [(TWO, 1)]
    assert [
        each.number for each in (await bench.desk.cases(only(TWO), group=ONE, rule="", state="", before="")).cases
    ] == []
    assert [
        each.value for each in (await bench.desk.cases(only(TWO), group="", rule="", state="", before="")).groups
    ] == [TWO]


async def test_one_case_with_what_was_said_around_it(bench: Bench) -> None:
    """The hit is marked in its message, the record of the member beside it; without the right to read, no context."""
    bench.says("早")
    bench.says("来加薇❤信吧")
    bench.says("晚")
    bench.says("免费送")
    found = await bench.desk.case(ONE, "camp", "群规", 1, with_context=True)
    assert found is not None
    assert [found.text[begin:end] for begin, end in found.places] == ["加薇❤信"]
    assert (found.read_as, found.hits[0].base, found.row.is_evasion) == ("来加微信吧", "加微信", True)
    assert [each.text for each in reversed(found.context)] == ["早", "来加薇❤信吧", "晚", "免费送"]
    assert [each.number for each in found.others] == [2]
    blind = await bench.desk.case(ONE, "camp", "群规", 1, with_context=False)
    assert blind is not None
    assert blind.context == ()
    assert await bench.desk.case(ONE, "camp", "群规", 9, with_context=True) is None
    assert await bench.desk.case("qq:404", "camp", "群规", 1, with_context=True) is None


async def test_numbers_per_rule(bench: Bench) -> None:
    """Over the groups that are seen: what was acted on, what would have been, and what people made of it."""
    for group in (ONE, TWO):
        bench.says("加微信", group=group)
        bench.says("免费送", group=group)
    await bench.desk.judge(ONE, "camp", "群规", 1, "undo", "", "console:老陈")
    await bench.desk.judge(ONE, "camp", "群规", 2, "uphold", "", "console:老陈")
    with pytest.raises(Refused, match="already_undone"):
        await bench.desk.judge(ONE, "camp", "群规", 1, "undo", "", "console:老陈")
    (play,) = (await bench.desk.plays(everything)).plays
    assert {
        each.rule: (each.acted, each.observed, each.upheld, each.undone.hits, each.undone.of, each.modes)
        for each in play.rules
    } == {"拉人": (2, 0, 0, 1, 2, ("enforce",)), "广告": (0, 2, 1, 0, 2, ("shadow",))}
    (mine,) = (await bench.desk.plays(only(TWO))).plays
    assert [(each.acted, each.undone.hits) for each in mine.rules] == [(1, 0), (0, 0)]


async def test_evidence_that_is_gone_leaves_the_verdict(bench: Bench) -> None:
    """When the night's cleaning has taken the case: that there was one, and over which rule."""
    bench.says("加微信")
    bench.kernel.in_transaction(lambda connection: connection.execute(delete(slot).where(slot.c.key == "case:1")))
    found = await bench.desk.case(ONE, "camp", "群规", 1, with_context=True)
    assert found is not None
    assert (found.row.state, found.row.rule, found.text, found.row.member) == ("deleted", "拉人", "", "")
