"""Cases as pages show them: from the note of a verdict and the evidence that is still kept."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from bot.console.ports.moderation import (
    Asked,
    Case,
    CaseRow,
    CaseState,
    Measure,
)
from bot.engine.clock import from_ms
from bot.plays.rules import RulesParams
from bot.plays.rules.allowing import phrase_around
from bot.plays.rules.state import Case as Kept
from bot.plays.rules.state import Slot
from bot.usecases.moderation.runs import Run
from bot.usecases.today import waiting_of

_EXCERPT = 120
_ANSWER_WITHIN = timedelta(hours=24)


def kept_of(row: Any) -> Kept | None:
    return Slot.model_validate_json(row.case).case if row.case else None


def rows_of(rows: Sequence[Any], runs: Sequence[Run]) -> list[CaseRow]:
    by_id = {run.row.id: run for run in runs}
    found = []
    for row in rows:
        run, data, case = by_id[row.run_id], json.loads(row.data), kept_of(row)
        found.append(
            CaseRow(
                id=row.id, group=run.row.chat, group_name=run.where.name, playbook=run.playbook, play=run.play,
                number=int(row.number), at=from_ms(row.at), member=case.member if case else "",
                name=(case.name or case.member) if case else "", rule=str(data.get("rule", "")),
                level=int(data.get("level", 1)), mode=case.mode if case else data.get("mode") or "shadow",
                state=state_of(case), text=" ".join(case.text.split())[:_EXCERPT] if case else "",
                done=case.done if case else tuple(data.get("done", ())),
                replaced=tuple((case.replaced if case else data.get("replaced", {})).items()),
                is_evasion=bool(data.get("evasion")),
            )
        )  # fmt: skip
    return found


def state_of(case: Kept | None) -> CaseState:
    if case is None:
        return "deleted"
    if case.is_undone:
        return "undone"
    if case.appeal in ("open", "upheld"):
        return "appeal" if case.appeal == "open" else "upheld"
    if case.error == "paused":
        return "paused"
    by_mode: dict[str, CaseState] = {"shadow": "observed", "remind": "reminded"}
    return by_mode.get(case.mode, "acted")


def gone(row: CaseRow) -> Case:
    """A verdict whose evidence is deleted: that it was, and over which rule."""
    return Case(
        row=row, text="", read_as="", places=(), image="", hits=(), points=0, points_before=0, points_after=0, rung=0,
        rung_does="", muted_until=None, error="", measures=(), asked=None, kick=None, answered=(), decided_by="",
        appealable_until=None, phrase="", context=(), message="", others=(),
    )  # fmt: skip


def places_of(case: Kept) -> tuple[tuple[int, int], ...]:
    """Where the spans of the hits stand, each once, never over one another."""
    found: list[tuple[int, int]] = []
    for span in dict.fromkeys(hit.span for hit in case.hits if hit.span):
        at = case.text.find(span)
        if at >= 0 and not any(begin < at + len(span) and at < end for begin, end in found):
            found.append((at, at + len(span)))
    return tuple(sorted(found))


def phrase_of(case: Kept, params: RulesParams | None) -> str:
    rule = params.book.by_id.get(case.rule) if params is not None else None
    return phrase_around(case) if rule is not None and rule.match.kind == "words" else ""


def measures_of(case: Kept, sent: Sequence[Any]) -> tuple[Measure, ...]:
    """What was wanted, in the order of severity, with the network's answer."""
    by_what = {row.effect_key.partition(":")[0]: row for row in sent}
    found = []
    for what in dict.fromkeys((*case.wanted, *by_what)):
        row = by_what.get(what)
        error = row.error if row is not None else ""
        if not error and case.error.startswith(f"{what}: "):
            error = case.error.partition(": ")[2]
        status = row.status if row is not None else "done" if what in case.done else "not_sent"
        if what == "kick" and row is None and "ask_kick" in case.done:
            status = "asked"
        at = from_ms(row.settled_at) if row is not None and row.settled_at is not None else None
        found.append(Measure(what=what, status=status, error=error, at=at, instead=case.replaced.get(what, "")))
    return tuple(found)


def asked(row: Any, runs: Iterable[Run], now: datetime) -> Asked:
    """An open question with its case, and for an appeal until when it should be answered."""
    what, _, rest = row.key.partition(":")
    number = rest.partition(":")[0]
    due = None
    if what == "appeal":
        run = next((run for run in runs if run.row.id == row.run_id), None)
        within = run.params.answer_within if run is not None and run.params is not None else _ANSWER_WITHIN
        due = from_ms(row.created_at) + within
    return Asked(
        waiting=waiting_of(row), number=int(number) if number.isdecimal() and what in ("kick", "appeal") else 0,
        due_at=due, is_overdue=due is not None and now > due,
    )  # fmt: skip
