"""One call for what `simulate` does: playbooks, a setting or a crowd, some days → a finished simulation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from bot.engine.outbox import OFF, Limits
from bot.engine.templates import OWN
from bot.sim.deeds import Line
from bot.sim.house import House, build_world
from bot.sim.personas import Crowd, habits_of, names
from bot.sim.plans import Staged
from bot.sim.scenario import Setting
from bot.sim.simulation import Simulation
from bot.transports.simulator import World, capabilities
from storage.database import Database

_NEWCOMERS = 0.1
"""The part of a crowd that joins in the first days instead of being there."""


@contextmanager
def opened(
    staged: Staged, setting: Setting, *, templates: Path = OWN, database: Database | None = None
) -> Iterator[Simulation]:
    """A simulation of the staged group that has just begun; closed with the block."""
    chat = staged.scene.chat
    setting = setting.model_copy(update={"group": staged.scene})
    world = build_world(setting, staged.zone)
    crowd = crowd_of(world, setting, staged)
    house = House(
        world.now,
        lambda uid: staged.plan if uid == chat else None,
        caps_of=lambda account, where: capabilities(world, account, where),
        limits=Limits() if setting.limits else OFF,
        templates=templates,
        database=database,
    )
    try:
        simulation = Simulation(world, house, chat, staged.zone, crowd)
        simulation.open()
        yield simulation
    finally:
        house.close()


def crowd_of(world: World, setting: Setting, staged: Staged) -> Crowd | None:
    """The synthetic members of a setting; most are in the group already."""
    if not setting.crowd:
        return None
    chat = staged.scene.chat
    taken = [person.name for person in world.room(chat).people.values()]
    people = names(setting.crowd, taken)
    newcomers = people[len(people) - round(len(people) * _NEWCOMERS) :]
    for name in people:
        if name not in newcomers:
            world.settle(chat, f"sim:{name}", name, joined_at=world.now - timedelta(days=30))
    return Crowd(people, setting.seed, habits_of(staged.plan), newcomers)


def run(
    simulation: Simulation, lines: Sequence[Line], days: int, progress: Callable[[float], None] = lambda done: None
) -> None:
    """The script, then the rest of the days, to the last midnight."""
    start = simulation.start
    end = _midnight(start + timedelta(days=days)) if days else start
    simulation.play(lines)
    whole = max((end - start).total_seconds(), 1.0)
    while simulation.now < end:
        simulation.until(min(end, simulation.now + timedelta(hours=12)))
        progress(min(1.0, (simulation.now - start).total_seconds() / whole))
    simulation.settle()


def _midnight(local: datetime) -> datetime:
    return local.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(seconds=1)
