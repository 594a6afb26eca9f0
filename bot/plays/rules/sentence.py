"""What follows from a verdict: the level's own measures, those of the ladder, and what stands in for the missing."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, field
from typing import Literal

from bot.core.play import Capability
from bot.plays.rules.params import RulesParams

KickBy = Literal["no", "ask", "now"]


@dataclass(frozen=True, slots=True)
class Sentence:
    """`wanted` by rule and ladder, `done` with what the network can do, `replaced`: what → by what.

    `points` come on top, for a measure that could not be taken.
    """

    wanted: tuple[str, ...]
    done: tuple[str, ...]
    replaced: dict[str, str] = field(default_factory=dict)
    mute_s: int = 0
    kick: KickBy = "no"
    points: int = 0

    @property
    def asks_recall(self) -> bool:
        return "delete" in self.replaced


def sentence(params: RulesParams, level: int, points: int, caps: Set[Capability]) -> Sentence:
    """The measures for a verdict of `level` that brings the member to `points`."""
    mute_s = int(params.mute.total_seconds()) if level >= 3 else 0
    for rung in params.ladder:
        if rung.do == "mute" and points >= rung.at:
            mute_s = max(mute_s, rung.mute_s)
    top = params.rung(points)
    wants_kick = top is not None and top.do == "kick"
    wanted = ["warn"]
    wanted += ["delete"] if level >= 2 else []
    wanted += ["mute"] if mute_s else []
    wanted += ["kick"] if wants_kick else []
    done, replaced, extra = ["warn"], {}, 0
    if level >= 2:
        if Capability.RECALL_OTHERS in caps:
            done.append("delete")
        else:
            replaced["delete"] = "ask_recall"
    if mute_s:
        if Capability.MUTE in caps:
            done.append("mute")
        else:
            replaced["mute"], mute_s, extra = "warn", 0, 1
    kick: KickBy = "no"
    if wants_kick and top is not None:
        kick = "now" if params.auto_kick or top.confirm == "none" else "ask"
        if Capability.KICK not in caps:
            replaced["kick"], kick = "ask_operator", "ask"
        done.append("kick" if kick == "now" else "ask_kick")
    return Sentence(tuple(wanted), tuple(done), replaced, mute_s, kick, extra)
