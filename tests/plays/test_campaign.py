"""campaign 内容推送: what goes out, when, and how often: once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.core.effects import Effect, Recall, Say
from bot.core.events import EffectSettled, MessageRecalled
from bot.core.play import ALL_CAPABILITIES, Capability
from bot.core.units import parse_window
from bot.playbook.model import ActivePlay
from bot.plays.campaign import PLAY
from bot.plays.campaign.agenda import items
from bot.plays.campaign.content import variant_of
from bot.plays.campaign.params import Params
from tests.stage import ACCOUNT, CHAT, Stage

MORNING = {"name": "早安", "daily": "08:00", "text": "早安,第 {{ day }} 天"}
LONG = {"name": "开营", "daily": "09:00", "text": "第一条\n---\n第二条\n---\n第三条"}


def campaign(
    *posts: Mapping[str, Any], quiet: str = "", caps: frozenset[Capability] = ALL_CAPABILITIES, **more: Any
) -> Stage:
    now = more.pop("now", "2026-03-02 08:00")
    assets = more.pop("assets", {})
    values: dict[str, Any] = {"posts": posts, **more}
    header = {"quiet_hours": parse_window(quiet)} if quiet else {}
    stage = Stage("campaign", values, now=now, caps=caps, header=header, assets=assets)
    return stage.members("老王", op="老陈").start()


def due(stage: Stage, name: str, at: str | None = None) -> None:
    """The schedule of `name` fires, as the engine would do it."""
    stage.fires("campaign", f"post/{name}", stage._time(at) if at else None)


def notes(stage: Stage, what: str) -> list[dict[str, Any]]:
    return [dict(note.data) for note in stage.notes.values() if note.what == what]


# -- what is sent -------------------------------------------------------------------------------------------------------


def test_a_post_goes_out_at_its_time_with_its_variables() -> None:
    """Day by day the campaign counts."""
    stage = campaign(MORNING)
    due(stage, "早安")
    stage.passes("1d")
    due(stage, "早安")
    assert stage.bot() == ["早安,第 1 天", "早安,第 2 天"]


def test_several_messages_keep_their_distance() -> None:
    """A line --- begins the next message, twenty seconds later."""
    stage = campaign(LONG)
    due(stage, "开营")
    assert stage.bot() == ["第一条"]
    stage.passes("19s")
    assert stage.bot() == []
    stage.passes("1s")
    assert stage.bot() == ["第二条"]
    stage.passes("1h")
    assert stage.bot() == ["第三条"]
    assert notes(stage, "post_end") == [{"post": "开营", "outcome": "done", "sent": 3, "parts": 3}]


def test_the_matrix_sends_this_week_s_file() -> None:
    """`w{{ week }}` in the path is the week of the campaign."""
    stage = campaign(
        slots={"早": "07:30-08:30"},
        calendar=[{"day": "周一", "slot": "早", "topic": "本周导读", "post": "content/w{{ week }}-intro.md"}],
        start="2026-03-02",
        assets={"content/w1-intro.md": "第一周:{{ topic }}", "content/w2-intro.md": "第二周:{{ topic }}"},
    )
    due(stage, "本周导读")
    stage.passes("7d")
    due(stage, "本周导读")
    assert stage.bot() == ["第一周:本周导读", "第二周:本周导读"]


def test_a_missing_file_is_told_to_the_operators_and_not_to_the_group() -> None:
    """Week three was never written: the group reads nothing, the operators know."""
    stage = campaign({**MORNING, "text": "", "post": "content/w{{ week }}.md"}, assets={"content/w1.md": "有"})
    stage.passes("7d")
    due(stage, "早安")
    assert stage.take() == ["bot(问运营): 「早安」2026-03-09 的内容文件还没有，这次没有发。 [知道了]"]
    assert notes(stage, "post_skipped") == [{"post": "早安", "reason": "no content"}]


def test_each_group_keeps_its_variant_and_the_note_says_which() -> None:
    """A/B by hash: the same group gets the same arm, and over many groups both arms are used."""
    stage = campaign({"name": "话题", "daily": "20:00", "texts": {"a": "甲问", "b": "乙问"}})
    due(stage, "话题")
    stage.passes("1d")
    due(stage, "话题")
    first, second = stage.bot()
    assert first == second
    assert {note["variant"] for note in notes(stage, "post")} == {"a" if first == "甲问" else "b"}
    post = Params.model_validate(
        {"posts": [{"name": "话题", "daily": "20:00", "texts": {"a": "甲", "b": "乙"}}]}
    ).posts[0]
    arms = [variant_of(post, f"组/话题|qq:{n}", "话题") for n in range(400)]
    assert 150 < arms.count("a") < 250


def test_the_countdown_speaks_on_its_days_only() -> None:
    """Three days before, two, one, today; not before and not after."""
    stage = campaign(countdown={"to": "2026-11-11", "days": 3, "topic": "双十一读书节"}, now="2026-11-06 08:00")
    for _ in range(8):
        due(stage, "倒计时")
        stage.passes("1d")
    assert stage.bot() == [
        "⏳ 距离双十一读书节（11月11日）还有 3 天，我们一起准备起来～",
        "⏳ 距离双十一读书节（11月11日）还有 2 天，我们一起准备起来～",
        "⏳ 距离双十一读书节（11月11日）还有 1 天，我们一起准备起来～",
        "🎉 就是今天！双十一读书节，我们到啦！",
    ]


def test_nothing_before_the_start_and_nothing_after_the_end() -> None:
    """A campaign of two days sends twice however often it is due; `days_left` counts down."""
    stage = campaign({**MORNING, "text": "还剩 {{ days_left }} 天"}, start="2026-03-03", end="2026-03-04")
    for _ in range(4):
        due(stage, "早安")
        stage.passes("1d")
    assert stage.bot() == ["还剩 1 天", "还剩 0 天"]


def test_what_the_network_can_t_is_left_out() -> None:
    """No right to mention everybody: the text goes out without it."""
    post = {**MORNING, "mention_all": True}
    stage, limited = campaign(post), campaign(post, caps=ALL_CAPABILITIES - {Capability.MENTION_ALL})
    due(stage, "早安")
    due(limited, "早安")
    assert (stage.bot(), limited.bot()) == (["@全体成员 早安,第 1 天"], ["早安,第 1 天"])


# -- when it is not sent ------------------------------------------------------------------------------------------------


def test_quiet_hours_postpone_or_skip_as_declared() -> None:
    """Due at half past six: out at seven, or not at all with a note."""
    waits = campaign(MORNING, quiet="23:00-07:00", now="2026-03-02 06:30")
    due(waits, "早安")
    waits.until("2026-03-02 06:59")
    assert waits.bot() == []
    waits.until("2026-03-02 07:00")
    assert waits.bot() == ["早安,第 1 天"]
    skips = Stage(
        "campaign",
        {"posts": [MORNING], "quiet": "skip"},
        now="2026-03-02 06:30",
        header={"quiet_hours": parse_window("23:00-07:00")},
    )
    due(skips, "早安")
    skips.passes("1d")
    assert skips.bot() == []
    assert notes(skips, "post_skipped") == [{"post": "早安", "reason": "quiet hours"}]


def test_a_post_that_runs_into_quiet_hours_waits_for_the_morning() -> None:
    """Two messages before eleven, the third at seven: the night does not count as broadcast."""
    stage = campaign(LONG, quiet="23:00-07:00", now="2026-03-02 22:59", pacing={"gap": "30s"})
    due(stage, "开营")
    stage.until("2026-03-03 06:59")
    assert stage.bot() == ["第一条", "第二条"]
    stage.until("2026-03-03 07:00")
    assert stage.bot() == ["第三条"]


def test_the_daily_quota_holds_per_group() -> None:
    """Two a day: the third is skipped with a note, tomorrow it goes again."""
    stage = campaign(MORNING, per_day=2)
    for hour in (8, 9, 10):
        due(stage, "早安", f"2026-03-02 {hour:02}:00")
    assert len(stage.bot()) == 2
    assert notes(stage, "post_skipped") == [{"post": "早安", "reason": "quota"}]
    stage.passes("1d")
    due(stage, "早安")
    assert len(stage.bot()) == 1


def test_the_limits_of_one_broadcast_stop_the_rest_and_say_so() -> None:
    """Three messages declared, two allowed."""
    stage = campaign(LONG, pacing={"max_messages": 2})
    due(stage, "开营")
    stage.passes("1h")
    assert stage.take() == [
        "bot: 第一条",
        "bot: 第二条",
        "bot(问运营): 「开营」发了 2/3 条就停下了：超过一篇的条数上限，剩下的没有发。 [知道了]",
    ]


def test_a_broadcast_interrupted_by_a_long_outage_is_not_finished_hours_later() -> None:
    """The bot was down in the middle: the rest is stopped and reported, not sent at night's end."""
    stage = campaign(LONG)
    due(stage, "开营")
    stage.now += timedelta(hours=3)
    stage.passes("1m")
    assert stage.take() == [
        "bot: 第一条",
        "bot(问运营): 「开营」发了 1/3 条就停下了：超过一篇的时长上限，剩下的没有发。 [知道了]",
    ]


