"""Whom a post addresses: some of the audience, and some of it left alone on purpose, so that the effect can be measured."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from bot.core.audience import includes
from bot.core.draw import share
from bot.core.play import Context
from bot.plays.campaign.params import Params, Post


@dataclass(frozen=True, slots=True)
class Addressed:
    """Uids in the order of the draw."""

    told: tuple[str, ...]
    held: tuple[str, ...]


def addressed(post: Post, occurrence: str, ctx: Context[Params]) -> Addressed:
    """The draw of this occurrence: an order by hash, so that not the same few are always first; anybody can recompute it.

    Bots and operators are nobody's audience.
    """
    fitting = [
        uid
        for uid, member in ctx.roster.items()
        if not (member.is_bot or member.is_operator) and includes(post.audience, member, ctx.now)
    ]
    fitting.sort(key=lambda uid: (share(ctx.seed, f"{occurrence}|{uid}"), uid))
    drawn = fitting[: ceil(post.at_most / (1 - post.holdout))]
    held = tuple(uid for uid in drawn if share(ctx.seed, f"{occurrence}|held|{uid}") < post.holdout)
    told = tuple(uid for uid in drawn if uid not in held)
    return Addressed(told[: post.at_most], held)
