"""levels 等级: who rises and when, how slowly somebody falls, what is said to whom, and that no human's title is touched."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.core.audience import includes
from bot.core.effects import Award, SetCard, SetTitle
from bot.core.events import EffectSettled
from bot.core.play import ALL_CAPABILITIES, Capability, Score
from bot.playbook.checks import Checks
from bot.playbook.load import load
from bot.plays import all_plays, asset_parsers
from bot.plays.levels.ladder import CLOSED, cut, ladder, missing, restored, stored
from bot.plays.levels.params import Level, Params
from tests.stage import ACCOUNT, CHAT, Stage

LEVELS: list[dict[str, Any]] = [
    {"name": "青铜"},
    {"name": "白银", "at": 10, "benefits": ["优先选座"]},
    {"name": "黄金", "at": 20, "title": "黄金书友", "card": "{name}·黄金"},
]
GENTLE = {"grace": "3d", "warn": "1d"}


class Club(Stage):
    """Members whose scores the test says; each `evening` is one count."""

    def __init__(self, *names: str, caps: frozenset[Capability] = ALL_CAPABILITIES, **params: Any) -> None:
        super().__init__("levels", {"levels": LEVELS, **params}, caps=caps)
        self.members(*(names or ("小明", "小红", "小刚")), op="老陈")
        self.roster = {uid: replace(member, title="") for uid, member in self.roster.items()}
        self.start()

    def scored(self, **scores: float) -> Club:
        ranked = sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))
        rows = tuple(Score(member=f"sim:{name}", name=name, total=total) for name, total in ranked if total > 0)
        self.scores = {(kind, window): rows for kind in ("earned", "activity") for window in ("all", "30d")}
        return self

    def evening(self, times: int = 1) -> list[str]:
        for _ in range(times):
            self.passes("1d")
            self.fires("levels", "count")
        return self.bot()

    def level(self, name: str) -> str:
        place = self.slot(name)
        return place.level if place is not None else ""

    def settled(self, key: str, outcome: Any = "failed") -> None:
        self._count += 1
        self.happens(
            EffectSettled(
                id=f"x{self._count}", account=ACCOUNT, chat=CHAT, at=self.now, play="测试/levels", key=key, outcome=outcome
            )
        )  # fmt: skip


def test_the_past_counts_quietly_and_then_one_message_names_who_rose() -> None:
    """A group that has been going for months isn't flooded with two hundred names; the lowest level is nobody's news."""
    club = Club().scored(小明=25, 小红=12)
    assert club.evening() == [
        "🏅 我们有等级啦，以前的都算数：\n黄金 1 位\n白银 1 位\n青铜 1 位\n发「我的等级」看自己的，「等级」看全部"
    ]
    assert [club.level(name) for name in ("小明", "小红", "小刚", "老陈")] == ["黄金", "白银", "青铜", ""]
    club.scored(小明=25, 小红=20, 小刚=10)
    assert club.evening() == ["🎉 又有朋友升级了\n「黄金」小红\n「白银」小刚，解锁：优先选座"]
    assert club.evening() == []


def test_what_is_missing_is_told() -> None:
    """The own level, the score of this moment, and the next line, never rounded down."""
    club = Club().scored(小明=9.96)
    club.evening()
    club.says("小明", "我的等级")
    assert club.bot() == ["🏅 小明，我们的「青铜」\n积分 10\n再攒 0.1 积分就到「白银」"]
    club.scored(小明=10)
    club.says("小明", "我的等级", private=True)
    assert club.bot() == [
        "bot(私聊 小明): 🏅 小明，我们的「青铜」\n积分 10\n已经够「白银」了，今天 20:00 结算时升级 🎉\n再攒 10 积分就到「黄金」"
    ]
    club.says("老陈", "我的等级")
    assert club.bot() == ["你现在不在等级的参评范围里（运营等身份不参加），发「等级」看全部等级"]


def test_a_level_is_a_label_of_the_same_audience_language() -> None:
    """`level:黄金` is exactly that level, `level:白银+` that one or a higher one; a lost level takes its labels along."""
    club = Club(demote=GENTLE).scored(小明=25, 小红=12)
    club.evening()
    ming, hong, gang = (club._tagged(club.roster[f"sim:{name}"]) for name in ("小明", "小红", "小刚"))
    assert [includes(["level:黄金"], each, club.now) for each in (ming, hong, gang)] == [True, False, False]
    assert [includes(["level:白银+"], each, club.now) for each in (ming, hong, gang)] == [True, True, False]
    assert [includes(["!level:白银+"], each, club.now) for each in (ming, hong, gang)] == [False, False, True]
    club.scored(小明=12, 小红=12)
    club.evening(3)
    assert club.tags["sim:小明"] == {"level:白银", "level:白银+", "level:青铜+"}


def test_a_level_is_lost_slowly_after_a_word_in_private() -> None:
    """Warned a day before, one level at a time, and the group never hears of it."""
    club = Club(demote=GENTLE).scored(小明=25)
    club.evening()
    club.scored()
    assert club.evening() == []
    (warning,) = club.evening()
    assert warning.startswith("bot(私聊 小明): 小明，想提醒一句")
    assert "再攒 20 积分就能保住「黄金」，还有 1 天" in warning
    club.says("小明", "我的等级")
    assert "还有 1 天：再攒 20 积分就能保住「黄金」" in club.bot()[0]
    (lost,) = club.evening()
    assert lost.startswith("bot(私聊 小明): 小明，「黄金」这次先放下了，现在是「白银」")
    assert club.level("小明") == "白银"


def test_who_comes_back_in_time_loses_nothing() -> None:
    """The days begin anew with the next dry spell."""
    club = Club(demote=GENTLE).scored(小明=25)
    club.evening()
    club.scored(小明=5)
    club.evening(2)
    club.scored(小明=25)
    assert club.evening() == []
    club.scored(小明=5)
    club.evening(2)
    assert club.level("小明") == "黄金"


def test_a_warning_that_did_not_arrive_is_none() -> None:
    """The member is told again before anything is lost; where nobody can be told nothing is lost at all."""
    club = Club(demote=GENTLE).scored(小明=25)
    club.evening()
    club.scored(小明=5)
    club.evening(2)
    club.settled("warn/sim:小明")
    assert len(club.evening()) == 1
    assert club.level("小明") == "黄金"
    assert "先放下" in club.evening()[0]
    mute = Club(demote=GENTLE, caps=ALL_CAPABILITIES - {Capability.PRIVATE}).scored(小明=25)
    mute.evening()
    mute.scored()
    assert mute.evening(30) == []
    assert mute.level("小明") == "黄金"


def test_without_a_rule_nobody_falls() -> None:
    club = Club().scored(小明=25)
    club.evening()
    club.scored()
    assert club.evening(60) == []
    assert club.level("小明") == "黄金"


def test_who_takes_part_no_longer_lays_the_level_down() -> None:
    """An operator holds no place; back among the members the level is back, and the group hears of neither."""
    club = Club().scored(小明=25, 小红=12)
    club.evening()
    member = club.roster["sim:小明"]
    club.roster["sim:小明"] = replace(member, title="黄金书友", labels=frozenset({"role:operator"}))
    club.took(SetTitle)
    assert club.evening() == []
    assert club.tags["sim:小明"] == set()
    assert [each.title for each in club.took(SetTitle)] == [""]
    club.roster["sim:小明"] = replace(member, title="")
    assert club.evening() == []
    assert "level:黄金" in club.tags["sim:小明"]
    club.effects.clear()


def test_newcomers_are_left_in_peace() -> None:
    """In their first week they lose nothing and draw no line that others must cross."""
    club = Club(demote=GENTLE, newcomers="30d").scored(小明=25)
    club.joins("新人")
    club.evening()
    club.scored(小明=25, 新人=20)
    club.evening()
    assert club.level("新人") == "黄金"
    club.scored(小明=25, 新人=5)
    assert club.evening(10) == []
    assert club.level("新人") == "黄金"


def test_points_promote_at_once_and_are_announced_with_the_others() -> None:
    """The level and its labels are there with the very points; the group hears of it in the evening."""
    club = Club(promote="at_once")
    club.evening()
    club.award("测试/levels", Award(member="sim:小明", points=12, reason="打卡", key="a"), "m1")
    assert club.level("小明") == "白银"
    assert "level:白银" in club.tags["sim:小明"]
    assert club.bot() == []
    assert club.evening() == ["🎉 又有朋友升级了\n「白银」小明，解锁：优先选座"]
    loud = Club(promote="at_once", announce="at_once")
    loud.award("测试/levels", Award(member="sim:小明", points=20, reason="打卡", key="a"), "m1")
    assert loud.bot() == ["🎉 又有朋友升级了\n「黄金」小明"]


def test_titles_are_given_and_a_humans_title_is_never_touched() -> None:
    """Ours may change and go; another's stays, is noted, and the member reads that it stayed."""
    club = Club(demote=GENTLE).scored(小明=25, 小红=25)
    club.roster["sim:小红"] = replace(club.roster["sim:小红"], title="镇群之宝")
    club.evening()
    assert [(each.member, each.title) for each in club.took(SetTitle)] == [("sim:小明", "黄金书友")]
    assert {each.card for each in club.took(SetCard)} == {"小明·黄金", "小红·黄金"}
    assert [note.data for note in club.notes.values() if note.what == "title_kept"] == [
        {"kept": "镇群之宝", "wanted": "黄金书友"}
    ]
    club.says("小红", "我的等级")
    assert "群主给的头衔「镇群之宝」保留着" in club.bot()[0]
    for name, title in (("小明", "黄金书友"), ("小红", "镇群之宝")):
        club.roster[f"sim:{name}"] = replace(club.roster[f"sim:{name}"], title=title, name=f"{name}·黄金")
    club.scored(小明=12, 小红=12)
    club.evening(3)
    assert [(each.member, each.title) for each in club.took(SetTitle)] == [("sim:小明", "")]
    assert {each.card for each in club.took(SetCard)} == {"小明", "小红"}


