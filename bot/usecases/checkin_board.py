"""A check-in as stored → its calendar and its review queue. Pure: the console and the command line share it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlsplit

from bot.console.ports.checkins import (
    Calendar,
    CheckinRow,
    Day,
    MemberDays,
    Picture,
    Queue,
    Submission,
    Verdict,
    Version,
)
from bot.core.play import Member
from bot.engine.clock import from_ms
from bot.plays.checkin.answer import Here
from bot.plays.checkin.board import missing
from bot.plays.checkin.record import COUNTED, Slot, Work, in_month, mark_of, streak_on
from bot.usecases.runs import Kept, People

SPAN = 28
_PAGE = 60
_NAMES = 60
_QUEUE, _RECENT = 20, 10


@dataclass(frozen=True, slots=True)
class Shown:
    """One run with every member's record. `ctx` has those who are in the group."""

    kept: Kept
    ctx: Here
    people: People

    @property
    def today(self) -> date:
        return self.ctx.day(self.ctx.now)

    @property
    def records(self) -> Mapping[str, Slot]:
        return {uid: slot for uid, slot in self.ctx.slots.items() if uid in self.ctx.roster}

    def marked(self, day: date, marks: str) -> int:
        return sum(mark_of(slot, day) in marks for slot in self.records.values())

    def missing(self) -> list[Member]:
        return missing(self.kept.state, self.ctx, self.today)

    def waiting(self) -> int | None:
        if self.ctx.params.review is None:
            return None
        slots: Mapping[str, Slot] = self.ctx.slots
        return sum(work.status == "waiting" for slot in slots.values() for work in slot.works)


def row_of(shown: Shown) -> CheckinRow:
    kept, today = shown.kept, shown.today
    return CheckinRow(
        group=kept.chat, group_name=kept.chat_name, play=kept.ref, word=shown.ctx.params.word,
        done=shown.marked(today, COUNTED), on_leave=shown.marked(today, "j"), missing=len(shown.missing()),
        waiting=shown.waiting(),
    )  # fmt: skip


