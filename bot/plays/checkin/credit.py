"""Granting and undoing: one credit per member and day whatever happens, and what it means in points.

Three things hold it: the mark on the member's calendar (a second check-in of the day finds it), the keys of the ledger
entries (`checkin:<day>`, `streak:<length>:<day>`), and the note `checkin` with the key `<member>|<day>`. When a check-in
was undone and the member checks in again that day, keys carry the turn (`checkin:<day>#2`); `checkin_undone` notes
balance the `checkin` notes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from bot.core.effects import Award, Effect, Note, StartPlay
from bot.core.prizes import prize
from bot.plays.checkin.params import Params
from bot.plays.checkin.record import Credit, Slot, credit_of, is_bonus_due, mark_of, marked, recent_with, with_credit


@dataclass(frozen=True, slots=True)
class Grant:
    """`earned` counts what entered the ledger, `bonus` the part of the gain that came from the streak."""

    slot: Slot
    effects: tuple[Effect, ...]
    earned: int
    bonus: int


def grant(
    slot: Slot, uid: str, day: date, at: datetime, message_id: str, params: Params, data: Mapping[str, Any]
) -> Grant:
    """A check-in of `day`, which must carry no counted mark yet."""
    after = marked(slot, day, "o")
    before = credit_of(slot, day)
    turn = before.turn + 1 if before else 1
    tail = f"#{turn}" if turn > 1 else ""
    due = [length for length in params.milestones if is_bonus_due(slot, after, length)]
    entries = [(params.points, f"{params.word} {day}", f"checkin:{day}{tail}")]
    entries += [
        (params.streak[n], f"连续{params.word} {n} 天", f"streak:{n}:{day}{tail}") for n in due if n in params.streak
    ]
    gain = sum(points for points, _, _ in entries)
    awards = tuple(_awards(uid, entries, slot.owed))
    paid = sum(award.points for award in awards)
    credit = Credit(day=day, at=at, message_id=message_id, gain=gain, paid=paid, turn=turn)
    after = after.model_copy(
        update={
            "owed": slot.owed - (gain - paid),
            "bonuses": {**slot.bonuses, **dict.fromkeys(due, day)},
            "waiting_at": None,
            "recent": recent_with(slot, credit),
        }
    )
    note = Note(
        what="checkin",
        key=f"{uid}|{day}{tail}",
        member=uid,
        data={"day": day.isoformat(), "streak": after.streak, "message_id": message_id, **data},
    )
    won = _prizes(after, uid, day, params, due)
    return Grant(after, (*awards, note, *won), paid, sum(params.streak.get(n, 0) for n in due))


def make_up(slot: Slot, uid: str, day: date, params: Params, cost: int) -> Grant:
    """补卡 of a missed `day`: the streak goes on and may reach a bonus; the day itself earns nothing."""
    after = marked(slot, day, "b")
    due = [length for length in params.milestones if is_bonus_due(slot, after, length)]
    entries = [
        (params.streak[n], f"连续{params.word} {n} 天", f"streak:{n}:{day}:makeup") for n in due if n in params.streak
    ]
    awards = tuple(_awards(uid, entries, slot.owed))
    paid = sum(award.points for award in awards)
    gain = sum(points for points, _, _ in entries)
    after = after.model_copy(
        update={"owed": slot.owed - (gain - paid), "bonuses": {**slot.bonuses, **dict.fromkeys(due, day)}}
    )
    effects: list[Effect] = []
    if cost:
        effects.append(
            Award(member=uid, points=-cost, reason=f"补卡 {day}", key=f"makeup:{day}", source="checkin", account="fee")
        )
    effects += awards
    effects += _prizes(after, uid, day, params, due)
    effects.append(Note(what="makeup", key=f"{uid}|{day}", member=uid, data={"day": day.isoformat(), "cost": cost}))
    return Grant(after, tuple(effects), paid, gain)


def undo(slot: Slot, uid: str, day: date, balance: int, by: str, params: Params) -> Grant | None:
    """The check-in of `day` taken back with all it earned; None when there is none.

    What was spent meanwhile can't be taken back: it is owed, and later check-ins pay for it first.
    """
    credit = credit_of(slot, day)
    if credit is None or credit.is_undone or mark_of(slot, day) != "o":
        return None
    tail = f"#{credit.turn}" if credit.turn > 1 else ""
    taken = min(credit.paid, max(balance, 0))
    after = with_credit(
        marked(slot, day, "-").model_copy(
            update={
                "owed": slot.owed + credit.gain - taken,
                "bonuses": {length: paid_on for length, paid_on in slot.bonuses.items() if paid_on != day},
            }
        ),
        credit.model_copy(update={"is_undone": True, "message_id": ""}),
    )
    effects: list[Effect] = []
    if taken:
        reason = f"撤销{params.word} {day}"
        effects.append(
            Award(member=uid, points=-taken, reason=reason, key=f"checkin:{day}{tail}:undo", source="checkin")
        )
    effects.append(
        Note(what="checkin_undone", key=f"{uid}|{day}{tail}", member=uid, data={"day": day.isoformat(), "by": by})
    )
    return Grant(after, tuple(effects), -taken, 0)


def _awards(uid: str, entries: list[tuple[int, str, str]], owed: int) -> Iterator[Award]:
    for points, reason, key in entries:
        used = min(owed, points)
        owed -= used
        if points > used:
            yield Award(member=uid, points=points - used, reason=reason, key=key, source="checkin")


def _prizes(slot: Slot, uid: str, day: date, params: Params, due: list[int]) -> Iterator[StartPlay]:
    """Undone and done again on the same day it is the same prize: the shop knows its key."""
    for length in due:
        key, reason = f"streak:{params.word}:{length}:{day}", f"连续{params.word} {length} 天"
        won = prize(params, length, uid, slot.name, key, reason)
        if won is not None:
            yield won