def test_a_card_that_its_member_changed_stays() -> None:
    """The decoration is not put back, and taking it away leaves the member's own words."""
    club = Club(demote=GENTLE).scored(小明=25)
    club.evening()
    club.took(SetCard)
    club.took(SetTitle)
    club.roster["sim:小明"] = replace(club.roster["sim:小明"], name="明明")
    club.evening()
    club.scored(小明=0)
    club.evening(3)
    assert club.took(SetCard) == []
    assert club.level("小明") == "白银"
    club.took(SetTitle)


def test_without_the_right_nothing_is_tried_and_it_is_made_up_for() -> None:
    """An account that is no owner gives no titles; made an owner it gives them the next evening, a refused one again."""
    club = Club(caps=ALL_CAPABILITIES - {Capability.SET_TITLE, Capability.SET_CARD}).scored(小明=25)
    club.evening()
    assert club.effects == []
    club.caps = ALL_CAPABILITIES
    club.evening()
    assert [each.title for each in club.took(SetTitle)] == ["黄金书友"]
    club.took(SetCard)
    club.settled("title/sim:小明")
    club.evening()
    assert [each.title for each in club.took(SetTitle)] == ["黄金书友"]
    club.roster["sim:小明"] = replace(club.roster["sim:小明"], title=None)
    fresh = Club().scored(小明=25)
    fresh.roster["sim:小明"] = replace(fresh.roster["sim:小明"], title=None)
    fresh.evening()
    assert fresh.took(SetTitle) == []
    fresh.took(SetCard)


