"""The state of one account's connection, purely.

    down ──► connecting ──► waiting_scan ──► online ──► logged_out
      ▲           │  └──────────────────────────▲           │
      └───────────┴── the connection is lost, from anywhere ┘

`connecting` until the gateway says what the account is: logged in, or waiting for its QR code to be scanned. A gateway
that says neither stays `connecting`: its puppet is still starting.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

Phase = Literal["down", "connecting", "waiting_scan", "online", "logged_out"]


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """`qr` is the text of the QR code to scan. `losses` counts connections lost since the start."""

    phase: Phase
    since: datetime
    account: str = ""
    reason: str = ""
    qr: str = ""
    losses: int = 0

    def connecting(self, now: datetime) -> State:
        return replace(self, phase="connecting", since=now, reason="", qr="")

    def scan(self, qr: str, now: datetime) -> State:
        return replace(self, phase="waiting_scan", since=now, reason="", qr=qr)

    def online(self, account: str, now: datetime) -> State:
        return replace(self, phase="online", since=now, account=account, reason="", qr="")

    def logged_out(self, reason: str, now: datetime) -> State:
        return replace(self, phase="logged_out", since=now, reason=reason, qr="")

    def down(self, reason: str, now: datetime) -> State:
        """An attempt that never connected counts as no loss."""
        was_up = self.phase not in ("down", "connecting")
        return replace(self, phase="down", since=now, reason=reason, qr="", losses=self.losses + was_up)

    def __str__(self) -> str:
        words = [self.phase, self.account, self.reason, f"QR {self.qr}" if self.qr else ""]
        return " ".join(word for word in words if word)
