"""The examples of the handbook are run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.cli import build
from bot.sim.cases import load_suite, run_case, staged_for
from bot.sim.plans import ZONE, stage
from bot.sim.scenario import load
from bot.sim.tryout import opened, run

PAGE = Path(__file__).parents[2] / "docs" / "handbook" / "trying.md"
TEXT = PAGE.read_text(encoding="utf-8")
SCENARIO, SUITE = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)


@pytest.fixture
def beside(tmp_path: Path) -> Path:
    """A folder from which the page's relative paths lead to the playbooks."""
    (tmp_path / "playbooks").symlink_to(PAGE.parents[2] / "playbooks")
    folder = tmp_path / "docs" / "handbook"
    folder.mkdir(parents=True)
    return folder / "example.yaml"


def test_the_scenario_plays(beside: Path) -> None:
    """Every kind of line in it is understood; only what cannot happen is marked so."""
    beside.write_text(SCENARIO, encoding="utf-8")
    scenario, lines = load(beside)
    staged = stage([beside.parent / scenario.playbook], scenario.group, scenario.begins(ZONE))
    with opened(staged, scenario) as simulation:
        run(simulation, lines, scenario.days)
        impossible = [entry.line for entry in simulation.transcript.entries if entry.line.startswith("(没成")]
    assert len(impossible) == 2, impossible


def test_the_tests_pass(beside: Path) -> None:
    """The example of an operator's test passes."""
    beside.write_text(SUITE, encoding="utf-8")
    suite = load_suite(beside)
    staged = staged_for(suite)
    assert [run_case(suite, case, staged).problems for case in suite.cases] == [[], []]


@pytest.mark.parametrize("command", ["simulate", "chat", "test", "replay"])
def test_the_commands_exist(command: str) -> None:
    """What the page names can be called."""
    assert f"`qunops {command}" in TEXT
    assert command in {each.name for each in build().registered_commands}
