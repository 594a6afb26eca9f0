"""Chats in the handbook: scenarios beside it, played on the live engine in virtual time."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from bot.playbook.wording import Lang
from bot.sim.plans import ZONE, stage
from bot.sim.scenario import load
from bot.sim.tryout import opened, run

CHATS = Path(__file__).parents[1] / "handbook" / "chats"


def chat(lang: Lang, name: str) -> str:
    """What was said, as a block of text."""
    return f"```text\n{played(name)}\n```"


@cache
def played(name: str) -> str:
    """The transcript of `docs/handbook/chats/<name>.yaml`."""
    path = CHATS / f"{name}.yaml"
    scenario, lines = load(path)
    staged = stage([path.parent / scenario.playbook], scenario.group, scenario.begins(ZONE), scenario.plays)
    with opened(staged, scenario) as simulation:
        run(simulation, lines, scenario.days)
        return "\n".join(line.rstrip() for line in simulation.transcript.lines())


def playbook_of(lang: Lang, name: str, play: str = "") -> str:
    """The playbook that the chat `name` plays, as it stands in its file; only one of its plays if named."""
    scenario, _ = load(CHATS / f"{name}.yaml")
    text = (CHATS / scenario.playbook).read_text("utf-8")
    if play:
        found = re.search(rf"^  {re.escape(play)}:.*?(?=^  \S|^\S|\Z)", text, re.M | re.S)
        if found is None:
            raise KeyError(play)
        text = "plays:\n" + re.sub(r"\n(?:\s*#[^\n]*\n?|\s*\n)+\Z", "\n", found[0])
    return f"```yaml\n{text.rstrip()}\n```"
