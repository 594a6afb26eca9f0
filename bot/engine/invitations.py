"""The bot's account is invited to a group: accepted, ignored, or asked about, as the settings say."""

from __future__ import annotations

from typing import Literal

import orjson

from bot.core.effects import Approve, Lane, Template
from bot.core.events import BotInvited
from bot.core.segments import Text
from bot.engine.apply import Applier
from bot.engine.batch import Batch
from bot.engine.directory import Directory, Room
from bot.engine.render import Renderer
from bot.transports.base import Message
from storage.writer import Writer

Policy = Literal["ask", "accept", "ignore"]
YES, NO = "同意", "忽略"
_KEY = "@invite:"
_REF = "群运/邀请"


def is_invitation(key: str) -> bool:
    return key.startswith(_KEY)


class Invitations:
    """No group stands behind an invitation yet, so the operators of the settings decide, not a playbook."""

    def __init__(
        self, writer: Writer, directory: Directory, applier: Applier, renderer: Renderer, policy: Policy
    ) -> None:
        self._writer, self._directory, self._applier = writer, directory, applier
        self._renderer, self._policy = renderer, policy

    def take(self, batch: Batch, room: Room, event: BotInvited) -> None:
        """Does what the policy says. `room`: the conversation (or the group) that the network told it in."""
        room.primary = room.primary or event.account
        batch.chat_facts[room.id] = [room.id, room.name, room.size, self._directory.accounts[room.primary]]
        match self._policy:
            case "accept":
                self._answer(batch, room, event.flag)
            case "ask":
                self._ask(batch, room, event)
            case "ignore":
                pass

    def decided(self, batch: Batch, room: Room, key: str, choice: str) -> None:
        """An operator answered. An invitation that is not accepted needs no answer."""
        if choice == YES:
            self._answer(batch, room, key.removeprefix(_KEY))

    # -- inside -----------------------------------------------------------------------------------------------------

    def _ask(self, batch: Batch, room: Room, event: BotInvited) -> None:
        # A question belongs to a run; this one is nobody's play and is never stepped.
        run = [room.id, _REF, "invitation", "", 0, "{}", 0, "open", batch.now_ms, batch.now_ms]
        run_id = self._writer.insert_runs([run])[(room.id, _REF)]
        where = room.uid if room.kind == "group" else ""
        person = self._directory.person(room, event.member)
        inviter = person.name if person is not None else event.member
        text = self._renderer.text(
            Template("desk/invited", {"by": inviter, "where": where, "account": event.account}), {}
        )
        choices = orjson.dumps((YES, NO)).decode()
        row = [run_id, room.id, None, f"{_KEY}{event.flag}", text, choices, batch.now_ms, None]
        for made in self._writer.tasks([row]):
            data = {"id": made.id, "text": text, "choices": [YES, NO], "group": event.account}
            words = self._renderer.text(Template("desk/task", data), {})
            for uid in sorted(self._directory.operators):
                if uid.partition(":")[0] == room.platform:
                    self._send(
                        batch, room, Message(segments=(Text(words),), to=uid), f"task:{made.id}|{uid}", Lane.NOTICE
                    )

    def _answer(self, batch: Batch, room: Room, flag: str) -> None:
        self._send(batch, room, Approve(flag=flag, is_approved=True), f"invite:{flag}", Lane.ANSWER)

    def _send(self, batch: Batch, room: Room, outgoing: Message | Approve, idem: str, lane: Lane) -> None:
        self._applier.enqueue(batch, room, None, outgoing, cause=idem, idem=idem, lane=lane, on_unknown="never")
