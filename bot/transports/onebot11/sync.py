"""What happens after every connection: find out who answers, list groups and members, and fill the gap.

Implementations keep nothing while the connection is away: what came meanwhile is only in lists (members, requests) and in the
history. Everything here is a query; one that fails is logged and leaves its part as it was.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from bot.core.events import BotInvited, Event, JoinRequested, Role
from bot.core.play import Member
from bot.transports.onebot11.dialect import dialect_of
from bot.transports.onebot11.history import Past
from bot.transports.onebot11.notices import INVITE, request_number
from bot.transports.onebot11.wire import (
    GroupInfo,
    MemberInfo,
    PendingRequest,
    SystemMessages,
    is_official_bot,
    moment,
    number,
)

if TYPE_CHECKING:
    from bot.transports.onebot11.session import Session

M = TypeVar("M", bound=BaseModel)
_log = logging.getLogger(__name__)
_AT_ONCE = 4
_CHUNK = 200
_RECENT_S = 400 * 86_400
_ROLES: dict[str, Role] = {"owner": "owner", "admin": "admin"}


async def synchronise(session: Session) -> None:
    """Announces the account and brings the engine up to date, then again every now and then."""
    await _hello(session)
    since = session.now()
    await read_groups(session)
    await read_requests(session)
    await _backfill(session, since)
    await read_members(session)
    while True:
        await asyncio.sleep(session.settings.resync_s)
        await read_groups(session)
        await read_requests(session)
        await read_members(session)


async def _hello(session: Session) -> None:
    data = await session.ask("get_version_info", timeout_s=session.settings.hello_timeout_s)
    app = ""
    if isinstance(data, dict):
        name, version = str(data.get("app_name") or ""), str(data.get("app_version") or "")
        session.dialect = dialect_of(name)
        app = f"{name} {version}".strip()[:100]
    await session.announce(app)


async def read_groups(session: Session) -> None:
    """The list of groups with the account's role in each, to the engine."""
    listed = _models(GroupInfo, await session.ask("get_group_list", {"no_cache": False}))
    if listed is None:
        return
    session.standing.keep_only(info.group_id for info in listed if info.group_id)
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(info: GroupInfo) -> None:
        group = session.standing.group(info.group_id)
        group.name, group.size = info.group_name or group.name, info.member_count or group.size
        async with gate:
            await _read_own(session, info.group_id)

    await asyncio.gather(*(one(info) for info in listed if info.group_id))
    await session.sink.groups(session.account, session.standing.listed())


async def read_group(session: Session, chat: str) -> None:
    """A group that the account has just joined."""
    data = await session.ask("get_group_info", {"group_id": number(chat), "no_cache": True})
    info = _model(GroupInfo, data)
    if info is not None:
        group = session.standing.group(chat)
        group.name, group.size = info.group_name, info.member_count
    await _read_own(session, chat)
    await session.sink.groups(session.account, session.standing.listed())
    await _read_member_list(session, chat)


async def _read_own(session: Session, chat: str) -> None:
    """The account's own role, and until when it may not speak."""
    own = {"group_id": number(chat), "user_id": number(session.account), "no_cache": False}
    info = _model(MemberInfo, await session.ask("get_group_member_info", own))
    if info is None:
        return
    group = session.standing.group(chat)
    group.role = _ROLES.get(info.role, "member")
    muted_until = datetime.fromtimestamp(max(0, min(info.shut_up_timestamp, 4_102_444_800)), UTC)
    group.muted_until = muted_until if muted_until > session.now() else None
    if group.role != "member":
        await read_mentions_left(session, chat)


async def read_mentions_left(session: Session, chat: str) -> None:
    """Whether the account may still mention everybody today, where the implementation tells."""
    if not session.dialect.has_at_all_remain:
        return
    data = await session.ask("get_group_at_all_remain", {"group_id": number(chat)})
    if isinstance(data, dict) and isinstance(data.get("can_at_all"), bool):
        left = data.get("remain_at_all_count_for_uin")
        group = session.standing.group(chat)
        group.mentions_all_left = data["can_at_all"] and (not isinstance(left, int) or left > 0)


async def read_members(session: Session) -> None:
    """Every group's member list, paced: who is missing from it has left."""
    for chat in list(session.standing.groups):
        await _read_member_list(session, chat)
        await asyncio.sleep(session.settings.pace_s)


