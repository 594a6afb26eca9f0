"""What a failed call means: refused, later, or unknown. A gateway's own words carry stack traces and sometimes the token:
only their first line is looked at, and none of an authentication error is ever repeated."""

from __future__ import annotations

import re

from bot.core.errors import SendDeferred, SendRefused, SendUnknown, TransportError

OK, CANCELLED, DEADLINE, NOT_FOUND, EXISTS, PERMISSION, EXHAUSTED = 0, 1, 4, 5, 6, 7, 8
PRECONDITION, ABORTED, UNIMPLEMENTED, UNAVAILABLE, UNAUTHENTICATED = 9, 10, 12, 14, 16

_LATER = re.compile(r"not log(?:ged)?[ -]?in|not (?:online|ready|started)|offline|未登录", re.IGNORECASE)
_OFTEN = re.compile(r"too (?:many|frequent|often)|rate.?limit|频繁|稍后", re.IGNORECASE)
_TIMEOUT = re.compile(r"time(?:d)?.?out|超时", re.IGNORECASE)
_NO_RIGHT = re.compile(r"permission|not.{0,12}(?:owner|admin)|no right|forbidden|权限|群主|管理员", re.IGNORECASE)
LATER_S, OFTEN_S = 5.0, 60.0


def first_line(message: str) -> str:
    """The first line, without paths; at most 200 characters."""
    line = message.strip().partition("\n")[0]
    return re.sub(r"(?:file://|/)[\w@.+-]*/[\w@./+-]+", "…", line)[:200]


def error_of(status: int, message: str, method: str, capability: str = "") -> TransportError:
    """The error that an answer of this gRPC status stands for."""
    if status == UNAUTHENTICATED:
        return SendDeferred("the gateway refuses the token", retry_after_s=OFTEN_S)
    why = f"{method}: {first_line(message) or f'status {status}'}"
    if status == UNIMPLEMENTED:
        return SendRefused(why, capability=capability)
    if status == EXHAUSTED and "larger than max" in message:
        return SendRefused(why)
    if status == EXHAUSTED or _OFTEN.search(why):
        return SendDeferred(why, retry_after_s=OFTEN_S)
    if status in (CANCELLED, DEADLINE, ABORTED, UNAVAILABLE) or _TIMEOUT.search(why):
        return SendUnknown(why)
    if status == PERMISSION or _NO_RIGHT.search(why):
        return SendRefused(why, capability=capability)
    if _LATER.search(why):
        return SendDeferred(why, retry_after_s=LATER_S)
    return SendRefused(why)
