"""The simulated network: a world of groups and people under a clock that is set from outside.

`World` is synchronous and deterministic: people act by its methods and make events; `perform` takes what the bot sends
and refuses what the real networks refuse. `SimulatorTransport` is the same world as the engine sees any network.
"""

from bot.transports.simulator.action import perform
from bot.transports.simulator.group import Impossible, Person, Request, Room, Said
from bot.transports.simulator.profile import PROFILES, QQ, WECHAT, Profile
from bot.transports.simulator.transport import SimulatorTransport, capabilities, group_of, members_of
from bot.transports.simulator.world import BOT, BOT_NAME, World, private_chat

__all__ = [
    "BOT",
    "BOT_NAME",
    "PROFILES",
    "QQ",
    "WECHAT",
    "Impossible",
    "Person",
    "Profile",
    "Request",
    "Room",
    "Said",
    "SimulatorTransport",
    "World",
    "capabilities",
    "group_of",
    "members_of",
    "perform",
    "private_chat",
]
