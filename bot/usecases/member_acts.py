"""What operators do about members: tags, notes, two ids that are one person, erasure; each with its audit row."""

from __future__ import annotations

from dataclasses import dataclass

from bot.console.ports.accounts import Refused
from bot.engine.clock import to_ms
from bot.engine.live import LiveEngine
from bot.engine.merging import MergeRefused
from bot.engine.tagging import tag as put_tag
from bot.plays import all_plays
from bot.usecases.members import MemberRecords
from storage import members


@dataclass(slots=True)
class MembersDesk(MemberRecords):
    """Answers `bot.console.ports.members.MembersPort`."""

    engine: LiveEngine

    async def set_tag(self, uid: str, group: str, tag: str, is_on: bool, actor: str) -> bool:
        now = self.now()
        return await self.engine.call(lambda kernel: put_tag(kernel, group, uid, tag, on=is_on, by=actor, now=now))

    async def add_note(self, uid: str, group: str, text: str, follow_on: str, actor: str) -> bool:
        at, day = to_ms(self.now()), follow_on or None
        made = await self.engine.call(
            lambda kernel: kernel.in_transaction(
                lambda connection: members.add_note(connection, group, uid, text, day, by=actor, at=at)
            )
        )
        return made is not None

    async def settle_note(self, note: int, actor: str) -> bool:
        at = to_ms(self.now())
        return await self.engine.call(
            lambda kernel: kernel.in_transaction(
                lambda connection: members.settle_note(connection, note, by=actor, at=at)
            )
        )

    async def merge(self, older: str, newer: str, evidence: str, actor: str) -> None:
        now, kinds = self.now(), all_plays()
        try:
            await self.engine.call(lambda kernel: kernel.merge(older, newer, evidence, actor, now, kinds))
        except MergeRefused as refused:
            raise Refused("merge_refused", detail=str(refused)) from None

    async def split(self, newer: str, actor: str) -> None:
        now, kinds = self.now(), all_plays()
        try:
            await self.engine.call(lambda kernel: kernel.part(newer, actor, now, kinds))
        except MergeRefused as refused:
            raise Refused("merge_refused", detail=str(refused)) from None

    async def erase(self, uid: str, actor: str) -> None:
        now = self.now()
        for each in await self.uids_of(uid):
            await self.engine.call(lambda kernel, each=each: kernel.erase_member(each, now, actor))  # type: ignore[misc]
