"""Questions to operators: told in private when they come up, answered there (or in the group) by `#12 同意`.

The queue itself is the `task` table: the command line and the console answer the same rows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from bot.core.effects import Lane, Template
from bot.core.events import Event, MessageReceived, OperatorDecided
from bot.core.segments import Text
from bot.engine.apply import Applier
from bot.engine.batch import Batch
from bot.engine.directory import Directory, Room
from bot.engine.invitations import Invitations, is_invitation
from bot.engine.relay import SENT, Relay, is_relay
from bot.engine.render import Renderer
from bot.transports.base import Message
from storage.writer import Writer

_ANSWER = re.compile(r"\s*[#＃]\s*(\d{1,9})\s*(\S{1,20})(?:\s+(.*))?", re.S)
_SENT = frozenset((SENT, "发了", "已发送", "都发了", "已发了"))


class Questions:
    """Announces new questions and recognises their answers."""

    def __init__(
        self,
        writer: Writer,
        directory: Directory,
        applier: Applier,
        renderer: Renderer,
        relay: Relay,
        invitations: Invitations,
    ) -> None:
        self._writer, self._directory, self._applier, self._renderer = writer, directory, applier, renderer
        self._relay, self._invitations = relay, invitations

    def announce(self, batch: Batch) -> None:
        """Writes the batch's new questions and tells each group's operators. Asking again with the same key is silent."""
        if not batch.tasks:
            return
        new = {(row.run_id, row.key): row.id for row in self._writer.tasks(batch.tasks)}
        batch.tasks = []
        for room, run, key, text, choices in batch.task_notices:
            task_id = new.pop((run.id, key), None)
            if task_id is None:
                continue
            data = {"id": task_id, "text": text, "choices": list(choices), "group": room.name or room.uid}
            for uid in self._applier.told(room):
                self._say(batch, room, uid, "task", data, f"task:{task_id}", Lane.NOTICE)

    def answer(self, batch: Batch, event: MessageReceived) -> list[tuple[Room, Event]] | None:
        """What follows from the answer that `event` is, or None: then it is chat. A wrong choice is answered with the right
        ones. Where a person sends for the bot, 已发 alone answers the only open request."""
        if event.text.lstrip()[:1] in ("#", "＃"):
            found = _ANSWER.fullmatch(event.text)
            return self._decided(batch, event, int(found[1]), found[2], found[3] or "") if found else None
        if event.is_private and event.text.strip().rstrip("。.!！") in _SENT:
            return self._sent(batch, event)
        return None

    def close(self, batch: Batch, row: Any, choice: str, by: str, text: str, at: datetime) -> list[tuple[Room, Event]]:
        """Closes an open question: what its play (or the engine, for its own) makes of it. Empty when it was closed."""
        if not self._writer.close_task(row.run_id, row.key, "done", batch.now_ms, choice, by):
            return []
        if is_relay(row.key):
            return self._relay.settle(batch, row.id, choice)
        room = self._directory.rooms[row.chat_uid]
        if is_invitation(row.key):
            self._invitations.decided(batch, room, row.key, choice)
            return []
        decided = OperatorDecided(
            id=f"task:{row.id}", account=room.primary, chat=room.uid, member=by, at=at, play=row.ref, key=row.key,
            choice=choice, text=text,
        )  # fmt: skip
        return [(room, decided)]

    # -- inside -----------------------------------------------------------------------------------------------------

    def _decided(
        self, batch: Batch, event: MessageReceived, task_id: int, said: str, text: str
    ) -> list[tuple[Room, Event]] | None:
        row = self._writer.task(task_id)
        asked_in = self._directory.rooms.get(row.chat_uid) if row is not None else None
        if row is None or asked_in is None or not self._may_answer(asked_in, row.key, event.member):
            return None
        choices, choice = orjson.loads(row.choices), said.rstrip("。.!！")
        data = {"id": row.id, "choice": choice, "choices": choices, "by": row.decided_by}
        is_aside = event.is_private or is_invitation(row.key) or self._applier.relay_of(asked_in) is not None
        to, cause = event.member if is_aside else None, f"answer:{event.id}"
        if row.status != "open" or choice not in choices:
            name = "task_closed" if row.status != "open" else "task_choices"
            self._say(batch, asked_in, to, name, data, cause, Lane.ANSWER)
            return []
        self._say(batch, asked_in, to, "task_done", data, cause, Lane.ANSWER)
        return self.close(batch, row, choice, event.member, text.strip(), event.at)

    def _sent(self, batch: Batch, event: MessageReceived) -> list[tuple[Room, Event]] | None:
        """已发 without a number, in private."""
        rows = self._relay.open_for(event.member)
        if not rows:
            return None
        room, cause = self._directory.rooms[rows[0].chat], f"answer:{event.id}"
        if len(rows) > 1:
            data = {"ids": [row.id for row in rows], "sent": SENT}
            self._say(batch, room, event.member, "relay_which", data, cause, Lane.ANSWER)
            return []
        return self._decided(batch, event, rows[0].id, SENT, "")

    def _may_answer(self, room: Room, key: str, uid: str) -> bool:
        if is_invitation(key):
            return self._directory.is_operator_everywhere(uid)
        person = self._directory.person(room, uid)
        return person is not None and self._directory.member(room, person).is_operator

    def _say(
        self, batch: Batch, room: Room, to: str | None, template: str, data: Mapping[str, Any], cause: str, lane: Lane
    ) -> None:
        text = self._renderer.text(Template(f"desk/{template}", data), {})
        message = Message(segments=(Text(text),), to=to)
        idem = f"{cause}|{to or room.uid}|{template}"
        self._applier.enqueue(batch, room, None, message, cause=cause, idem=idem, lane=lane, on_unknown="never")
