"""The live engine: transports on one side, the writing thread on the other, sends in between.

All I/O runs on one asyncio loop; every decision and every row is made by the writing thread. A task is only ever made
through `_spawn`, which keeps it and logs what it raises.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from bot.core.effects import SendFile, SendReport
from bot.core.errors import SendDeferred, SendRefused, SendUnknown
from bot.core.events import Event, ImageRead
from bot.core.play import Capability, Member
from bot.engine import codec
from bot.engine.clock import Clock, from_ms, monotonic_s, to_ms
from bot.engine.directory import platform_of
from bot.engine.drawings import DrawnMessage, Draws, NotDrawn
from bot.engine.failpoints import fp
from bot.engine.files import with_pictures, write_table
from bot.engine.images import Downloads, ImageReading
from bot.engine.kernel import Kernel
from bot.engine.outbox import Pending
from bot.engine.reporting import MakesReports, NotMade
from bot.engine.traffic import Dispatch, Inbound, Settled
from bot.engine.writing import WritingThread
from bot.transports.base import Group, Message, Outgoing, Transport

log = logging.getLogger(__name__)
R = TypeVar("R")

_SEND_TIMEOUT_S = 60.0
_RECONCILE_AFTER_S = 2.0
_COMEBACK_S = 300.0
"""How long a send whose connection was lost waits for the next one, whose history knows what became of it."""
_MOST_TWINS = 50
_MOST_FRAMES = 2000


class LiveEngine:
    """Is the `Sink` of every transport."""

    def __init__(
        self,
        kernel: Kernel,
        transports: Mapping[str, Transport],
        clock: Clock,
        *,
        keep_frames: bool = False,
        reads_images: Callable[[str], bool] = lambda chat: False,
        downloads: Downloads | None = None,
        pictures: Path = Path("."),
        draws: Draws | None = None,
        reports: MakesReports | None = None,
    ) -> None:
        self._kernel, self._transports, self._clock = kernel, transports, clock
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._has_room = asyncio.Event()
        self._has_room.set()
        self._last_seen: dict[tuple[str, str], datetime] = {}
        self._gaps: dict[tuple[str, str], datetime] = {}
        """Account and chat → the newest message from before a connection whose backfill has not come to its end."""
        self._online: dict[str, str] = {}
        self._came_online = asyncio.Condition()
        self._asked: set[int] = set()
        """Suspects that the network was asked about."""
        self._started_s = monotonic_s()
        self._keep_frames = keep_frames
        self._frames: list[tuple[str, str]] = []
        self._pictures = pictures
        """The folder that plays name pictures in."""
        self._draws = draws
        self._reports = reports
        self.malformed_frames = 0
        self._images = ImageReading(reads_images, self._image_read, downloads or Downloads())
        self.writing = WritingThread(kernel, clock, on_sends=self._sends_committed, on_room=self._room_again)

    # -- life -------------------------------------------------------------------------------------------------------

    async def run(self, stop: asyncio.Event) -> None:
        """Serves until `stop`; then drains: what was received is written, what was claimed is sent and settled."""
        self._loop = asyncio.get_running_loop()
        with_history = {platform for platform, transport in self._transports.items() if transport.reads_history}
        self._kernel.await_accounts(with_history, self._clock.now())
        self.writing.start()
        await self.call(self._load_last_seen)
        await self.call(lambda kernel: kernel.activate(self._clock.now()))
        running: list[asyncio.Future[Any]] = [
            self._spawn(transport.run(self), transport.platform) for transport in self._transports.values()
        ]
        running.append(asyncio.wrap_future(self.writing.failure))
        reading = self._spawn(self._images.run(), "images")
        stopping = self._spawn(stop.wait(), "stop")
        try:
            ended, _ = await asyncio.wait({stopping, *running}, return_when=asyncio.FIRST_COMPLETED)
            for task in ended - {stopping}:
                task.result()  # a network that cannot even begin (its port is taken), or no more writing: ends the bot
        finally:
            stopping.cancel()
            await self._drain()
            for task in (reading, *running):
                task.cancel()
            await asyncio.gather(reading, *running, return_exceptions=True)
            if self._draws is not None:
                await self._draws.close()
            await asyncio.to_thread(self.writing.stop)

    async def _drain(self, patience_s: float = 10.0) -> None:
        """Releases no more sends and waits for those under way, so that a clean stop leaves nothing unknown."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await self.call(lambda kernel: kernel.pause())
                if sends := [task for task in self._tasks if task.get_name().startswith("send")]:
                    await asyncio.wait(sends)

    @property
    def online(self) -> Mapping[str, str]:
        """Account → implementation, of those that are connected."""
        return dict(self._online)

    async def call(self, work: Callable[[Kernel], R]) -> R:
        """Runs `work` in the writing thread; sends that it returns go out."""
        return await asyncio.wrap_future(self.writing.call(work))

    @property
    def events_taken(self) -> int:
        """New events since the start."""
        return self._kernel.counters.events

    def quota_left(self, account: str) -> int | None:
        """Sends that the account has left today; None without a quota."""
        return self._kernel.outbox.quota_left(account, to_ms(self._clock.now()))

    def watch(self, poke: Callable[[frozenset[str]], None]) -> Callable[[], None]:
        """Calls `poke` in the event loop after commits, with the chats that were heard from (none: anything may
        have changed), until what this returns is called. One watcher at a time."""

        def written(inbound: Sequence[Inbound]) -> None:
            if self._loop is not None and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(poke, frozenset(item.event.chat for item in inbound))

        def unwatch() -> None:
            self.writing.on_written = None

        self.writing.on_written = written
        return unwatch

    # -- Sink -------------------------------------------------------------------------------------------------------

    async def events(self, events: Sequence[Event], *, is_backfill: bool = False) -> None:
        fp("socket.frame")
        now = self._clock.now()
        for event in events:
            key = (event.account, event.chat)
            if key not in self._last_seen or self._last_seen[key] < event.at:
                self._last_seen[key] = event.at
        self._images.offer(events)
        if not self.writing.put([Inbound(event, now, is_backfill) for event in events]):
            self._has_room.clear()
            await self._has_room.wait()

    async def groups(self, account: str, groups: Sequence[Group]) -> None:
        await self.call(lambda kernel: kernel.learn_groups(account, groups, self._clock.now()))

    async def members(self, account: str, chat: str, members: Sequence[Member]) -> None:
        await self.call(lambda kernel: kernel.learn_members(account, chat, members, self._clock.now()))

    async def connected(self, account: str, *, app: str = "") -> None:
        self._online[account] = app
        for (of, chat), at in self._last_seen.items():
            if of == account:
                self._gaps.setdefault((of, chat), at)
        log.info("online: %s %s", account, app)
        suspects = await self.call(
            lambda kernel: kernel.account_online(account, self._clock.now(), reads_history=self._reads_history(account))
        )
        async with self._came_online:
            self._came_online.notify_all()
        if suspects:
            self._spawn(self._reconcile(account, suspects), f"reconcile {account}")

    async def disconnected(self, account: str, reason: str) -> None:
        if self._online.pop(account, None) is not None:
            log.warning("offline: %s (%s)", account, reason)
            await self.call(
                lambda kernel: kernel.account_offline(
                    account, self._clock.now(), reason, reads_history=self._reads_history(account)
                )
            )

    async def backfilled(
        self, account: str, chat: str, *, since: datetime, until: datetime, reached: datetime | None
    ) -> None:
        # Behind what the backfill brought: a gap is filled only when that is durable.
        noted = self.writing.call(
            lambda kernel: kernel.note_backfill(account, chat, until, reached, self._clock.now()), is_last=True
        )
        await asyncio.wrap_future(noted)
        self._gaps.pop((account, chat), None)

    def last_seen(self, account: str, chat: str) -> datetime | None:
        """Where a backfill has to begin: a gap that was not filled begins where it began."""
        return self._gaps.get((account, chat)) or self._last_seen.get((account, chat))

    def frame(self, account: str, raw: str) -> None:
        if not self._keep_frames:
            return
        self._frames.append((account, raw))
        if len(self._frames) >= 100:
            rows, self._frames = self._frames, []
            self.writing.call(lambda kernel: kernel.keep_frames(rows, self._clock.now(), _MOST_FRAMES))

    def malformed(self, account: str, raw: str, error: str) -> None:
        self.malformed_frames += 1
        log.warning("malformed frame from %s: %s: %.200s", account or "?", error, raw)

    def capabilities(self, account: str, chat: str) -> frozenset[Capability]:
        """What the account's network says it may do. Called in the writing thread; transports answer from memory."""
        transport = self._transports.get(platform_of(account))
        return transport.capabilities(account, chat) if transport else frozenset()

    def _reads_history(self, account: str) -> bool:
        transport = self._transports.get(platform_of(account))
        return transport is not None and transport.reads_history

    async def _image_read(self, event: ImageRead) -> None:
        await self.events([event])

    # -- sending ----------------------------------------------------------------------------------------------------

    def _sends_committed(self, sends: list[Dispatch]) -> None:
        """In the writing thread, after the commit."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._send_all, sends)

    def _send_all(self, sends: list[Dispatch]) -> None:
        for dispatch in sends:
            self._spawn(self._send(dispatch), "send")

    async def _send(self, dispatch: Dispatch) -> None:
        fp("outbox.before_send")
        answer = await self._attempt(dispatch)
        fp("outbox.sent")
        self.writing.settle(answer)

    async def _attempt(self, dispatch: Dispatch) -> Settled:
        transport = self._transports.get(platform_of(dispatch.account))
        if transport is None:
            return Settled(id=dispatch.id, outcome="refused", error=f"no transport for {dispatch.account}")
        try:
            wanted = await self._made(dispatch)
        except NotMade as why:
            return Settled(id=dispatch.id, outcome="refused", error=str(why))
        outgoing, note = await self._drawn(wanted)
        answer = await self._hand_over(transport, dispatch, outgoing, note)
        if note or answer.outcome != "refused" or not isinstance(wanted, DrawnMessage):
            return answer
        return await self._hand_over(transport, dispatch, wanted.message, f"sent as text: {answer.error}")

    async def _made(self, dispatch: Dispatch) -> Outgoing | SendFile | DrawnMessage:
        """What was to be sent, a report in the place of its order."""
        order = dispatch.outgoing
        if not isinstance(order, SendReport):
            return order
        if self._reports is None:
            raise NotMade("nothing here makes reports")
        made = await self._reports.make(dispatch.chat, order)
        fp("report.made")
        return made

    async def _hand_over(
        self, transport: Transport, dispatch: Dispatch, outgoing: Outgoing | SendFile, note: str
    ) -> Settled:
        started = self._clock.now()
        ready: Outgoing | None = None
        try:
            ready = await self._ready(outgoing)
            async with asyncio.timeout(_SEND_TIMEOUT_S):
                receipt = await transport.send(dispatch.account, dispatch.chat, ready)
            return Settled(id=dispatch.id, outcome="done", message_id=receipt.message_id, at=receipt.at, error=note)
        except SendRefused as error:
            return Settled(id=dispatch.id, outcome="refused", error=str(error), capability=error.capability)
        except SendDeferred as error:
            return Settled(id=dispatch.id, outcome="deferred", error=str(error), retry_after_s=error.retry_after_s)
        except (SendUnknown, TimeoutError) as error:
            return await self._resolve(transport, dispatch, ready, started, str(error) or "timeout")
        except Exception as error:
            log.exception("a transport failed to send %s", dispatch.id)
            return Settled(id=dispatch.id, outcome="unknown", error=f"{type(error).__name__}: {error}")

    async def _drawn(self, outgoing: Outgoing | SendFile | DrawnMessage) -> tuple[Outgoing | SendFile, str]:
        """The message with its picture, or in words and why there is no picture."""
        if not isinstance(outgoing, DrawnMessage):
            return outgoing, ""
        try:
            return outgoing.with_picture(await self._picture_of(outgoing)), ""
        except NotDrawn as why:
            log.warning("%s was not drawn, its words are sent: %s", outgoing.drawing.name, why)
            return outgoing.message, f"sent as text: {why}"

    async def _as_picture(self, outgoing: DrawnMessage) -> Message:
        """As it went before, if it went with its picture: the same data gives the same file."""
        try:
            return outgoing.with_picture(await self._picture_of(outgoing))
        except NotDrawn:
            return outgoing.with_picture("")

    async def _picture_of(self, outgoing: DrawnMessage) -> str:
        if self._draws is None:
            raise NotDrawn("nothing here draws")
        path = await self._draws.draw(outgoing.drawing.name, outgoing.drawing.data)
        return (await asyncio.to_thread(path.resolve)).as_uri()

    async def _ready(self, outgoing: Outgoing | SendFile) -> Outgoing:
        if isinstance(outgoing, SendFile):
            return await asyncio.to_thread(write_table, outgoing)
        return with_pictures(outgoing, self._pictures) if isinstance(outgoing, Message) else outgoing

    async def _resolve(
        self, transport: Transport, dispatch: Dispatch, sent: Outgoing | None, since: datetime, error: str
    ) -> Settled:
        """Nobody answered: the network's own history may still know."""
        unknown = Settled(id=dispatch.id, outcome="unknown", error=error)
        if not isinstance(sent, Message):
            return unknown
        await asyncio.sleep(_RECONCILE_AFTER_S)
        with suppress(TimeoutError):
            async with asyncio.timeout(_COMEBACK_S):
                await self._comes_online(dispatch.account)
        return await self._ask(transport, dispatch.account, dispatch.chat, sent, since, unknown)

    async def _comes_online(self, account: str) -> None:
        async with self._came_online:
            await self._came_online.wait_for(lambda: account in self._online)

    async def _ask(
        self, transport: Transport, account: str, chat: str, message: Message, since: datetime, unknown: Settled
    ) -> Settled:
        """What the network's history says of a send, else `unknown`. The same words of an earlier send that is settled
        prove nothing: `find_sent` gives each message once, so it is asked again."""
        for _ in range(_MOST_TWINS):
            try:
                async with asyncio.timeout(_SEND_TIMEOUT_S):
                    receipt = await transport.find_sent(account, chat, message, since - timedelta(seconds=5))
            except (SendUnknown, SendRefused, SendDeferred, TimeoutError):
                return unknown
            if receipt is None:
                return Settled(id=unknown.id, outcome="absent", error="not in the history")
            found = receipt.message_id
            if not await self.call(lambda kernel, found=found: kernel.is_settled_as(chat, found, since)):  # type: ignore[misc]
                return Settled(id=unknown.id, outcome="done", message_id=receipt.message_id, at=receipt.at)
        return unknown

    async def _reconcile(self, account: str, suspects: Sequence[tuple[Pending, int]]) -> None:
        """What was with the network when the last process ended: found in its history, certainly absent, or unknown.

        Each is asked about once; an account that goes offline meanwhile leaves the rest for its next connection.
        """
        transport = self._transports[platform_of(account)]
        # A network that had just been handed a message may show it a moment later.
        await asyncio.sleep(max(0.0, self._started_s + _RECONCILE_AFTER_S - monotonic_s()))
        for pending, created_ms in suspects:
            if pending.id in self._asked or account not in self._online:
                continue
            self._asked.add(pending.id)
            unknown = Settled(id=pending.id, outcome="unknown", error="the process ended while this was being sent")
            action = codec.decode(pending.kind, pending.body)
            answer = unknown
            # It went with its picture, or in words: certainly absent is what neither of them is.
            looks = [await self._as_picture(action), action.message] if isinstance(action, DrawnMessage) else [action]
            messages = [each for each in looks if isinstance(each, Message)]
            for message in messages:
                try:
                    answer = await self._ask(transport, account, pending.chat, message, from_ms(created_ms), unknown)
                except Exception:
                    log.exception("a transport failed to look for %s", pending.id)
                if answer.outcome != "absent":
                    break
            if answer is unknown and messages and account not in self._online:
                self._asked.discard(pending.id)
                continue
            self.writing.settle(answer)

    # -- tasks ------------------------------------------------------------------------------------------------------

    def _spawn(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        task = asyncio.ensure_future(work)
        task.set_name(name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("task %s failed", task.get_name(), exc_info=error)

    def _room_again(self) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._has_room.set)

    def _load_last_seen(self, kernel: Kernel) -> None:
        for row in kernel.last_seen():
            if row.at is not None:
                self._last_seen[(row.account, row.chat)] = from_ms(row.at)
