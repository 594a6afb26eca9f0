"""An evening of 答题 as the group sees it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.core.effects import AskOperator, Say
from bot.core.events import EffectSettled, MemberMuted
from bot.core.units import parse_window
from bot.engine import runner
from bot.plays import asset_parsers
from bot.plays.quiz import session
from bot.plays.quiz.bank import Bank, Question
from bot.plays.quiz.offering import parse_offer
from bot.plays.quiz.record import State
from tests.stage import ACCOUNT, CHAT, Stage

SPRING = Question(
    id="q1",
    type="single",
    text="一年中白天最长的节气?",
    options=("春分", "夏至", "秋分"),
    answer=("B",),
    explanation="白昼最长。",
)
MOON = Question(id="q2", type="truefalse", text="月球自己会发光。", answer=("B",))
MAMMALS = Question(id="q3", type="multi", text="哪些是哺乳动物?", options=("鲸", "鲨鱼", "蝙蝠"), answer=("A", "C"))
DOZEN = Question(id="q4", type="text", text="一打等于多少个?", answer=("12", "十二"))


def stage(*questions: Question, assets: Bank | None = None, **more: Any) -> Stage:
    bank = assets or Bank(name="常识", questions=questions or (SPRING,))
    params = {"bank": "b.yaml", "questions": len(bank.questions), "time_limit": "20s", **more}
    chat = Stage("quiz", params, now="2026-03-02 20:00", assets={"b.yaml": bank})
    return chat.members("小明", "小红", "小刚", op="老陈")


def begun(*questions: Question, **more: Any) -> Stage:
    """A session whose first question is open."""
    chat = stage(*questions, **more)
    chat.says("老陈", "开始答题")
    chat.passes("5s")
    return chat


def test_a_session_from_beginning_to_end() -> None:
    """Announced, asked, answered in silence, revealed with explanation, and closed with a table."""
    chat = stage()
    chat.says("老陈", "开始答题")
    assert chat.bot() == ["🎯 答题开始!共 1 题,每题 20 秒。\n直接发选项字母就行,例如 A。"]
    chat.passes("5s")
    assert chat.bot() == ["第 1/1 题(单选,20 秒)\n一年中白天最长的节气?\nA. 春分\nB. 夏至\nC. 秋分"]
    chat.passes("4s")
    chat.says("小明", "选B吧")
    chat.says("小红", "我觉得是春分")
    chat.says("小刚", "哈哈这题简单")
    assert chat.bot() == []
    chat.passes("30s")
    assert chat.bot() == [
        "⏰ 答案:B. 夏至\n💡 白昼最长。\n✅ 小明 +90\n领先:小明 90、小红 0",
        "🏆 答题结束(1 题,2 人参加)\n1. 小明 90 分(对 1 题)\n2. 小红 0 分(对 0 题)",
    ]
    assert chat.points("小明") == 90


def test_the_playbooks_own_points() -> None:
    """`scoring: {correct: 10, speed_bonus: 5}`: fifteen at once, ten at the limit."""
    chat = begun(scoring={"correct": 10, "speed_bonus": 5, "streak_bonus": 2})
    chat.says("小明", "B")
    chat.passes("20s")
    chat.says("小红", "B")
    chat.passes("5s")
    assert (chat.points("小明"), chat.points("小红")) == (15, 10)


def test_only_the_first_answer_counts() -> None:
    """`attempts: 1`: changing one's mind is too late."""
    chat = begun()
    chat.says("小明", "A")
    chat.says("小明", "改成B")
    chat.passes("30s")
    assert chat.points("小明") == 0


def test_the_last_of_two_attempts_decides() -> None:
    """`attempts: 2`: the second answer replaces the first, with its own time."""
    chat = begun(attempts=2)
    chat.says("小明", "A")
    chat.passes("10s")
    chat.says("小明", "改成B")
    chat.says("小明", "C")
    chat.passes("30s")
    assert chat.points("小明") == 75


def test_exactly_the_limit_counts_and_one_second_more_does_not() -> None:
    """The reveal waits two seconds for messages under way, by the time they were sent."""
    chat = begun()
    chat.passes("20s")
    chat.says("小明", "B")
    chat.passes("1s")
    chat.says("小红", "B")
    chat.passes("10s")
    assert (chat.points("小明"), chat.points("小红")) == (50, 0)


