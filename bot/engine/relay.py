"""Relay: where the bot may not speak, a person says it for it.

    enqueued as `relayed` ──gather──► one question to the operators ──已发──► done
                                              │ 不发 → stopped   │ nobody in time → expired

What a group is told within `gather` is one question: first what is asked, then each text alone, ready to be copied. Only what is
*said* goes this way; a removal or a mute is tried by the account itself, which may be allowed to.

A group may begin or end to relay while sends wait. Who says a send is decided when its turn comes: a `ready` row whose group relays
by then becomes `relayed`, a `relayed` one whose group doesn't any more becomes `ready`. What operators were asked for stays with
them, for they may have said it already.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import orjson

from bot.core.effects import Lane, SendFile, SendReport, Template
from bot.core.events import EffectSettled, Event, Outcome
from bot.core.segments import Text
from bot.engine import codec
from bot.engine.apply import EXPIRY_S, Applier, is_said
from bot.engine.batch import Batch
from bot.engine.directory import Directory, Room
from bot.engine.drawings import DrawnMessage, Unsent
from bot.engine.outbox import Pending
from bot.engine.render import Renderer
from bot.transports.base import Announcement, FileMessage, Message
from storage import relays as store
from storage.writer import Writer

SENT, NOT_SENT = "已发", "不发"
_SHOWN_ALONE = 5
"""Up to this many texts are told one by one, each in a message of its own that can be copied as it is."""
_REST_MS = 600_000
_NEVER = 1 << 62
_SETTLES = {SENT: ("done", "done"), NOT_SENT: ("stopped", "failed"), "": ("expired", "failed")}


def is_relay(key: str) -> bool:
    return key.startswith(store.KEY)


class Relay:
    """Asks operators to send, and settles what they answer. What it remembers is read again from the rows at any time."""

    def __init__(
        self,
        writer: Writer,
        directory: Directory,
        applier: Applier,
        renderer: Renderer,
        queue_again: Callable[[int], None],
    ) -> None:
        self._writer, self._directory, self._applier, self._renderer = writer, directory, applier, renderer
        self._queue_again = queue_again
        self._gathering: dict[str, int] = {}
        """Chat → when its sends are asked for (ms)."""
        self._expiring: dict[int, int] = {}
        """Question → when it is too late (ms)."""
        self._rests_until = 0

    def load(self) -> None:
        connection = self._writer.connection
        self._gathering = {row.chat: row.since + self._gather_ms(row.chat) for row in store.waiting(connection)}
        self._expiring = {row.id: row.expires_at for row in store.open_tasks(connection) if row.expires_at is not None}

    @property
    def next_due(self) -> int | None:
        first = min((*self._gathering.values(), *self._expiring.values()), default=None)
        return max(first, self._rests_until) if first is not None else None

    def rest(self, now_ms: int) -> None:
        """Something failed that may have been due here: not again at once."""
        self._rests_until = now_ms + _REST_MS

    def queued(self, chat: str, not_before: int) -> None:
        """A send of the chat was written as relayed."""
        at = not_before + self._gather_ms(chat)
        self._gathering[chat] = min(at, self._gathering.get(chat, at))

    def takes(self, pending: Pending, now_ms: int) -> bool:
        """Whether a person says this send, whose turn has come; then it waits with the others to be asked for."""
        room = self._directory.rooms[pending.chat]
        rule = self._applier.relay_of(room)
        if rule is None or not pending.ref or pending.to or not is_said(codec.decode(pending.kind, pending.body)):
            return False
        until = pending.expires_at
        if until is not None:
            since = self._writer.outbox_row(pending.id).created_at
            if EXPIRY_S[Lane(pending.lane)] * 1000 in (until - pending.not_before, until - since):
                # No play said how long: a person gets the time that relayed sends have.
                until = now_ms + int(rule.within.total_seconds() * 1000)
        store.turn(self._writer.connection, pending.id, "relayed", until)
        self.queued(pending.chat, now_ms)
        return True

    def again(self, row_id: int, chat: str, now_ms: int) -> bool:
        """Whether the send went to a person, and so does again: it is asked for anew."""
        if not store.detach(self._writer.connection, row_id):
            return False
        self.queued(chat, now_ms)
        return True

    def due(self, batch: Batch) -> list[tuple[Room, Event]]:
        """Asks for what has gathered, gives up what is too late; the reports for plays that asked to know."""
        if batch.now_ms < self._rests_until:
            return []
        for chat in [chat for chat, at in self._gathering.items() if at <= batch.now_ms]:
            del self._gathering[chat]
            self._ask(batch, self._directory.rooms[chat])
            for row in store.waiting(self._writer.connection):
                if row.chat == chat:
                    self.queued(chat, row.since)
        reports: list[tuple[Room, Event]] = []
        late = {task_id for task_id, at in self._expiring.items() if at <= batch.now_ms}
        for row in store.open_tasks(self._writer.connection) if late else ():
            if row.id in late and self._writer.close_task(row.run_id, row.key, "expired", batch.now_ms):
                reports += self.settle(batch, row.id, "")
        for task_id in late:
            self._expiring.pop(task_id, None)
        return reports

    def settle(self, batch: Batch, task_id: int, choice: str) -> list[tuple[Room, Event]]:
        """Every send of the question ends as the operator says ("" when it is too late)."""
        self._expiring.pop(task_id, None)
        status, outcome = _SETTLES[choice]
        reports: list[tuple[Room, Event]] = []
        task = self._writer.task(task_id)
        room = self._directory.rooms[task.chat_uid]
        for row in store.asked_in(self._writer.connection, task_id):
            error = "" if status == "done" else f"relay: {status}"
            batch.settled.append([row.id, status, row.not_before, row.attempts + 1, "", error, batch.now_ms])
            if row.effect_key and row.ref:
                reports.append((room, _report(batch, room, row, outcome, error)))  # type: ignore[arg-type]
        return reports

    def open_for(self, uid: str) -> Sequence[Any]:
        """The open questions of the groups in which `uid` is an operator."""
        found = []
        for row in store.open_tasks(self._writer.connection):
            room = self._directory.rooms[row.chat]
            person = self._directory.person(room, uid)
            if person is not None and self._directory.member(room, person).is_operator:
                found.append(row)
        return found

    # -- inside -----------------------------------------------------------------------------------------------------

    def _gather_ms(self, chat: str) -> int:
        room = self._directory.rooms.get(chat)
        rule = self._applier.relay_of(room) if room is not None else None
        return int(rule.gather.total_seconds() * 1000) if rule is not None else 0

    def _ask(self, batch: Batch, room: Room) -> None:
        rows = store.unasked(self._writer.connection, room.id, batch.now_ms)
        if self._applier.relay_of(room) is None:
            self._give_back(rows, batch.now_ms)
            return
        if not rows:
            return
        batch.rooms[room.id] = room
        said = [(codec.decode(row.kind, row.body), row) for row in rows]
        items = [_readable(outgoing) for outgoing, _ in said]
        key = f"{store.KEY}{rows[0].id}@{rows[0].not_before}"
        expires_at = max((row.expires_at for row in rows if row.expires_at is not None), default=None)
        text = self._renderer.text(Template("desk/relay_text", {"items": items}), {})
        choices = orjson.dumps((SENT, NOT_SENT)).decode()
        task = [rows[0].run_id, room.id, None, key, text, choices, batch.now_ms, expires_at]
        (made,) = self._writer.tasks([task])
        store.attach(self._writer.connection, made.id, [row.id for row in rows])
        if expires_at is not None:
            self._expiring[made.id] = expires_at
        data = {"id": made.id, "group": room.name or room.uid, "count": len(items), "sent": SENT, "not_sent": NOT_SENT}
        alone = items if len(items) <= _SHOWN_ALONE else [text]
        head = self._renderer.text(Template("desk/relay", data), {})
        for uid in self._applier.told(room):
            messages = [Message(segments=(Text(each),), to=uid) for each in (head, *alone)]
            files = [handed for out, _ in said if (handed := _handed(out, uid)) is not None]
            for place, outgoing in enumerate((*messages, *files)):
                idem = f"relay:{made.id}|{uid}|{place}"
                self._applier.enqueue(
                    batch,
                    room,
                    None,
                    outgoing,
                    cause=f"relay:{made.id}",
                    idem=idem,
                    lane=Lane.NOTICE,
                    on_unknown="never",
                )

    def _give_back(self, rows: Sequence[Any], now_ms: int) -> None:
        """The group speaks for itself again: nobody was asked for these yet, so the account says them."""
        for row in rows:
            until = min(row.expires_at or _NEVER, now_ms + EXPIRY_S[Lane(row.lane)] * 1000)
            store.turn(self._writer.connection, row.id, "ready", until)
            self._queue_again(row.id)


def _handed(outgoing: Unsent, uid: str) -> Unsent | None:
    """A file or picture on its way to the person who will pass it on; None for what is said in words."""
    match outgoing:
        case SendFile() | FileMessage() | SendReport():
            return replace(outgoing, to=uid)
        case DrawnMessage(message=message):
            return replace(outgoing, message=replace(message, to=uid, reply_to=None))
        case _:
            return None


def _readable(outgoing: Unsent) -> str:
    match outgoing:
        case Announcement(text=text):
            return f"【群公告 announcement】\n{text}"
        case SendFile(name=name) | FileMessage(name=name):
            return f"【文件 file】{name}"
        case DrawnMessage(drawing=drawing):
            return f"【图片 picture】{drawing.name}"
        case SendReport(first=first, last=last):
            return f"【报告 report】{first} – {last}"
        case _:
            return codec.plain(*codec.encode(outgoing))


def _report(batch: Batch, room: Room, row: Any, outcome: Outcome, error: str) -> EffectSettled:
    return EffectSettled(
        id=f"settled:{row.id}:{row.attempts}", account=row.account, chat=room.uid, at=batch.now, play=row.ref,
        key=row.effect_key, outcome=outcome, error=error,
    )  # fmt: skip
