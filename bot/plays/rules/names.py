"""Display names: words in them are told to the operators, nobody is punished for a name."""

from __future__ import annotations

from bot.core.effects import AskOperator, Note, Template
from bot.core.events import MemberJoined, NameChanged
from bot.core.play import Context, Step
from bot.plays.rules.detect import holds, word_findings
from bot.plays.rules.params import RulesParams
from bot.plays.rules.standing import shelter
from bot.plays.rules.state import State
from bot.plays.rules.verdict import SEEN


def named(state: State, event: MemberJoined | NameChanged, ctx: Context[RulesParams]) -> Step[State]:
    """Judges the name that a member came with or took."""
    name = event.name if isinstance(event, MemberJoined) else event.new
    book = ctx.params.book
    if not name or not book.names or shelter(ctx):
        return Step(state)
    allowed = (*ctx.params.allow, *state.allow)
    found = [f for f in word_findings(book.names, name, allowed, ctx.assets) if holds(f.rule, ctx, event.at)]
    if not found:
        return Step(state)
    first = found[0]
    key = f"{event.member}@{event.at.timestamp():.0f}"
    data = {"rule": first.rule.id, "base": first.base, "name": name}
    return Step(
        state,
        (
            Note(what="name", key=key, member=event.member, data={"rule": first.rule.id, "base": first.base}),
            AskOperator(key=f"name:{key}", words=Template("rules/name", data), choices=SEEN, member=event.member),
        ),
        why={"name": name, "rule": first.rule.id},
    )
