"""接龙 (chain): many members edit copies of one list, the bot keeps the true one.

报名 signup, 团购 group_buy, 填表 form, 互动 interactive. Members paste lists, type `+1` or `取消`; `bot.core.jielong`
decides what that makes of the list. This package gives it slots, timers, posts, money and forms.
"""

from __future__ import annotations

from bot.core.events import (
    EffectSettled,
    MessageEdited,
    MessageRecalled,
    MessageReceived,
    OperatorOrdered,
    PlayStarted,
    TimerFired,
)
from bot.core.play import Capability, Play
from bot.plays.chain.forgetting import forget
from bot.plays.chain.hearing import hears, needs
from bot.plays.chain.params import Params, commands, schedules
from bot.plays.chain.records import Slot, State
from bot.plays.chain.run import start, step

PLAY = Play(
    kind="chain",
    version=1,
    title="接龙",
    Params=Params,
    State=State,
    Slot=Slot,
    start=start,
    step=step,
    listens=frozenset(
        {MessageReceived, MessageEdited, MessageRecalled, TimerFired, EffectSettled, OperatorOrdered, PlayStarted}
    ),
    hears=hears,
    commands=commands,
    schedules=schedules,
    needs=needs,
    forget=forget,
    # A line that was written while the bot was away is a line all the same; the list is posted once, as ever.
    late_s=86_400,
    wants_capabilities=lambda params: (
        {"fields": Capability.PRIVATE} if any(asked.private for asked in params.fields) else {}
    ),
)
