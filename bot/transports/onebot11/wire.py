"""The shapes on the wire, as far as we use them: unknown fields are accepted, ids come as numbers or text.

Messages are read by hand in `decode` (they are the hot path); everything rarer is validated here.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Any

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from bot.core.text import clean

_NOBODY = ("", "0")


class Malformed(ValueError):
    """A frame that is no OneBot frame, or lacks what its kind must have."""


def as_id(value: Any) -> str:
    """An id as text; "" for what is missing. Numbers, numeric text and opaque text are all in use."""
    kind = type(value)
    if kind is int:
        return str(value) if -(2**63) <= value < 2**64 else _refuse(value)
    if kind is str:
        return clean(value.strip()) if len(value) <= 200 else _refuse(value[:50])
    if value is None:
        return ""
    if kind is float and value.is_integer() and abs(value) < 2**63:
        return str(int(value))
    return _refuse(value)


def _refuse(value: Any) -> str:
    raise Malformed(f"not an id: {str(value)[:50]!r}")


def uid(value: Any) -> str:
    """`qq:<number>`; "" where nobody is known (missing or 0)."""
    number = as_id(value)
    return "" if number in _NOBODY else f"qq:{number}"


def private_chat(member: str) -> str:
    """The conversation with one member: `qq:@<number>`."""
    return f"qq:@{member.removeprefix('qq:')}"


_OFFICIAL_BOTS = (
    range(2_854_196_301, 2_854_216_400), range(3_889_000_000, 3_890_000_000), range(4_010_000_000, 4_020_000_000),
    (66_600_000, 3_328_144_510),
)  # fmt: skip
"""What NapCat and LLBot answer to get_robot_uin_range; other implementations have no call for it."""


def is_official_bot(uid: str) -> bool:
    """Whether the number is one of those that QQ gives to its official bots only."""
    user = number(uid)
    return any(user in numbers for numbers in _OFFICIAL_BOTS)


def number(of: str) -> int | str:
    """The wire's form of a uid or id: a number wherever it is one."""
    text = of.removeprefix("qq:").removeprefix("@")
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() else text


@lru_cache(maxsize=4096)
def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def moment(value: Any) -> datetime:
    """A platform time, in seconds or milliseconds, as an aware UTC datetime."""
    kind = type(value)
    if kind is str and value.isascii() and value.isdigit() and len(value) <= 16:
        value = int(value)
    elif kind is not int and kind is not float:
        raise Malformed(f"not a time: {str(value)[:50]!r}")
    if 100_000_000_000 < value < 2**53:
        value = value / 1000
    if not 0 < value < 4_102_444_800:
        raise Malformed(f"not a time: {str(value)[:50]!r}")
    return _moment(value)


def text_of(value: Any) -> str:
    """Text as the database can keep it; numbers as text, "" for everything else."""
    if type(value) is str:
        return clean(value)
    return str(value) if type(value) in (int, float) else ""


def whole(value: Any) -> int:
    """A count or duration; 0 where it is missing or unreadable."""
    if isinstance(value, (int, float)) and abs(value) < 2**53:
        return int(value)
    if isinstance(value, str) and value.removeprefix("-").isdigit() and len(value) <= 15:
        return int(value)
    return 0


Id = Annotated[str, BeforeValidator(as_id)]
Uid = Annotated[str, BeforeValidator(uid)]
At = Annotated[datetime, BeforeValidator(moment)]
Words = Annotated[str, BeforeValidator(text_of)]
Whole = Annotated[int, BeforeValidator(whole)]


class Wire(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class FileInfo(Wire):
    id: Words = ""
    name: Words = ""
    size: Whole = 0


class Like(Wire):
    emoji_id: Id = ""
    count: Whole = 1


class Notice(Wire):
    """Any notice: `notice_type` and `sub_type` say which fields mean something."""

    time: At
    notice_type: Words
    sub_type: Words = ""
    group_id: Uid = ""
    user_id: Uid = ""
    operator_id: Uid = ""
    target_id: Uid = ""
    message_id: Id = ""
    duration: Whole = 0
    card_new: Words = ""
    card_old: Words = ""
    title: Words = ""
    name: Words = ""
    name_new: Words = ""
    code: Id = ""
    count: Whole = 1
    is_add: bool | None = None
    likes: tuple[Like, ...] = ()
    file: FileInfo = FileInfo()


class Request(Wire):
    time: At
    request_type: Words
    sub_type: Words = "add"
    group_id: Uid = ""
    user_id: Uid = ""
    invitor_id: Uid = ""
    comment: Words = ""
    flag: Words


class Status(Wire):
    online: bool | None = None
    good: bool | None = None


class Meta(Wire):
    """`interval` in milliseconds."""

    meta_event_type: Words = ""
    sub_type: Words = ""
    interval: Whole = 0
    status: Status | None = None


class Answer(Wire):
    """The answer to a call. Judge by `retcode`: one implementation writes free text into `status`."""

    retcode: Whole = -1
    status: Words = ""
    data: Any = None
    message: Words = ""
    wording: Words = ""

    @property
    def is_ok(self) -> bool:
        return self.retcode == 0 or self.status == "async"

    @property
    def reason(self) -> str:
        return self.message or self.wording


class GroupInfo(Wire):
    group_id: Uid
    group_name: Words = ""
    member_count: Whole = 0


class MemberInfo(Wire):
    user_id: Uid
    nickname: Words = ""
    card: Words = ""
    title: Words = ""
    role: Words = "member"
    join_time: Whole = 0
    shut_up_timestamp: Whole = 0
    is_robot: bool = False


class PendingRequest(Wire):
    """One entry of get_group_system_msg. NapCat names the asker `invitor_uin`."""

    request_id: Id
    group_id: Uid
    requester_uin: Uid = ""
    invitor_uin: Uid = ""
    requester_nick: Words = ""
    message: Words = ""
    checked: bool = False
    flag: Words = ""


class SystemMessages(Wire):
    join_requests: tuple[PendingRequest, ...] | None = Field(default=())
    invited_requests: tuple[PendingRequest, ...] | None = Field(default=())


def loads(raw: bytes | str) -> dict[str, Any]:
    """A frame as a dictionary. What orjson refuses (lone surrogates, bad UTF-8, NaN) gets a second, forgiving look."""
    try:
        frame = orjson.loads(raw)
    except orjson.JSONDecodeError:
        frame = _forgiving(raw)
    if type(frame) is not dict:
        raise Malformed(f"a frame must be an object, not {type(frame).__name__}")
    return frame


def _forgiving(raw: bytes | str) -> Any:
    import json

    text = raw.decode("utf-8", errors="replace") if isinstance(raw, bytes) else raw
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"not JSON: {error}") from None