def test_a_small_group_has_no_top_ten_percent() -> None:
    """Five people: the level waits, says why, and who has it from better days keeps it."""
    shares = [*LEVELS, {"name": "钻石", "at": 20, "top": "10%", "benefits": ["选书"]}]
    club = Club(*"甲乙丙丁戊", levels=shares, demote=GENTLE).scored(甲=50, 乙=40)
    club.evening()
    assert club.level("甲") == "黄金"
    club.says("甲", "我的等级")
    assert "「钻石」要群里有 10 人以上有分才评" in club.bot()[0]
    club.says("甲", "等级")
    assert "钻石：20 分起，群里前 10%（10 人以上有分才评）\n　权益：选书" in club.bot()[0]
    club.took(SetTitle)
    club.took(SetCard)


def test_a_share_goes_by_the_line_of_the_day() -> None:
    """Twelve people: the best one is the top tenth; when the group shrinks below ten, nobody is judged."""
    shares = [LEVELS[0], {"name": "钻石", "top": 0.1}]
    names = [f"友{n:02}" for n in range(12)]
    club = Club(*names, levels=shares, demote=GENTLE).scored(**{name: 10 + n for n, name in enumerate(names)})
    club.evening()
    assert [name for name in names if club.level(name) == "钻石"] == ["友11"]
    club.says("友10", "我的等级")
    assert "再攒 1 积分就到「钻石」（群里前 10%，分数线每天更新）" in club.bot()[0]
    club.scored(**{name: 10 - n for n, name in enumerate(names[:9])})
    assert club.evening(10) == []
    assert club.level("友11") == "钻石"