@pytest.mark.parametrize(
    ("busy", "said"),
    [
        ("ignore", ["第一条", "第二条", "第三条"]),
        ("restart", ["第一条", "早安,第 1 天"]),
        ("queue", ["第一条", "第二条", "第三条", "早安,第 1 天"]),
    ],
)
def test_a_second_post_while_one_is_in_flight(busy: str, said: list[str]) -> None:
    """Ignore it, replace the first, or wait: as declared."""
    stage = campaign(LONG, MORNING, busy=busy)
    due(stage, "开营")
    stage.passes("5s")
    due(stage, "早安")
    stage.passes("1h")
    assert stage.bot() == said


def test_catching_up_sends_every_missed_post_in_order() -> None:
    """Three mornings were missed; they follow each other even where a busy group would ignore them."""
    long = {**MORNING, "text": "第 {{ day }} 天\n---\n加油"}
    stage = campaign(long, missed="catch_up", busy="ignore")
    stage.now += timedelta(days=2, hours=2)
    for day in (2, 3, 4):
        due(stage, "早安", f"2026-03-0{day} 08:00")
    stage.passes("1h")
    assert stage.bot() == ["第 1 天", "加油", "第 2 天", "加油", "第 3 天", "加油"]


@pytest.mark.parametrize("busy", ["ignore", "restart", "queue"])
def test_a_post_that_is_due_in_between_does_not_overtake(busy: str) -> None:
    """Two posts wait for the end of the quiet hours; a third becomes due just when they may go: it goes last."""
    noon = {"name": "午报", "daily": "07:00", "text": "午报"}
    night = {"name": "夜读", "daily": "23:30", "text": "夜读一\n---\n夜读二"}
    stage = campaign(night, MORNING, noon, quiet="23:00-07:00", busy=busy, now="2026-03-01 23:30")
    due(stage, "夜读")
    stage.until("2026-03-02 06:00")
    due(stage, "早安")
    stage.now = stage._time("2026-03-02 07:00")
    due(stage, "午报")
    stage.passes("2h")
    assert stage.bot() == ["夜读一", "夜读二", "早安,第 2 天", "午报"]


