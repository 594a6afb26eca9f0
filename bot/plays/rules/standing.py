"""Where a member and a rule stand: who is sheltered, how far a rule goes, what the network can do now."""

from __future__ import annotations

from datetime import datetime

from bot.core.audience import includes
from bot.core.effects import AskOperator, Effect, Template
from bot.core.play import Capability, Context
from bot.plays.rules.modes import reach
from bot.plays.rules.params import RulesParams
from bot.plays.rules.rule import Mode, Rule
from bot.plays.rules.state import State

RESUME_CHOICES = ("恢复执行", "先不恢复")


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


def notice(state: State, at: datetime, ctx: Context[RulesParams]) -> tuple[State, list[Effect]]:
    """The rules changed. One that was added where rules act already observes until an operator lets it act, unless it
    says `mode: enforce` of itself: nobody is punished by a rule that nobody has seen at work."""
    book = ctx.params.book
    is_acting = bool(state.known) and ctx.params.mode_on(ctx.day(at)) != "shadow"
    added = [rule for rule in ctx.params.rules if rule.id not in state.known and rule.mode is None and is_acting]
    watched = tuple(name for name in state.watched if name in book.by_id)
    watched = tuple(dict.fromkeys((*watched, *(rule.id for rule in added))))
    effects: list[Effect] = [
        AskOperator(
            key=f"watched:new@{at.timestamp():.0f}:{rule.id}",
            words=Template("rules/new_rule", {"rule": rule.id}),
            choices=RESUME_CHOICES,
        )
        for rule in added
    ]
    return state.model_copy(update={"known": book.ids, "watched": watched}), effects


def mode_of(rule: Rule, state: State, ctx: Context[RulesParams], at: datetime) -> Mode:
    """How far `rule` goes: never further than the play, nor while it is watched for false alarms."""
    return reach(rule, ctx.params, ctx.day(at), state.watched)


def capabilities(state: State, ctx: Context[RulesParams]) -> frozenset[Capability]:
    """What the network can do, without what it refused within the hour."""
    if not state.refused:
        return ctx.caps
    return frozenset(cap for cap in ctx.caps if not (cap in state.refused and state.refused[cap] > ctx.now))
