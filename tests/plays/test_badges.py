"""badges 徽章: rules that reach into the past, each badge once, by hand and by other plays, and taken back as declared."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.core.audience import includes
from bot.core.deeds import DEEDS
from bot.core.effects import SetTitle
from bot.core.events import PlayStarted
from bot.core.marks import Mark
from bot.plays.badges.params import DeedName, Params
from bot.plays.badges.persons import join, part
from bot.plays.badges.record import Held, Holder
from tests.stage import ACCOUNT, CHAT, Stage

BADGES: list[dict[str, Any]] = [
    {"name": "七日打卡", "emoji": "🔥", "when": {"checkin_streak": 7}},
    {"name": "百言", "when": {"messages": 100}, "reason": "说了一百句话"},
    {"name": "热心肠", "emoji": "💗", "title": "热心肠"},
]


def week(first: int = 1, days: int = 7) -> dict[str, int]:
    return {f"2026-03-{day:02}": 1 for day in range(first, first + days)}


class Wall(Stage):
    def __init__(self, **params: Any) -> None:
        super().__init__("badges", {"badges": BADGES, **params}, now="2026-03-10 08:00")
        self.members("小明", "小红", "小刚", op="老陈")
        self.roster = {uid: replace(member, title="") for uid, member in self.roster.items()}
        self.start()

    def evening(self) -> list[str]:
        self.passes("1d")
        self.fires("badges", "judge")
        return self.bot()

    def types(self, who: str, text: str, *names: str) -> list[str]:
        """`text` and then the mentions."""
        shown = " ".join((text, *(f"@{name}" for name in names)))
        self.says(who, shown, mentions=tuple(f"sim:{name}" for name in names))
        return self.bot()

    def has(self, name: str) -> dict[str, str]:
        holder = self.slot(name)
        return {badge: str(held.day) for badge, held in holder.badges.items()} if holder else {}


def test_a_new_rule_reaches_into_the_past() -> None:
    """The day is the one on which it was done; the first evening says numbers, a rule added later names who has it."""
    wall = Wall()
    wall.deeds = {"checkin_streak": {"小明": week(), "小红": week(2, 6)}, "messages": {"小红": {"2026-02-01": 400}}}
    assert wall.evening() == [
        "🏅 我们有徽章啦，以前做到的都算数：\n🔥 七日打卡（连续打卡 7 天）1 位\n🏅 百言（说了一百句话）1 位\n发「我的徽章」看自己的，「徽章」看全部"
    ]
    assert wall.has("小明") == {"七日打卡": "2026-03-07"}
    assert wall.has("小红") == {"百言": "2026-02-01"}
    wall.deeds["checkin_streak"]["小红"] = week(2, 7)
    assert wall.evening() == ["🎉 今天的新徽章\n🔥 七日打卡（连续打卡 7 天）：小红"]
    assert wall.evening() == []
    notes = [
        note.data for note in wall.notes.values() if note.member == "sim:小红" and note.data["badge"] == "七日打卡"
    ]
    assert notes == [
        {
            "badge": "七日打卡",
            "reason": "连续打卡 7 天",
            "day": "2026-03-08",
            "by": "",
            "deed": "checkin_streak",
            "needed": "7",
        }
    ]


def test_the_own_wall_shows_why_and_what_is_next() -> None:
    """Reason and day of each; the nearest next one with how far it is; nothing is held up to who has not begun."""
    wall = Wall()
    wall.deeds = {"checkin_streak": {"小明": week()}, "messages": {"小明": {"2026-03-01": 60}}}
    wall.evening()
    assert wall.types("小明", "我的徽章") == [
        "🏅 小明 的徽章，1 枚\n🔥 七日打卡　连续打卡 7 天　2026-03-07\n下一枚：「百言」发言 100 条，已经 60/100"
    ]
    assert wall.types("小刚", "我的徽章") == ["🌱 小刚，第一枚徽章在路上\n发「徽章」看有哪些"]
    assert wall.types("小刚", "徽章") == [
        "🏅 我们的徽章\n🔥 七日打卡：连续打卡 7 天（1 人）\n🏅 百言：说了一百句话\n💗 热心肠：由运营颁发\n以前做到的也算，发「我的徽章」看自己的"
    ]


def test_a_badge_is_a_label() -> None:
    wall = Wall()
    wall.deeds = {"checkin_streak": {"小明": week()}}
    wall.evening()
    assert includes(["badge:七日打卡"], wall._tagged(wall.roster["sim:小明"]), wall.now)
    assert not includes(["badge:七日打卡"], wall._tagged(wall.roster["sim:小红"]), wall.now)


def test_operators_give_and_take() -> None:
    """To whom they mention, once; a title comes with it where it may, and goes with it; members can't."""
    wall = Wall()
    assert wall.types("小明", "颁发徽章 热心肠", "小明") == []
    assert wall.types("老陈", "颁发徽章 热心肠", "小红", "小明") == ["💗 「热心肠」颁给 小红、小明，恭喜！"]
    assert [(each.member, each.title) for each in wall.took(SetTitle)] == [
        ("sim:小红", "热心肠"),
        ("sim:小明", "热心肠"),
    ]
    assert wall.types("老陈", "颁发徽章 热心肠", "小红") == ["小红 已经有了"]
    wall.roster["sim:小红"] = replace(wall.roster["sim:小红"], title="热心肠")
    assert wall.types("老陈", "收回徽章 热心肠", "小红", "小刚") == ["↩️ 「热心肠」已从 小红 收回\n小刚 没有这枚"]
    assert [(each.member, each.title) for each in wall.took(SetTitle)] == [("sim:小红", "")]
    assert wall.tags["sim:小红"] == set()
    assert wall.types("老陈", "颁发徽章 没有的", "小红") == [
        "写法：颁发徽章 名字 @成员，可以@好几位\n徽章有：七日打卡、百言、热心肠"
    ]


