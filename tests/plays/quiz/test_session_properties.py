"""Any evening of 答题: what the session paid is what a replay of its own record computes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.plays.quiz.bank import Bank, Question
from bot.plays.quiz.record import played, sheets
from bot.plays.quiz.replay import replay
from tests.stage import Stage

NAMES = ("小明", "小红", "小刚")
QUESTIONS = (
    Question(id="q1", type="single", text="甲?", options=("春", "夏", "秋"), answer=("B",)),
    Question(id="q2", type="truefalse", text="乙", answer=("B",)),
    Question(id="q3", type="multi", text="丙?", options=("鲸", "鲨", "蝠"), answer=("A", "C"), points=60),
    Question(id="q4", type="text", text="丁?", answer=("12", "十二"), limit_s=10),
    Question(id="q5", type="single", text="戊?", options=("一", "二"), answer=("A",)),
)
TYPED = ("A", "B", "选b吧", "AC", "错", "对", "十二", "12", "夏", "鲸和蝠", "哈哈哈", "B?", "2", "排行")
COMMANDS = ("跳过", "下一题", "暂停答题", "继续答题", "作废", "作废 1", "结束答题", "开始答题", "答题排行")

act = st.one_of(
    st.tuples(st.just("says"), st.sampled_from(NAMES), st.sampled_from(TYPED)),
    st.tuples(st.just("says"), st.sampled_from(NAMES), st.sampled_from(TYPED)),
    st.tuples(st.just("waits"), st.integers(1, 30), st.just("")),
    st.tuples(st.just("late"), st.sampled_from(NAMES), st.sampled_from(TYPED)),
    st.tuples(st.just("operator"), st.just("老陈"), st.sampled_from(COMMANDS)),
)


@settings(max_examples=60)
@given(script=st.lists(act, max_size=40), mode=st.sampled_from(("all", "race")), attempts=st.integers(1, 2))
def test_a_session_pays_what_its_record_says(script: list[tuple[Any, ...]], mode: str, attempts: int) -> None:
    """Whatever is typed and steered, the ledger and the replay of the record agree, and nobody is paid twice."""
    params = {"bank": "b", "questions": 5, "time_limit": "20s", "mode": mode, "attempts": attempts}
    bank = Bank(name="常识", questions=QUESTIONS)
    chat = Stage("quiz", params, now="2026-03-02 20:00", assets={"b": bank}).members(*NAMES, op="老陈")
    chat.says("老陈", "开始答题")
    chat.passes("5s")
    for kind, who, what in script:
        match kind:
            case "waits":
                chat.passes(timedelta(seconds=who))
            case "late":
                at = (chat.now - timedelta(seconds=4)).astimezone(chat.zone)
                chat.says(who, what, at=f"{at:%Y-%m-%d %H:%M:%S}")
            case _:
                chat.says(who, what)
    chat.says("老陈", "继续答题")
    chat.passes("10m")
    session = chat.states["测试/quiz"].session
    assert session.is_over
    slots = chat.slots["测试/quiz"]
    config = {"limit": 20, "mode": mode, "attempts": attempts}
    ranking = replay(config, _record(slots, session))["ranking"]
    for name in NAMES:
        points = next((row[2] for row in ranking if row[1] == f"sim:{name}"), 0)
        paid = sum(a.points for a in chat.ledger.values() if a.member == f"sim:{name}" and session.id in a.key)
        assert paid == points


def _record(slots: dict[str, Any], session: Any) -> list[dict[str, Any]]:
    """The session in the replay format, from what the slots kept."""
    questions = played(slots, session.total)
    messages: dict[int, list[tuple[int, list[Any]]]] = {}
    for uid, sheet in sheets(slots, session.id):
        for given_ in sheet.answers:
            asked_at = questions[given_.index].asked_at
            after = (given_.at - asked_at).total_seconds() if asked_at else 0
            # What came after the reveal is late whatever its stamp.
            row = [uid, 10_000 if given_.is_late else after, given_.text]
            messages.setdefault(given_.index, []).append((given_.seq, row))
    return [
        {
            "type": one.question.type,
            "options": list(one.question.options),
            "answer": list(one.question.answer),
            "points": one.question.points,
            "limit": one.limit_s,
            "void": one.is_void or not one.is_closed,
            "messages": [row for _, row in sorted(messages.get(index, []), key=lambda pair: pair[0])],
        }
        for index, one in enumerate(questions)
    ]
