"""Rows of the log, back as the events they were."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import orjson
from sqlalchemy import Connection, and_, or_, select

from bot.core import events as ev
from bot.core.events import Event, MessageReceived
from bot.core.play import Member
from bot.core.segments import Text
from bot.engine import codec
from bot.engine.clock import from_ms
from storage import tables as t
from storage.copies import no_copy

LOGGED: Mapping[str, type[Event]] = {
    cls.__name__: cls
    for cls in (
        ev.MessageEdited, ev.MessageRecalled, ev.MemberJoined, ev.MemberLeft, ev.JoinRequested, ev.BotInvited,
        ev.MemberMuted, ev.RoleChanged, ev.NameChanged, ev.GroupRenamed, ev.Poked, ev.FileUploaded, ev.ReactionAdded,
        ev.EssenceChanged,
    )
}  # fmt: skip
"""What a row of `event` can be read back as. Timers and decisions are the engine's own and can't be repeated."""
_REQUIRED = ("message_id", "text", "name", "flag", "emoji")
_OLDEST_MS, _SKEW_MS = 8 * 86_400_000, 3_600_000


def message_of(row: Any, account: str, roles: Mapping[str, Member]) -> MessageReceived:
    """`row`: of `message` with `member_uid` and `chat_uid`. Name and role are what the group knows of the member now."""
    known = roles.get(row.member_uid or "")
    parts = codec.decode_segments(orjson.loads(row.segments)) if row.segments else (Text(row.text),)
    return MessageReceived(
        id=row.key, account=account, chat=row.chat_uid, at=from_ms(row.sent_at), member=row.member_uid or "",
        message_id=row.platform_id, text=row.text, segments=parts, kind=row.kind, name=known.name if known else "",
        role=known.role if known else "member", reply_to=row.reply_to,
        mentions=tuple(orjson.loads(row.mentions)) if row.mentions else (), mentions_all=bool(row.flags & 4),
        is_to_bot=bool(row.flags & 2), is_private=bool(row.flags & 1),
    )  # fmt: skip


def event_of(row: Any, chat: str, account: str) -> Event:
    """`row`: of `event` with `member_uid`, of a kind in `LOGGED`."""
    cls = LOGGED[row.kind]
    known = {each.name for each in fields(cls)} - {"segments"}
    data = {key: value for key, value in orjson.loads(row.data).items() if key in known}
    base = {"id": row.key, "account": account, "chat": chat, "at": from_ms(row.at), "member": row.member_uid or ""}
    required = {each.name: "" for each in fields(cls) if each.name in _REQUIRED}
    return cls(**{**required, **data, **base})


def find(
    connection: Connection, key: str, near_ms: int, *, chat_id: int, chat: str, account: str,
    roles: Mapping[str, Member],
) -> Event | None:  # fmt: skip
    """What the log has under `key`, heard in the group or in private around `near_ms`; None when there is nothing that
    could be repeated."""
    m, e = t.message, t.event
    private = select(t.chat.c.id).where(t.chat.c.kind == "private")
    # The index goes by time: a span of it is read, not the whole log of the group.
    span = (m.c.sent_at > near_ms - _OLDEST_MS, m.c.sent_at < near_ms + _SKEW_MS)
    message = connection.execute(
        select(m, t.member.c.uid.label("member_uid"), t.chat.c.uid.label("chat_uid"))
        .outerjoin(t.member, t.member.c.id == m.c.member_id)
        .join(t.chat, t.chat.c.id == m.c.chat_id)
        .where(or_(and_(m.c.chat_id == chat_id, no_copy()), m.c.chat_id.in_(private)), m.c.key == key, *span)
    ).first()
    if message is not None:
        return message_of(message, account, roles)
    event = connection.execute(
        select(e, t.member.c.uid.label("member_uid"))
        .outerjoin(t.member, t.member.c.id == e.c.member_id)
        .where(e.c.chat_id == chat_id, e.c.is_copy == 0, e.c.key == key, e.c.kind.in_(LOGGED))
    ).first()
    return event_of(event, chat, account) if event is not None else None
