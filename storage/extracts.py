"""Rows for a spreadsheet: one query each, streamed, so that a log of millions needs no memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, literal, select

from storage import tables as t
from storage.measures import COUNTS

KINDS = ("messages", "points", "ledger", "days", "groups", "tiers")


@dataclass(frozen=True, slots=True)
class Span:
    """`chat` "" means every group. Times in ms; 0 means open."""

    chat: str = ""
    since_ms: int = 0
    until_ms: int = 0


def columns(kind: str) -> tuple[str, ...]:
    return tuple(_query(kind).selected_columns.keys())


def rows(connection: Connection, kind: str, span: Span) -> Iterator[tuple[Any, ...]]:
    """The rows of `kind` (one of `KINDS`), oldest first; moments as ms since 1970 UTC in columns named `…_at` or `at`."""
    query = _query(kind)
    if span.chat:
        query = query.where(t.chat.c.uid == span.chat)
    moment = {"messages": t.message.c.sent_at, "ledger": t.ledger.c.at}.get(kind)
    if moment is not None and span.since_ms:
        query = query.where(moment >= span.since_ms)
    if moment is not None and span.until_ms:
        query = query.where(moment < span.until_ms)
    for row in connection.execution_options(yield_per=1000).execute(query):
        yield tuple(row)


def last_said(connection: Connection, chat: str, limit: int) -> list[Any]:
    """(chat, sent_at, name, text) of the newest messages with words of one group, of each group when `chat` is "";
    newest first, without what the bot's own accounts said."""
    groups = select(t.chat.c.id, t.chat.c.uid).where(t.chat.c.kind == "group").order_by(t.chat.c.uid)
    found: list[Any] = []
    accounts = select(t.account.c.uid)
    for group in connection.execute(groups.where(t.chat.c.uid == chat) if chat else groups).all():
        m = t.message.c
        newest = (
            select(literal(group.uid).label("chat"), m.sent_at, t.member.c.name, m.text)
            .join_from(t.message, t.member, t.member.c.id == m.member_id)
            .where(m.chat_id == group.id, m.text != "", t.member.c.uid.not_in(accounts))
            .order_by(m.sent_at.desc(), m.id.desc())
            .limit(limit)
        )
        found += connection.execute(newest).all()
    return found


def _query(kind: str) -> Select[Any]:
    match kind:
        case "messages":
            m = t.message
            picked = (m.c.sent_at, m.c.received_at, m.c.platform_id, m.c.kind, m.c.text, m.c.reply_to, m.c.recalled_at)
            return _named(m.c.chat_id, m.c.member_id, *picked).order_by(m.c.chat_id, m.c.sent_at, m.c.id)
        case "points":
            b = t.balance
            return _named(b.c.chat_id, b.c.member_id, b.c.points).order_by(
                b.c.chat_id, b.c.points.desc(), t.member.c.uid
            )
        case "ledger":
            e = t.ledger
            picked_entries = (e.c.at, e.c.delta, e.c.balance_after, e.c.account, e.c.source, e.c.reason, e.c.cause)
            return _named(e.c.chat_id, e.c.member_id, *picked_entries).order_by(e.c.id)
        case "days":
            d = t.member_day
            counts = (d.c.msgs, d.c.counted, d.c.chars, d.c.replies, d.c.checkins, d.c.quiz, d.c.chain, d.c.helped)
            return _named(d.c.chat_id, d.c.member_id, d.c.day, *counts).order_by(d.c.chat_id, d.c.day, d.c.member_id)
        case "groups":
            s = t.day_stat.c
            per_day = [s[name] for name in COUNTS]
            counted = select(t.chat.c.uid.label("group"), t.chat.c.name, s.day, *per_day)
            return counted.join_from(t.chat, t.day_stat, s.chat_id == t.chat.c.id).order_by(t.chat.c.uid, s.day)
        case "tiers":
            g = t.standing
            picked_places = (g.c.scheme, g.c.value, g.c.since, g.c.until)
            return _named(g.c.chat_id, g.c.member_id, *picked_places).order_by(
                g.c.chat_id, g.c.scheme, g.c.member_id, g.c.since
            )
    raise ValueError(f"nothing to extract: {kind}")


def _named(chat: ColumnElement[int], member: ColumnElement[Any], *picked: ColumnElement[Any]) -> Select[Any]:
    """`picked` after the group's uid, the member's uid and name, and the uid of the person: another one where an operator has
    merged the member's id into it. `is_bot` 1: no person at all."""
    ms, link, head = t.membership, t.identity, t.member.alias("head")
    name = func.coalesce(func.nullif(ms.c.name, ""), t.member.c.name, "").label("name")
    return (
        select(
            t.chat.c.uid.label("group"),
            t.member.c.uid.label("member"),
            name,
            func.coalesce(head.c.uid, t.member.c.uid).label("person"),
            t.member.c.is_bot,
            *picked,
        )
        .join_from(t.chat, chat.table, t.chat.c.id == chat)
        .join(t.member, t.member.c.id == member, isouter=True)
        .join(link, (link.c.member_id == member) & (link.c.parted_at.is_(None)), isouter=True)
        .join(head, head.c.id == link.c.head_id, isouter=True)
        .join(ms, (ms.c.chat_id == chat) & (ms.c.member_id == member), isouter=True)
    )
