"""The live engine in a small house of its own: a database in memory, the plan of one simulated group, the real limits.

It writes no traces: nobody asks a simulation why, and they cost a tenth of its time.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.core.play import ALL_CAPABILITIES, Capability
from bot.engine.kernel import Kernel
from bot.engine.outbox import OFF, Limits
from bot.engine.render import Renderer
from bot.engine.templates import OWN
from bot.playbook.model import GroupPlan
from bot.playbook.versions import dump_play
from bot.sim.scenario import Guest, Setting
from bot.transports.simulator import PROFILES, World
from storage.database import Database
from storage.tables import metadata

CAST = (Guest(name="小明"), Guest(name="小红"), Guest(name="小刚"))
"""Who is there when nobody was named."""
HOST = Guest(name="老陈", role="owner")


def build_world(setting: Setting, zone: ZoneInfo) -> World:
    """The group as the setting describes it; operators get rights there, the first of them owns it."""
    scene = setting.group
    world = World(setting.begins(zone), profile=PROFILES[scene.network], zone=zone)
    world.found(scene.chat, scene.name, bot_role=scene.bot)
    guests = list(setting.members or (CAST if not setting.crowd else ()))
    known = {guest.name for guest in guests}
    guests += [Guest(name=name, role="admin") for name in setting.operators if name not in known]
    if scene.bot != "owner" and not any(guest.role == "owner" for guest in guests):
        named = next((place for place, guest in enumerate(guests) if guest.name in setting.operators), None)
        if named is None:
            guests.append(HOST)
        else:
            guests[named] = guests[named].model_copy(update={"role": "owner"})
    for guest in guests:
        role = "admin" if guest.role == "member" and guest.name in setting.operators else guest.role
        world.settle(scene.chat, f"sim:{guest.name}", guest.name, role=role, joined_at=world.now - timedelta(days=30))
        if guest.friend:
            world.befriend(f"sim:{guest.name}")
    return world


class House:
    """The kernel on a database of its own, in memory unless an empty one is given. `close` when done."""

    def __init__(
        self,
        now: datetime,
        plan_for: Callable[[str], GroupPlan | None],
        *,
        caps_of: Callable[[str, str], frozenset[Capability]] = lambda account, chat: ALL_CAPABILITIES,
        limits: Limits = OFF,
        templates: Path = OWN,
        database: Database | None = None,
    ) -> None:
        self.limits = limits
        self.database = database or Database("sqlite://")
        metadata.create_all(self.database.engine)
        self.connection = self.database.engine.connect()
        self.kernel = Kernel(
            self.connection,
            plan_for=plan_for,
            renderer=Renderer(templates),
            limits=limits,
            caps_of=caps_of,
            dump=dump_play,
            trace=False,
        )
        self.kernel.open(now)

    def close(self) -> None:
        self.connection.close()
        self.database.close()
