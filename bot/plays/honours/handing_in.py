"""What members hand in: a nomination with a reason, a vote; and the answers to both."""

from __future__ import annotations

import re
from typing import Any

from bot.core.audience import includes
from bot.core.events import MessageReceived
from bot.core.play import Member
from bot.core.text import fold
from bot.plays.honours.record import NOMINATION, VOTE, Candidate, Hand, Paper, Round
from bot.plays.honours.running import clock, may_still_be, rows

Answer = tuple[str, dict[str, Any]]
_REASON, _CHOICE = 60, 6
_NUMBER = re.compile(r"(?<!\d)(\d{1,2})(?!\d)")


def nominate(turn: Hand, event: MessageReceived, member: Member, rest: str) -> Answer:
    """`提名 @小明 每天都在回答新人的问题`."""
    params, ctx, round_ = turn.params, turn.ctx, turn.state.round
    if round_ is None or round_.phase != "nominate":
        return "closed", _state(turn)
    people = [found for uid in event.mentions if (found := ctx.roster.get(uid)) is not None]
    if len(people) != 1:
        return "how", {"command": params.command}
    if not includes(params.may_nominate, member, ctx.now):
        return "not_you", {"what": "提名"}
    whom = people[0]
    if whom.uid == member.uid and not params.itself:
        return "itself", {"command": params.command}
    why_not = may_still_be(turn, whom)
    if why_not:
        return "not_them", {"name": whom.name, "why": why_not, "honour": params.honour}
    known: Paper | None = turn.slot(f"{NOMINATION}{member.uid}")
    again = known is not None and known.round == round_.number and known.candidate != whom.uid
    reason = _reason(rest, [whom.name])
    paper = Paper(
        round=round_.number, at=ctx.now, candidate=whom.uid, name=" ".join(whom.name.split())[:40], reason=reason
    )
    turn.put(f"{NOMINATION}{member.uid}", paper)
    data = {
        "name": whom.name,
        "again": again,
        "before": known.name if again and known else "",
        "until": clock(turn, round_.until),
    }
    return "nominated", data


def vote(turn: Hand, event: MessageReceived, member: Member, rest: str) -> Answer:
    """`投票 2`, `投票 @小明`, `投票小明`: one for each member, the last one counts."""
    params, ctx, round_ = turn.params, turn.ctx, turn.state.round
    if round_ is None or round_.phase == "nominate":
        return "closed", _state(turn)
    if not includes(params.may_vote, member, ctx.now):
        return "not_you", {"what": "投票"}
    if member.joined_at is not None and member.joined_at > round_.opened:
        return "too_late", {"honour": params.honour}
    choice = _choice(round_, event, rest)
    if choice is None:
        return "which", {"rows": rows(round_.candidates), "ballot": params.ballot}
    known: Paper | None = turn.slot(f"{VOTE}{member.uid}")
    is_changed = known is not None and known.round == round_.number
    turn.put(f"{VOTE}{member.uid}", Paper(round=round_.number, at=ctx.now, candidate=choice.uid))
    return "voted", {
        "name": choice.name,
        "is_changed": is_changed,
        "is_private": event.is_private,
        "until": clock(turn, round_.until),
    }


def is_chat(event: MessageReceived, rest: str) -> bool:
    """Whether somebody only talks about it (投票结果出来了吗): words, and nobody and no number is named."""
    return not event.mentions and len(fold(rest)) > _CHOICE and not _NUMBER.search(fold(rest))


def table(turn: Hand) -> Answer:
    return "state", _state(turn)


def _state(turn: Hand) -> dict[str, Any]:
    params, round_ = turn.params, turn.state.round
    return {
        "phase": round_.phase if round_ is not None else "",
        "rows": rows(round_.candidates) if round_ is not None else [],
        "until": clock(turn, round_.until) if round_ is not None else "",
        "honour": params.honour, "command": params.command, "ballot": params.ballot,
    }  # fmt: skip


def _choice(round_: Round, event: MessageReceived, rest: str) -> Candidate | None:
    by_uid = {each.uid: each for each in round_.candidates}
    mentioned = [by_uid[uid] for uid in event.mentions if uid in by_uid]
    if mentioned:
        return mentioned[0] if len(mentioned) == 1 else None
    typed = fold(rest)
    named = [each for each in round_.candidates if fold(each.name) == typed]
    if len(named) == 1:
        return named[0]
    numbers = {int(found) for found in _NUMBER.findall(typed)}
    if len(numbers) != 1:
        return None
    (number,) = numbers
    return round_.candidates[number - 1] if 1 <= number <= len(round_.candidates) else None


def _reason(rest: str, names: list[str]) -> str:
    for name in names:
        rest = rest.replace(f"@{name}", " ")
    words = [word for word in rest.split() if not word.startswith("@")]
    return " ".join(words).strip("，,。:： ")[:_REASON]