def test_what_is_paused_holds_nobody_up() -> None:
    """A queued post that an operator has paused lets the others pass."""
    stage = campaign(LONG, MORNING, {**MORNING, "name": "午安", "text": "午安"}, busy="queue")
    due(stage, "开营")
    due(stage, "早安")
    stage.says("老陈", "暂停推送 早安")
    stage.passes("1h")
    due(stage, "午安")
    stage.passes("1h")
    assert stage.bot()[-1] == "午安"


# -- what operators do --------------------------------------------------------------------------------------------------


def test_an_operator_pauses_and_resumes_in_flight() -> None:
    """暂停 holds the post where it is, 继续 goes on; nothing is said twice."""
    stage = campaign(LONG)
    due(stage, "开营")
    stage.says("老陈", "暂停")
    stage.passes("2h")
    stage.says("老陈", "继续")
    stage.passes("1h")
    assert stage.take() == [
        "bot: 第一条",
        "老陈: 暂停",
        "bot: ⏸ 全部推送已暂停，「开营」停在半路。\n发「继续推送」接着来。",
        "老陈: 继续",
        "bot: ▶️ 全部推送继续。",
        "bot: 第二条",
        "bot: 第三条",
    ]


def test_a_held_post_ignores_the_timer_that_was_on_its_way() -> None:
    """The timer fired in the same moment as the operator paused."""
    stage = campaign(LONG)
    due(stage, "开营")
    stage.says("老陈", "暂停推送")
    stage.take()
    flight = stage.states["测试/campaign"].flight
    stage.fires("campaign", "next", stage.now, {"occurrence": flight.occurrence, "part": str(flight.next)})
    assert stage.bot() == []


