"""What an answer to a call means: taken, refused, later, or unknown.

A failed send is often no failure: NapCat answers `1200 Timeout …` also for messages that did arrive. Whatever speaks of a
timeout is therefore unknown, and so is a failed message of an implementation that never gives reasons.
"""

from __future__ import annotations

import re

from bot.core.errors import SendDeferred, SendRefused, SendUnknown
from bot.transports.base import Receipt
from bot.transports.onebot11.dialect import Dialect
from bot.transports.onebot11.encode import Call
from bot.transports.onebot11.wire import Answer, as_id

_NO_SUCH_ACTION = (404, 1404)
_TIMEOUT = re.compile(r"time\s?out|timed out|超时", re.IGNORECASE)
_NO_RIGHT = re.compile(r"NOT_GROUP_ADMIN|not.{0,12}admin|permission|no right|权限|不是管理员|非管理员", re.IGNORECASE)
_MEDIA = re.compile(r"rich media transfer failed|upload.{0,20}fail|富媒体", re.IGNORECASE)
_OFTEN = re.compile(r"too (?:many|frequent)|rate limit|频繁|稍后再试", re.IGNORECASE)
MEDIA_RETRY_S = 60.0
OFTEN_RETRY_S = 30.0


class MediaFailed(SendDeferred):
    """The picture could not be uploaded and nothing was sent; once more later may help."""


def receipt_of(answer: Answer, call: Call, dialect: Dialect) -> Receipt:
    """The receipt, or the error that says what became of the call."""
    if answer.is_ok:
        data = answer.data
        return Receipt(as_id(data.get("message_id")) if isinstance(data, dict) else "")
    reason = answer.reason[:300] or f"retcode {answer.retcode}"
    capability = call.capability or ""
    if answer.retcode in _NO_SUCH_ACTION:
        raise SendRefused(f"{dialect.name} does not offer {call.action}", capability=capability)
    if _NO_RIGHT.search(reason):
        raise SendRefused(reason, capability=capability)
    # "EventChecker Failed" carries a definite result of QQ itself, so it comes before what only sounds like a timeout.
    is_definite = reason.startswith("EventChecker Failed")
    if _MEDIA.search(reason):
        raise MediaFailed(reason, retry_after_s=MEDIA_RETRY_S)
    if _OFTEN.search(reason):
        raise SendDeferred(reason, retry_after_s=OFTEN_RETRY_S)
    if _TIMEOUT.search(reason) and not is_definite:
        raise SendUnknown(reason)
    if dialect.silent_failures and call.is_message and not answer.reason:
        raise SendUnknown(f"{dialect.name} failed without a reason")
    raise SendRefused(reason)
