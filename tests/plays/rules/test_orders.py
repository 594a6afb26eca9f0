"""What operators order from the console: a case undone, upheld, let pass; what was paused or watched goes on. Once each."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.effects import Mute
from bot.plays.rules.modes import change, reach
from bot.plays.rules.params import RulesParams
from bot.plays.rules.rule import Mode
from bot.plays.rules.state import State
from tests.plays.rules.scene import case, scene

DAY = date(2026, 3, 2)
_MODE = st.sampled_from(["shadow", "remind", "enforce"])


def test_a_case_is_undone_without_an_appeal_once() -> None:
    """As 撤销 in the chat, but the group hears only what is for the member; the second press is refused."""
    stage = scene()
    stage.says("小明", "我们家薇信群聊得挺好")
    stage.take()
    stage.took(Mute)
    assert stage.orders("rules", "undo", "1") == ""
    assert stage.bot() == ["@小明 案件 1 是我们误会了，已撤销，禁言也解除了，违规积分退回。抱歉打扰，继续聊～"]
    assert [mute.for_s for mute in stage.took(Mute)] == [0]
    assert case(stage, 1).decided_by == "console:老陈"
    assert stage.orders("rules", "undo", "1") == "already_undone"
    assert stage.bot() == []


def test_an_open_appeal_is_closed_by_an_order() -> None:
    """Its question goes, the member is told, and only appeals count towards the bar on appealing."""
    stage = scene()
    stage.says("小明", "加微信")
    stage.says("小明", "申诉 1 误会", private=True)
    stage.take()
    assert stage.orders("rules", "uphold", "1") == ""
    assert len(stage.bot()) == 1
    state = stage.states["测试/rules"]
    assert isinstance(state, State)
    assert state.appeals["sim:小明"].upheld == 1
    assert stage.orders("rules", "uphold", "1") == "already_upheld"


def test_what_was_only_observed_is_judged_in_silence() -> None:
    """Right and wrong are noted for the rule's numbers; nobody hears of it, nobody is barred from appealing."""
    stage = scene(mode="shadow")
    for text in ("加微信", "刷单"):
        stage.says("小明", text)
    stage.take()
    assert stage.orders("rules", "uphold", "1") == ""
    assert stage.orders("rules", "undo", "2") == ""
    assert stage.bot() == []
    assert {(what, key) for _, what, key in stage.notes if what != "verdict"} == {("upheld", "1"), ("undone", "2")}
    state = stage.states["测试/rules"]
    assert isinstance(state, State)
    assert state.appeals == {}


def test_a_phrase_is_let_pass() -> None:
    """The words around the hit, or those that were written; a single sign is refused and nothing is undone."""
    stage = scene()
    stage.says("小明", "我们家薇信群聊得挺好")
    assert stage.orders("rules", "allow", "1", phrase="群") == "no_phrase"
    assert not case(stage, 1).is_undone
    assert stage.orders("rules", "allow", "1", phrase="家薇信群") == ""
    stage.take()
    stage.says("小红", "我们家薇信群聊得挺好")
    assert stage.bot() == []


@pytest.mark.parametrize(
    ("order", "about", "why"),
    [
        ("undo", "9", "no_such_case"), ("uphold", "x", "no_such_case"), ("allow", "", "no_such_case"),
        ("resume", "广告", "not_watched"), ("resume", "", "not_paused"), ("dance", "", "no_such_order"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(order: str, about: str, why: str) -> None:
    assert scene().orders("rules", order, about) == why


def test_the_brakes_come_off() -> None:
    """After too many sanctions the play only records; an order lets it act again."""
    stage = scene(brakes={"actions_per_minute": 1})
    stage.says("小明", "加微信")
    stage.says("小红", "加微信")
    assert case(stage, 2).error == "paused"
    assert stage.orders("rules", "resume") == ""
    stage.says("小刚", "加微信")
    assert case(stage, 3).done != ()


def params(mode: Mode, own: list[Mode | None]) -> RulesParams:
    rules = [{"id": f"规则{n}", "match": {"phrases": ["加微信"]}, "mode": each} for n, each in enumerate(own)]
    return RulesParams.model_validate({"mode": mode, "rules": rules})


@given(_MODE, st.lists(st.none() | _MODE, min_size=1, max_size=4), st.integers(0, 3), _MODE)
def test_one_rule_moves_and_no_other(mode: Mode, own: list[Mode | None], place: int, wanted: Mode) -> None:
    """Whatever the play and the rules say: after the change the rule goes that far, and each other as far as before."""
    before = params(mode, own)
    moved = f"规则{place % len(own)}"
    found = change(before, DAY, moved, wanted)
    after = params(found.play or mode, [found.rules.get(n, each) for n, each in enumerate(own)])
    for old, new in zip(before.rules, after.rules, strict=True):
        assert reach(new, after, DAY) == (wanted if new.id == moved else reach(old, before, DAY))
    assert found.is_nothing == all(
        reach(a, before, DAY) == reach(b, after, DAY) for a, b in zip(before.rules, after.rules, strict=True)
    )


def test_dates_of_a_roll_out_are_not_fought() -> None:
    """Where a date lets the play act, going back is for the rule, or for the date."""
    found = RulesParams.model_validate(
        {"rules": [{"id": "广告", "match": {"phrases": ["加微信"]}}], "rollout": {"enforce": "2026-03-01"}}
    )
    with pytest.raises(ValueError, match="rollout"):
        change(found, DAY, "", "shadow")
    assert change(found, DAY, "广告", "shadow").rules == {0: "shadow"}
