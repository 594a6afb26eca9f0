"""Sending through an account, and finding out afterwards what became of it."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta

from bot.core.effects import Approve
from bot.core.errors import SendDeferred, SendRefused, SendUnknown
from bot.core.play import Capability
from bot.core.segments import EVERYONE, Mention
from bot.transports.base import Message, Outgoing, Receipt
from bot.transports.onebot11.answers import MediaFailed, receipt_of
from bot.transports.onebot11.encode import encode
from bot.transports.onebot11.own import fingerprint
from bot.transports.onebot11.session import Session
from bot.transports.onebot11.sync import read_mentions_left
from bot.transports.onebot11.wire import Answer, as_id, private_chat
from bot.transports.pictures import inline_pictures

_OFFLINE_RETRY_S = 5.0
_UPLOAD_BYTES_PER_S = 128 * 1024
_CLOCK_SLACK = timedelta(seconds=2)
_MEDIA_MEMORY = 500


class Sending:
    """`session` is the account. Remembers only which pictures failed once."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._media_failures: OrderedDict[tuple[str, str], None] = OrderedDict()

    async def send(self, chat: str, outgoing: Outgoing) -> Receipt:
        """The receipt, or one of the three errors of a send."""
        session = self._session
        link = session.api
        if link is None or not session.is_announced:
            raise SendDeferred(session.reason or "the account is offline", retry_after_s=_OFFLINE_RETRY_S)
        if chat in session.standing.gone and not isinstance(outgoing, Approve):
            raise SendRefused("the account is no longer in this group")
        if isinstance(outgoing, Message):
            if outgoing.to is None and (wait_s := session.standing.silent_for_s(chat, session.now())):
                raise SendDeferred("the account is muted in this group", retry_after_s=wait_s)
            segments = await inline_pictures(outgoing.segments, session.settings.picture_limit_bytes)
            outgoing = Message(segments=segments, to=outgoing.to, reply_to=outgoing.reply_to)
        may_mention_all = Capability.MENTION_ALL in session.capabilities(chat)
        call = encode(chat, outgoing, dialect=session.dialect, may_mention_all=may_mention_all)
        answer = await link.call(
            call.action,
            call.params,
            timeout_s=session.settings.call_timeout_s + _size(outgoing) / _UPLOAD_BYTES_PER_S,
            on_late=lambda late: self._settled_late(chat, outgoing, late),
        )
        try:
            receipt = receipt_of(answer, call, session.dialect)
        except MediaFailed as error:
            raise self._media_failed(chat, outgoing, error) from None
        except SendRefused as error:
            capability = call.capability
            if not error.capability and capability and capability not in session.capabilities(chat):
                # Some give no reason: the role explains it.
                raise SendRefused(str(error), capability=capability) from None
            raise
        if isinstance(outgoing, Message):
            session.own.sent(_place(chat, outgoing), receipt.message_id, session.now(), outgoing.segments)
            if Mention(EVERYONE) in outgoing.segments:
                session.spawn(read_mentions_left(session, chat), f"onebot at-all {chat}")
        return receipt

    def _settled_late(self, chat: str, outgoing: Outgoing, answer: Answer) -> None:
        """An answer after the call was given up: `find_sent` will know the message."""
        if isinstance(outgoing, Message) and answer.is_ok and isinstance(answer.data, dict):
            message_id = as_id(answer.data.get("message_id"))
            self._session.own.heard(_place(chat, outgoing), message_id, self._session.now(), outgoing.segments)

    def _media_failed(self, chat: str, outgoing: Outgoing, error: MediaFailed) -> SendDeferred | SendRefused:
        """Deferred the first time, refused the second: then the words have to go without the picture."""
        key = (chat, fingerprint(outgoing.segments) if isinstance(outgoing, Message) else type(outgoing).__name__)
        if key in self._media_failures:
            del self._media_failures[key]
            return SendRefused(str(error), capability=Capability.PICTURE)
        self._media_failures[key] = None
        while len(self._media_failures) > _MEDIA_MEMORY:
            self._media_failures.popitem(last=False)
        return error

    async def find_sent(self, chat: str, message: Message, since: datetime) -> Receipt | None:
        """In what was heard, else in the network's history as far back as `since`."""
        session, place = self._session, _place(chat, message)
        since = since.replace(microsecond=0) - _CLOCK_SLACK
        found = session.own.find((chat, place), message.segments, since)
        if found is None:
            if not session.is_announced or not session.dialect.has_history:
                raise SendUnknown("the history cannot be read")
            past = await session.history().read(place, since)
            for own in past.messages:
                session.remember(own)
            found = session.own.find((chat, place), message.segments, since)
            if found is None and not past.reaches_back:
                raise SendUnknown("the history does not reach back far enough")
        return Receipt(*found) if found else None


def _place(chat: str, message: Message) -> str:
    """The conversation that a message really lands in."""
    return private_chat(message.to) if message.to else chat


def _size(outgoing: Outgoing) -> int:
    if isinstance(outgoing, Message):
        return sum(len(getattr(segment, "url", "")) for segment in outgoing.segments)
    return len(getattr(outgoing, "content", b""))