async def _read_member_list(session: Session, chat: str) -> None:
    data = await session.ask("get_group_member_list", {"group_id": number(chat), "no_cache": True})
    listed = _models(MemberInfo, data)
    # An empty list is a cache that is not filled yet: the account itself is always in it.
    if not listed or chat not in session.standing.groups:
        return
    session.standing.groups[chat].size = len(listed)
    await session.sink.members(session.account, chat, [_member(info) for info in listed if info.user_id])


def _member(info: MemberInfo) -> Member:
    return Member(
        uid=info.user_id,
        name=info.card or info.nickname,
        role=_ROLES.get(info.role, "member"),
        joined_at=datetime.fromtimestamp(info.join_time, UTC) if 0 < info.join_time < 4_102_444_800 else None,
        is_bot=info.is_robot or is_official_bot(info.user_id),
        title=info.title,
    )


async def read_requests(session: Session) -> None:
    """Requests that came while nobody listened. Their ids are those of the events, so none is taken twice."""
    if not session.dialect.has_system_messages:
        return
    messages = _model(SystemMessages, await session.ask("get_group_system_msg"))
    if messages is None:
        return
    events: list[Event] = [
        _pending(session, pending, is_invitation=is_invitation)
        for requests, is_invitation in ((messages.join_requests, False), (messages.invited_requests, True))
        for pending in requests or ()
        if pending.group_id and pending.request_id and not pending.checked
    ]
    if events:
        await session.sink.events(events, is_backfill=True)


def _pending(session: Session, pending: PendingRequest, *, is_invitation: bool) -> Event:
    flag = pending.flag or session.dialect.request_flag(pending.request_id, number(pending.group_id))
    name = request_number(flag)
    at, member = _request_time(name, session.now()), pending.requester_uin or pending.invitor_uin
    base: dict[str, Any] = {
        "id": f"request:{name}",
        "account": session.account,
        "chat": pending.group_id,
        "at": at,
        "member": member,
    }
    if is_invitation:
        return BotInvited(**base, flag=INVITE + flag)
    return JoinRequested(**base, flag=flag, comment=pending.message, name=pending.requester_nick)


def _request_time(request: str, now: datetime) -> datetime:
    """Requests are numbered by their time in microseconds; a number that is no recent time tells nothing."""
    if len(request) == 16 and request.isdigit():
        seconds = int(request) // 1_000_000
        if abs(now.timestamp() - seconds) < _RECENT_S:
            return moment(seconds)
    return now


async def _backfill(session: Session, until: datetime) -> None:
    """Reads every group's history since its newest logged message. Groups without a logged message have no gap.

    A gap that is longer than one window is read on after every other group had its turn.
    """
    waiting: deque[_Gap] = deque()
    for chat in list(session.standing.groups):
        known = session.gap_since or {}
        since = known[chat] if chat in known else session.sink.last_seen(session.account, chat)
        if since is None:
            continue
        if session.dialect.has_history:
            waiting.append(_Gap(chat, since, session.history().windows(chat, since)))
        else:
            await session.sink.backfilled(session.account, chat, since=since, until=until, reached=None)
    try:
        while waiting:
            gap = waiting[0]
            if await _read_window(session, gap):
                waiting.rotate(-1)
            else:
                await session.sink.backfilled(
                    session.account, gap.chat, since=gap.since, until=until, reached=gap.reached
                )
                waiting.popleft()
            await asyncio.sleep(session.settings.pace_s)
    finally:
        for gap in waiting:
            await gap.windows.aclose()
    session.gap_since = None


@dataclass(slots=True)
class _Gap:
    """What is being read of one group's history. `reached`: how far back, None while nothing could be read."""

    chat: str
    since: datetime
    windows: AsyncGenerator[Past]
    reached: datetime | None = None


async def _read_window(session: Session, gap: _Gap) -> bool:
    """Hands over the next window; False when there is none left."""
    past = await anext(gap.windows, None)
    if past is None:
        return False
    missed = [message for message in past.messages if not session.remember(message)]
    for begin in range(0, len(missed), _CHUNK):
        await session.sink.events(missed[begin : begin + _CHUNK], is_backfill=True)
    gap.reached = past.reached or gap.reached
    return not past.reaches_back


def _model(model: type[M], data: Any) -> M | None:
    try:
        return model.model_validate(data) if isinstance(data, dict) else None
    except ValidationError as error:
        _log.warning("onebot: unreadable %s: %s", model.__name__, error.errors(include_input=False)[:1])
        return None


def _models(model: type[M], data: Any) -> list[M] | None:
    """The readable ones of a list; None where there is no list."""
    if not isinstance(data, Iterable) or isinstance(data, (str, dict)):
        return None
    return [found for found in (_model(model, item) for item in data) if found is not None]
