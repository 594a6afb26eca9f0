"""What a post says in this group on this day: its variant, its messages, its variables."""

from __future__ import annotations

import re
from datetime import date
from typing import Any, TypeAlias

from bot.core.draw import share
from bot.core.effects import Inline, Template, Words
from bot.core.play import Context
from bot.core.turn import Turn
from bot.plays.campaign.agenda import Item
from bot.plays.campaign.params import Countdown, Params, Post
from bot.plays.campaign.state import State

Campaign: TypeAlias = Turn[Params, State]

_BREAK = re.compile(r"^[ \t]*-{3,}[ \t]*\r?$", re.MULTILINE)
_PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_WEEKDAYS = "一二三四五六日"


def variant_of(post: Post, seed: str, name: str) -> str:
    """The variant of this group, fixed by (seed, name): a group keeps its arm, and anybody can recompute it."""
    arms = sorted(post.texts or post.variants)
    return arms[int(share(seed, name) * len(arms))] if arms else ""


def week_and_day(params: Params, began_on: date | None, on: date) -> tuple[int, int]:
    """(week, day) of the campaign, both from 1."""
    days = (on - (params.start or began_on or on)).days
    return days // 7 + 1, days + 1


def variables(item: Item, params: Params, began_on: date | None, on: date, variant: str) -> dict[str, Any]:
    """`days_left` counts to the countdown's date or the campaign's end, "" where there is neither."""
    week, day = week_and_day(params, began_on, on)
    target = item.post.to if isinstance(item.post, Countdown) else params.end
    return {
        "week": week,
        "day": day,
        "days_left": (target - on).days if target else "",
        "date": f"{on:%Y-%m-%d}",
        "weekday": f"周{_WEEKDAYS[on.weekday()]}",
        "topic": item.post.topic,
        "points": list(item.post.points),
        "variant": variant,
        "name": item.name,
        "member": "",
    }


def messages(item: Item, ctx: Context[Params], data: dict[str, Any]) -> tuple[Words, ...]:
    """The post's messages in order; () when its file is not there."""
    post = item.post
    variant = str(data["variant"])
    if post.texts:
        source: str | None = post.texts.get(variant)
    elif post.variants:
        source = _file(ctx, post.variants.get(variant), data)
    elif post.post is not None:
        source = _file(ctx, post.post, data)
    else:
        source = post.text
    if source is None:
        return ()
    parts = [part.strip() for part in _BREAK.split(source)]
    found: tuple[Words, ...] = tuple(Inline(part, data) for part in parts if part)
    if not found and isinstance(post, Countdown):
        return (Template("campaign/countdown", data | {"to": f"{post.to:%m月%d日}"}),)
    return found


def _file(ctx: Context[Params], path: str | None, data: dict[str, Any]) -> str | None:
    if path is None:
        return None
    text = ctx.assets.get(_PLACEHOLDER.sub(lambda match: str(data.get(match[1], match[0])), path))
    return text if isinstance(text, str) else None
