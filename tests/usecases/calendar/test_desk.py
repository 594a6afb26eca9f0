"""The calendar over a real engine in virtual time: a week before, while and after it runs, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.console.ports.calendar import Sight
from storage.database import Database
from tests.usecases.calendar.town import ONE, TWO, Town, brief, entries, place


@pytest.fixture
def town(database: Database, tmp_path: Path) -> Iterator[Town]:
    folder = tmp_path / "playbooks"
    folder.mkdir()
    made = Town(database, folder)
    yield made
    made.connection.close()


async def test_the_week_before_it_runs(town: Town) -> None:
    """Every post and reminder in its slot, with what it will cost, what clashes, what falls into the night, what is empty."""
    week = await town.week()
    assert [slot.name for slot in week.slots] == ["早", "晚", ""]
    assert [line for line in brief(week) if "夜话" not in line] == [
        "一 07:30 早 导读 planned×2", "一 20:10 晚 checkin_remind planned×2", "二 20:00 晚 讨论 planned×2",
        "二 20:10 晚 checkin_remind planned×2", "三 20:10 晚 checkin_remind planned×2", "四 20:00 晚 讨论 planned×2",
        "四 20:10 晚 checkin_remind planned×2", "五 20:10 晚 checkin_remind planned×2",
        "六 20:10 晚 checkin_remind planned×2", "日 20:10 晚 checkin_remind planned×2",
    ]  # fmt: skip
    first = entries(week)[0]
    assert (first.messages, first.lasts_s, first.is_matrix, first.can_move) == (2, 20, True, True)
    faults = [(each.fault, each.first, each.second, each.minutes, each.n) for each in week.notices]
    assert faults.count(("clash", "讨论", "打卡", 10, 2)) == 2
    assert sum(fault == "quiet_wait" for fault, *_ in faults) == 7
    [cost] = week.costs
    assert cost.days == (8, 6, 4, 6, 4, 4, 4)
    assert (cost.quota, cost.left, cost.is_over) == (100, 5, False)
    assert [day.messages for day in week.days] == list(cost.days)


async def test_what_became_of_it(town: Town) -> None:
    """Sent in one group and failed in the other; who was reached and who spoke within an hour."""
    town.fails = {TWO}
    town.until("2026-03-02 07:40")
    town.says(ONE, "读完了")
    town.says(ONE, "我也是", who="qq:8")
    town.until("2026-03-02 09:00")
    town.says(ONE, "太晚了", who="qq:8")
    week = await town.week()
    first = entries(week)[0]
    assert (first.title, first.fate, first.is_ahead) == ("导读", "failed", False)
    assert {count.fate: count.groups for count in first.fates} == {"sent": 1, "failed": 1}
    detail = await town.desk.detail(Sight(lambda group, playbook: True, True), place(first), "")
    assert detail is not None
    assert [(one.group, one.fate, one.replies, one.why) for one in detail.reached] == [
        (TWO, "failed", 0, "refused"), (ONE, "sent", 2, ""),
    ]  # fmt: skip
    assert (detail.reached_groups, detail.reached_members, detail.reached_replies) == (2, 4, 2)


async def test_each_variant_is_shown_as_its_group_reads_it(town: Town) -> None:
    """A group's own facts are in the words; of the groups that read the same, one is enough."""
    week = await town.week()
    first, _, talk, *_ = [each for each in entries(week) if each.title != "夜话"]
    detail = await town.desk.detail(Sight(lambda group, playbook: True, True), place(first), ONE)
    assert detail is not None
    assert [text.messages for text in detail.texts] == [("第一条", f"{ONE}，第二条")]
    arms = await town.desk.detail(Sight(lambda group, playbook: True, True), place(talk), "")
    assert arms is not None
    assert arms.arms == ("a", "b")
    assert {(text.variant, text.messages) for text in arms.texts} <= {("a", ("甲问",)), ("b", ("乙问",))}


async def test_pausing_sending_and_stopping(town: Town) -> None:
    """In every group at once, and once however often the button is pressed."""
    assert await town.order("pause", "导读") == 2
    assert await town.order("pause", "导读") == 0
    assert brief(await town.week())[0] == "一 07:30 早 导读 paused×2"
    town.until("2026-03-02 08:00")
    assert brief(await town.week())[0] == "一 07:30 早 导读 skipped×2"
    assert await town.order("send", "导读", key="key-0002", groups=(ONE,)) == 1
    assert await town.order("send", "导读", key="key-0002", groups=(ONE, TWO)) == 1, "the other group is new"
    flights = (await town.week()).flights
    assert {(each.group, each.sent, each.parts) for each in flights} == {(ONE, 1, 2), (TWO, 1, 2)}
    assert await town.order("stop", key="key-0003") == 2
    by_hand = [each for each in entries(await town.week()) if each.hand]
    assert [(each.clock, [(count.fate, count.groups) for count in each.fates]) for each in by_hand] == [
        ("08:00", [("partly", 2)])
    ]  # fmt: skip
    detail = await town.desk.detail(Sight(lambda group, playbook: True, True), place(by_hand[0]), "")
    assert detail is not None
    assert [(one.fate, one.why, one.sent, one.parts) for one in detail.reached] == [("partly", "stopped", 1, 2)] * 2


async def test_only_what_the_caller_sees(town: Town) -> None:
    """Another group's posts, costs and names are not there."""
    mine = Sight(lambda group, playbook: group == ONE, False)
    week = await town.week(sight=mine)
    assert {each.groups for each in entries(week)} == {1}
    assert [each.value for each in week.groups] == [ONE]
    town.until("2026-03-02 09:00")
    assert brief(await town.week(sight=mine))[0] == "一 07:30 早 导读 sent×1"
    assert entries(await town.week(group=TWO))[0].groups == 1
    assert entries(await town.week(playbook="elsewhere")) == []
    nothing = Sight(lambda group, playbook: False, False)
    assert await town.desk.detail(nothing, place(entries(await town.week())[0]), "") is None


async def test_what_is_in_flight_within_sight(town: Town) -> None:
    """The live part shows what goes out where the caller looks, and only while it does."""
    await town.order("send", "导读")
    everywhere = Sight(lambda group, playbook: True, True)
    mine = Sight(lambda group, playbook: group == ONE, False)
    assert len((await town.desk.flights(everywhere, playbook="", group="")).flights) == 2
    assert [each.group for each in (await town.desk.flights(mine, playbook="", group="")).flights] == [ONE]
    assert (await town.desk.flights(everywhere, playbook="elsewhere", group="")).flights == ()
    town.until("2026-03-01 12:01")
    assert (await town.desk.flights(everywhere, playbook="", group="")).flights == ()


async def test_orders_are_for_campaigns_alone(town: Town) -> None:
    """Nothing else of a playbook takes them."""
    assert await town.desk.groups_of("content", "矩阵") == (ONE, TWO)
    assert await town.desk.groups_of("content", "打卡") == ()
    assert await town.desk.groups_of("content", "没有") == ()