def calendar_of(shown: Shown, until: date | None, page: int, *, per_page: int = _PAGE) -> Calendar:
    """Four weeks that end with `until`, or with today."""
    today, since = shown.today, shown.kept.state.since
    last = min(until or today, today)
    days = [last - timedelta(days=n) for n in reversed(range(SPAN))]
    counts = [shown.marked(day, COUNTED) for day in days]
    best = max(counts)
    members = _members(shown, days)
    pages = max(1, -(-len(members) // per_page))
    page = min(page, pages)
    absent = [member.name for member in shown.missing()]
    return Calendar(
        group=shown.kept.chat, group_name=shown.kept.chat_name, play=shown.kept.ref, word=shown.ctx.params.word,
        today=today,
        days=tuple(
            Day(day=day, count=count, level=-(-4 * count // best) if best else 0)
            for day, count in zip(days, counts, strict=True)
        ),
        members=tuple(members[(page - 1) * per_page : page * per_page]), total=len(members), page=page, pages=pages,
        earlier=days[0] - timedelta(days=1) if days[0] > since else None,
        later=min(last + timedelta(days=SPAN), today) if last < today else None,
        done=shown.marked(today, COUNTED), on_leave=shown.marked(today, "j"), missing=tuple(absent[:_NAMES]),
        missing_more=max(0, len(absent) - _NAMES), waiting=shown.waiting(),
    )  # fmt: skip


def queue_of(shown: Shown, notes: Sequence[Any], messages: Sequence[Any]) -> Queue | None:
    """`notes`: (what, member, key, data, at) of submissions and reviews; `messages`: those that they name."""
    rule = shown.ctx.params.review
    if rule is None:
        return None
    said = {row.platform_id: row for row in messages}
    by_member: defaultdict[str, list[Any]] = defaultdict(list)
    for row in notes:
        by_member[row.member].append(row)
    slots: Mapping[str, Slot] = shown.ctx.slots
    works = [(work.day, slot.name, uid, work) for uid, slot in slots.items() for work in slot.works]
    works.sort(key=lambda each: each[:3])

    def told(status: str, found: Sequence[tuple[date, str, str, Work]], most: int) -> tuple[Submission, ...]:
        chosen = [each for each in found if each[3].status == status][:most]
        return tuple(
            _submission(uid, slots[uid], work, by_member[uid], said, shown.people) for _, _, uid, work in chosen
        )

    return Queue(
        group=shown.kept.chat, group_name=shown.kept.chat_name, play=shown.kept.ref, word=shown.ctx.params.word,
        rubric=rule.rubric, points=rule.points, waiting=told("waiting", works, _QUEUE),
        waiting_more=max(0, (shown.waiting() or 0) - _QUEUE), returned=told("returned", works[::-1], _RECENT),
        passed=told("passed", works[::-1], _RECENT),
    )  # fmt: skip


def scores_text(scores: Iterable[int]) -> str:
    """As the play reads them: `1:4,3:5`."""
    return ",".join(f"{place}:{score}" for place, score in enumerate(scores, start=1) if score)


def _members(shown: Shown, days: Sequence[date]) -> list[MemberDays]:
    params, today, since = shown.ctx.params, shown.today, shown.kept.state.since
    found = []
    for uid, member in shown.ctx.roster.items():
        slot = shown.ctx.slots.get(uid)
        if member.is_bot or (slot is None and member.is_operator):
            continue
        slot = slot or Slot()
        marks = "".join(_mark(slot, day, since, today) for day in days)
        makeups, leaves = params.makeup, params.leave
        found.append(
            MemberDays(
                member=uid, name=member.name, marks=marks, streak=streak_on(slot, today), best=slot.best,
                total=slot.total,
                makeups_left=max(0, makeups.per_month - in_month(slot, today, "b")) if makeups else None,
                leaves_left=max(0, leaves.per_month - in_month(slot, today, "j")) if leaves else None,
            )
        )  # fmt: skip
    return sorted(found, key=lambda each: (-each.streak, -each.total, each.name))


def _mark(slot: Slot, day: date, since: date, today: date) -> str:
    mark = mark_of(slot, day)
    # Today may still come, and leave may have been asked for days to come.
    return " " if mark == "-" and (day < since or day >= today) else mark


def _submission(
    uid: str, slot: Slot, work: Work, notes: Sequence[Any], said: Mapping[str, Any], people: People
) -> Submission:  # fmt: skip
    mine = [(row, json.loads(row.data)) for row in notes]
    versions = {
        data["message_id"]: (data["version"], row.at)
        for row, data in mine
        if row.what == "submission" and data["day"] == work.day.isoformat()
    }
    verdicts: dict[str, list[Verdict]] = {}
    for row, data in mine:
        if row.what == "review":
            verdicts.setdefault(row.key.partition("|")[0], []).append(
                Verdict(
                    verdict=data["verdict"], by_name=people.name(data["by"]), comment=data["comment"],
                    scores=tuple(data.get("scores", {}).items()), at=from_ms(row.at),
                )
            )  # fmt: skip
    return Submission(
        message=work.message_id, member=uid, name=slot.name or people.name(uid), day=work.day, version=work.version,
        status=work.status,
        versions=tuple(
            _version(number, at, said.get(message_id), verdicts.get(message_id, ()))
            for message_id, (number, at) in sorted(versions.items(), key=lambda each: -each[1][0])
        ),
    )  # fmt: skip


def _version(number: int, at: int, message: Any, verdicts: Sequence[Verdict]) -> Version:
    segments = json.loads(message.segments) if message is not None and message.segments else []
    pictures = [value for kind, value in segments if kind == "Image"]
    return Version(
        version=number, at=from_ms(at), message=message.id if message is not None else None,
        text=message.text if message is not None else "", is_recalled=message is not None and bool(message.recalled_at),
        pictures=tuple(
            Picture(name=str(each.get("name", "")), url=_address(str(each.get("url", "")))) for each in pictures
        ),
        verdicts=tuple(verdicts),
    )  # fmt: skip


def _address(url: str) -> str:
    """Only what a browser may be sent to: the network's word is no reason for anything else."""
    return url if urlsplit(url).scheme in ("http", "https") else ""


def here(kept: Kept, ctx: Here, people: People) -> Shown:
    return Shown(kept, replace(ctx, roster=people.here), people)
