"""What the runs of campaigns remember: what is paused, in flight, waiting."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from bot.console.ports.calendar import Flight
from bot.plays.campaign.state import EVERYTHING, State
from bot.usecases.calendar.past import Tally
from bot.usecases.calendar.plan import Group

States = Mapping[str, Mapping[str, State]]
"""By ref, then by group."""


def states_of(rows: Iterable[Any]) -> dict[str, dict[str, State]]:
    """Rows of (chat, ref, state). A state of another version of this program is left out: the run's next step mends it."""
    found: dict[str, dict[str, State]] = {}
    for row in rows:
        try:
            found.setdefault(row.ref, {})[row.chat] = State.model_validate_json(row.state)
        except ValidationError:
            continue
    return found


def is_paused(states: States, ref: str, group: str, name: str) -> bool:
    state = states.get(ref, {}).get(group)
    return state is not None and (EVERYTHING in state.paused or name in state.paused)


def paused_plays(states: States) -> tuple[str, ...]:
    return tuple(
        sorted(ref for ref, runs in states.items() if any(EVERYTHING in each.paused for each in runs.values()))
    )


def add_waiting(tallies: dict[tuple[str, str], Tally], states: States) -> None:
    for ref, runs in states.items():
        for state in runs.values():
            for waiting in state.queue:
                tallies.setdefault((ref, waiting.occurrence), Tally()).waiting += 1


def flights_of(states: States, groups: Sequence[Group]) -> Iterator[Flight]:
    """What is going out in these groups at this moment, then what waits."""
    names = {each.uid: each.name or each.uid for each in groups}
    waiting: list[Flight] = []
    for ref, runs in states.items():
        playbook, _, play = ref.partition("/")
        for group, state in runs.items():
            if group not in names:
                continue
            common: dict[str, Any] = {"playbook": playbook, "play": play, "group": group, "group_name": names[group]}
            if (now := state.flight) is not None:
                yield Flight(
                    name=now.name, sent=now.next, parts=now.parts, is_held=now.held_at is not None, is_waiting=False,
                    **common,
                )  # fmt: skip
            waiting += [
                Flight(name=each.name, sent=0, parts=0, is_held=False, is_waiting=True, **common)
                for each in state.queue
            ]
    yield from waiting
