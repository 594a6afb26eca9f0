"""The times of a chain: opening, the word before the end, the end, the archive."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.core.effects import Award, CancelTimer, Effect, Lane, Note, Say, SetTimer, Template
from bot.core.jielong import Chain
from bot.core.jielong.chain import IDLE
from bot.core.play import Member
from bot.core.segments import Mention
from bot.plays.chain.params import Reminder
from bot.plays.chain.posts import post, summary
from bot.plays.chain.shelf import Ctx, Shelf, closing_time

_AFTER_DEADLINE = timedelta(seconds=1)
"""A message at the deadline counts."""


def opened(chain: Chain, ctx: Ctx) -> list[Effect]:
    """Sets the deadline that the playbook gives, and the timers."""
    if chain.head.deadline is None and (at := closing_time(ctx, chain.head.opened_at)):
        chain.head = replace(chain.head, deadline=at)
    return timers(chain, ctx)


def timers(chain: Chain, ctx: Ctx) -> list[Effect]:
    effects: list[Effect] = [SetTimer(name=f"idle:{chain.id}", at=max(ctx.now, chain.head.active_at + IDLE))]
    deadline = chain.head.deadline
    if deadline is not None:
        effects.append(SetTimer(name=f"close:{chain.id}", at=max(ctx.now, deadline + _AFTER_DEADLINE)))
        remind = ctx.params.remind
        if remind is not None and deadline - remind.before_close > ctx.now:
            effects.append(SetTimer(name=f"remind:{chain.id}", at=deadline - remind.before_close))
    return effects


def closed(shelf: Shelf, chain: Chain, ctx: Ctx, *, is_posted: bool = True) -> list[Effect]:
    """The last list with its totals; the chain stays on the shelf for corrections, then it is archived."""
    effects: list[Effect] = [CancelTimer(name=f"{name}:{chain.id}") for name in ("post", "close", "remind", "idle")]
    effects.append(SetTimer(name=f"archive:{chain.id}", at=ctx.now + ctx.params.keep))
    if ctx.params.points:
        effects += [
            Award(member=uid, points=ctx.params.points, reason="接龙", key=f"chain:{chain.id}", source="chain")
            for uid in dict.fromkeys(entry.owner for entry in chain.active if entry.owner)
        ]
    if is_posted and (chain.entries or chain.head.title):
        effects.append(post(shelf, chain, ctx))
    return effects


def moved(chain: Chain, ctx: Ctx) -> list[Effect]:
    """The deadline was changed in the title: the timers follow, and the group is told what holds now."""
    deadline = chain.head.deadline
    assert deadline is not None
    data = {"name": chain.head.title.split("\n", 1)[0], "deadline": f"{ctx.local(deadline):%m月%d日 %H:%M}"}
    said = Say(words=Template("chain/deadline_moved", data), key=f"post:{chain.id}:moved")
    return [CancelTimer(name=f"remind:{chain.id}"), *timers(chain, ctx), said]


def reopened(chain: Chain, ctx: Ctx) -> list[Effect]:
    return [CancelTimer(name=f"archive:{chain.id}"), CancelTimer(name=f"close:{chain.id}"), *timers(chain, ctx)]


def archived(shelf: Shelf, chain: Chain) -> list[Effect]:
    """The final list as a fact for reports; the slots go."""
    data = {
        "title": chain.head.title,
        "creator": chain.head.creator,
        "opened_at": chain.head.opened_at.isoformat(),
        "closed_at": chain.head.closed_at.isoformat() if chain.head.closed_at else "",
        "entries": [
            {
                "text": entry.text,
                "author": entry.author,
                "owner": entry.owner,
                "paid": shelf.paid.get((chain.id, entry.id), ""),
            }
            for entry in chain.active
        ],
    }
    shelf.drop(chain.id)
    return [Note(what="chain", key=str(chain.id), member=chain.head.creator, data=data)]


def missing(chain: Chain, ctx: Ctx) -> list[Member]:
    """Members without an entry, in the order of their names."""
    joined = {uid for entry in chain.active for uid in (entry.author, entry.owner)}
    found = [member for uid, member in ctx.roster.items() if uid not in joined and not member.is_bot]
    return sorted(found, key=lambda member: (member.name, member.uid))


def reminder(shelf: Shelf, chain: Chain, ctx: Ctx) -> Say:
    """The word before the end: who has not joined yet is mentioned, up to a bound."""
    at_most = (ctx.params.remind or Reminder()).mention_at_most
    left = missing(chain, ctx)
    called = left[:at_most]
    data = {
        **summary(shelf, chain, ctx),
        "mentions": [Mention(member.uid, member.name) for member in called],
        "more": max(0, len(left) - len(called)) if called else 0,
    }
    return Say(
        words=Template("chain/remind", data),
        key=f"post:{chain.id}:remind",
        lane=Lane.NOTICE,
        expires_at=chain.head.deadline,
    )