def test_what_arrives_after_the_reveal_is_late_whatever_its_stamp() -> None:
    """A message stamped in time but arriving after the reveal earns nothing."""
    chat = begun(SPRING, MOON)
    chat.passes("23s")
    chat.says("小明", "B", at="2026-03-02 20:00:24")
    chat.passes("2m")
    assert chat.points("小明") == 0
    assert "小明 0 分" in chat.bot()[-1]


def test_when_the_clocks_differ_arrival_counts() -> None:
    """A phone or network far off the bot's clock neither wins nor loses by it."""
    chat = begun()
    chat.passes("10s")
    chat.says("小明", "B", at="2026-03-02 19:00:00")
    chat.passes("30s")
    assert chat.points("小明") == 75


def test_who_answers_before_the_receipt_is_not_too_early() -> None:
    """Members see the question at 20:00:05, the receipt is of 20:00:06: an answer stamped :05 counts in full, one of :04 was
    said before there was a question."""
    chat = begun(SPRING)
    asked = chat.slots["测试/quiz"]["s/0"].root.asked_at
    chat.says(
        "小明", "B", at=f"{(asked - timedelta(seconds=1)).astimezone(ZoneInfo('Asia/Shanghai')):%Y-%m-%d %H:%M:%S}"
    )
    chat.says(
        "小红", "B", at=f"{(asked - timedelta(seconds=2)).astimezone(ZoneInfo('Asia/Shanghai')):%Y-%m-%d %H:%M:%S}"
    )
    chat.passes("1m")
    assert (chat.points("小明"), chat.points("小红")) == (100, 0)


def test_a_streak_adds_a_tenth_for_each_step() -> None:
    """Two right answers in a row: the second earns ten more."""
    chat = begun(SPRING, SPRING.model_copy(update={"id": "q9"}))
    chat.says("小明", "B")
    chat.passes("22s")
    chat.passes("5s")
    chat.says("小明", "B")
    chat.passes("40s")
    assert chat.points("小明") == 210


def test_a_race_is_won_by_the_first_right_answer() -> None:
    """抢答: the confirmation is the reveal; who was wrong is locked out."""
    chat = begun(mode="race")
    chat.take()
    chat.says("小红", "A")
    chat.says("小红", "B")
    chat.passes("3s")
    chat.says("小刚", "B")
    chat.says("小明", "B")
    chat.passes("0s")
    assert chat.bot() == [
        "⏰ 答案:B. 夏至\n💡 白昼最长。\n🏁 小刚 抢到了,+100\n领先:小刚 100、小红 0、小明 0",
        "🏆 答题结束(1 题,3 人参加)\n1. 小刚 100 分(对 1 题)\n2. 小红 0 分(对 0 题)\n2. 小明 0 分(对 0 题)",
    ]


def test_four_silent_questions_end_the_session() -> None:
    """Nobody is there: the bot stops by itself instead of talking to an empty room."""
    chat = begun(*(SPRING.model_copy(update={"id": f"q{n}"}) for n in range(6)))
    chat.passes("10m")
    said = chat.bot()
    assert sum(line.startswith("第 ") for line in said) == 4
    assert said[-1] == "大家好像在忙,这场先到这里。\n答题结束,下次一起来玩 👋"


def test_after_a_restart_the_open_question_is_void_and_scores_stay() -> None:
    """The timer fires long after it was due: the bot was down, nobody loses by it."""
    chat = begun(SPRING, MOON, SPRING.model_copy(update={"id": "q9"}))
    live = chat.states["测试/quiz"].session.live.question
    chat.says("小明", "B" if live.type == "single" else "错")
    chat.passes("27s")
    chat.take()
    due, data = chat.timers.pop(("测试/quiz", "reveal"))
    chat.now = due + timedelta(minutes=5)
    chat.fires("quiz", "reveal", due, data)
    assert chat.bot() == ["刚才我掉线了一会儿,第 2 题不算,大家的得分都在,马上下一题。"]
    chat.passes("5s")
    assert chat.bot()[0].startswith("第 3/3 题")
    chat.passes("1m")
    assert chat.points("小明") == 100


