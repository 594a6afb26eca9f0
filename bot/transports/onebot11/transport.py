"""QQ as the engine sees it: accounts that come and go over reverse and forward WebSockets."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

from websockets.asyncio.connection import Connection
from websockets.exceptions import ConnectionClosed, ConnectionClosedError

from bot.core.errors import SendDeferred, SendUnknown, TransportError
from bot.core.play import Capability
from bot.transports.base import Message, Outgoing, Receipt, Sink
from bot.transports.onebot11.client import keep_connected
from bot.transports.onebot11.link import ConnectionRole, Link, TokenRejected
from bot.transports.onebot11.sending import Sending
from bot.transports.onebot11.server import listen
from bot.transports.onebot11.session import Session
from bot.transports.onebot11.settings import OneBotSettings
from bot.transports.onebot11.wire import Malformed, uid

_log = logging.getLogger(__name__)
_RAW_LIMIT = 2000
_NOBODY = ""
_TOO_BIG = 1009


def _utc_now() -> datetime:
    return datetime.now(UTC)


class OneBot:
    """`now` is the wall clock, for what the network gives no time to."""

    platform = "qq"
    reads_history = True

    def __init__(self, settings: OneBotSettings, *, now: Callable[[], datetime] = _utc_now) -> None:
        self.settings = settings
        self.port = settings.port
        """Where it listens: with port 0 in the settings, the one that was found free."""
        self.is_listening = asyncio.Event()
        self._now = now
        self._sessions: dict[str, Session] = {}
        self._sending: dict[str, Sending] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._sink: Sink | None = None
        self._failure: asyncio.Future[None]

    # -- the engine's side ------------------------------------------------------------------------------------------

    async def run(self, sink: Sink) -> None:
        self._sink = sink
        self._failure = asyncio.get_running_loop().create_future()
        server = None
        try:
            if self.settings.listen:
                server = await listen(self.settings, self._converse)
                self.port = next(iter(server.sockets)).getsockname()[1]
            self.is_listening.set()
            for endpoint in self.settings.forward:
                self._spawn(keep_connected(endpoint, self.settings, self._converse), f"onebot forward {endpoint.url}")
            await self._failure
        finally:
            self.is_listening.clear()
            if server is not None:
                server.close()
            await self._end_tasks()
            if server is not None:
                await server.wait_closed()
            # The last words of closing connections may have started more.
            await self._end_tasks()
            self._sessions.clear()
            self._sending.clear()

    async def _end_tasks(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def send(self, account: str, chat: str, outgoing: Outgoing) -> Receipt:
        sending = self._sending.get(account)
        if sending is None:
            raise SendDeferred("the account has not connected yet", retry_after_s=5)
        return await sending.send(chat, outgoing)

    def capabilities(self, account: str, chat: str) -> frozenset[Capability]:
        session = self._sessions.get(account)
        return session.capabilities(chat) if session is not None else frozenset()

    async def find_sent(self, account: str, chat: str, message: Message, since: datetime) -> Receipt | None:
        sending = self._sending.get(account)
        if sending is None:
            raise SendUnknown("the account has not connected yet")
        return await sending.find_sent(chat, message, since)

    # -- the network's side -----------------------------------------------------------------------------------------

    async def _converse(self, connection: Connection, account: str, role: ConnectionRole) -> None:
        """Serves one connection to its end. `account` is "" until an event or get_login_info tells."""
        link = Link(connection, role)
        session: Session | None = None
        tasks = [self._spawn(self._watch(link), "onebot watch")]

        def attach(found: str) -> Session:
            nonlocal session
            if session is None:
                session = self._session(found)
                session.attach(link)
            return session

        if account:
            attach(account)
        elif link.carries_calls:
            tasks.append(self._spawn(self._identify(link, attach), "onebot identify"))
        reason = ""
        try:
            while True:
                frame, raw = await link.receive(
                    lambda raw, error: self._malformed(session.account if session else _NOBODY, raw, error)
                )
                try:
                    current = session or attach(_account_of(frame))
                    if self.settings.debug_frames:
                        self._sink_now.frame(current.account, raw.decode(errors="replace"))
                    await current.hear(link, frame)
                except Malformed as error:
                    self._malformed(session.account if session else _NOBODY, raw, str(error))
                except Exception as error:
                    # A defect of ours in reading one frame must not cost the connection and the frames behind it.
                    _log.exception("onebot: a frame could not be taken")
                    self._malformed(session.account if session else _NOBODY, raw, f"{type(error).__name__}: {error}")
        except ConnectionClosed as closed:
            reason = _why(closed)
            if isinstance(closed, ConnectionClosedError) and closed.sent is not None and closed.sent.code == _TOO_BIG:
                limit = self.settings.frame_limit_bytes
                self._malformed(session.account if session else _NOBODY, b"", f"a frame of more than {limit} bytes")
        except TokenRejected as error:
            reason = f"token rejected: {error}"
            raise
        finally:
            for task in tasks:
                task.cancel()
            if session is not None:
                session.detach(link, reason or "stopped")
            else:
                link.fail_pending()

    async def _identify(self, link: Link, attach: Callable[[str], Session]) -> None:
        """Asks who the account is: a connection for calls only never brings an event that would tell."""
        try:
            answer = await link.call("get_login_info", timeout_s=self.settings.call_timeout_s)
        except TransportError:
            return
        if answer.is_ok and isinstance(answer.data, dict) and (account := uid(answer.data.get("user_id"))):
            attach(account)

    async def _watch(self, link: Link) -> None:
        """Gives a connection up that has been silent for three heartbeats, or that answers no probe."""
        loop = asyncio.get_running_loop()
        while True:
            settings = self.settings
            has_heartbeat = link.interval_s > 0
            limit = max(3 * link.interval_s, settings.silence_floor_s) if has_heartbeat else settings.idle_probe_s
            quiet = loop.time() - link.heard_at
            if link.is_waiting:
                await asyncio.sleep(limit / 3)
            elif quiet < limit:
                # Awake often enough to notice the first heartbeat, which shortens the limit.
                await asyncio.sleep(min(limit - quiet, settings.silence_floor_s) + 0.001)
            elif has_heartbeat:
                link.drop(f"no heartbeat for {quiet:.0f} s")
                return
            elif await self._is_alive(link):
                link.heard_at = loop.time()
            else:
                link.drop(f"silent for {quiet:.0f} s and no answer to a probe")
                return

    async def _is_alive(self, link: Link) -> bool:
        try:
            if link.carries_calls:
                await link.call("get_status", timeout_s=self.settings.call_timeout_s)
            else:
                pong = await link.connection.ping()
                await asyncio.wait_for(pong, self.settings.call_timeout_s)
        except (TransportError, TimeoutError, ConnectionClosed):
            return False
        return True

    def _session(self, account: str) -> Session:
        session = self._sessions.get(account)
        if session is None:
            session = Session(
                account,
                settings=self.settings,
                sink=self._sink_now,
                now=self._now,
                spawn=self._spawn,
            )
            self._sessions[account] = session
            self._sending[account] = Sending(session)
            for work in (session.supervise(), session.pump()):
                self._spawn(work, f"onebot {account}").add_done_callback(self._ended)
        return session

    @property
    def _sink_now(self) -> Sink:
        assert self._sink is not None, "connections are served while the transport runs"
        return self._sink

    def _malformed(self, account: str, raw: bytes, error: str) -> None:
        self._sink_now.malformed(account, raw[:_RAW_LIMIT].decode(errors="replace"), error)

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """A task that ends with the transport; what it raises is logged."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("onebot: %s failed", task.get_name(), exc_info=error)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Without its pump or its supervisor an account is deaf: the whole transport fails visibly instead."""
        if not task.cancelled() and (error := task.exception()) is not None and not self._failure.done():
            self._failure.set_exception(error)


def _account_of(frame: dict[str, Any]) -> str:
    account = uid(frame.get("self_id"))
    if not account:
        raise Malformed("no self_id")
    return account


def _why(closed: ConnectionClosed) -> str:
    frame = closed.rcvd or closed.sent
    return f"connection closed: {frame.code} {frame.reason}".strip() if frame is not None else "connection lost"
