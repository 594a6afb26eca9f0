"""What holds whatever is said: nobody sheltered is punished, nothing is done twice, undoing leaves no trace."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.effects import Kick, Mute, Recall
from bot.core.events import EffectSettled, MessageReceived, OperatorDecided, UnknownReceived
from bot.core.play import ALL_CAPABILITIES
from bot.plays.rules.lists import learn, may_be_list, read
from bot.plays.rules.points import living, total
from bot.plays.rules.state import Entry
from tests.plays.rules.scene import LINKS, WORDS, case, edits, scene
from tests.stage import ACCOUNT, CHAT

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
_DECAY = timedelta(days=7)
_RULES: tuple[dict[str, Any], ...] = (
    WORDS,
    LINKS,
    {"id": "刷屏", "match": {"flood": {"messages": 3, "within": "10s"}}},
    {"id": "复读", "match": {"repeat": True}},
    {"id": "全体", "match": {"mention_all": True}},
    {"id": "太长", "match": {"length": {"characters": 30, "lines": 4}}},
)
_SAID = st.sampled_from(
    [
        "加微信",
        "刷-单",
        "早上好呀",
        "看 https://bad.com",
        "@所有人 在吗",
        "很长" * 20,
        "#接龙\n1. 甲\n2. 加微信",
        "申诉 1",
        "撤销 1",
        "维持 2",
        "放行 加微信",
        "案件",
        "规则状态",
        "恢复规则",
        "",
        "\u200b",
    ]
)
_WHO = st.sampled_from(["小明", "小红", "老陈"])
_CAPS = st.sets(st.sampled_from(sorted(ALL_CAPABILITIES))).map(frozenset)


@settings(max_examples=60)
@given(st.lists(st.tuples(_WHO, _SAID | st.text(max_size=12)), max_size=25), _CAPS, st.booleans())
def test_an_evening_of_anything(lines: list[tuple[str, str]], caps: Any, auto_kick: bool) -> None:
    """Operators are never acted on, each message is recalled at most once, a text never shows in a warning."""
    stage = scene(*_RULES, caps=caps, auto_kick=auto_kick)
    sent = [(who, stage.says(who, text)) for who, text in lines]
    for who, message in sent:
        edits(stage, who, message, "加微信 https://bad.com")
        edits(stage, who, message, "加微信 https://bad.com")
    members = [effect.member for effect in stage.took(Mute) + stage.took(Kick)]
    assert "sim:老陈" not in members
    by = {message: who for who, message in sent}
    recalled = [effect.message_id for effect in stage.took(Recall)]
    assert "老陈" not in {by[message] for message in recalled}
    for message in set(recalled):
        rules = [
            hit.rule
            for slot in stage.slots["测试/rules"].values()
            if slot.case is not None and slot.case.message_id == message
            for hit in {hit.rule: hit for hit in slot.case.hits}.values()
        ]
        assert len(rules) == len(set(rules)), "a rule acted twice on one message"
    for line in stage.bot():
        if "碰到了群规" in line:
            assert "加微信" not in line
            assert "bad.com" not in line


_ODD = st.sampled_from(
    [
        "",
        "kick",
        "kick:",
        "kick:1",
        "kick:1:sim:小明",
        "appeal:²:x",
        "brake:",
        "watched:1:无",
        "x:1:y",
        "delete:1:sim:小明",
    ]
)


@settings(max_examples=60)
@given(st.lists(st.tuples(_ODD, st.sampled_from(["踢出", "撤销", "放行", "维持", "?"]), st.booleans()), max_size=6))
def test_odd_decisions_and_outcomes_do_no_harm(odd: list[tuple[str, str, bool]]) -> None:
    """Total on keys that are not ours, on cases that are gone, on timers nobody set."""
    stage = scene(*_RULES)
    stage.says("小明", "刷-单")
    for n, (key, choice, is_outcome) in enumerate(odd):
        common: dict[str, Any] = {"account": ACCOUNT, "chat": CHAT, "at": stage.now, "play": "测试/rules"}
        if is_outcome:
            stage.happens(EffectSettled(id=f"o{n}", key=key, outcome="failed", error="不行", **common))
        else:
            stage.happens(OperatorDecided(id=f"o{n}", key=key, choice=choice, member="sim:老陈", **common))
        stage.fires("rules", key or "cleanup")
    stage.happens(MessageReceived(id="a", account=ACCOUNT, chat=CHAT, at=stage.now, message_id="a", text="加微信"))
    stage.happens(UnknownReceived(id="u", account=ACCOUNT, chat=CHAT, at=stage.now, what="?"))
    assert stage.failures == []


_ENTRIES = st.lists(
    st.builds(
        lambda number, hours, points: Entry(case=number, at=NOW + timedelta(hours=hours), points=points),
        st.integers(1, 30),
        st.integers(0, 24 * 60),
        st.integers(1, 4),
    ),
    max_size=8,
    unique_by=lambda entry: entry.case,
).map(lambda entries: tuple(sorted(entries, key=lambda entry: entry.at)))


@settings(max_examples=60)
@given(_ENTRIES, st.integers(0, 24 * 100), st.integers(0, 24 * 100))
def test_points_only_fall_while_nothing_happens(entries: tuple[Entry, ...], first: int, second: int) -> None:
    """Decay is monotone, never below zero, and reaches zero."""
    last = max((entry.at for entry in entries), default=NOW)
    early, late = sorted((last + timedelta(hours=first), last + timedelta(hours=second)))
    assert total(entries, early, _DECAY) >= total(entries, late, _DECAY) >= 0
    everything = sum(entry.points for entry in entries)
    assert total(entries, last + _DECAY * (everything + 1), _DECAY) == 0


@settings(max_examples=60)
@given(_ENTRIES, st.data())
def test_undoing_is_as_if_it_never_happened(entries: tuple[Entry, ...], data: st.DataObject) -> None:
    """The sum without a case is the sum had it never been; forgetting expired entries changes nothing."""
    undone = data.draw(st.sets(st.sampled_from([entry.case for entry in entries]))) if entries else set()
    rest = tuple(entry for entry in entries if entry.case not in undone)
    last = max((entry.at for entry in entries), default=NOW)
    for days in (0, 3, 20):
        at = last + timedelta(days=days)
        assert total(entries, at, _DECAY, undone) == total(rest, at, _DECAY)
        kept = living(entries, at, _DECAY)
        assert total(kept, at, _DECAY, undone) == total(rest, at, _DECAY)


@settings(max_examples=30)
@given(st.sampled_from(["加薇信", "刷单", "看 https://bad.com", "@所有人"]), st.integers(0, 3))
def test_an_undone_case_leaves_no_points_and_no_mute(text: str, before: int) -> None:
    """After 撤销 the next verdict starts from where the member stood before."""
    stage = scene(*_RULES)
    for _ in range(before):
        stage.says("小明", "加微信")
        stage.until(stage.now + timedelta(minutes=15))
    stage.says("小明", text)
    number = before + 1
    points = case(stage, number).points_before
    muted = bool(stage.took(Mute)[-1:] and case(stage, number).muted_until)
    stage.says("老陈", f"撤销 {number}")
    assert [effect.for_s for effect in stage.took(Mute)] == ([0] if muted else [])
    stage.says("小明", "再发一次 https://other.com")
    assert case(stage, number + 1).points_before == points


@settings(max_examples=60)
@given(st.lists(st.text(alphabet="甲乙丙 加微信", min_size=1, max_size=6), min_size=1, max_size=6))
def test_a_copied_list_has_no_line_of_the_copier(names: list[str]) -> None:
    """Once a list was seen, sending it again is nobody's own writing; adding a line is."""
    text = "#接龙 活动\n" + "\n".join(f"{n}. {name}" for n, name in enumerate(names, 1))
    assert may_be_list(text)
    first = read(text, ())
    assert first is not None
    known = learn((), first.marks)
    again = read(text, known)
    assert again is not None
    assert again.own == ""
    added = read(f"{text}\n{len(names) + 1}. 我也来参加", known)
    assert added is not None
    assert added.own == f"{len(names) + 1}. 我也来参加"
