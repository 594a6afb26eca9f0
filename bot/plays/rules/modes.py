"""How far each rule goes, and what has to be written to change that for one rule and for no other."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date

from bot.plays.rules.params import RulesParams
from bot.plays.rules.rule import MODES, Mode, Rule


def reach(rule: Rule, params: RulesParams, day: date, watched: Collection[str] = ()) -> Mode:
    """How far `rule` goes on `day`: never further than the play, nor while it is watched for false alarms."""
    if rule.id in watched:
        return "shadow"
    return min(params.mode_on(day), rule.mode or "enforce", key=MODES.index)


@dataclass(frozen=True, slots=True)
class Change:
    """Modes to write: of the play (None: as it is), and of rules by their place in the list."""

    play: Mode | None = None
    rules: dict[int, Mode] = field(default_factory=dict)

    @property
    def is_nothing(self) -> bool:
        return self.play is None and not self.rules


def change(params: RulesParams, day: date, rule: str, mode: Mode) -> Change:
    """What makes `rule` go as far as `mode` from `day` on while every other rule stays where it is; `rule` "" is the play
    itself, whose rules keep the more careful modes that they have. Raises `ValueError` where dates of a roll-out let the
    play go further than that."""
    before = params.mode_on(day)
    if not rule:
        if MODES.index(mode) < MODES.index(before) and params.mode != before:
            raise ValueError("rollout")
        return Change(play=mode if mode != before else None)
    after = max(before, mode, key=MODES.index)
    written: dict[int, Mode] = {}
    for place, each in enumerate(params.rules):
        wanted = mode if each.id == rule else reach(each, params, day)
        if min(after, each.mode or "enforce", key=MODES.index) != wanted:
            written[place] = wanted
    return Change(play=after if after != before else None, rules=written)