def test_one_post_is_paused_and_the_others_go_on() -> None:
    """暂停 早安 concerns 早安 only; what it misses is noted."""
    stage = campaign(MORNING, LONG)
    stage.says("老陈", "暂停 早安", private=True)
    assert stage.take()[-1] == "bot(私聊 老陈): ⏸ 「早安」已暂停。\n发「继续推送 早安」接着来。"
    due(stage, "早安")
    due(stage, "开营")
    stage.passes("1m")
    assert stage.bot() == ["第一条", "第二条", "第三条"]
    assert notes(stage, "post_skipped") == [{"post": "早安", "reason": "paused"}]
    stage.says("老陈", "继续 早安")
    stage.passes("1d")
    due(stage, "早安")
    assert stage.bot() == ["▶️ 「早安」继续。", "早安,第 2 天"]


def test_an_operator_stops_what_is_in_flight_and_what_waits() -> None:
    """停止 ends both, and nothing of them comes later."""
    stage = campaign(LONG, MORNING)
    due(stage, "开营")
    due(stage, "早安")
    stage.says("老陈", "停止")
    stage.passes("1d")
    assert stage.bot() == ["第一条", "⏹ 「开营」停了，发了 1/3 条。排队的 1 篇也取消了。"]
    stage.says("老陈", "停止")
    assert stage.bot() == ["现在没有正在发的内容。"]


def test_send_now_goes_out_now_and_the_schedule_is_untouched() -> None:
    """立即发送 in private: the group reads the post, the operator the confirmation."""
    stage = campaign(MORNING)
    stage.says("老陈", "立即发送 早安", private=True)
    assert stage.take()[1:] == ["bot: 早安,第 1 天", "bot(私聊 老陈): 📤 「早安」开始发了。"]
    due(stage, "早安")
    assert stage.bot() == ["早安,第 1 天"]


def test_send_now_in_quiet_hours_waits_and_says_until_when() -> None:
    """Even operators don't wake the group."""
    stage = campaign(MORNING, quiet="22:00-07:00", now="2026-03-02 23:00")
    stage.says("老陈", "立即发送 早安")
    assert stage.bot() == ["现在是安静时段，「早安」排到 07:00 发。"]
    stage.until("2026-03-03 07:00")
    assert stage.bot() == ["早安,第 1 天"]


def test_the_preview_goes_to_the_operator_alone() -> None:
    """预览 in the group answers in private, with what this group would read; where private is impossible, in the group."""
    stage = campaign({**LONG, "topic": "开营仪式", "points": ["时间", "规则"]})
    stage.says("老陈", "预览 开营")
    assert stage.take()[1:] == [
        "bot(私聊 老陈): 👀 开营（开营仪式）\n每天 09:00 · 3 条 · 约 1 分钟\n· 时间\n· 规则",
        "bot(私聊 老陈): 第一条\n\n———\n\n第二条\n\n———\n\n第三条",
        "bot: 「开营」的预览发到私聊了～",
    ]
    limited = campaign(MORNING, caps=ALL_CAPABILITIES - {Capability.PRIVATE})
    limited.says("老陈", "预览")
    assert limited.bot() == ["👀 早安\n每天 08:00 · 1 条", "早安,第 1 天"]


