"""Notices and requests → events. Ids are made from the cause, so that the same news twice is one event.

The join of somebody who was invited is reported twice by one implementation, perhaps with another operator: who let the
member in is therefore no part of the id. `flag` of an invitation of the bot carries the prefix `invite:`, because the answer must
say which of the two kinds of request it answers.
"""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import Any, Literal

import orjson

from bot.core.events import (
    BotInvited,
    EssenceChanged,
    Event,
    FileUploaded,
    GroupDissolved,
    GroupRenamed,
    JoinRequested,
    MemberJoined,
    MemberLeft,
    MemberMuted,
    MessageRecalled,
    NameChanged,
    Poked,
    ReactionAdded,
    RoleChanged,
    UnknownReceived,
)
from bot.transports.onebot11.wire import Like, Malformed, Notice, Request, private_chat

INVITE = "invite:"
_How = Literal["approved", "invited", "unknown"]
_UNKNOWN: _How = "unknown"
_HOW: dict[str, _How] = {"approve": "approved", "invite": "invited"}
_LONGEST_MUTE_S = 400 * 86_400


def digest(value: Any) -> str:
    """Twelve hexadecimal digits that stand for a text or a whole frame."""
    try:
        source = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:
        source = _tolerant(value)
    return blake2b(source, digest_size=6).hexdigest()


def _tolerant(value: Any) -> bytes:
    """What orjson refuses (lone surrogates, huge numbers) as JSON all the same."""
    try:
        return json.dumps(value, sort_keys=True).encode()
    except RecursionError:
        raise Malformed("nested too deep") from None


def request_number(flag: str) -> str:
    """What names a request in every form of its flag (`n`, `group|n|type|doubt`, `n-group-type`)."""
    parts = flag.split("|")
    return parts[1] if len(parts) > 1 else flag.split("-")[0]


def decode_request(frame: dict[str, Any], account: str) -> list[Event]:
    request = Request.model_validate(frame)
    chat = request.group_id or private_chat(request.user_id or account)
    at, member = request.time, request.user_id
    if request.request_type != "group":
        what = f"request.{request.request_type}"[:80]
        mark = f"{what}:{digest(request.flag)}"
        return [UnknownReceived(id=mark, account=account, chat=chat, at=at, member=member, what=what)]
    if not request.group_id or not request.flag:
        raise Malformed("a request without group_id or flag")
    mark = f"request:{request_number(request.flag)}"
    if request.sub_type == "invite":
        flag = INVITE + request.flag
        return [BotInvited(id=mark, account=account, chat=chat, at=at, member=member, flag=flag)]
    return [
        JoinRequested(
            id=mark,
            account=account,
            chat=chat,
            at=at,
            member=member,
            flag=request.flag,
            comment=request.comment,
            by=request.invitor_id,
        )
    ]


def decode_notice(frame: dict[str, Any], account: str) -> list[Event]:
    """The events of a notice; kinds that this version does not know become `UnknownReceived`."""
    kind, sub = frame.get("notice_type"), frame.get("sub_type")
    if type(kind) is not str:
        raise Malformed("no notice_type")
    name = f"{kind}.{sub}" if kind == "notify" and type(sub) is str else kind
    decoder = _DECODERS.get(name)
    if decoder is None or (not frame.get("group_id") and name != "notify.poke"):
        return [_unknown(frame, account)]
    notice = Notice.model_validate(frame)
    return decoder(notice, frame, account) or [_unknown(frame, account)]


def _unknown(frame: dict[str, Any], account: str) -> Event:
    notice = Notice.model_validate({key: frame.get(key) for key in _COMMON if frame.get(key) is not None})
    what = ".".join(filter(None, ("notice", notice.notice_type, notice.sub_type)))[:120]
    return UnknownReceived(
        id=f"{what}:{digest(frame)}",
        account=account,
        chat=notice.group_id or private_chat(notice.user_id or account),
        at=notice.time,
        member=notice.user_id,
        what=what,
    )


_COMMON = ("time", "notice_type", "sub_type", "group_id", "user_id")


def _mark(notice: Notice, *parts: str) -> str:
    return ":".join((*parts, str(int(notice.time.timestamp()))))


def _short(value: str) -> str:
    """The number of a uid, for ids."""
    return value.removeprefix("qq:") or "0"


def _base(notice: Notice, account: str, member: str) -> dict[str, Any]:
    return {"account": account, "chat": notice.group_id, "at": notice.time, "member": member}


def _joined(notice: Notice, frame: dict[str, Any], account: str) -> list[Event]:
    member = notice.user_id
    how = _HOW.get(notice.sub_type, _UNKNOWN)
    mark = _mark(notice, "join", _short(member))
    return [MemberJoined(id=mark, **_base(notice, account, member), by=notice.operator_id, how=how)]


