"""What a reader yields, and how all of them read text and times."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

CODES = {
    "time": "看不懂时间 · no time that can be read",
    "sender": "没有发送者 · nobody wrote it",
    "columns": "列数不对 · the row has too few columns",
    "json": "JSON 损坏，从这里起读不下去 · broken JSON, nothing can be read behind it",
    "shape": "不是一条消息 · not a message",
    "bytes": "有无法解码的字节，已写成 � · bytes that are no text, kept as �",
    "orphan": "不属于任何消息的文字 · text that belongs to no message",
    "room": "是别的群的消息 · of another group",
}
"""Why something could not be read. `bytes` alone still yields its message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One message of an export. `place` is its line or its number, as the format counts.

    `member` is the network's own id without the network's name, "" where the export knows only `name`. `is_own`: the
    person who exported wrote it, and the tool did not say who that is. `is_notice`: the network wrote it, not a member.
    `text` is what members read, without placeholders for pictures; `kind` says what it was.
    """

    place: int
    at: datetime
    member: str = ""
    name: str = ""
    text: str = ""
    kind: str = "text"
    message_id: str = ""
    reply_to: str = ""
    is_own: bool = False
    is_notice: bool = False


@dataclass(frozen=True, slots=True)
class Unread:
    """`code` is one of `CODES`; `what` is what stood there, shortened."""

    place: int
    code: str
    what: str


@dataclass(frozen=True, slots=True)
class Title:
    """The group that what follows belongs to, by the name in the export."""

    name: str


Item: TypeAlias = Entry | Unread | Title

_PLACEHOLDER = re.compile(
    r"\[(图片|动画表情|表情包|表情|商城表情|语音|视频|文件|分享|链接|红包|转账|位置|名片|聊天记录)(?:消息)?(?:[:：][^\]\n]{0,200})?\]"
)
_KINDS = {
    "图片": "image", "动画表情": "face", "表情包": "face", "表情": "face", "商城表情": "face", "语音": "voice",
    "视频": "video", "文件": "file",
}  # fmt: skip
_MOMENT = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?[ T]+(上午|下午)?\s*(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\.\d+)?(Z|[+-]\d{2}:?\d{2})?"
)


def words(text: str) -> tuple[str, str]:
    """(text without placeholders, kind): a message of nothing but a picture has no words and the picture's kind."""
    first = _PLACEHOLDER.search(text)
    if first is None:
        return text.strip(), "text"
    rest = _PLACEHOLDER.sub("", text).strip()
    return rest, "text" if rest else _KINDS.get(first.group(1), "card")


def moment(value: Any, zone: ZoneInfo) -> datetime | None:
    """A time as exports write it: seconds or milliseconds since 1970, ISO 8601, or a wall clock of `zone`."""
    if isinstance(value, int | float):
        return _since_1970(value)
    text = str(value or "").strip()
    if text.isascii() and text.isdigit():
        return _since_1970(int(text))
    found = _MOMENT.fullmatch(text)
    if found is None:
        return None
    year, month, day, half, hour, minute, second, offset = found.groups()
    clock = int(hour) % 12 + (12 if half == "下午" else 0) if half else int(hour)
    try:
        at = datetime(int(year), int(month), int(day), clock, int(minute), int(second or 0))
        if offset:
            return datetime.fromisoformat(at.isoformat() + ("+00:00" if offset == "Z" else offset)).astimezone(UTC)
        return at.replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def shown(value: Any) -> str:
    """What is quoted of something unreadable."""
    return " ".join(str(value).split())[:120]


_FIRST_S, _LAST_S = 946_684_800, 4_102_444_800
"""2000 to 2100: a number outside is no time of a chat."""


def _since_1970(value: float) -> datetime | None:
    seconds = value / 1000 if value > _LAST_S else value
    return datetime.fromtimestamp(int(seconds), UTC) if _FIRST_S <= seconds < _LAST_S else None