def test_an_unclear_name_is_answered_with_the_choice() -> None:
    """No name, a wrong name, a name that several share."""
    stage = campaign({**MORNING, "name": "早安问候"}, {**LONG, "name": "早安长文"})
    for text in ("立即发送", "立即发送 晚安", "立即发送 早安", "立即发送 长文"):
        stage.says("老陈", text)
    assert stage.bot() == [
        "要哪一篇？在后面写上名字：\n· 早安问候\n· 早安长文",
        "没有「晚安」，我们有：\n· 早安问候\n· 早安长文",
        "「早安」有好几篇，写全一点：\n· 早安问候\n· 早安长文",
        "第一条",
    ]


def test_the_agenda_shows_what_runs() -> None:
    """排期: in flight, waiting, paused, last time."""
    stage = campaign(MORNING, LONG, plan={"goal": "40% 坚持打卡", "audience": "上班族", "topic": "共读"})
    due(stage, "早安")
    due(stage, "开营")
    stage.take()
    stage.says("老陈", "暂停 早安")
    stage.says("老陈", "排期")
    assert stage.bot()[-1] == (
        "🗓 内容排期\n目标：40% 坚持打卡\n上班族 · 共读\n⏸ 早安　每天 08:00，上次 03-02 08:00\n📤 开营　每天 09:00，上次 03-02 08:00"
    )


def test_operator_words_in_a_member_s_mouth_are_chat() -> None:
    """老王 says 暂停 and 立即发送: nothing happens."""
    stage = campaign(MORNING)
    for text in ("暂停", "立即发送 早安", "停止", "预览", "撤回推送", "排期"):
        stage.says("老王", text)
    assert stage.bot() == []
    due(stage, "早安")
    assert stage.bot() == ["早安,第 1 天"]


def test_a_sent_post_can_be_taken_back() -> None:
    """撤回推送 recalls every message of the newest post, once."""
    stage = campaign(LONG)
    due(stage, "开营")
    stage.passes("1h")
    stage.take()
    stage.says("老陈", "撤回推送")
    assert len(stage.took(Recall)) == 3
    stage.says("老陈", "撤回推送")
    assert stage.bot() == ["正在撤回「开营」的 3 条，太久以前的平台可能不让撤。", "没有能撤回的推送。"]
    assert stage.took(Recall) == []


def test_a_recall_by_an_admin_and_a_failure_are_noted() -> None:
    """What became of each message stays on record, and the operators hear of the first failure of a post."""
    stage = campaign(LONG)
    due(stage, "开营")
    sent = stage.states["测试/campaign"].newest
    common: dict[str, Any] = {"account": ACCOUNT, "chat": CHAT, "at": stage.now}
    stage.happens(MessageRecalled(id="r1", message_id=sent.message_ids[0], by="sim:老陈", **common))
    assert notes(stage, "post_recalled") == [{"post": "开营", "by": "sim:老陈"}]
    stage.take()
    for part in (1, 2):
        key = f"{sent.occurrence}#{part}"
        stage.happens(
            EffectSettled(id=f"x{part}", play="测试/campaign", key=key, outcome="failed", error="被禁言", **common)
        )
    assert stage.take() == ["bot(问运营): 「开营」第 2 条没有发出去：被禁言 [知道了]"]
    assert len(notes(stage, "post_failed")) == 2


# -- once ---------------------------------------------------------------------------------------------------------------

MOVES = st.one_of(
    st.tuples(st.just("due"), st.sampled_from(["早安", "开营"]), st.integers(0, 5)),
    st.tuples(st.just("next"), st.integers(-2, 1)),
    st.tuples(st.just("say"), st.sampled_from(["暂停", "继续", "停止", "暂停 开营", "继续 开营"])),
    st.tuples(st.just("wait"), st.sampled_from(["5s", "20s", "1m", "9h"])),
    st.tuples(st.just("wake")),
    st.tuples(st.just("crash")),
)


class Watched(Stage):
    """Keeps the key of every message that goes out, and looks whether it may."""

    def __init__(self, *given: Any, **more: Any) -> None:
        self.sent: list[str] = []
        super().__init__(*given, **more)

    def _do(self, active: ActivePlay, effect: Effect, cause: str) -> None:
        if isinstance(effect, Say) and effect.key:
            hour = self.now.astimezone(self.zone).hour
            assert "*" not in self.states[active.ref].paused
            assert not (self.header.quiet_hours and (hour >= 22 or hour < 7))
            self.sent.append(effect.key)
        super()._do(active, effect, cause)


