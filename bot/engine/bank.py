"""Awards → ledger entries: caps, balances that never fall below zero, each entry once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

from bot.core.effects import Award
from bot.core.play import Context
from bot.core.points import MOST_ENTRIES, Entry
from bot.engine.batch import Batch, RepeatedCause
from bot.engine.clock import from_ms, to_ms
from bot.engine.directory import Directory, Room, Run
from storage import points
from storage.writer import Writer


class Bank:
    """Balances and what awards make of them. What it changes in memory the next step sees at once."""

    def __init__(self, writer: Writer, directory: Directory) -> None:
        self._writer, self._directory = writer, directory

    def award(self, batch: Batch, room: Room, run: Run, effect: Award, ctx: Context[Any], cause: str) -> dict[str, Any]:
        """Makes the entry; what the trace will say of it comes back, with `cut` when a cap took something off."""
        ids = self._directory.persons.ids(effect.member)
        idems = {uid: _idem(room, run, effect, uid) for uid in ids}
        said: dict[str, Any] = {"award": effect.points, "member": effect.member, "key": effect.key}
        if effect.account != "issue":
            said["account"] = effect.account
        if (batch.is_strict or len(ids) > 1) and self._is_repeated(batch, list(idems.values())):
            return {**said, "refused": "repeated"}
        source = effect.source or run.active.play.kind
        gain = self._within_caps(batch, room, effect, source, ctx)
        if gain != effect.points:
            said |= {"cut": effect.points - gain, "award": gain, "source": source}
            if not gain:
                return {**said, "refused": "cap"}
        balance = sum(self.balance(room, uid) for uid in ids) + gain
        if balance < 0:
            seen, balance = balance, sum(self._balance_by_now(batch, room, uid) for uid in ids) + gain
            if seen != balance and not batch.is_strict and self._has_entries(batch, room, ids):
                # The batch's earlier entries say balances that another process has made wrong.
                raise RepeatedCause
        if balance < 0:
            return {**said, "refused": "balance"}
        for uid, share in self._shares(batch, room, effect, gain, ids):
            member_id, left = self._directory.members[uid], self.balance(room, uid) + share
            room.balances[uid] = left
            batch.transfer(room.id, member_id, effect.account, share, left)
            batch.ledger.append(
                [room.id, member_id, share, left, source, effect.reason, cause, idems[uid], batch.now_ms,
                 effect.account, effect.undoes]
            )  # fmt: skip
        return said

    def _has_entries(self, batch: Batch, room: Room, ids: Sequence[str]) -> bool:
        members = {self._directory.members.get(uid) for uid in ids}
        return any(row[0] == room.id and row[1] in members for row in batch.ledger)

    def _is_repeated(self, batch: Batch, idems: Sequence[str]) -> bool:
        return any(row[7] in idems for row in batch.ledger) or bool(self._writer.ledger_seen(idems))

    def _shares(
        self, batch: Batch, room: Room, effect: Award, gain: int, ids: Sequence[str]
    ) -> Iterable[tuple[str, int]]:
        """Which of a person's ids the points belong to. What is gained: the one that acts. What is spent: that one first (or
        whose entry is undone), then the others, so that no id is ever below zero and a split leaves no debts."""
        first = self._directory.acting_id(batch.acting, room, effect.member)
        if gain >= 0 or len(ids) == 1:
            return [(first, gain)]
        if effect.undoes:
            first = points.owner_of(self._writer.connection, effect.undoes) or first
        left, shares = -gain, []
        for uid in (first, *(uid for uid in ids if uid != first)):
            taken = min(left, self.balance(room, uid))
            if taken:
                shares.append((uid, -taken))
            left -= taken
        return shares

    # -- balances ---------------------------------------------------------------------------------------------------

    def balance(self, room: Room, member: str) -> int:
        """The member's points, from memory or the database."""
        if member not in room.balances:
            self.load([(room, member)])
        return room.balances[member]

    def load(self, missing: Sequence[tuple[Room, str]]) -> None:
        """Reads balances that are not in memory yet, in one query."""
        if not missing:
            return
        self._directory.resolve((), (), {uid: "" for _, uid in missing})
        keys = {(room.id, self._directory.members[uid]): (room, uid) for room, uid in missing}
        for room, uid in keys.values():
            room.balances[uid] = 0
        for row in self._writer.balances([list(key) for key in keys]):
            room, uid = keys[(row.chat_id, row.member_id)]
            room.balances[uid] = row.points

    def _balance_by_now(self, batch: Batch, room: Room, member: str) -> int:
        """The balance as the rows say, with what this batch adds: nobody is refused for what another process wrote."""
        del room.balances[member]
        self.load([(room, member)])
        room.balances[member] += batch.balances.get((room.id, self._directory.members[member]), [0])[0]
        return room.balances[member]

    # -- what plays ask for -----------------------------------------------------------------------------------------

    def entries(self, batch: Batch, room: Room, uid: str) -> tuple[Entry, ...]:
        """The newest entries of the member, those of this batch among them."""
        ids = self._numbers(uid)
        fresh = [_from_row(row) for row in reversed(batch.ledger) if row[0] == room.id and row[1] in ids]
        stored = [
            row for each in ids for row in points.newest_entries(self._writer.connection, room.id, each, MOST_ENTRIES)
        ]
        stored.sort(key=lambda row: -row.at)
        return (*fresh, *map(_entry, stored))[:MOST_ENTRIES]

    def earned(self, batch: Batch, room: Room, uid: str, message_id: str) -> tuple[Entry, ...]:
        """What the member's message had earned, as far as it was written before this batch."""
        undone, at = {row[10] for row in batch.ledger}, batch.now_ms
        found = [
            row
            for each in self._numbers(uid)
            for row in points.earned_by(self._writer.connection, room.id, each, message_id, at)
        ]
        return tuple(_entry(row) for row in found if row.idem not in undone)

    def _numbers(self, uid: str) -> list[int]:
        """The rows of every id of the person."""
        members = self._directory.members
        return [members[each] for each in self._directory.persons.ids(uid) if each in members]

    def lapsing(self, batch: Batch, room: Room, until: datetime) -> dict[str, int]:
        """Member → points from before `until`, as far as this batch leaves them."""
        found: dict[str, int] = {}
        for uid, some in points.held_of(self._writer.connection, room.id, to_ms(until)).items():
            head = self._directory.persons.head(uid)
            found[head] = found.get(head, 0) + min(some, self.balance(room, uid))
        return found

    def claims(self, batch: Batch, uid: str, keys: Iterable[str]) -> dict[str, str]:
        """Benefit → where the member had it."""
        idems = {_person_key(each, key): key for key in keys for each in self._directory.persons.ids(uid)}
        found = points.claimed(self._writer.connection, idems)
        for row in batch.ledger:
            if row[7] in idems:
                found[row[7]] = self._directory.room_by_id(row[0]).name
        return {idems[idem]: name for idem, name in found.items()}

    # -- inside -----------------------------------------------------------------------------------------------------

    def _within_caps(self, batch: Batch, room: Room, effect: Award, source: str, ctx: Context[Any]) -> int:
        """The points that the group's rules leave of the award; they count as earned from now on."""
        rules = room.point_rules
        if rules is None or effect.points <= 0 or effect.account != "issue":
            return effect.points
        day = self._directory.date(room, batch.now)
        if room.earned_on != day:
            room.earned_on = day
            room.earned.clear()
        earned = room.earned.get(effect.member)
        if earned is None:
            begin = datetime.combine(day, room.day_starts, room.zone).astimezone(UTC)
            self._directory.resolve((), (), {effect.member: ""})
            ids, earned = self._numbers(effect.member), {}
            for member_id in ids:
                for each, some in points.gained_since(
                    self._writer.connection, room.id, member_id, to_ms(begin)
                ).items():
                    earned[each] = earned.get(each, 0) + some
            for row in batch.ledger:
                if row[0] == room.id and row[1] in ids and row[2] > 0 and row[9] == "issue":
                    earned[row[4]] = earned.get(row[4], 0) + row[2]
            room.earned[effect.member] = earned
        left = rules.left(source, earned)
        gain = effect.points if left is None else min(effect.points, left)
        earned[source] = earned.get(source, 0) + gain
        return gain


def _idem(room: Room, run: Run, effect: Award, uid: str) -> str:
    if effect.once == "person":
        return _person_key(uid, effect.key)
    return _bounded(f"{room.id}|{run.ref}|{uid}|{effect.key}")


def _person_key(uid: str, key: str) -> str:
    return _bounded(f"person|{uid}|{key}")


def _bounded(idem: str) -> str:
    """`idem` itself, or a digest where it is long."""
    return idem if len(idem) <= 200 else blake2b(idem.encode(), digest_size=24).hexdigest()


def _entry(row: Any) -> Entry:
    return Entry(
        id=row.idem, at=from_ms(row.at), points=row.delta, balance=row.balance_after, account=row.account,
        source=row.source, reason=row.reason,
    )  # fmt: skip


def _from_row(row: Sequence[Any]) -> Entry:
    return Entry(
        id=row[7], at=from_ms(row[8]), points=row[2], balance=row[3], account=row[9], source=row[4], reason=row[5]
    )
