"""Merging two ids into one person, and parting them: the links, and the plays' documents of both.

Points, days, messages and notes keep their own ids and are read as persons, so taking a merge back needs nothing there.
A play's slot is one document under one uid; both are kept as they were and joined by the play's own `persons`, or the
older one goes on alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from pydantic import BaseModel, ValidationError

from bot.core.persons import Deed
from bot.core.play import Play
from bot.engine.directory import platform_of
from storage import persons as store
from storage.writer import Writer

Kinds = Mapping[str, Play[Any, Any]]


class MergeRefused(ValueError):
    """Why these two cannot be merged or parted, in both languages."""


class Merging:
    """Everything happens inside the caller's transaction."""

    def __init__(self, writer: Writer, kinds: Kinds) -> None:
        self._writer, self._kinds = writer, kinds
        self._connection = writer.connection

    def merge(self, older: str, newer: str, evidence: str, by: str, now_ms: int) -> None:
        """From now on `newer` is the same person as `older`. Raises `MergeRefused`."""
        head_id, member_id = self._known(older), self._known(newer)
        self._refuse(older, newer, evidence)
        ids = [head_id, *(row.member_id for row in store.links(self._connection) if row.head_id == head_id)]
        store.mark_days(self._connection, ids, member_id)
        link_id = store.link(self._connection, member_id, head_id, evidence, by, now_ms)
        kept = []
        for run_id, (kind, documents) in self._documents(older, newer).items():
            before, other = documents.get(older), documents.get(newer)
            joined = self._joined(kind, before, other)
            kept.append(
                {"identity_id": link_id, "run_id": run_id, "head_before": before, "member_before": other,
                 "joined": joined}
            )  # fmt: skip
            self._write(run_id, older, joined)
            self._write(run_id, newer, None)
        store.keep_slots(self._connection, kept)
        self._audit("identity.merge", newer, by, now_ms, into=older, evidence=evidence)

    def part(self, newer: str, by: str, now_ms: int) -> str:
        """Takes the merge of `newer` back; its head. Raises `MergeRefused`."""
        links = {row.member: row for row in store.links(self._connection)}
        link = links.get(newer)
        if link is None:
            raise MergeRefused(f"{newer} 没有和别人合并 · is not merged with anybody")
        later = [row.member for row in links.values() if row.head == link.head and row.id > link.id]
        if later:
            raise MergeRefused(
                f"后来又合并了 {later[-1]}，先拆那一个 · {later[-1]} was merged later: split that one first"
            )
        kept = store.kept_slots(self._connection, link.id)
        deeds = store.notes_since(self._connection, link.member_id, link.merged_at)
        for run_id, (kind, documents) in self._documents(link.head, newer).items():
            row = kept.get(run_id)
            before, other = (row.head_before, row.member_before) if row is not None else (None, None)
            joined, now = row.joined if row is not None else None, documents.get(link.head)
            if now != joined:
                did = [Deed(note.what, note.key, orjson.loads(note.data)) for note in deeds.get(run_id, ())]
                before, other = self._parted(kind, now, before, other, did)
            self._write(run_id, link.head, before)
            self._write(run_id, newer, other)
        for run_id, row in kept.items():
            if row.joined is None and row.member_before is not None:
                self._write(run_id, newer, row.member_before)
        store.drop_kept(self._connection, link.id)
        store.unlink(self._connection, link.id, by, now_ms)
        others = [row.member_id for row in links.values() if row.head_id == link.head_id and row.id != link.id]
        store.mark_days(self._connection, [link.head_id, *others], link.member_id)
        self._audit("identity.split", newer, by, now_ms, head=link.head)
        return str(link.head)

    # -- inside -----------------------------------------------------------------------------------------------------

    def _known(self, uid: str) -> int:
        found = store.member_id(self._connection, uid)
        if found is None:
            raise MergeRefused(f"不认识 {uid} · nobody of that id is known")
        return found

    def _refuse(self, older: str, newer: str, evidence: str) -> None:
        linked = {row.member: row.head for row in store.links(self._connection)}
        if older == newer:
            raise MergeRefused("两个编号相同 · the two ids are the same")
        if platform_of(older) != platform_of(newer):
            raise MergeRefused("两个编号不在同一个平台 · the two ids are of two networks")
        if store.are_accounts(self._connection, (older, newer)):
            raise MergeRefused("机器人的账号不能合并 · an account of the bot can't be merged")
        if newer in linked:
            raise MergeRefused(f"{newer} 已经合并到 {linked[newer]} · is merged into {linked[newer]} already")
        if older in linked:
            raise MergeRefused(f"{older} 已经合并到 {linked[older]}，请合并到它 · merge into {linked[older]} instead")
        if newer in linked.values():
            raise MergeRefused(
                f"已有编号合并到 {newer}，把 {older} 合并进去 · others are merged into {newer}: it is the older"
            )
        if not evidence.strip():
            raise MergeRefused("写明依据 · say what the evidence is")

    def _documents(self, older: str, newer: str) -> dict[int, tuple[str, dict[str, str]]]:
        """run → its kind and the documents of both by uid."""
        found: dict[int, tuple[str, dict[str, str]]] = {}
        for row in store.slots_named(self._connection, (older, newer)):
            found.setdefault(row.run_id, (row.kind, {}))[1][row.key] = row.data
        return found

    def _joined(self, kind: str, before: str | None, other: str | None) -> str | None:
        if before is None or other is None:
            return before if before is not None else other
        play = self._kinds.get(kind)
        if play is None or play.persons is None:
            return before
        older, newer = self._read(play, before), self._read(play, other)
        if older is None or newer is None:
            return before
        joined: BaseModel = play.persons.join(older, newer)
        return joined.model_dump_json()

    def _parted(
        self, kind: str, now: str | None, before: str | None, other: str | None, deeds: Sequence[Deed]
    ) -> tuple[str | None, str | None]:
        """The documents of both after something happened while they were one."""
        play = self._kinds.get(kind)
        if play is None or play.persons is None or play.Slot is None or now is None:
            return now, other
        document = self._read(play, now)
        blank = play.Slot()
        older, newer = (self._read(play, data) if data is not None else blank for data in (before, other))
        if document is None or older is None or newer is None:
            return now, other
        first, second = play.persons.part(document, older, newer, deeds)
        return (
            first.model_dump_json() if before is not None or first != blank else None,
            second.model_dump_json() if other is not None or second != blank else None,
        )

    def _read(self, play: Play[Any, Any], data: str) -> Any:
        """A document, None where it can't be read: then it is left as it is."""
        try:
            return play.Slot.model_validate_json(data) if play.Slot is not None else None
        except ValidationError:
            return None

    def _write(self, run_id: int, uid: str, data: str | None) -> None:
        if data is None:
            self._writer.drop_slot(run_id, uid)
        else:
            self._writer.write_slots([[run_id, uid, data]])

    def _audit(self, action: str, target: str, by: str, now_ms: int, **detail: str) -> None:
        self._writer.audit([[by, action, target, orjson.dumps(detail).decode(), now_ms]])