def test_a_question_that_could_not_be_sent_is_void() -> None:
    """The network refused it: said so, and the next one comes."""
    chat = stage(SPRING, MOON)
    chat.start()
    play = chat.plan.plays["测试/quiz"]
    chat.says("老陈", "开始答题")
    chat.passes("5s")
    session = chat.states["测试/quiz"].session
    asked = session.model_copy(update={"live": session.live.model_copy(update={"phase": "asked"})})
    chat.states["测试/quiz"] = State(session=asked)
    chat.take()
    event = EffectSettled(
        id="x", account=ACCOUNT, chat=CHAT, at=chat.now, play=play.ref, key=f"q|{session.id}|0", outcome="failed"
    )
    chat.happens(event)
    assert chat.bot() == ["第 1 题没能发出来,不算,马上下一题。"]
    chat.passes("5s")
    assert chat.bot()[0].startswith("第 2/2 题")


def test_operators_steer_the_session() -> None:
    """跳过, 暂停, 继续, 下一题, 结束答题; members can't."""
    chat = begun(*(SPRING.model_copy(update={"id": f"q{n}"}) for n in range(5)))
    chat.take()
    chat.says("小明", "跳过")
    assert chat.bot() == []
    chat.says("小明", "B")
    chat.says("老陈", "跳过")
    assert chat.bot() == ["第 1 题跳过,不算分。"]
    chat.passes("5s")
    chat.says("老陈", "暂停答题")
    assert chat.bot()[-1] == "好,这题答完就暂停。发「继续答题」接着来。"
    chat.passes("10m")
    assert chat.bot()[-1] == "答题暂停,发「继续答题」接着来。"
    chat.says("老陈", "继续")
    assert chat.bot()[0].startswith("第 3/5 题")
    chat.says("小明", "B")
    chat.says("老陈", "下一题")
    (merged,) = chat.bot()
    assert merged.startswith("⏰ 答案:B. 夏至")
    assert "第 4/5 题" in merged
    chat.says("老陈", "结束答题")
    assert chat.bot() == ["这场提前结束啦。\n🏆 答题结束(2 题,1 人参加)\n1. 小明 100 分(对 1 题)"]
    chat.says("老陈", "跳过")
    assert chat.bot() == ["现在没有答题。"]


def test_a_question_can_be_voided_afterwards() -> None:
    """作废 after the end: the table is computed anew and the ledger corrected."""
    chat = begun(SPRING, SPRING.model_copy(update={"id": "q9"}))
    chat.says("小明", "B")
    chat.passes("27s")
    chat.says("小红", "B")
    chat.passes("1m")
    chat.take()
    chat.says("老陈", "作废 第1题")
    assert chat.bot() == ["第 1 题作废,已重新计分,积分也改好了。\n现在:1. 小红 100"]
    assert (chat.points("小明"), chat.points("小红")) == (0, 100)
    chat.says("老陈", "作废 1")
    assert chat.bot() == ["作废哪一题?例如「作废 1」,已经出了 2 题。"]


def test_the_ranking_tells_no_secret() -> None:
    """排行 during a question shows only what was revealed."""
    chat = begun(SPRING, SPRING.model_copy(update={"id": "q9"}))
    chat.says("小明", "B")
    chat.take()
    chat.says("小明", "答题排行")
    assert chat.bot() == ["还没有人得分,机会都在后面 😊"]
    chat.passes("27s")
    chat.take()
    chat.says("小明", "排行")
    assert chat.bot() == ["目前名次(1 题):\n1. 小明 100 分(对 1 题)\n小明 第 1 名,100 分"]


def test_private_answers_only() -> None:
    """`private: true`: an answer in the group is not counted and the member is told once."""
    chat = begun(private=True)
    chat.take()
    chat.says("小明", "B")
    chat.says("小明", "B")
    assert chat.bot() == ["小明 这场请私聊我作答,群里的答案不计哦。"]
    chat.says("小明", "B", private=True)
    chat.passes("30s")
    assert chat.points("小明") == 100


def test_the_host_does_not_score() -> None:
    """`exclude: [role:operator]`."""
    chat = begun(exclude=["role:operator"])
    chat.says("老陈", "B")
    chat.passes("30s")
    assert chat.points("老陈") == 0


@pytest.mark.parametrize(
    ("question", "right", "wrong"),
    [(MOON, "×", "对"), (MAMMALS, "鲸和蝙蝠", "ABC"), (DOZEN, "答案是十二", "10")],
)
def test_every_type_of_question(question: Question, right: str, wrong: str) -> None:
    """True or false, several, and free text."""
    chat = begun(question)
    chat.says("小明", right)
    chat.says("小红", wrong)
    chat.passes("30s")
    assert (chat.points("小明"), chat.points("小红")) == (100, 0)


