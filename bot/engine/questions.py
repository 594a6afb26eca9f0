"""Questions to operators: told in private when they come up, answered there (or in the group) by `#12 同意`.

The queue itself is the `task` table: the command line and the console answer the same rows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

from bot.core.effects import Lane, Template
from bot.core.events import MessageReceived, OperatorDecided
from bot.core.play import Capability
from bot.core.segments import Text
from bot.engine.apply import Applier
from bot.engine.batch import Batch
from bot.engine.directory import Directory, Room
from bot.engine.render import Renderer
from bot.transports.base import Message
from storage.writer import Writer

_ANSWER = re.compile(r"\s*[#＃]\s*(\d{1,9})\s*(\S{1,20})(?:\s+(.*))?", re.S)


class Questions:
    """Announces new questions and recognises their answers."""

    def __init__(self, writer: Writer, directory: Directory, applier: Applier, renderer: Renderer) -> None:
        self._writer, self._directory, self._applier, self._renderer = writer, directory, applier, renderer

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
            for uid in self._told(room):
                self._say(batch, room, uid, "task", data, f"task:{task_id}", Lane.NOTICE)

    def answer(self, batch: Batch, room: Room, event: MessageReceived) -> tuple[Room, OperatorDecided] | None:
        """The decision that `event` makes, or None: then it is chat. A wrong choice is answered with the right ones."""
        if event.text.lstrip()[:1] not in ("#", "＃"):
            return None
        found = _ANSWER.fullmatch(event.text)
        row = self._writer.task(int(found[1])) if found else None
        if found is None or row is None:
            return None
        asked_in = self._directory.rooms.get(row.chat_uid)
        person = self._directory.person(asked_in, event.member) if asked_in else None
        if asked_in is None or person is None or not self._directory.member(asked_in, person).is_operator:
            return None
        choices, choice = orjson.loads(row.choices), found[2].rstrip("。.!！")
        data = {"id": row.id, "choice": choice, "choices": choices, "by": row.decided_by}
        to = event.member if event.is_private else None
        cause = f"answer:{event.id}"
        if row.status != "open" or choice not in choices:
            name = "task_closed" if row.status != "open" else "task_choices"
            self._say(batch, asked_in, to, name, data, cause, Lane.ANSWER)
            return None
        self._writer.close_task(row.run_id, row.key, "done", batch.now_ms, choice, event.member)
        self._say(batch, asked_in, to, "task_done", data, cause, Lane.ANSWER)
        decided = OperatorDecided(
            id=f"task:{row.id}", account=asked_in.primary, chat=asked_in.uid, member=event.member, at=event.at,
            play=row.ref, key=row.key, choice=choice, text=(found[3] or "").strip(),
        )  # fmt: skip
        return asked_in, decided

    def _told(self, room: Room) -> list[str]:
        """The named operators who are in the group, else its owner."""
        if Capability.PRIVATE not in self._applier.caps_of(room):
            return []
        named = sorted(uid for uid in room.operators if self._directory.person(room, uid) is not None)
        return named or sorted(uid for uid, member in self._directory.roster(room).items() if member.role == "owner")

    def _say(
        self, batch: Batch, room: Room, to: str | None, template: str, data: Mapping[str, Any], cause: str, lane: Lane
    ) -> None:
        text = self._renderer.text(Template(f"desk/{template}", data), {})
        message = Message(segments=(Text(text),), to=to)
        idem = f"{cause}|{to or room.uid}|{template}"
        self._applier.enqueue(batch, room, None, message, cause=cause, idem=idem, lane=lane, on_unknown="never")
