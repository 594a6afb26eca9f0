"""Which of the bot's accounts speaks in a group: the first that was there, and when that one is gone, another (ADR 0033).

Accounts are banned, replaced and thrown out of groups. Only the copy of the group's primary account reaches the plays, so a
group whose primary account is gone is deaf, although another account may sit in it and log every word. An account is gone
from a group that it says it left; when others say so, or its list of groups no longer has the group, and from all groups when it
is offline, after `AWAY_MS`: lists may be incomplete for a while, and restarts take minutes. Then one that is online
takes the group over: what it heard since the other one's last word is stepped as what a backfill brings, and what waits to be
sent goes its way. Whoever comes back stays second.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace

import orjson

from bot.core.events import Event, MemberLeft
from bot.engine import logged
from bot.engine.batch import Batch
from bot.engine.clock import to_ms
from bot.engine.directory import Directory, Room
from bot.engine.holding import AWAY_MS, Holding
from bot.engine.intake import Fresh
from bot.engine.outbox import Outbox
from storage import copies
from storage.writer import Writer

log = logging.getLogger(__name__)


class Succession:
    """Knows which accounts are where and which are gone; `due` hands groups over."""

    def __init__(self, writer: Writer, directory: Directory, outbox: Outbox, holding: Holding) -> None:
        self._writer, self._directory, self._outbox, self._holding = writer, directory, outbox, holding
        self._offline: dict[str, int] = {}
        """Account → since when (ms)."""
        self._here: dict[str, set[str]] = {}
        """Group → accounts that listed it or heard from it since the start."""
        self._left: dict[tuple[str, str], int] = {}
        """(group, account) that seems to be no longer there → from when on (ms) that counts."""
        self._next_due: int | None = None
        self._is_stale = False

    def opened(self, now_ms: int) -> None:
        """Nobody is online yet; who does not come counts as gone in a while."""
        self._offline = {room.primary: now_ms for room in self._directory.rooms.values() if room.primary}

    def online(self, account: str) -> None:
        self._is_stale |= self._offline.pop(account, None) is not None

    def offline(self, account: str, now_ms: int) -> None:
        self._offline.setdefault(account, now_ms)
        self._is_stale = True

    def listed(self, account: str, rooms: Iterable[Room], now_ms: int) -> None:
        """These are all groups that the account is in."""
        now = {room.uid for room in rooms}
        for room in self._directory.rooms.values():
            if room.uid in now:
                self._is_in(room.uid, account)
            elif room.primary == account and room.kind == "group":
                self._has_left(room.uid, account, now_ms + AWAY_MS)

    def heard(self, fresh: Sequence[Fresh]) -> None:
        """Who heard something is there, and not offline; who was thrown out is gone."""
        if len(self._directory.accounts) < 2 and not self._offline:
            return
        for item in fresh:
            account, room = item.raw.account, item.logged_in
            if account in self._offline:
                self.online(account)
            if room.kind != "group":
                continue
            if isinstance(item.raw, MemberLeft) and item.raw.member in self._directory.accounts:
                left_ms = item.at_ms if item.raw.member == account else item.at_ms + AWAY_MS
                self._has_left(room.uid, item.raw.member, left_ms)
            elif account != room.primary or self._left:
                self._is_in(room.uid, account)

    def next_due(self) -> int | None:
        """When (ms) a group is to be handed over, None: none is."""
        if self._is_stale:
            self._is_stale = False
            dues = [due for room in self._rooms() if (due := self._due(room)) is not None]
            self._next_due = min(dues, default=None)
        return self._next_due

    def due(self, batch: Batch) -> list[Fresh]:
        """Hands over every group whose time has come; what its new account had heard in the meantime is to be stepped."""
        next_due = self.next_due()
        if next_due is None or next_due > batch.now_ms:
            return []
        self._is_stale = True
        found: list[Fresh] = []
        for room in self._rooms():
            due = self._due(room)
            if due is not None and due <= batch.now_ms:
                found += self._hand_over(batch, room, self._heirs(room)[0])
        return found

    def rest(self) -> None:
        """A handing over failed: nothing is tried until somebody comes or goes again."""
        self._next_due, self._is_stale = None, False

    # -- inside -----------------------------------------------------------------------------------------------------

    def _rooms(self) -> list[Room]:
        """Those that accounts are known to be in; one that was new in a transaction that failed is none."""
        known = self._directory.rooms
        return [known[uid] for uid in sorted(self._here) if uid in known]

    def _is_in(self, uid: str, account: str) -> None:
        here = self._here.setdefault(uid, set())
        if account not in here or (uid, account) in self._left:
            here.add(account)
            self._left.pop((uid, account), None)
            self._is_stale = True

    def _has_left(self, uid: str, account: str, from_ms: int) -> None:
        self._here.get(uid, set()).discard(account)
        self._left.setdefault((uid, account), from_ms)
        self._is_stale = True

    def _heirs(self, room: Room) -> list[str]:
        return sorted(self._here.get(room.uid, set()) - {room.primary} - self._offline.keys())

    def _due(self, room: Room) -> int | None:
        if not room.primary or not self._heirs(room):
            return None
        dues = []
        if (left := self._left.get((room.uid, room.primary))) is not None:
            dues.append(left)
        if (since := self._offline.get(room.primary)) is not None:
            dues.append(since + AWAY_MS)
        return min(dues, default=None)

    def _hand_over(self, batch: Batch, room: Room, heir: str) -> list[Fresh]:
        before, directory = room.primary, self._directory
        old, new = directory.accounts[before], directory.accounts[heir]
        room.primary = heir
        self._holding.release([room.id], batch.now_ms)
        batch.rooms[room.id] = room
        batch.chat_facts[room.id] = [room.id, room.name, room.size, new]
        waiting = self._outbox.remove(lambda pending: not (pending.account == before and pending.chat == room.uid))
        self._writer.hand_over([pending.id for pending in waiting], new)
        for pending in waiting:
            self._outbox.add(replace(pending, account=heir))
        rows = copies.take_over(self._writer.connection, room.id, old, new)
        roles = directory.roster(room)
        events: list[Event] = [logged.message_of(row, heir, roles) for row in rows.messages]
        events += [logged.event_of(row, room.uid, heir) for row in rows.events if row.kind in logged.LOGGED]
        events.sort(key=lambda event: event.at)
        said = orjson.dumps({"from": before, "to": heir, "heard": len(events), "waiting": len(waiting)}).decode()
        self._writer.audit([["", "account.take_over", room.uid, said, batch.now_ms]])
        log.warning("%s takes over %s from %s", heir, room.uid, before)
        return [
            Fresh(
                event=directory.persons.event(event) if directory.persons else event, raw=event, room=room, logged_in=room,
                at_ms=to_ms(event.at), age_s=(batch.now - event.at).total_seconds(), is_backfill=True,
            )
            for event in events
        ]  # fmt: skip
