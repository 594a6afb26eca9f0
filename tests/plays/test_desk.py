"""desk 前台: what members ask when they ask the bot itself."""

from __future__ import annotations

import pytest

from bot.core.play import ALL_CAPABILITIES, Capability, Score
from bot.core.units import parse_window
from tests.stage import Stage


def ranked(*totals: tuple[str, float]) -> tuple[Score, ...]:
    return tuple(Score(member=f"sim:{name}", name=name, total=total) for name, total in totals)


def desk(**params: object) -> Stage:
    stage = Stage("desk", params).members("小明", "小红", "小刚", "老王", op="老陈")
    stage.scores = {
        ("points", "week"): ranked(("小红", 30), ("小明", 20), ("小刚", 20), ("老王", 5)),
        ("points", "day"): ranked(("小刚", 5)),
        ("points", "all"): ranked(("老王", 900), ("小红", 120), ("小明", 100)),
        ("activity", "week"): ranked(("小明", 41.5), ("小红", 12)),
        ("activity", "month"): ranked(("小红", 88)),
    }
    return stage


def test_the_ranking_counts_places_as_people_do() -> None:
    """Equals share a place; the next one is as many further."""
    stage = desk()
    stage.says("小明", "排行")
    assert stage.bot() == ["🏆 本周积分榜\n🥇 小红　30\n🥈 小明　20\n🥈 小刚　20\n4. 老王　5"]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("排行 日", "🏆 今日积分榜"),
        ("日榜", "🏆 今日积分榜"),
        ("今日排行", "🏆 今日积分榜"),
        ("/排行榜", "🏆 本周积分榜"),
        ("牌行", "🏆 本周积分榜"),
        ("总榜", "🏆 总积分榜"),
        ("排行 活跃", "🏆 本周活跃榜"),
        ("活跃榜", "🏆 本周活跃榜"),
        ("排行 活跃 月", "🏆 本月活跃榜"),
        ("排行　本月活跃", "🏆 本月活跃榜"),
    ],
)
def test_board_and_window_are_understood_as_typed(text: str, first: str) -> None:
    """日 周 月 总, with or without 活跃, before or after."""
    stage = desk()
    stage.says("小明", text)
    assert stage.bot()[0].splitlines()[0] == first


def test_who_is_not_among_the_top_sees_the_own_place() -> None:
    """A short board still tells 老王 where he is."""
    stage = desk(top=1)
    stage.says("老王", "排行")
    assert stage.bot() == ["🏆 本周积分榜\n🥇 小红　30\n……\n4. 我　5"]


def test_an_empty_board_is_an_invitation() -> None:
    """Nobody has points yet this month."""
    stage = desk()
    stage.says("小明", "排行 月")
    assert stage.bot() == ["🏆 本月积分榜\n还没有人上榜，第一名在等我们呢～"]


def test_leaving_the_rankings_hides_the_name_and_nothing_else() -> None:
    """小红 leaves: places close up, 积分 still answers her; 加入排行 brings her back."""
    stage = desk()
    stage.says("小红", "退出排行")
    stage.says("小明", "排行")
    stage.says("小红", "排行")
    left, others, own = stage.bot()
    assert left == "好的，名字不再上榜，积分照常。想回来发「加入排行」。"
    assert "小红" not in others
    assert others.splitlines()[1] == "🥇 小明　20"
    assert own.endswith("（已退出排行，发「加入排行」回来）")
    stage.says("小红", "退出排行")
    stage.says("小红", "加入排行")
    stage.says("小红", "加入排行")
    assert stage.bot() == ["名字本来就不在榜上～", "欢迎回到榜上 🎉", "名字一直在榜上呢～"]
    assert stage.slots["测试/desk"] == {}


def test_points_tell_the_balance_the_place_and_the_distance() -> None:
    """小明 is twenty behind; 老王 leads; 小刚 has nothing yet."""
    stage = desk()
    for name in ("小明", "老王", "小刚"):
        stage.says(name, "积分")
    assert stage.bot() == [
        "小明，现在有 0 积分，群里第 3 名，再 20 分追上前一位 💪",
        "老王，现在有 0 积分，群里第 1 名 💪",
        "小刚，现在有 0 积分 💪",
    ]


