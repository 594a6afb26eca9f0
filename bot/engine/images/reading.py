"""The queue between what a network reports and the worker: bounded, so that a flood of pictures delays nothing else."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from hashlib import sha256

from bot.core.events import Event, ImageRead, MessageReceived
from bot.core.segments import Image
from bot.engine.images.decoder import Decoder
from bot.engine.images.download import Downloads, NotFetched

log = logging.getLogger(__name__)

_MOST_WAITING = 500
_DOWNLOADS = 4
_MOST_OF_A_MESSAGE = 9
_MOST_KNOWN = 2_000


class ImageReading:
    """Reads the pictures of groups that `wants` names; each becomes one `ImageRead`, given to `report`.

    While too many wait, the oldest are reported as unread (`busy`): what stands in the group now matters more.
    """

    def __init__(
        self,
        wants: Callable[[str], bool],
        report: Callable[[ImageRead], Awaitable[None]],
        downloads: Downloads,
        decoder: Decoder | None = None,
    ) -> None:
        self._wants, self._report = wants, report
        self._downloads, self._decoder = downloads, decoder or Decoder()
        self._queue: asyncio.Queue[tuple[MessageReceived, int, str]] = asyncio.Queue()
        self._decoding = asyncio.Lock()
        self._known: OrderedDict[str, tuple[str, ...]] = OrderedDict()
        """Digest of a picture → its codes: a wave of spam is one picture many times."""

    def offer(self, events: Iterable[Event]) -> None:
        """Takes the pictures of `events` into the queue."""
        for event in events:
            if not isinstance(event, MessageReceived) or event.is_private or not event.segments:
                continue
            pictures = [part.url for part in event.segments if isinstance(part, Image) and part.url]
            if pictures and self._wants(event.chat):
                for number, url in enumerate(pictures[:_MOST_OF_A_MESSAGE]):
                    self._queue.put_nowait((event, number, url))

    async def run(self) -> None:
        """Works until it is cancelled. Several downloads at once, so that one slow host holds up nobody else."""
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(_DOWNLOADS):
                    group.create_task(self._work())
        finally:
            with suppress(OSError):
                await self._decoder.close()

    async def _work(self) -> None:
        while True:
            event, number, url = await self._queue.get()
            try:
                await self._report(await self._read(event, number, url))
            except Exception:
                log.exception("a picture of %s could not be read", event.id)
            finally:
                self._queue.task_done()

    async def drain(self) -> None:
        """Returns when every picture that was taken is reported."""
        await self._queue.join()

    async def _read(self, event: MessageReceived, number: int, url: str) -> ImageRead:
        if self._queue.qsize() > _MOST_WAITING:
            return _image_read(event, number, error="busy")
        try:
            content = await self._downloads.get(url)
        except NotFetched as why:
            log.info("a picture of %s was not fetched: %s", event.id, why)
            return _image_read(event, number, error=str(why))
        digest = sha256(content).hexdigest()
        if digest in self._known:
            self._known.move_to_end(digest)
            return _image_read(event, number, codes=self._known[digest], digest=digest)
        async with self._decoding:
            codes, error = await self._decoder.decode(content)
        if not error:
            self._known[digest] = codes
            if len(self._known) > _MOST_KNOWN:
                self._known.popitem(last=False)
        return _image_read(event, number, codes=codes, digest=digest, error=error)


def _image_read(
    event: MessageReceived, number: int, *, codes: tuple[str, ...] = (), digest: str = "", error: str = ""
) -> ImageRead:
    return ImageRead(
        id=f"{event.id}#image{number}", account=event.account, chat=event.chat, at=event.at, member=event.member,
        message_id=event.message_id, codes=codes, sha256=digest, error=error,
    )  # fmt: skip
