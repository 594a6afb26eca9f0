"""Reminders: quiet hours and closed groups ask once, kindly, and keep no case."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.core.effects import Effect, Lane, Recall, Say, Template
from bot.core.play import Capability, Context
from bot.plays.rules.detect import Finding
from bot.plays.rules.params import RulesParams
from bot.plays.rules.rule import Rule
from bot.plays.rules.said import Said
from bot.plays.rules.standing import capabilities, mode_of
from bot.plays.rules.state import Record, State


def remind(
    said: Said, findings: Sequence[Finding], state: State, record: Record, ctx: Context[RulesParams]
) -> tuple[Record, list[Effect]]:
    """One friendly word per member and night (or day); in a closed group the message goes as well."""
    effects: list[Effect] = []
    for finding in findings:
        rule = finding.rule
        mode = mode_of(rule, state, ctx, said.at)
        if mode == "shadow":
            continue
        is_closed = rule.match.mute_group is not None
        if is_closed and mode == "enforce" and Capability.RECALL_OTHERS in capabilities(state, ctx):
            effects.append(Recall(message_id=said.message_id, lane=Lane.MODERATION, on_unknown="resend"))
        night = _night(rule, ctx, said.at)
        if record.reminded.get(rule.id) != night:
            record = record.model_copy(update={"reminded": {**record.reminded, rule.id: night}})
            name = "rules/closed" if is_closed else "rules/quiet"
            data = {"say": rule.say, "hours": str(rule.match.quiet_hours.hours) if rule.match.quiet_hours else ""}
            effects.append(Say(words=Template(name, data), mention=(said.member,), lane=Lane.MODERATION))
    return record, effects


def _night(rule: Rule, ctx: Context[RulesParams], at: datetime) -> str:
    local = ctx.local(at)
    quiet = rule.match.quiet_hours.hours if rule.match.quiet_hours else None
    belongs_to_yesterday = quiet is not None and quiet.start > quiet.end and local.time() <= quiet.end
    return (local - timedelta(days=1) if belongs_to_yesterday else local).date().isoformat()
