"""Named crash points: `QUNOPS_FAILPOINTS="commit.before=kill@3,outbox.sent=raise"` ends the process, raises or sleeps
at the n-th hit of a point. Unset, a point costs one dictionary look-up.

Points, in the order of a message's way: socket.frame, inbox.begin, inbox.logged, step.before, step.after, flush.begin,
flush.written, commit.before, commit.after, outbox.claimed, outbox.before_send, outbox.sent, outbox.settled,
schedule.due, schedule.fired, reload.swap; beside it, report.made (between outbox.before_send and outbox.sent) and import.written.
"""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass

POINTS = (
    "socket.frame", "inbox.begin", "inbox.logged", "step.before", "step.after", "flush.begin", "flush.written",
    "commit.before", "commit.after", "outbox.claimed", "outbox.before_send", "outbox.sent", "outbox.settled",
    "schedule.due", "schedule.fired", "reload.swap", "report.made", "import.written",
)  # fmt: skip


class InjectedFailure(RuntimeError):
    """Raised by a failpoint set to `raise`."""


@dataclass(slots=True)
class _Armed:
    action: str
    left: int


_armed: dict[str, _Armed] = {}


def arm(spec: str) -> None:
    """Arms the points of `spec`; "" disarms all. Raises `ValueError` for a point or action that does not exist."""
    _armed.clear()
    for part in filter(None, (piece.strip() for piece in spec.split(","))):
        point, _, rest = part.partition("=")
        action, _, nth = rest.partition("@")
        if point not in POINTS or action.rstrip("0123456789.") not in ("kill", "raise", "sleep"):
            raise ValueError(f"unknown failpoint or action: {part!r}; points: {', '.join(POINTS)}")
        _armed[point] = _Armed(action, int(nth or 1))


def fp(point: str) -> None:
    """Does what the point is armed for, at its n-th hit."""
    armed = _armed.get(point)
    if armed is None:
        return
    armed.left -= 1
    if armed.left != 0:
        return
    if armed.action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if armed.action == "raise":
        raise InjectedFailure(point)
    time.sleep(float(armed.action.removeprefix("sleep") or 1))


arm(os.environ.get("QUNOPS_FAILPOINTS", ""))
