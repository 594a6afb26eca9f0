"""Where a member and a rule stand: who is sheltered, how far a rule goes, what the network can do now."""

from __future__ import annotations

from datetime import datetime

from bot.core.audience import includes
from bot.core.play import Capability, Context
from bot.plays.rules.params import RulesParams
from bot.plays.rules.rule import MODES, Mode, Rule
from bot.plays.rules.state import State


def shelter(ctx: Context[RulesParams], role: str = "member") -> str:
    """Why the bot never acts on this member, "" when it may."""
    member = ctx.member
    if role in ("owner", "admin"):
        return role
    if member is None:
        return ""
    if member.is_operator:
        return "operator"
    if member.is_bot or member.uid == ctx.account:
        return "bot"
    if member.role != "member":
        return member.role
    return "exempt" if includes(ctx.params.exempt, member, ctx.now) else ""


def mode_of(rule: Rule, state: State, ctx: Context[RulesParams], at: datetime) -> Mode:
    """How far `rule` goes: never further than the play, nor while it is watched for false alarms."""
    if rule.id in state.watched:
        return "shadow"
    return min(ctx.params.mode_on(ctx.day(at)), rule.mode or "enforce", key=MODES.index)


def capabilities(state: State, ctx: Context[RulesParams]) -> frozenset[Capability]:
    """What the network can do, without what it refused within the hour."""
    if not state.refused:
        return ctx.caps
    return frozenset(cap for cap in ctx.caps if not (cap in state.refused and state.refused[cap] > ctx.now))
