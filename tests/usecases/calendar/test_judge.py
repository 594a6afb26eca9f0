"""Clashes, gaps, cost and rows of a week, and the words for what became of it: pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from bot.plays.campaign.params import Params
from bot.usecases.calendar.grid import row_of, slots_of
from bot.usecases.calendar.judge import Load, clashes, forecast, gaps
from bot.usecases.calendar.past import Tally, tallies, worst
from bot.usecases.calendar.plan import CAMPAIGN, Group, Planned, merged
from bot.usecases.calendar.running import scopes_of

ZONE = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 3, 2, tzinfo=ZONE)
GROUPS = [Group(n, f"qq:{n}", "", 10, f"qq:@{n % 2}") for n in range(4)]


def one(minutes: int, *groups: int, title: str = "甲", parts: int | None = 1, ref: str = "a/甲") -> Planned:
    at = MONDAY + timedelta(minutes=minutes)
    return Planned(
        ref=ref, kind=CAMPAIGN, name=title, title=title, what="", at=at, local=at,
        groups=tuple(GROUPS[n] for n in groups), parts=parts,
    )  # fmt: skip


def test_posts_clash_where_a_group_sees_both() -> None:
    """Twenty minutes apart in group 1; group 0 and group 2 see only one of them."""
    week = [one(0, 0, 1), one(20, 1, 2), one(20, 3), one(60, 0, 1, 2, 3)]
    found = [(each.about, each.minutes, each.n) for each in clashes(week, timedelta(minutes=30))]
    assert found == [((0, 1), 20, 1)]
    assert len(clashes(week, timedelta(minutes=61))) == 4
    assert clashes(week, timedelta(minutes=20)) == []


@given(
    st.lists(st.tuples(st.integers(0, 300), st.sets(st.integers(0, 3), min_size=1)), max_size=12), st.integers(1, 90)
)
def test_every_pair_that_is_too_near_is_found(posts: list[tuple[int, set[int]]], within: int) -> None:
    """The same as asking of each pair."""
    week = sorted((one(minutes, *groups) for minutes, groups in posts), key=lambda each: each.at)
    expected = {
        (i, j)
        for i, first in enumerate(week)
        for j, second in enumerate(week)
        if i < j and second.at - first.at < timedelta(minutes=within) and set(first.groups) & set(second.groups)
    }
    assert {each.about for each in clashes(week, timedelta(minutes=within))} == expected


def test_a_day_and_a_slot_without_anything_are_gaps() -> None:
    """Only where the campaign runs at all, and only for a matrix."""
    params = Params.model_validate(
        {
            "slots": {"早": "07:30-08:30", "晚": "20:00-21:00"}, "start": "2026-03-03", "end": "2026-03-05",
            "calendar": [{"day": "wed", "slot": "早", "text": "x"}],
        }
    )  # fmt: skip
    loose = Params.model_validate({"posts": [{"daily": "08:00", "text": "x"}]})
    wednesday = one(2 * 24 * 60 + 450)
    found = gaps([wednesday], MONDAY.date(), {"a/甲": params, "a/乙": loose})
    assert [(each.fault, each.day, each.slot) for each in found] == [
        ("day_empty", date(2026, 3, 3), ""), ("day_empty", date(2026, 3, 5), ""), ("slot_empty", None, "早"),
        ("slot_empty", None, "晚"),
    ]  # fmt: skip


def test_the_forecast_counts_per_account_and_day() -> None:
    """Three messages in each of two groups of an account; what nobody knows before counts as one, and is said to be least."""
    week = [one(0, 0, 2, parts=3), one(60, 1, parts=None), one(24 * 60, 0)]
    assert forecast(week) == {
        "qq:@0": {date(2026, 3, 2): Load(6, 2), date(2026, 3, 3): Load(1, 1)},
        "qq:@1": {date(2026, 3, 2): Load(1, 1, True)},
    }


def test_versions_of_a_play_are_one_occurrence() -> None:
    found = merged([one(0, 0), one(60, 0), one(0, 1)])
    assert [(each.at, [group.id for group in each.groups]) for each in found] == [
        (MONDAY, [0, 1]), (MONDAY + timedelta(hours=1), [0]),
    ]  # fmt: skip


def test_rows_are_the_slots_that_playbooks_name() -> None:
    """A name that two campaigns use spans both; what fits nowhere is free; the narrowest slot takes what fits several."""
    two = [
        Params.model_validate(
            {"slots": {"早": "07:30-08:30", "全天": "06:00-22:00"}, "posts": [{"daily": "08:00", "text": "x"}]}
        ),
        Params.model_validate({"slots": {"早": "06:30-08:00"}, "posts": [{"daily": "08:00", "text": "x"}]}),
    ]
    slots = slots_of(two)
    assert [(slot.name, slot.start, slot.end) for slot in slots] == [
        ("全天", time(6), time(22)), ("早", time(6, 30), time(8, 30)),
    ]  # fmt: skip
    assert [row_of(one(minutes), slots) for minutes in (8 * 60, 10 * 60, 23 * 60)] == ["早", "全天", ""]
    assert [slot.name for slot in slots_of([])] == ["早", "午", "晚"]


def _row(what: str, data: str, n: int = 1, key: str = "甲@1", chat_id: int = 1) -> Any:
    return SimpleNamespace(ref="a/甲", what=what, key=key, data=data, at=5, n=n, chat_id=chat_id)


def test_what_became_of_a_post_adds_up_to_its_groups() -> None:
    """Ten groups began: six went well of which one failed on the way, two were stopped half-way, one at once, one goes on."""
    found = tallies(
        [
            _row("post", "{}", 10), _row("post_end", '{"outcome":"done","sent":2}', 6),
            _row("post_end", '{"outcome":"stopped","sent":1}', 2), _row("post_end", '{"outcome":"stopped","sent":0}'),
            _row("post_skipped", '{"reason":"paused"}', 3),
        ],
        [_row("post_failed", '{"outcome":"failed"}', key="甲@1#0"), _row("post_failed", '{"outcome":"failed"}', key="甲@1#1")],
    )  # fmt: skip
    fates = found["a/甲", "甲@1"].fates(is_post=True)
    assert fates == {"sent": 5, "partly": 2, "stopped": 1, "failed": 1, "skipped": 3, "flying": 1}
    assert worst(fates) == "failed"
    late = replace(Tally(begun=2, done=2), late=1, skipped=Counter())
    assert late.fates(is_post=True) == {"sent": 1, "late": 1}
    assert Tally(fired=3, late=1, missed=2).fates(is_post=False) == {"sent": 3, "late": 1, "missed": 2}


def test_each_play_is_counted_where_the_caller_sees_it() -> None:
    """A play seen in group 0 alone is not counted in group 1, where the caller sees another one."""

    def runs(ref: str, *groups: int) -> Any:
        return SimpleNamespace(active=SimpleNamespace(ref=ref), groups=[GROUPS[n] for n in groups])

    mine = [runs("a/甲", 0), runs("b/乙", 1), runs("c/丙", 0), runs("b/乙", 2)]
    assert scopes_of(mine, is_all=False) == [([0], {"a/甲", "c/丙"}), ([1, 2], {"b/乙"})]
    assert scopes_of(mine, is_all=True) == [(None, {"a/甲", "b/乙", "c/丙"})]