def test_another_play_gives_one() -> None:
    """By `StartPlay` with badge, member and reason; who isn't there or what isn't a badge is nothing."""
    wall = Wall()
    for member, badge in (("sim:小红", "热心肠"), ("sim:路人", "热心肠"), ("sim:小红", "不存在")):
        data = {"member": member, "badge": badge, "reason": "三月之星", "by": "评选"}
        wall._count += 1
        wall.happens(
            PlayStarted(id=f"s{wall._count}", account=ACCOUNT, chat=CHAT, at=wall.now, play="测试/badges", data=data)
        )
    assert wall.has("小红") == {"热心肠": "2026-03-10"}
    wall.took(SetTitle)
    assert "三月之星" in wall.types("小红", "我的徽章")[0]


def test_what_was_undone_is_taken_back_only_where_that_is_declared() -> None:
    """`keep` keeps; `withdraw` takes it back in private while it is fresh, and it can be earned again."""
    keeping, wall = Wall(), Wall(on_undone="withdraw")
    for each in (keeping, wall):
        each.deeds = {"checkin_streak": {"小明": week()}}
        each.evening()
        each.deeds = {"checkin_streak": {"小明": week(1, 6)}}
    assert keeping.evening() == []
    assert keeping.has("小明") == {"七日打卡": "2026-03-07"}
    (told,) = wall.evening()
    assert told.startswith("bot(私聊 小明): 小明，「七日打卡」（连续打卡 7 天）先收起来了")
    assert wall.has("小明") == {}
    wall.deeds = {"checkin_streak": {"小明": {**week(1, 6), **week(8, 7)}}}
    assert wall.evening() == ["🎉 今天的新徽章\n🔥 七日打卡（连续打卡 7 天）：小明"]
    wall.deeds = {}
    wall.now += timedelta(days=40)
    assert wall.evening() == []
    assert wall.has("小明") == {"七日打卡": "2026-03-14"}


