"""What rules did and what people made of it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.console.ports.moderation import (
    Mode,
    PlayRow,
    Rate,
    RuleRow,
)
from bot.core.intervals import wilson
from bot.plays.rules.modes import reach
from bot.plays.rules.rule import MODES, Rule
from bot.usecases.moderation.runs import Run


@dataclass(slots=True)
class Tally:
    """What one rule did and what people made of it."""

    acted: int = 0
    observed: int = 0
    upheld: int = 0
    undone: int = 0

    def add(self, other: Tally) -> None:
        self.acted += other.acted
        self.observed += other.observed
        self.upheld += other.upheld
        self.undone += other.undone


Tallies = Mapping[tuple[int, str], Tally]
"""(run, rule) → what it did."""


def counted(rows: Sequence[Any]) -> dict[tuple[int, str], Tally]:
    """By run and rule, each verdict once and what was made of it under its own rule."""
    of: dict[tuple[int, str], str] = {}
    found: defaultdict[tuple[int, str], Tally] = defaultdict(Tally)
    judged: dict[tuple[int, str], str] = {}
    for row in rows:
        if row.what != "verdict":
            judged.setdefault((row.run_id, row.key), row.what)
            if row.what == "undone":
                judged[(row.run_id, row.key)] = "undone"
            continue
        data = json.loads(row.data)
        rule = str(data.get("rule", ""))
        of[(row.run_id, row.key)] = rule
        tally = found[(row.run_id, rule)]
        tally.observed += data.get("mode") == "shadow"
        tally.acted += data.get("mode") != "shadow"
    for (run, key), what in judged.items():
        rule_of = of.get((run, key))
        if rule_of is not None:
            found[(run, rule_of)].undone += what == "undone"
            found[(run, rule_of)].upheld += what == "upheld"
    return dict(found)


def rule_row(rule: str, runs: Sequence[Run], tallies: Mapping[tuple[int, str], Tally], now: datetime) -> RuleRow:
    total = Tally()
    modes: set[Mode] = set()
    first: Rule | None = None
    for run in runs:
        assert run.params is not None
        total.add(tallies.get((run.row.id, rule), Tally()))
        written = run.params.book.by_id.get(rule)
        if written is not None:
            first = first or written
            modes.add(reach(written, run.params, run.day(now), run.watched))
    assert first is not None
    verdicts = total.acted + total.observed
    interval = wilson(total.undone, verdicts)
    return RuleRow(
        rule=rule, kind=first.match.kind, level=first.default_level, modes=tuple(sorted(modes, key=MODES.index)),
        acted=total.acted, observed=total.observed, upheld=total.upheld,
        undone=Rate(
            hits=total.undone, of=verdicts, share=total.undone / verdicts if verdicts else None,
            low=interval.low if interval else None, high=interval.high if interval else None,
        ),
        watched_in=tuple(run.where for run in runs if rule in run.watched),
    )  # fmt: skip


def play_row(runs: Sequence[Run], tallies: Tallies, now: datetime) -> PlayRow:
    """The numbers of one play over these groups, rule by rule."""
    first = runs[0]
    params, active = first.params, first.active
    assert params is not None
    assert active is not None
    rules = dict.fromkeys(rule.id for run in runs for rule in (run.params.rules if run.params else ()))
    return PlayRow(
        playbook=first.playbook, title=active.header.title or first.playbook, play=first.play,
        mode=params.mode_on(first.day(now)), written=params.mode, groups=tuple(run.where for run in runs),
        rules=tuple(rule_row(rule, runs, tallies, now) for rule in rules),
        paused_in=tuple(run.where for run in runs if run.is_paused),
        is_rolled_out=params.mode != params.mode_on(first.day(now)),
    )  # fmt: skip