def test_no_question_comes_twice_within_a_month() -> None:
    """Used questions rest; when all were used lately the bot says so."""
    chat = stage(SPRING, MOON, questions=1)
    for _ in range(2):
        chat.says("老陈", "开始答题")
        chat.passes("1m")
    asked = [line for line in chat.bot() if line.startswith("第 1/1 题")]
    assert len(set(asked)) == 2
    chat.says("老陈", "开始答题")
    assert chat.bot() == ["题库里的题最近 30 天都出过了,先补充一些新题吧。"]
    chat.until("2026-04-05 20:00")
    chat.says("老陈", "开始答题")
    assert chat.bot()[0].startswith("🎯 答题开始")


def test_the_schedule_begins_a_session_unless_one_is_running() -> None:
    """The second start is silent."""
    chat = stage(schedule={"cron": "0 20 * * tue,thu"})
    chat.fires("quiz", "start")
    chat.fires("quiz", "start")
    assert len(chat.bot()) == 1


def test_the_schedule_does_not_disturb_the_night() -> None:
    """A start in quiet hours is left out; an operator's own command is not."""
    bank = Bank(name="常识", questions=(SPRING,))
    params = {"bank": "b.yaml", "schedule": {"at": "23:30"}}
    quiet = {"quiet_hours": parse_window("23:00-07:00")}
    chat = Stage("quiz", params, now="2026-03-02 23:30", assets={"b.yaml": bank}, header=quiet).members(op="老陈")
    chat.fires("quiz", "start")
    assert chat.bot() == []
    chat.says("老陈", "开始答题")
    assert chat.bot()[0].startswith("🎯 答题开始")


def test_a_copier_is_shown_to_operators_and_keeps_the_points() -> None:
    """Following the same member within three seconds in every question is flagged, not punished."""
    chat = begun(*(SPRING.model_copy(update={"id": f"q{n}"}) for n in range(5)))
    for _ in range(5):
        chat.says("小明", "B")
        chat.passes("2s")
        chat.says("小红", "B")
        chat.passes("25s")
    assert chat.took(AskOperator) == []
    (question,) = chat.questions.values()
    assert question.key.startswith("fair-")
    assert any("小红 有 5/5 题在 3 秒内跟了 小明 的答案" in line for line in chat.take())
    assert chat.points("小红") > 0


def test_members_submit_questions() -> None:
    """投稿, an operator passes it, and it is asked under the author's name."""
    chat = stage(questions=2, submit_points=10)
    chat.says("小明", "投稿")
    assert chat.bot()[0].startswith("小明 投稿请这样写")
    sent = chat.says("小明", "投稿 长江的源头在哪个省区?\nA. 青海\nB. 四川\n答案 A\n解析 唐古拉山")
    assert chat.bot() == [
        "bot(问运营): 小明 投稿了一道题:\n长江的源头在哪个省区?\nA. 青海\nB. 四川\n答案:A\n解析:唐古拉山 [通过/不用]",
        "小明 收到投稿,审核通过后会出现在答题里,谢谢!",
    ]
    chat.decides("老陈", f"offer|{sent}", "通过")
    assert chat.bot() == ["🎉 小明 出的题通过了,+10 分,会在之后的答题里出现。"]
    chat.says("老陈", "开始答题")
    chat.passes("2m")
    assert any("· 小明 出题" in line for line in chat.bot())


def test_a_submission_is_reviewed_before_anybody_sees_it() -> None:
    """Refused with a reason it is told to its author in private and never asked; three may wait; what there is, is said."""
    chat = stage(questions=5)
    sent = chat.says("小明", "投稿 地球是圆的\n答案 对", private=True)
    assert chat.bot()[-1] == "bot(私聊 小明): 小明 收到投稿,审核通过后会出现在答题里,谢谢!"
    chat.decides("老陈", f"offer|{sent}", "不用", "太简单")
    assert chat.bot() == ["bot(私聊 小明): 小明 谢谢投稿,这道题这次先不用:太简单。欢迎再出新的!"]
    chat.says("小红", "投稿 一年中白天最长的节气？\nA. 夏至\nB. 冬至\n答案 A")
    assert chat.bot() == ["小红 这道题我们已经有啦,换一道吧。"]
    for n in range(4):
        chat.says("小刚", f"投稿 第{n}问\nA. 甲\nB. 乙\nC. 丙\n答案 AC")
    assert chat.bot()[-1] == "小刚 已经有 3 道题在等审核啦,过了再投新的吧。"
    chat.says("老陈", "开始答题")
    chat.passes("2m")
    said = "\n".join(chat.bot())
    assert "第 1/1 题" in said
    assert "地球" not in said
    assert "第0问" not in said