def test_mine_shows_points_and_activity() -> None:
    """Points, rank and how active the week was; a silent reader isn't blamed."""
    stage = desk()
    stage.says("小明", "我的", private=True)
    stage.says("小刚", "我的")
    assert stage.take()[1::2] == [
        "bot(私聊 小明): 👤 小明\n积分 0（第 3 名），本周 20\n本周活跃 41.5（第 1 名）：🔥 核心",
        "bot: 👤 小刚\n积分 0，本周 20\n本周活跃 0：🐟 潜水中，随时冒泡",
    ]


def test_help_explains_what_works_in_this_group() -> None:
    """Few commands: each with a line. Members do not see what only operators can do."""
    stage = desk(opt_out=False, room=False)
    stage.says("小明", "帮助")
    stage.says("老陈", "菜单")
    mine, operators = stage.bot()
    assert mine == (
        "我们在这里可以：\n· 帮助　看看这里能做什么\n· 积分　自己的积分和名次\n"
        "· 排行　排行 日/周/月,加「活跃」看活跃榜\n· 我的　自己的积分、名次和活跃度\n· 为什么　活跃分一笔一笔怎么来的,如 为什么 昨天"
    )
    assert operators == mine + "\n· 状态（运营）　这个群里在跑什么"


def test_help_for_many_commands_is_by_play_and_searchable() -> None:
    """Three plays fit on a phone: one line each, details on demand."""
    welcome = {"rules_ack": {"text": "说人话"}, "self_intro": {}, "admission": {}}
    posts = {"posts": [{"name": "早安", "daily": "08:00", "text": "早"}]}
    stage = Stage(plays={"前台": ("desk", {}), "入群": ("welcome", welcome), "推送": ("campaign", posts)})
    stage.members("小明", op="老陈")
    for name, text in (
        ("小明", "帮助"),
        ("老陈", "帮助"),
        ("小明", "帮助 入群"),
        ("小明", "帮助 名录"),
        ("小明", "帮助 飞天"),
    ):
        stage.says(name, text)
    members, operators, topic, word, nothing = stage.bot()
    assert members == (
        "我们在这里可以发：\n【前台】帮助、积分、排行、我的、为什么、退出排行、加入排行\n"
        "【入群】已读、群规、自我介绍、名录、删除我的介绍、录取通知书、验证\n想看用法：帮助 前台"
    )
    assert "【推送】运营：排期、预览、立即发送、暂停推送、继续推送、停止推送、撤回推送" in operators
    assert topic.startswith("· 已读　确认读过群规\n· 群规　看群规\n")
    assert word == "· 名录　认识群里的人,可加关键词"
    assert nothing == "没有找到「飞天」，发「帮助」看全部。"


def test_status_is_for_operators() -> None:
    """What runs, when it is quiet, and what this account can't do; a member who types it is chatting."""
    stage = Stage(
        "desk",
        {},
        header={"quiet_hours": parse_window("23:00-07:00")},
        caps=ALL_CAPABILITIES - {Capability.KICK, Capability.MUTE},
    )
    stage.members("小明", op="老陈")
    stage.says("小明", "状态")
    stage.says("老陈", "状态")
    assert stage.bot() == [
        "🛠 测试营 · 测试群 2 人\n· desk（14 个指令）\n安静时段 23:00-07:00\n现在 03-02 08:00（Asia/Shanghai）\n做不了：禁言、移出成员"
    ]


@pytest.mark.parametrize("text", ["我的天哪", "积分怎么算的?", "状态不太好", "排行第一的是谁呀", "帮助别人很快乐", ""])
def test_talk_about_points_is_talk(text: str) -> None:
    """Sentences that only begin like a command stay unanswered."""
    stage = desk()
    stage.says("小明", text)
    assert stage.bot() == []


def test_a_name_on_the_board_is_only_a_name() -> None:
    """Line breaks and template syntax in a name change nothing about the board."""
    stage = desk()
    stage.scores[("points", "week")] = ranked(("{{ 7*7 }}\n1. 我　999", 3))
    stage.says("小明", "排行")
    (board,) = stage.bot()
    assert "49" not in board
    assert len(board.splitlines()) == 3