@settings(max_examples=60)
@given(
    moves=st.lists(MOVES, max_size=40),
    busy=st.sampled_from(["ignore", "restart", "queue"]),
    quiet=st.sampled_from(["", "22:00-07:00"]),
)
def test_whatever_is_fired_again_no_message_of_an_occurrence_is_said_twice(
    moves: list[tuple[Any, ...]], busy: str, quiet: str
) -> None:
    """Duplicate firings, stale timers, pauses, stops and restarts from the stored state, in any order."""
    header = {"quiet_hours": parse_window(quiet)} if quiet else {}
    stage = Watched("campaign", {"posts": [MORNING, LONG], "busy": busy, "per_day": 50}, header=header)
    stage.members("老王", op="老陈").start()
    base = stage.now
    for move in moves:
        match move:
            case ("due", name, n):
                stage.fires("campaign", f"post/{name}", base + timedelta(minutes=n))
            case ("next", shift):
                flight = stage.states["测试/campaign"].flight
                if flight is not None:
                    data = {"occurrence": flight.occurrence, "part": str(flight.next + shift)}
                    stage.fires("campaign", "next", stage.now, data)
            case ("say", text):
                stage.says("老陈", text)
            case ("wait", span):
                stage.passes(span)
            case ("wake",):
                stage.fires("campaign", "wake", stage.now)
            case _:
                model = PLAY.State
                document = stage.states["测试/campaign"].model_dump_json()
                stage.states["测试/campaign"] = model.model_validate_json(document)
    assert len(stage.sent) == len(set(stage.sent))


# -- what operators write -----------------------------------------------------------------------------------------------


def test_the_matrix_becomes_schedules() -> None:
    """Weekdays, workdays, day numbers and dates, spread at the start of their slot."""
    params = Params.model_validate(
        {
            "start": "2026-03-02",
            "slots": {"早": "07:30-08:30", "晚": "20:00-20:02"},
            "calendar": [
                {"day": ["mon", "周三"], "slot": "早", "text": "x"},
                {"day": "工作日", "slot": "晚", "text": "x"},
                {"day": 3, "slot": "晚", "text": "x", "topic": "第三天"},
                {"day": "2026-05-01", "slot": "早", "text": "x", "name": "五一"},
            ],
        }
    )
    found = {item.name: item.schedule for item in items(params)}
    assert list(found) == ["周一三早", "工作日晚", "第三天", "五一"]
    assert (found["周一三早"].cron, found["周一三早"].jitter_s) == ("30 7 * * mon,wed", 300)
    assert (found["工作日晚"].days, found["工作日晚"].jitter_s) == ("workdays", 120)
    assert str(found["第三天"].once) == "2026-03-04 20:00:00"
    assert str(found["五一"].once) == "2026-05-01 07:30:00"
    assert {schedule.missed for schedule in found.values()} == {"late"}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "至少写一个"),
        ({"posts": [{"daily": "08:00"}]}, "写且只写一个"),
        ({"posts": [{"daily": "08:00", "text": "x", "post": "a.md"}]}, "写且只写一个"),
        ({"posts": [{"text": "x"}]}, "at、cron、daily"),
        ({"posts": [{"text": "x", "daily": "08:00", "cron": "0 8 * * *"}]}, "at、cron、daily"),
        ({"calendar": [{"day": "mon", "slot": "午", "text": "x"}]}, "没有定义"),
        ({"slots": {"早": "07:00-08:00"}, "calendar": [{"day": 1, "slot": "早", "text": "x"}]}, "start"),
        ({"slots": {"早": "07:00-08:00"}, "calendar": [{"day": "明天", "slot": "早", "text": "x"}]}, "不认识的日子"),
        ({"posts": [MORNING, MORNING]}, "名字重复"),
        ({"posts": [MORNING], "start": "2026-03-02", "end": "2026-03-01"}, "早于"),
    ],
)
def test_a_playbook_that_contradicts_itself_is_refused(values: dict[str, Any], message: str) -> None:
    """Each mistake is named in words that an operator understands."""
    with pytest.raises(ValidationError, match=message):
        Params.model_validate(values)