@pytest.mark.parametrize(
    ("typed", "kind", "answer"),
    [
        ("长江多长\n答案 6300公里", "text", ("6300公里",)),
        ("月亮会发光\n答案：错", "truefalse", ("B",)),
        ("选一个\nA、甲\nB、乙\n答案:b", "single", ("B",)),
        ("选几个\nＡ．甲\nＢ．乙\nＣ．丙\n答案 ＡＣ\n解析 因为", "multi", ("A", "C")),
        ("选一个\na)甲\nb)乙\n答案 A", "single", ("A",)),
        ("没有答案\nA. 甲\nB. 乙", None, None),
        ("答案没有选项\nA. 甲\nB. 乙\n答案 C", None, None),
        ("一个选项\nA. 甲\n答案 A", None, None),
        ("两个一样\nA. 甲\nB. 甲。\n答案 A", None, None),
        ("答案 A", None, None),
        ("", None, None),
    ],
)
def test_a_submission_as_people_type_it(typed: str, kind: str | None, answer: tuple[str, ...] | None) -> None:
    """Every type by its form; what is no question is answered with how to write one."""
    found = parse_offer(typed, "1", "小明")
    assert (found.type, found.answer, found.author) == (kind, answer, "小明") if kind and found else found is None


def test_chat_without_a_session_is_left_alone() -> None:
    """No session, no step, no word."""
    chat = stage()
    for text in ("B", "对", "哈哈", "2"):
        chat.says("小明", text)
    assert chat.bot() == []
    assert chat.slots["测试/quiz"] == {}


def test_one_message_carries_reveal_and_next_question() -> None:
    """`one_message: true` saves sends where they are counted."""
    chat = begun(SPRING, MOON, one_message=True)
    chat.take()
    chat.passes("22s")
    (merged,) = chat.bot()
    assert merged.startswith("⏰ 答案")
    assert "第 2/2 题" in merged


def test_teams_are_drawn_evenly_and_compared_per_head() -> None:
    """分队赛: four members, two teams of two, the better average leads."""
    chat = begun(teams=["红队", "蓝队"]).members("阿云")
    for name, typed in (("小明", "B"), ("小红", "A"), ("小刚", "B"), ("阿云", "C")):
        chat.says(name, typed)
    chat.passes("30s")
    teams = [chat.slots["测试/quiz"][f"a/sim:{name}"].root.team for name in ("小明", "小红", "小刚", "阿云")]
    assert sorted(teams) == ["红队", "红队", "蓝队", "蓝队"]
    rows = [line for line in chat.bot()[-1].split("\n") if line.startswith("🚩")]
    assert len(rows) == 2
    averages = {
        team: sum(100 for name, own in zip("明红刚云", teams, strict=True) if own == team and name in "明刚") / 2
        for team in set(teams)
    }
    assert rows[0].endswith(f"人均 {max(averages.values())} 分(2 人)")


def test_a_picture_goes_with_its_question() -> None:
    """A file beside the bank, by its path in the playbooks' folder."""
    question = SPRING.model_copy(update={"image": "banks/pics/sun.png"})
    chat = stage(question, bank="banks/b.yaml")
    play = chat.plan.plays["测试/quiz"]
    ctx = runner.context(play, chat.now, CHAT, runner.Facts(), chat.plan)
    ctx = replace(ctx, assets={"banks/b.yaml": Bank(questions=(question,))})
    begun_ = session.begin(State(), ctx, chat.now)
    asked = session.ask(begun_.state, replace(ctx, slots=begun_.slots))
    (said,) = [effect for effect in asked.effects if isinstance(effect, Say)]
    assert said.pictures == ("banks/pics/sun.png",)
    without = session.ask(begun_.state, replace(ctx, slots=begun_.slots, caps=frozenset()))
    assert [effect.pictures for effect in without.effects if isinstance(effect, Say)] == [()]


def test_a_picture_is_named_by_its_place_in_the_folder() -> None:
    """A bank names pictures from where it lies, in YAML and in CSV; an address stays."""
    parse = asset_parsers()["bank"]
    line = "  - {{id: {id}, type: truefalse, text: 图中是山, answer: 对, image: {image}}}\n"
    text = (
        "bank: 图\nquestions:\n"
        + line.format(id="a", image="../pics/a.png")
        + line.format(id="b", image="'https://pic.example/b.png'")
    )
    bank, _ = parse("banks/camp/b.yaml", text)
    assert [question.image for question in bank.questions] == ["banks/pics/a.png", "https://pic.example/b.png"]


