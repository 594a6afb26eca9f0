"""What is answered: the own badges with reason and day, the next ones; all of them; what an operator gave or took."""

from __future__ import annotations

from typing import Any

from bot.core.deeds import done
from bot.core.events import MessageReceived
from bot.core.play import Member
from bot.core.text import fold
from bot.plays.badges import giving
from bot.plays.badges.params import Badge
from bot.plays.badges.record import Hand, Held, Holder

Answer = tuple[str, dict[str, Any]]
_NEXT, _SHOWN = 3, 30


def own(turn: Hand, member: Member) -> Answer:
    """Newest last. The next ones are those that the member has come furthest with; nothing begun is not held up to anybody."""
    params = turn.params
    holder: Holder = turn.slot(member.uid) or Holder()
    mine = [
        {
            "emoji": badge.emoji if (badge := params.badge(name)) else "🏅",
            "badge": name,
            "reason": held.reason,
            "day": held.day.isoformat(),
        }
        for name, held in holder.badges.items()
    ]
    coming = []
    for badge in params.badges:
        if badge.rule is None or badge.name in holder.badges:
            continue
        deed, needed = badge.rule
        so_far = min(turn.ctx.done.get(deed, 0), needed)
        if so_far:
            coming.append((so_far / needed, badge, so_far))
    coming.sort(key=lambda each: (-each[0], each[1].name))
    rows = [
        {"badge": b.name, "what": done(*b.rule), "so_far": n, "needed": b.rule[1]}
        for _, b, n in coming[:_NEXT]
        if b.rule is not None
    ]
    kept = holder.mark.kept
    data = {
        "name": member.name, "rows": mine[-_SHOWN:], "total": len(mine), "next": rows, "kept": kept,
        "table": params.table, "at": f"{params.at:%H:%M}",
    }  # fmt: skip
    return "own", data


def table(turn: Hand) -> Answer:
    rows = [
        {
            "emoji": badge.emoji,
            "badge": badge.name,
            "what": giving.reason_of(badge),
            "people": turn.state.held.get(badge.name, 0),
        }
        for badge in turn.params.badges
    ]
    return "table", {"rows": rows, "command": turn.params.command}


def by_hand(turn: Hand, event: MessageReceived, rest: str, *, takes: bool) -> Answer:
    """`颁发徽章 热心肠 @小明`: to each who is mentioned."""
    params, ctx = turn.params, turn.ctx
    badge = _named(turn, rest)
    people = [member for uid in event.mentions if (member := ctx.roster.get(uid)) is not None and not member.is_bot]
    if badge is None or not people:
        word = params.take if takes else params.give
        return "how", {"word": word, "names": [each.name for each in params.badges][:_SHOWN]}
    done_for: list[str] = []
    others: list[str] = []
    day = ctx.day(ctx.now)
    for member in dict.fromkeys(people):
        if takes:
            is_done = giving.take(turn, member, badge, "operator", event.member) is not None
        else:
            reason = giving.reason_of(badge) or "运营颁发"
            is_done = giving.give(turn, member, badge, Held(day=day, given_on=day, reason=reason, by=event.member))
        (done_for if is_done else others).append(member.name)
    giving.decorate(turn, people)
    data = {
        "emoji": badge.emoji, "badge": badge.name, "reason": giving.reason_of(badge), "names": done_for,
        "others": others, "takes": takes, "command": params.command,
    }  # fmt: skip
    return "by_hand", data


def _named(turn: Hand, rest: str) -> Badge | None:
    """The badge whose name is typed first; the longest of those that fit."""
    typed = fold(rest).lstrip()
    found = [badge for badge in turn.params.badges if typed.startswith(fold(badge.name))]
    return max(found, key=lambda badge: len(badge.name), default=None)
