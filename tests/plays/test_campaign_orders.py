"""The console's buttons over a campaign: the same acts as the typed commands, and nobody is answered in the group."""

from __future__ import annotations

from bot.core.effects import Recall
from tests.plays.test_campaign import LONG, MORNING, campaign, due, notes


def test_a_pause_and_its_end_say_nothing_in_the_group() -> None:
    """Paused posts are skipped with a note; afterwards they go out again."""
    stage = campaign(MORNING)
    stage.orders("campaign", "pause", "早安")
    due(stage, "早安")
    assert stage.bot() == []
    assert [note["reason"] for note in notes(stage, "post_skipped")] == ["paused"]
    stage.orders("campaign", "resume", "早安")
    stage.passes("1d")
    due(stage, "早安")
    assert stage.bot() == ["早安,第 2 天"]


def test_a_post_in_flight_is_held_goes_on_and_is_stopped() -> None:
    """Everything is paused by naming nothing; the parts that are left wait, then the rest is not sent."""
    stage = campaign(LONG)
    due(stage, "开营")
    stage.orders("campaign", "pause")
    stage.passes("1h")
    assert stage.bot() == ["第一条"]
    stage.orders("campaign", "resume")
    stage.passes("1s")
    stage.orders("campaign", "stop")
    stage.passes("1h")
    assert stage.bot() == ["第二条"]
    assert notes(stage, "post_end") == [{"post": "开营", "outcome": "stopped", "sent": 2, "parts": 3}]


def test_the_same_press_sends_once() -> None:
    """A key that comes again is the same order; another key is another one."""
    stage = campaign(MORNING)
    for key in ("a", "a", "b"):
        stage.orders("campaign", "send", "早安", key=key)
    assert stage.bot() == ["早安,第 1 天", "早安,第 1 天"]


def test_a_sent_post_is_taken_back() -> None:
    stage = campaign(LONG)
    due(stage, "开营")
    stage.passes("1h")
    stage.take()
    stage.orders("campaign", "recall")
    assert len(stage.took(Recall)) == 3
    stage.orders("campaign", "recall")
    assert stage.took(Recall) == []


def test_what_the_playbook_does_not_have_is_left_alone() -> None:
    """A post that was renamed since the page was drawn, an order that nobody knows: nothing happens."""
    stage = campaign(MORNING)
    before = stage.states["测试/campaign"]
    stage.orders("campaign", "send", "晚安")
    stage.orders("campaign", "send")
    stage.orders("campaign", "dance", "早安")
    assert stage.states["测试/campaign"] == before
    assert stage.bot() == []