def test_another_bank_is_begun_by_its_name() -> None:
    """`bank` lists several: the first unless an operator names one; points follow the bank that is played."""
    banks = {
        "a.yaml": Bank(name="常识", questions=(SPRING,)),
        "b.yaml": Bank(name="天文", questions=(MOON,), points=200, limit_s=30),
    }
    chat = Stage("quiz", {"bank": ["a.yaml", "b.yaml"], "questions": 1}, now="2026-03-02 20:00", assets=banks)
    chat.members("小明", op="老陈")
    chat.says("老陈", "开始答题 天文")
    chat.passes("5s")
    assert "月球" in chat.bot()[-1]
    chat.says("小明", "错")
    chat.passes("40s")
    chat.bot()
    assert chat.points("小明") == 200
    chat.says("老陈", "开始答题")
    chat.passes("5s")
    assert "节气" in chat.bot()[-1]


def test_an_id_is_unique_within_its_bank_only() -> None:
    """Two banks both have a q1: each rests and is counted for itself."""
    banks = {
        "a.yaml": Bank(name="常识", questions=(SPRING,)),
        "b.yaml": Bank(name="天文", questions=(MOON.model_copy(update={"id": "q1"}),)),
    }
    chat = Stage("quiz", {"bank": ["a.yaml", "b.yaml"], "questions": 1}, now="2026-03-02 20:00", assets=banks)
    chat.members("小明", *(f"人{n}" for n in range(5)), op="老陈")
    for bank, typed in (("常识", "B"), ("天文", "对")):
        chat.says("老陈", f"开始答题 {bank}")
        chat.passes("5s")
        for n in range(5):
            chat.says(f"人{n}", typed)
        chat.passes("40s")
    chat.bot()
    chat.says("老陈", "题目统计 q1", private=True)
    (said,) = chat.bot()
    assert "📊 天文 q1 月球自己会发光。" in said
    assert "📊 常识 q1 一年中白天最长的节气?" in said
    assert [part.split("答对 ")[1].split("%")[0] for part in said.split("📊")[1:]] == ["0", "100"]


def test_a_muted_member_does_not_score() -> None:
    """Whoever may not talk in the group does not answer in private either; when the mute is over or lifted, they do."""
    chat = begun(SPRING, MOON, private=True, attempts=2, no_repeat="0s")
    for name, for_s in (("小明", 600), ("小红", 2), ("小刚", 600), ("小刚", 0), ("", -1)):
        chat.happens(
            MemberMuted(
                id=f"mute-{name}-{for_s}", account=ACCOUNT, chat=CHAT, at=chat.now, for_s=for_s,
                member=f"sim:{name}" if name else "",
            )
        )  # fmt: skip
    chat.passes("3s")
    for name in ("小明", "小红", "小刚"):
        chat.says(name, "B", private=True)
    chat.passes("30s")
    told = "\n".join(chat.bot())
    assert "小红 +" in told
    assert "小刚 +" in told
    assert "小明" not in told


def test_operators_see_how_hard_the_questions_are() -> None:
    """Exposure, the share of right answers, discrimination, and what looks wrong; not in the group."""
    chat = stage(SPRING, MOON, time_limit="20s", no_repeat="0s")
    chat.members(*(f"人{n}" for n in range(9)))
    chat.says("老陈", "开始答题")
    chat.passes("5s")
    for _ in range(2):
        asked = chat.bot()[-1]
        for n in range(9):
            right = "B" if "节气" in asked else "错"
            chat.says(f"人{n}", right if n < 4 and "节气" in asked else "A" if "节气" in asked else right)
        chat.passes("28s")
    chat.bot()
    chat.says("老陈", "题目统计")
    answers = chat.bot()
    assert answers[-1] == "题目统计已经私信发给运营啦。"
    assert "共 2 题,出过 2 题" in answers[0]
    assert "q1 一年中白天最长的节气?:答对 44%(9 人次,1 次,区分度 1.00)" in answers[0]
    assert "q2:几乎人人都对" in answers[0]
    chat.says("老陈", "题目统计 q1")
    assert "区分度 1.00" in chat.bot()[0]
    chat.says("人1", "题目统计")
    assert chat.bot() == []
