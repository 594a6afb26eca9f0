"""All WeChat accounts of the process behind one transport: each has its own gateway, session and fate."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from bot.core.errors import SendDeferred, SendUnknown
from bot.core.play import Capability
from bot.transports.base import Message, Outgoing, Receipt, Sink
from bot.transports.wechat import sending
from bot.transports.wechat.filebox import FileBox
from bot.transports.wechat.session import Session
from bot.transports.wechat.settings import WeChatSettings
from bot.transports.wechat.state import State
from bot.transports.wechat.wire import PLATFORM


class WeChat:
    """Implements `Transport`."""

    platform = PLATFORM
    reads_history = False

    def __init__(
        self, accounts: Sequence[WeChatSettings], *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.settings = tuple(accounts)
        self._now = now
        self._sessions: list[Session] = []

    async def run(self, sink: Sink) -> None:
        """Serves until it is cancelled. Fails only by a defect: a gateway that cannot be reached is waited for."""
        self._sessions = [Session(settings, sink=sink, now=self._now) for settings in self.settings]
        try:
            async with asyncio.TaskGroup() as group:
                for session in self._sessions:
                    group.create_task(session.run(), name=f"wechat {session.settings.endpoint}")
        finally:
            self._sessions = []

    def states(self) -> Mapping[str, State]:
        """Endpoint → what its connection is doing, with the QR code to scan where it waits for that."""
        return {session.settings.endpoint: session.state for session in self._sessions}

    async def send(self, account: str, chat: str, outgoing: Outgoing) -> Receipt:
        session = self._of(account)
        if session is None:
            raise SendDeferred("the account has not logged in yet", retry_after_s=5)
        return await sending.send(session, chat, outgoing)

    def capabilities(self, account: str, chat: str) -> frozenset[Capability]:
        session = self._of(account)
        return session.standing.capabilities(chat) if session is not None else frozenset()

    def relays(self, account: str) -> bool:
        """Whether a person says for the account what it would say in groups."""
        session = self._of(account)
        return session is not None and session.settings.relay

    async def find_sent(self, account: str, chat: str, message: Message, since: datetime) -> Receipt | None:
        session = self._of(account)
        if session is None:
            raise SendUnknown("the account has not logged in yet")
        return await sending.find_sent(session, chat, message, since)

    async def fetch_file(self, account: str, message_id: str) -> FileBox:
        """A file or picture that a member sent. Raises the errors of a send."""
        session = self._of(account)
        if session is None:
            raise SendDeferred("the account has not logged in yet", retry_after_s=5)
        return await sending.fetch_file(session, message_id)

    def _of(self, account: str) -> Session | None:
        """An account that was logged in through one gateway and is now behind another belongs to that one."""
        found = [session for session in self._sessions if session.account == account]
        return next((session for session in found if session.is_online), found[0] if found else None)
