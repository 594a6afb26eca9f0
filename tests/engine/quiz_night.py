"""A quiz in a simulated group on a real database, opened and left as often as a test wants: leaving it is a bot that goes down."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from bot.sim.plans import ZONE, stage
from bot.sim.scenario import Guest, Scene, Setting
from bot.sim.simulation import Simulation
from bot.sim.tryout import opened
from storage.database import Database


@contextmanager
def night(database_url: str, folder: Path, start: str, *, playbook: str, questions: int) -> Iterator[Simulation]:
    """The group from `start` on. The bank has so many questions, and A is right in each."""
    bank = "bank: 常识\nquestions:\n" + "".join(
        f"  - {{id: q{n}, text: 第{n}道选甲, options: [甲, 乙], answer: A, explanation: 是甲}}\n"
        for n in range(questions)
    )
    (folder / "bank.yaml").write_text(bank, "utf-8")
    (folder / "night.yaml").write_text(playbook, "utf-8")
    setting = Setting(
        group=Scene(name="答题夜"), start=start, limits=False, operators=("老陈",),
        members=(Guest(name="老陈", role="owner"), Guest(name="小明"), Guest(name="小红")),
    )  # fmt: skip
    staged = stage([folder / "night.yaml"], setting.group, setting.begins(ZONE))
    with opened(staged, setting, database=Database(database_url)) as simulation:
        yield simulation


def passes(simulation: Simulation, seconds: float) -> list[str]:
    """What the bot says while so much time goes by."""
    heard = len(simulation.transcript.entries)
    simulation.until(simulation.now + timedelta(seconds=seconds))
    return [entry.line for entry in simulation.transcript.entries[heard:] if entry.who == "bot"]