def test_renamed_levels_place_everybody_anew_without_a_fuss() -> None:
    """An operator who renames a level is no reason to congratulate the whole group."""
    club = Club().scored(小明=25)
    club.evening()
    slots = club.slots["测试/levels"]
    renamed = Club(levels=[*LEVELS[:2], {"name": "金牌", "at": 20}]).scored(小明=25)
    renamed.slots["测试/levels"], renamed.tags = slots, club.tags
    renamed.states = club.states
    assert renamed.evening() == []
    assert renamed.level("小明") == "金牌"
    assert "level:黄金" not in renamed.tags["sim:小明"]
    renamed.effects.clear()
    club.effects.clear()


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"levels": [{"name": "a", "at": 5}, {"name": "b", "at": 5}]}, "从低到高"),
        ({"levels": [{"name": "a", "top": "5%"}, {"name": "b", "top": "10%"}]}, "从低到高"),
        ({"levels": [{"name": "a"}, {"name": "a", "at": 5}]}, "不能重复"),
        ({"levels": [{"name": "a&b"}]}, "不能有空格"),
        ({"levels": [{"name": "a", "title": "七个字的专属头衔"}]}, "最多 6 个汉字"),
        ({"levels": [{"name": "a", "card": "黄金"}]}, "要有一处"),
        ({"levels": [{"name": "a"}], "by": "activity", "promote": "at_once"}, "只能配 by: points"),
        ({"levels": [{"name": "a"}], "announce": "at_once"}, "要配 promote"),
        ({"levels": [{"name": "a"}], "over": "36h"}, "整天"),
        ({"levels": [{"name": "a"}], "demote": {"grace": "2d", "warn": "3d"}}, "整天"),
    ],
)
def test_mistakes_are_named(params: dict[str, Any], says: str) -> None:
    """What an operator gets wrong is said in words that mend it."""
    with pytest.raises(ValidationError, match=says):
        Params.model_validate(params)


SCORES = st.lists(st.integers(0, 30).map(float), max_size=60)


@given(scores=SCORES, top=st.sampled_from([0.02, 0.1, 0.25, 0.5]), least=st.integers(3, 20))
def test_a_line_is_fair(scores: list[float], top: float, least: int) -> None:
    """Equals stand on one side, at most twice the places are given, few people draw no line."""
    ranked = sorted((score for score in scores if score > 0), reverse=True)
    line = cut(ranked, top, least)
    above = [score for score in ranked if score >= line]
    assert len(above) <= 2 * max(1, int(top * len(ranked) + 1e-9))
    if len(ranked) < least:
        assert line == CLOSED
    if line < CLOSED:
        assert line in ranked
        assert not set(above) & {score for score in ranked if score < line}


@given(scores=SCORES, mine=st.floats(0, 30), more=st.floats(0, 30))
def test_more_points_are_never_worth_less(scores: list[float], mine: float, more: float) -> None:
    """On one evening's ladder a higher score reaches at least the same level; what is missing is enough."""
    levels = [Level(name="a"), Level(name="b", at=5), Level(name="c", at=8, top=0.25), Level(name="d", at=8, top=0.1)]
    found = ladder(levels, scores, 3)
    assert found.reached(mine + more) >= found.reached(mine) >= 0
    again = restored(levels, stored(found))
    assert again.lines == found.lines
    upper = found.next_after(found.reached(mine))
    if upper is not None and mine < found.lines[upper]:
        assert found.reached(mine + float(missing(mine, found.lines[upper])) + 1e-9) >= upper


def test_a_level_that_no_play_has_is_named() -> None:
    """`check` knows the levels of this playbook; where it has none, another one of the group may have them."""
    levels = "  等级: {kind: levels, metric: m, levels: [{name: 青铜}, {name: 白银, at: 10}]}\n"
    text = """\
playbook: 测试营
title: 测试营
groups: [tag:共读营]
plays:
{levels}  打卡: {{kind: checkin, metric: m, remind: {{at: "21:00", audience: ["level:白银+", "!level:青桐"]}}}}
"""
    checks = Checks(kinds=all_plays(), parsers=asset_parsers())
    with_levels, without = (load({"a.yaml": text.format(levels=each)}, checks).problems for each in (levels, ""))
    (found,) = [each for each in with_levels if each.code == "PB312"]
    assert found.message.zh == "没有「青桐」这个等级"
    assert found.expected.zh == "白银、青铜"
    assert [each.code for each in without if each.code == "PB312"] == []
