"""What became of posts, purely: from counted notes and firings to a word per group."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from bot.console.ports.calendar import Fate

_WORST = (
    "unknown",
    "failed",
    "partly",
    "stopped",
    "recalled",
    "missed",
    "skipped",
    "flying",
    "waiting",
    "late",
    "sent",
)


@dataclass(slots=True)
class Tally:
    """One post at one time, over groups: how many of them met which fate, and why it was skipped."""

    at_ms: int = 0
    begun: int = 0
    done: int = 0
    partly: int = 0
    stopped: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    late: int = 0
    fired: int = 0
    missed: int = 0
    failed: set[int] = field(default_factory=set)
    unknown: set[int] = field(default_factory=set)
    recalled: set[int] = field(default_factory=set)
    waiting: int = 0

    def fates(self, *, is_post: bool) -> dict[Fate, int]:
        """Groups by fate, none of them 0. Who failed or was taken back had been sent: it counts as that no more."""
        spoilt = len(self.failed | self.unknown | self.recalled)
        good = max(0, self.done - spoilt) if is_post else self.fired
        late = min(self.late, good) if is_post else self.late
        ended = self.done + self.partly + self.stopped
        found: dict[Fate, int] = {
            "sent": good - late if is_post else good, "late": late, "partly": self.partly, "stopped": self.stopped,
            "recalled": len(self.recalled - self.failed - self.unknown), "failed": len(self.failed),
            "unknown": len(self.unknown - self.failed), "skipped": self.skipped.total(), "missed": self.missed,
            "flying": max(0, self.begun - ended), "waiting": self.waiting,
        }  # fmt: skip
        return {fate: n for fate, n in found.items() if n > 0}


def worst(fates: Iterable[Fate]) -> Fate | None:
    """The one to show first."""
    return min(fates, key=_WORST.index, default=None)


def tallies(endings: Iterable[Any], troubles: Iterable[Any]) -> dict[tuple[str, str], Tally]:
    """(ref, occurrence) → what became of it. Rows as `storage.calendar` gives them."""
    found: dict[tuple[str, str], Tally] = defaultdict(Tally)
    for row in endings:
        tally, data = found[row.ref, row.key], orjson.loads(row.data)
        tally.at_ms = min(tally.at_ms or row.at, row.at)
        if row.what == "post":
            tally.begun += row.n
        elif row.what == "post_skipped":
            tally.skipped[str(data.get("reason", ""))] += row.n
        elif data.get("outcome") == "done":
            tally.done += row.n
        elif data.get("sent"):
            tally.partly += row.n
        else:
            tally.stopped += row.n
    for row in troubles:
        occurrence = row.key.partition("#")[0]
        if (row.ref, occurrence) in found:
            spoil(found[row.ref, occurrence], row)
    return dict(found)


def spoil(tally: Tally, row: Any) -> None:
    """A message that failed, of which nobody knows, or that was taken back."""
    if row.what == "post_recalled":
        tally.recalled.add(row.chat_id)
    elif orjson.loads(row.data).get("outcome") == "unknown":
        tally.unknown.add(row.chat_id)
    else:
        tally.failed.add(row.chat_id)


def add_firings(
    found: dict[tuple[str, str], Tally], rows: Iterable[Any], key: Mapping[tuple[str, str, int], str]
) -> None:  # fmt: skip
    """What the clock did: `key` says which occurrence a firing (ref, name, at) is; others are of no play that runs."""
    for row in rows:
        if (occurrence := key.get((row.ref, row.name, row.at))) is not None:
            count_firing(found.setdefault((row.ref, occurrence), Tally(at_ms=row.at)), row.status, row.n)


def count_firing(tally: Tally, status: str, n: int) -> None:
    if status == "late":
        tally.late += n
    elif status == "skipped":
        tally.missed += n
    else:
        tally.fired += n