def _left(notice: Notice, frame: dict[str, Any], account: str) -> list[Event]:
    if notice.sub_type == "disband":
        return _dissolved(notice, frame, account)
    member = notice.user_id or (account if notice.sub_type == "kick_me" else "")
    was_kicked = notice.sub_type in ("kick", "kick_me")
    by = notice.operator_id if was_kicked else ""
    mark = _mark(notice, "leave", _short(member))
    return [MemberLeft(id=mark, **_base(notice, account, member), by=by, was_kicked=was_kicked)]


def _dissolved(notice: Notice, frame: dict[str, Any], account: str) -> list[Event]:
    by = notice.operator_id or notice.user_id
    return [GroupDissolved(id=_mark(notice, "dissolve"), **_base(notice, account, by))]


def _muted(notice: Notice, frame: dict[str, Any], account: str) -> list[Event]:
    for_s = 0 if notice.sub_type == "lift_ban" else max(0, min(notice.duration, _LONGEST_MUTE_S))
    if not notice.user_id:
        for_s = 0 if notice.sub_type == "lift_ban" else -1
    mark = _mark(notice, "mute", _short(notice.user_id), _short(notice.operator_id), str(for_s))
    return [MemberMuted(id=mark, **_base(notice, account, notice.user_id), for_s=for_s, by=notice.operator_id)]


def _recalled(notice: Notice, frame: dict[str, Any], account: str) -> list[Event]:
    if not notice.message_id:
        raise Malformed("a recall without message_id")
    mark = _mark(notice, "recall", notice.message_id)
    return [
        MessageRecalled(
            id=mark,
            **_base(notice, account, notice.user_id),
            message_id=notice.message_id,
            by=notice.operator_id or notice.user_id,
        )
    ]


def _promoted(notice: Notice, frame: dict[str, Any], account: str) -> list[Event]:
    role: Literal["admin", "member"] = "member" if notice.sub_type == "unset" else "admin"
    mark = _mark(notice, "role", _short(notice.user_id), role)
    return [RoleChanged(id=mark, **_base(notice, account, notice.user_id), role=role)]


def _uploaded(notice: Notice, frame: dict[str, Any], account: str) -> list[Event]:
    mark = _mark(notice, "file", _short(notice.user_id), digest(notice.file.id or notice.file.name))
    member = notice.user_id
    return [FileUploaded(id=mark, **_base(notice, account, member), name=notice.file.name, size_bytes=notice.file.size)]


def _poked(notice: Notice, frame: dict[str, Any], account: str) -> list[Event]:
    base = _base(notice, account, notice.user_id)
    base["chat"] = notice.group_id or private_chat(notice.user_id)
    mark = _mark(notice, "poke", _short(notice.user_id), _short(notice.target_id))
    return [Poked(id=mark, **base, target=notice.target_id)]


def _carded(notice: Notice, frame: dict[str, Any], account: str) -> list[Event]:
    mark = _mark(notice, "card", _short(notice.user_id), digest(notice.card_new))
    base = _base(notice, account, notice.user_id)
    return [NameChanged(id=mark, **base, what="card", old=notice.card_old, new=notice.card_new)]


def _titled(notice: Notice, frame: dict[str, Any], account: str) -> list[Event]:
    mark = _mark(notice, "title", _short(notice.user_id), digest(notice.title))
    return [NameChanged(id=mark, **_base(notice, account, notice.user_id), what="title", new=notice.title)]


def _renamed(notice: Notice, frame: dict[str, Any], account: str) -> list[Event]:
    name = notice.name_new or notice.name
    by = notice.user_id or notice.operator_id
    return [GroupRenamed(id=_mark(notice, "rename", digest(name)), **_base(notice, account, by), name=name)]


def _essence(notice: Notice, frame: dict[str, Any], account: str) -> list[Event]:
    is_added = notice.sub_type != "delete"
    mark = _mark(notice, "essence", notice.message_id, "add" if is_added else "delete")
    base = _base(notice, account, notice.operator_id)
    return [EssenceChanged(id=mark, **base, message_id=notice.message_id, is_added=is_added)]


def _reacted(notice: Notice, frame: dict[str, Any], account: str) -> list[Event]:
    """Taking a reaction back is no event of ours."""
    if notice.is_add is False or notice.sub_type == "remove":
        return []
    member = notice.user_id or notice.operator_id
    likes = notice.likes or ((Like(emoji_id=notice.code, count=notice.count),) if notice.code else ())
    return [
        ReactionAdded(
            id=_mark(notice, "react", notice.message_id, _short(member), like.emoji_id),
            **_base(notice, account, member),
            message_id=notice.message_id,
            emoji=like.emoji_id,
            count=like.count,
        )
        for like in likes
    ]


_DECODERS = {
    "group_increase": _joined,
    "group_decrease": _left,
    "group_dismiss": _dissolved,
    "group_ban": _muted,
    "group_recall": _recalled,
    "group_admin": _promoted,
    "group_upload": _uploaded,
    "group_card": _carded,
    "group_name_change": _renamed,
    "group_msg_emoji_like": _reacted,
    "reaction": _reacted,
    "essence": _essence,
    "notify.poke": _poked,
    "notify.title": _titled,
    "notify.group_name": _renamed,
}
