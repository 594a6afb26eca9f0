"""The playbooks that we ship are what we would want an operator to copy."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from bot.engine.playbooks import PlaybookFolder
from bot.playbook.load import Loaded
from bot.plays import all_plays

ROOT = Path(__file__).parent.parent.parent
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def shipped() -> Loaded:
    return PlaybookFolder(ROOT / "playbooks", lambda: NOW).load()


def test_no_example_has_an_error() -> None:
    """`qunops check` on the shipped folder finds no error."""
    assert [f"{each.place} {each.message.zh}" for each in shipped().problems if each.is_error] == []


def test_every_play_stands_in_an_example() -> None:
    """An operator finds each kind in a file to copy; the only advice is about what WeChat can't do or needs a role."""
    loaded = shipped()
    used = {active.play.kind for each in loaded.playbooks for active in each.variant().plays}
    assert used == set(all_plays())
    (camp,) = [each for each in loaded.playbooks if each.id == "reading-camp"]
    assert {each.code for each in camp.problems} <= {"PB401", "PB402"}
    assert len(loaded.plan("sim:共读营").plays) == len(camp.variant().plays)
