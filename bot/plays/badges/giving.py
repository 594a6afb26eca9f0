"""Who gets a badge and who loses one, and what goes with it: label, title, note for reports, what is said."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from bot.core.audience import includes
from bot.core.deeds import done
from bot.core.effects import Lane, Note, Say, Tag, Template
from bot.core.events import PlayStarted
from bot.core.marks import dress
from bot.core.play import Capability, Member
from bot.plays.badges.params import REVOCABLE, Badge
from bot.plays.badges.record import Hand, Held, Holder

_TITLES_AT_ONCE = 40


def judge(turn: Hand) -> None:
    """Every rule on everybody who is here. The first time says only how many of each there are."""
    params, ctx = turn.params, turn.ctx
    here = [member for _, member in sorted(ctx.roster.items()) if not member.is_bot]
    given: dict[str, list[str]] = {}
    for member in here:
        takes_part = includes(params.who, member, ctx.now)
        for badge in params.badges:
            rule = badge.rule
            if rule is None:
                continue
            day = ctx.deeds.get(rule, {}).get(member.uid)
            if day is not None and takes_part:
                if give(turn, member, badge, Held(
                    day=date.fromisoformat(day), given_on=ctx.day(ctx.now), reason=reason_of(badge),
                    deed=rule[0], needed=rule[1],
                )):  # fmt: skip
                    given.setdefault(badge.name, []).append(member.name)
            elif day is None and params.on_undone == "withdraw":
                _withdraw(turn, member, badge)
        label(turn, member)
    decorate(turn, here)
    held = {badge.name: sum(badge.name in _of(turn, member).badges for member in here) for badge in params.badges}
    _announce(turn, given, held)
    turn.change(judged=turn.state.judged + 1, held=held)
    turn.because(people=len(here), given={name: len(names) for name, names in given.items()})


def give(turn: Hand, member: Member, badge: Badge, held: Held) -> bool:
    """Once for each member, also after leaving and coming back; False: had it."""
    holder = _of(turn, member)
    if badge.name in holder.badges:
        return False
    turn.put(member.uid, holder.model_copy(update={"badges": {**holder.badges, badge.name: held}}))
    fact = {"badge": badge.name, "reason": held.reason, "day": held.day.isoformat(), "by": held.by}
    if held.deed:
        fact |= {"deed": held.deed, "needed": str(held.needed)}
    key = f"{member.uid}|{badge.name}|{held.given_on}"
    turn.do(Note(what="badge", key=key, member=member.uid, data=fact), Tag(member=member.uid, tag=_tag(badge.name)))
    return True


def take(turn: Hand, member: Member, badge: Badge, why: str, by: str = "") -> Held | None:
    """Takes it back; what it was, None: there was none."""
    holder = _of(turn, member)
    held = holder.badges.get(badge.name)
    if held is None:
        return None
    left = {name: each for name, each in holder.badges.items() if name != badge.name}
    turn.put(member.uid, holder.model_copy(update={"badges": left}))
    key = f"{member.uid}|{badge.name}|{turn.ctx.now.isoformat()}"
    fact = {"badge": badge.name, "why": why, "by": by}
    turn.do(Note(what="badge_taken", key=key, member=member.uid, data=fact))
    turn.do(Tag(member=member.uid, tag=_tag(badge.name), on=False))
    return held


def granted(turn: Hand, event: PlayStarted) -> None:
    """Another play's word: `badge`, `member`, `reason`."""
    member = turn.ctx.roster.get(event.data.get("member", ""))
    badge = turn.params.badge(event.data.get("badge", ""))
    if member is None or badge is None or member.is_bot:
        turn.because(refused="no such badge or member")
        return
    day = turn.ctx.day(turn.ctx.now)
    reason = event.data.get("reason", "")[:60] or reason_of(badge)
    give(turn, member, badge, Held(day=day, given_on=day, reason=reason, by=event.data.get("by", "")[:60]))
    decorate(turn, (member,))


def label(turn: Hand, member: Member) -> None:
    """The labels of what the member has; nothing where they are right already."""
    holder: Holder | None = turn.slot(member.uid)
    if holder is None:
        return
    before: Holder = turn.ctx.slots.get(member.uid) or Holder()
    missing = [name for name in holder.badges if name in before.badges and _tag(name) not in member.labels]
    turn.do(*(Tag(member=member.uid, tag=_tag(name)) for name in missing))


def decorate(turn: Hand, people: Iterable[Member]) -> None:
    """The title of the badge that stands last in the list and has one, as far as rights and pace allow."""
    params, left = turn.params, _TITLES_AT_ONCE
    for member in people:
        holder: Holder | None = turn.slot(member.uid)
        if holder is None or left <= 0:
            continue
        titles = [badge.title for badge in params.badges if badge.title and badge.name in holder.badges]
        found = dress(turn, member, holder.mark, titles[-1] if titles else "")
        left -= len(found.effects)
        if found.mark != holder.mark:
            turn.put(member.uid, holder.model_copy(update={"mark": found.mark}))


def reason_of(badge: Badge) -> str:
    """In the operator's words, else the rule in ours."""
    if badge.reason or badge.rule is None:
        return badge.reason
    return done(*badge.rule)


def _withdraw(turn: Hand, member: Member, badge: Badge) -> None:
    """The ground is gone. A rule that became stricter since is no reason, and neither is age."""
    held = _of(turn, member).badges.get(badge.name)
    rule = badge.rule
    if held is None or rule is None or held.deed != rule[0] or held.needed < rule[1]:
        return
    if turn.ctx.day(turn.ctx.now) - held.given_on > REVOCABLE:
        return
    take(turn, member, badge, "undone")
    if Capability.PRIVATE in turn.ctx.caps:
        data = {"name": member.name, "badge": badge.name, "reason": held.reason}
        turn.do(Say(words=Template("badges/withdrawn", data), to=member.uid, lane=Lane.NOTICE))


def _announce(turn: Hand, given: dict[str, list[str]], held: dict[str, int]) -> None:
    params = turn.params
    if not params.announce or not given:
        return
    data: dict[str, Any] = {"command": params.command, "table": params.table}
    badges = [badge for badge in params.badges if badge.name in given]
    if not turn.state.judged:
        rows = [{"emoji": b.emoji, "badge": b.name, "people": held[b.name], "reason": reason_of(b)} for b in badges]
        turn.do(Say(words=Template("badges/opened", {**data, "rows": rows}), lane=Lane.NOTICE))
        return
    groups = [
        {
            "emoji": b.emoji,
            "badge": b.name,
            "reason": reason_of(b),
            "names": given[b.name][: params.named],
            "total": len(given[b.name]),
        }
        for b in badges
    ]
    turn.do(Say(words=Template("badges/given", {**data, "groups": groups}), lane=Lane.NOTICE))


def _of(turn: Hand, member: Member) -> Holder:
    holder: Holder | None = turn.slot(member.uid)
    return holder if holder is not None else Holder()


def _tag(name: str) -> str:
    return f"badge:{name}"
