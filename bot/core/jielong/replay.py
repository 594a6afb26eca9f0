"""Recorded messages → the lists that come of them: the reference way in, without a bot around it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from bot.core.jielong.chain import Chain
from bot.core.jielong.deadline import ZONE
from bot.core.jielong.goods import Good
from bot.core.jielong.group import Group, Posted, goods_of
from bot.core.jielong.members import Directory
from bot.core.jielong.numerals import plain
from bot.core.jielong.records import Options
from bot.core.jielong.totals import totals_of


def replay(case: Mapping[str, Any]) -> dict[str, Any]:
    """`chains`, `events` and `posts_due` of one case (see `qunops chain replay --help` for its form)."""
    group = Group(options_of(case.get("config") or {}), directory_of(case.get("members") or {}))
    events: list[list[str]] = []
    posts_due: list[str] = []
    seen: set[str] = set()
    for message in case.get("messages", ()):
        message_id, at = str(message["id"]), moment(message["t"])
        if message_id in seen:
            continue
        seen.add(message_id)
        match message.get("type", "text"):
            case "text":
                outcome = group.receive(
                    Posted(
                        id=message_id,
                        at=at,
                        sender=message["from"],
                        text=message.get("text") or "",
                        reply_to=message.get("reply_to"),
                        authors=message.get("line_authors") or (),
                    )
                )
            case "recall":
                outcome = group.recall(str(message.get("of", "")), message["from"], at)
            case _:
                continue
        events += [[message_id, code] for code in outcome.codes]
        if outcome.is_post_due:
            posts_due.append(message_id)
    if case.get("now"):
        group.pass_time(moment(case["now"]))
    return {
        "chains": [_chain(chain, group.options) for chain in group.chains.values()],
        "events": events,
        "posts_due": posts_due,
    }


def moment(text: str) -> datetime:
    """ISO 8601; without an offset it is +08:00."""
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=ZONE)


def directory_of(members: Mapping[str, Mapping[str, Any]]) -> Directory:
    return Directory((uid, [member.get("name") or uid, *member.get("aliases", ())]) for uid, member in members.items())


def options_of(config: Mapping[str, Any]) -> Options:
    return Options(
        operators=frozenset(config.get("operators") or ()),
        deadline=moment(config["deadline"]) if config.get("deadline") else None,
        goods=tuple(
            Good(
                name=good["name"],
                price=Decimal(str(good["price"])),
                key=str(good.get("key") or "").upper(),
                aliases=tuple(good.get("aliases") or ()),
            )
            for good in config.get("goods") or ()
        ),
        capacity=config.get("capacity"),
        one_per_member=bool(config.get("one_per_member", False)),
        counts_guests=config.get("plus_mode") == "guests",
    )


def _chain(chain: Chain, options: Options) -> dict[str, Any]:
    goods = goods_of(chain, options)
    totals = totals_of(chain, goods, capacity=options.capacity, counts_guests=options.counts_guests)
    entries = []
    for counted in totals.entries:
        entry: dict[str, Any] = {"text": counted.entry.text, "author": counted.entry.author}
        if counted.entry.owner != counted.entry.author:
            entry["owner"] = counted.entry.owner
        if counted.order is None:
            entry["qty"] = plain(counted.quantity)
        else:
            entry["items"] = {name: plain(count) for name, count in counted.order.items.items()}
            entry["amount"] = f"{counted.order.amount:.2f}"
            if counted.order.is_unparsed:
                entry["unparsed"] = True
        if counted.is_waiting:
            entry["waitlist"] = True
        entries.append(entry)
    shown: dict[str, Any] = {
        "title": chain.head.title,
        "status": "open" if chain.is_open else "closed",
        "entries": entries,
    }
    if goods:
        shown["totals"] = {name: plain(count) for name, count in totals.items.items()}
        shown["amount"] = f"{totals.amount:.2f}"
    else:
        shown["total_qty"] = plain(totals.quantity)
    return shown
