"""points 积分规则: what members read of their points, gifts, lapse, leaving and recalling."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from bot.core.effects import Award
from bot.plays.points import PLAY, Params
from tests.stage import Stage


def scene(**params: object) -> Stage:
    plays = {"积分规则": ("points", params), "打卡": ("checkin", {"points": 5}), "欢迎": ("desk", {})}
    return Stage(plays=plays).members("小明", "小红", op="老陈")


def gives(stage: Stage, name: str, points: int, key: str, cause: str = "x", source: str = "quiz") -> None:
    stage.award("测试/答题", Award(member=f"sim:{name}", points=points, reason="答题", key=key, source=source), cause)


def test_the_history_is_the_newest_entries_with_their_reasons() -> None:
    """Line by line, newest first, with what was left after each."""
    stage = scene()
    stage.says("小明", "打卡")
    stage.bot()
    gives(stage, "小明", -2, "fee")
    stage.says("小明", "积分明细")
    assert stage.bot() == [
        "📒 现在 3 积分\n03-02 08:00　-2　答题（余 3）\n03-02 08:00　+5　打卡 2026-03-02（余 5）",
    ]
    stage.says("小红", "我的积分明细")
    assert stage.bot() == ["📒 现在 0 积分\n还没有记录，打个卡、答道题就有啦～"]


def test_a_gift_once_for_each_person() -> None:
    """The second time the answer says where it was had."""
    stage = scene(benefits={"新人福利": 20})
    stage.says("小明", "领取 新人福利")
    stage.says("小明", "领新人福利")
    stage.says("小明", "领取")
    assert stage.bot() == [
        "🎁 小明 领到「新人福利」，+20 积分",
        "「新人福利」一人一份，已经在「测试群」领过啦 🎁",
        "「新人福利」一人一份，已经在「测试群」领过啦 🎁",
    ]
    assert stage.points("小明") == 20


def test_several_gifts_are_offered_by_name() -> None:
    """Without a name nothing is guessed."""
    stage = scene(benefits={"新人福利": 20, "生日礼": 50})
    stage.says("小明", "领取")
    stage.says("小明", "领取 生日礼")
    assert stage.bot() == ["我们有这些福利：新人福利、生日礼，发「领取 名字」", "🎁 小明 领到「生日礼」，+50 积分"]


def test_old_points_lapse_and_are_announced_a_week_before() -> None:
    """8 points of 2 March last 30 days: announced on 25 March, 3 were spent, 5 lapse on 1 April."""
    stage = scene(expire={"after": "30d", "announce": "7d", "at": "10:00"})
    gives(stage, "小明", 8, "a")
    stage.until("2026-03-10 10:00")
    gives(stage, "小明", 4, "b")
    gives(stage, "小明", -3, "c")
    stage.award("测试/商店", Award(member="sim:小明", points=-0, reason="", key="z"), "x")
    stage.until("2026-03-25 10:00")
    stage.fires("积分规则", "expire")
    assert stage.bot() == ["⏳ 4月1日有积分到期，用掉就不会浪费：\n小明 8 分"]
    stage.until("2026-03-26 10:00")
    stage.fires("积分规则", "expire")
    assert stage.bot() == [], "said once"
    stage.until("2026-04-01 10:00")
    stage.fires("积分规则", "expire")
    stage.fires("积分规则", "expire")
    assert stage.points("小明") == 1


def test_who_leaves_forfeits_only_where_it_is_declared() -> None:
    """By default points stay for the return."""
    for declared, left in (({}, 9), ({"on_leave": "forfeit"}, 0)):
        stage = scene(**declared)
        gives(stage, "小明", 9, "a")
        stage.leaves("小明")
        assert stage.points("小明") == left


def test_a_recalled_message_loses_what_it_earned() -> None:
    """All of its entries once, but never more than there is; check-ins mind their own."""
    stage = scene(on_recall="take_back")
    gives(stage, "小明", 5, "a", cause="m9")
    gives(stage, "小明", 3, "b", cause="m9")
    gives(stage, "小明", 2, "c", cause="m9", source="checkin")
    gives(stage, "小明", -6, "d")
    stage.recalls("小明", "m9")
    assert stage.points("小明") == 0
    stage.recalls("小明", "m9")
    assert stage.points("小明") == 0


@pytest.mark.parametrize(
    "wrong", [{"caps": {"chekin": 5}}, {"caps": {"quiz": 0}}, {"expire": {"after": "2h"}}, {"benefits": {"": 3}}]
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    """A source that is no source, a cap of nothing, points that lapse within the day."""
    with pytest.raises(ValidationError):
        Params.model_validate(wrong)


def test_caps_are_the_groups_rules() -> None:
    """What the engine asks for."""
    rules = PLAY.point_rules(Params.model_validate({"caps": {"quiz": 50}, "a_day": 80}))
    assert rules is not None
    assert (rules.left("quiz", {"quiz": 48}), rules.left("checkin", {"quiz": 48})) == (2, 32)