def test_a_stricter_rule_takes_nothing() -> None:
    """Who was given it for seven days keeps it when it takes ten; and what was given by hand is nobody's arithmetic."""
    old, new = (
        Wall(),
        Wall(on_undone="withdraw", badges=[{"name": "七日打卡", "when": {"checkin_streak": 10}}, *BADGES[1:]]),
    )
    old.deeds = new.deeds = {"checkin_streak": {"小明": week()}}
    old.evening()
    old.types("老陈", "颁发徽章 百言", "小红")
    new.slots, new.states, new.tags = old.slots, old.states, old.tags
    assert new.evening() == []
    assert (new.has("小明"), new.has("小红")) == ({"七日打卡": "2026-03-07"}, {"百言": "2026-03-11"})


def test_rules_name_every_deed() -> None:
    """What may be written and what can be counted is one list."""
    assert set(get_args(DeedName)) == DEEDS.keys()


def test_operators_and_bots_earn_none_by_a_rule() -> None:
    wall = Wall()
    wall.roster["sim:机器"] = replace(wall.roster["sim:小刚"], uid="sim:机器", name="机器", is_bot=True)
    wall.deeds = {"messages": {"老陈": {"2026-03-01": 900}, "机器": {"2026-03-01": 900}}}
    assert wall.evening() == []


@pytest.mark.parametrize(
    ("badges", "says"),
    [
        ([{"name": "a"}, {"name": "a"}], "不能重复"),
        ([{"name": "a", "when": {"messages": 1, "helped": 1}}], "at most 1"),
        ([{"name": "a", "when": {"messages": 0}}], "1 到 1000000"),
        ([{"name": "a:b"}], "不能有空格"),
        ([{"name": "a", "when": {"messges": 3}}], "messges"),
    ],
)
def test_mistakes_are_named(badges: list[dict[str, Any]], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        Params.model_validate({"badges": badges})


COURSES = st.dictionaries(
    st.sampled_from(["小明", "小红", "小刚", "老陈"]),
    st.dictionaries(st.sampled_from([f"2026-03-{day:02}" for day in range(1, 29)]), st.integers(0, 60), max_size=12),
)


@settings(max_examples=40)
@given(evenings=st.lists(COURSES, min_size=1, max_size=5), policy=st.sampled_from(["keep", "withdraw"]))
def test_labels_follow_badges_and_each_is_given_once(evenings: list[Any], policy: str) -> None:
    """Whatever the log says from day to day: labels are what is held, and with `keep` nobody gets the same one twice."""
    wall = Wall(on_undone=policy)
    for course in evenings:
        wall.deeds = {"messages": course, "checkin_streak": course}
        wall.evening()
        for name in ("小明", "小红", "小刚", "老陈"):
            assert {f"badge:{badge}" for badge in wall.has(name)} == wall.tags.get(f"sim:{name}", set())
    given_away = [note for note in wall.notes.values() if note.what == "badge"]
    if policy == "keep":
        pairs = [(note.member, note.data["badge"]) for note in given_away]
        assert len(set(pairs)) == len(pairs)
    assert all(note.member != "sim:老陈" for note in given_away)


HELD = st.builds(
    Held, day=st.just(date(2026, 3, 2)), given_on=st.just(date(2026, 3, 2)), reason=st.sampled_from(["甲", "乙"])
)
HOLDERS = st.builds(
    Holder,
    badges=st.dictionaries(st.sampled_from(list("abcd")), HELD),
    mark=st.sampled_from([Mark(), Mark(title="热心肠"), Mark(title="百言", was="热心肠")]),
)


@given(older=HOLDERS, newer=HOLDERS, taken=st.sampled_from(list("abcd")))
def test_two_ids_become_one_and_part_again(older: Holder, newer: Holder, taken: str) -> None:
    """Together nothing is lost, apart each has its own; what was gained or taken back meanwhile follows the older one."""
    both = join(older, newer)
    assert both.badges.keys() == older.badges.keys() | newer.badges.keys()
    assert part(both, older, newer, ()) == (older, newer)
    fresh = Held(day=date(2026, 3, 5), given_on=date(2026, 3, 5), reason="后来")
    left = {name: held for name, held in both.badges.items() if name != taken}
    first, second = part(both.model_copy(update={"badges": {**left, "z": fresh}}), older, newer, ())
    assert first.badges["z"] == fresh
    assert taken not in {**first.badges, **second.badges}
