"""The one thread that writes: it takes what has arrived, runs a cycle, and only then lets the sends go.

What is queued is committed as soon as the last commit ends, so batches grow by themselves when the disk is slow; with
few events waiting it lingers two milliseconds, which costs no one anything and saves a fifth of a core. A full queue
makes the transports stop reading their sockets. A database that refuses (disk full, server gone) loses nothing: the same
batch is tried again until it stands.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy.exc import OperationalError

from bot.engine.clock import Clock, monotonic_s
from bot.engine.kernel import Kernel
from bot.engine.traffic import Buried, Dispatch, Inbound, Settled

log = logging.getLogger(__name__)
R = TypeVar("R")

MOST_IN_BATCH = 500
QUEUE_LIMIT = 2_000
_LINGER_BELOW = 20
_LINGER_S = 0.002
_ANSWERS_LINGER_S = 0.005
_RETRY_S = (0.05, 0.2, 1.0, 5.0)


@dataclass(slots=True)
class Lag:
    """How long the newest batch waited and took, in seconds."""

    waited_s: float = 0.0
    took_s: float = 0.0
    is_refused: bool = False
    refusal: str = ""
    batches: deque[int] = field(default_factory=lambda: deque(maxlen=256))


class WritingThread:
    """Owns the kernel. `on_sends` and `on_room` are called in this thread after a commit."""

    def __init__(
        self,
        kernel: Kernel,
        clock: Clock,
        *,
        on_sends: Callable[[list[Dispatch]], None],
        on_room: Callable[[], None],
    ) -> None:
        self._kernel, self._clock, self._on_sends, self._on_room = kernel, clock, on_sends, on_room
        self._condition = threading.Condition()
        self._inbound: deque[Inbound] = deque()
        self._settled: deque[Settled] = deque()
        self._calls: deque[tuple[Callable[[Kernel], Any], Future[Any]]] = deque()
        self._last: deque[tuple[int, Callable[[Kernel], Any], Future[Any]]] = deque()
        """Calls that wait until so many events are written."""
        self._put = self._written = 0
        self._is_stopping = False
        self._first_at = 0.0
        self.lag = Lag()
        self.on_written: Callable[[Sequence[Inbound]], None] | None = None
        """Called in this thread after each commit, with the events that it took in, () when there was more than events.
        None: nobody looks."""
        self.failure: Future[None] = Future()
        """What ended the thread too early: a defect, or a database that refused to the end."""
        self._thread = threading.Thread(target=self._run, name="qunops-writer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float = 30.0) -> None:
        """Writes what is queued, then ends."""
        with self._condition:
            self._is_stopping = True
            self._condition.notify()
        self._thread.join(timeout_s)

    def __len__(self) -> int:
        return len(self._inbound)

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    @property
    def native_id(self) -> int:
        """The system's number of the thread, which has started."""
        assert self._thread.native_id is not None
        return self._thread.native_id

    def put(self, items: Sequence[Inbound]) -> bool:
        """Queues events; False when the queue is full now and the caller should wait for `on_room`."""
        with self._condition:
            if not self._inbound:
                self._first_at = monotonic_s()
            self._inbound.extend(items)
            self._put += len(items)
            self._condition.notify()
            return len(self._inbound) < QUEUE_LIMIT

    def settle(self, answer: Settled) -> None:
        with self._condition:
            self._settled.append(answer)
            self._condition.notify()

    def call(self, work: Callable[[Kernel], R], *, is_last: bool = False) -> Future[R]:
        """Runs `work` between two cycles, `is_last`: when every event that is queued now is written.

        What it returns or raises is the future's.
        """
        future: Future[R] = Future()
        with self._condition:
            if is_last:
                self._last.append((self._put, work, future))
            else:
                self._calls.append((work, future))
            self._condition.notify()
        return future

    # -- the thread -------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            self._serve()
        except BaseException as error:
            log.exception("the writing thread ends")
            if self.failure.set_running_or_notify_cancel():
                self.failure.set_exception(error)

    def _serve(self) -> None:
        while True:
            inbound, settled, calls, is_last = self._gather()
            for work, future in calls:
                self._do(work, future)
            self._cycle(inbound, settled)
            if buried := self._kernel.take_buried():
                _tell(buried)
            self._written += len(inbound)
            if is_last:
                return

    def _gather(self) -> tuple[list[Inbound], list[Settled], list[tuple[Callable[[Kernel], Any], Future[Any]]], bool]:
        with self._condition:
            while not (self._inbound or self._settled or self._calls or self._last or self._is_stopping):
                wake = self._kernel.next_wake()
                wait = None if wake is None else max(0.0, (wake - self._clock.now()).total_seconds())
                if wait == 0.0:
                    break
                self._condition.wait(min(wait, 1.0) if wait is not None else 1.0)
            linger_s = self._linger_s()
        if linger_s:
            # Asleep, not waiting on the condition: every arrival would wake this thread for nothing.
            time.sleep(linger_s)
        with self._condition:
            was_full = len(self._inbound) >= QUEUE_LIMIT
            inbound = [self._inbound.popleft() for _ in range(min(MOST_IN_BATCH, len(self._inbound)))]
            settled = list(self._settled)
            self._settled.clear()
            calls = list(self._calls)
            self._calls.clear()
            while self._last and self._last[0][0] <= self._written:
                calls.append(self._last.popleft()[1:])
            is_last = self._is_stopping and not self._inbound
            self.lag.waited_s = monotonic_s() - self._first_at if inbound else 0.0
            self._first_at = monotonic_s()
        if was_full:
            self._on_room()
        return inbound, settled, calls, is_last

    def _linger_s(self) -> float:
        """How long to let more arrive: nothing while many wait, a little for few events, more for answers alone, which
        are written with the next events at no cost."""
        if self._calls or self._last or self._is_stopping or len(self._inbound) >= _LINGER_BELOW:
            return 0.0
        if self._inbound:
            return _LINGER_S
        return _ANSWERS_LINGER_S if self._settled else 0.0

    def _do(self, work: Callable[[Kernel], Any], future: Future[Any]) -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            result = self._until_taken(lambda: work(self._kernel))
        except BaseException as error:
            future.set_exception(error)
            return
        future.set_result(result)
        if self.on_written is not None:
            self.on_written(())
        if isinstance(result, list) and result and isinstance(result[0], Dispatch):
            self._on_sends(result)

    def _cycle(self, inbound: list[Inbound], settled: list[Settled]) -> None:
        started = monotonic_s()
        sends = self._until_taken(lambda: self._kernel.cycle(self._clock.now(), inbound, settled))
        self.lag.took_s = monotonic_s() - started
        self.lag.batches.append(len(inbound))
        if self.on_written is not None:
            self.on_written(inbound if not settled else ())
        if sends:
            self._on_sends(sends)

    def _until_taken(self, work: Callable[[], R]) -> R:
        """Until the database takes it. Raises its refusal only when the bot is to stop and it goes on refusing."""
        attempt = 0
        while True:
            try:
                result = work()
            except OperationalError as error:
                self.lag.is_refused, self.lag.refusal = True, str(error.orig or error)
                log.error("the database refuses, nothing is lost, trying again: %s", self.lag.refusal)
                if self._is_stopping and attempt > len(_RETRY_S):
                    raise
                with self._condition:
                    self._condition.wait_for(lambda: False, _RETRY_S[min(attempt, len(_RETRY_S) - 1)])
                attempt += 1
            else:
                self.lag.is_refused = False
                return result


def _tell(buried: Sequence[Buried]) -> None:
    """One line for those of one cycle. Only the kind of the error: its words may hold what a member said."""
    first, kind = buried[0], buried[0].error.partition(":")[0]
    more = f" and {len(buried) - 1} more" if len(buried) > 1 else ""
    log.error("failed: %s on %s (%s)%s, see: qunops dead list", first.ref or "the engine", first.cause, kind, more)
