"""Scenario files give the transcript that stands beside them, the same every time.

Set QUNOPS_GOLDEN=1 to write the transcripts anew; then read them.
"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.errors import OperatorMistake
from bot.sim.plans import ZONE, stage
from bot.sim.report import Report, report_of
from bot.sim.scenario import Scene, Setting, load
from bot.sim.tryout import opened, run

FOLDER = Path(__file__).parents[1] / "scenarios"
CAMP = FOLDER / "playbooks" / "camp.yaml"


def played(path: Path) -> str:
    scenario, lines = load(path)
    staged = stage([path.parent / scenario.playbook], scenario.group, scenario.begins(ZONE), scenario.plays)
    with opened(staged, scenario) as simulation:
        run(simulation, lines, scenario.days)
        return simulation.transcript.text() + "\n"


def crowd(seed: str, days: int = 5) -> tuple[str, Report]:
    setting = Setting(crowd=30, seed=seed, start="2026-03-02 00:00")
    staged = stage([CAMP], setting.group, setting.begins(ZONE))
    with opened(staged, setting) as simulation:
        run(simulation, [], days)
        return simulation.transcript.digest(), report_of(simulation, staged.plan)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_golden_transcript(path: Path) -> None:
    """The chat is what the file beside the scenario says."""
    golden = path.with_suffix(".txt")
    text = played(path)
    if os.environ.get("QUNOPS_GOLDEN"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


def test_same_seed_same_transcript() -> None:
    """A crowd's days repeat exactly under one seed and differ under another."""
    first, report = crowd("甲")
    again, _ = crowd("甲")
    other, _ = crowd("乙")
    assert first == again != other
    assert report.failures == []
    assert report.never_fired == []
    assert report.days == 5
    assert report.sent == sum(report.sent_by_play.values()) > 50
    assert report.busiest[1] <= report.quota


def test_a_play_that_never_fires_is_named() -> None:
    """Nobody joins, so the greeting never comes; the account says so, and that nothing was sent."""
    setting = Setting()
    staged = stage([CAMP], setting.group, setting.begins(ZONE))
    with opened(staged, setting) as simulation:
        simulation.until(simulation.now + timedelta(days=1))
        report = report_of(simulation, staged.plan)
    assert report.never_fired == ["欢迎", "打卡"]
    assert report.sent == 0
    assert "从没动过" in report.text()


def test_a_scene_takes_the_playbooks_tag() -> None:
    """A group that no file declares gets the tag that the playbook asks for."""
    staged = stage([CAMP], Scene(name="随便"), Setting().begins(ZONE))
    assert staged.scene.tags == ("共读营",)
    assert [active.name for active in staged.plan.plays.values()] == ["欢迎", "打卡"]


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("scenario: a\nscript: |\n  07:31 小明: 早\n  07:32 小明 跳舞\n", "4", "不懂这一行"),
        ("scenario: a\nmembrs: [小明]\n", "", "membrs"),
        ("scenario: [", "1", ""),
        ("scenario: a\nmembers: 小明\n", "", "members"),
    ],
)
def test_mistakes_in_a_scenario_have_a_place(tmp_path: Path, text: str, place: str, message: str) -> None:
    """What can't be played names file and line."""
    path = tmp_path / "a.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(OperatorMistake) as mistake:
        load(path)
    assert mistake.value.place.startswith(f"{path}:{place}" if place else str(path))
    assert message in mistake.value.message


def test_a_member_who_is_not_there(tmp_path: Path) -> None:
    """Speaking without being in the group is a mistake with a hint, not a silent line."""
    path = tmp_path / "a.yaml"
    path.write_text(f"scenario: a\nplaybook: {CAMP}\nscript: |\n  小杰: 早\n", encoding="utf-8")
    with pytest.raises(OperatorMistake, match="没有「小杰」") as mistake:
        played(path)
    assert "进群" in mistake.value.hint
