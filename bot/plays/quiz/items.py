"""题目统计: how often each question was asked, how hard it is, and whether those who know more answer it better."""

from __future__ import annotations

from typing import Any

from bot.core.events import MessageReceived
from bot.core.play import Capability, Step
from bot.core.text import fold
from bot.plays.quiz.bank import Question
from bot.plays.quiz.closing import Here, Result, banks_of, say
from bot.plays.quiz.record import State, Use

_SHOWN = 5
_LONGEST = 24
_ENOUGH = 5
"""Answers from which on a share says something."""
_TOO_HARD, _TOO_EASY, _TELLS_LITTLE = 0.2, 0.95, 0.1


def show(state: State, event: MessageReceived, ctx: Here, rest: str) -> Result:
    """The table for operators, in private where that goes: it names questions that may come again."""
    questions = {question.id: question for bank in banks_of(ctx) for question in bank.questions}
    uses = {key[2:]: slot.root for key, slot in ctx.slots.items() if key.startswith("u/")}
    rows = [_row(questions[id_], use) for id_, use in uses.items() if id_ in questions]
    wanted = fold(rest[:40]).strip()
    if wanted:
        rows = [row for row in rows if fold(row["id"]) == wanted]
    told = sorted(
        (row for row in rows if row["answered"] >= _ENOUGH or wanted), key=lambda row: (row["rate"], row["id"])
    )
    odd = [row for row in told if row["note"]]
    data: dict[str, Any] = {
        "wanted": rest[:40].strip(),
        "total": len(questions),
        "asked": len(rows),
        "hardest": told[:_SHOWN],
        "odd": [] if wanted else odd[:_SHOWN],
    }
    is_discreet = event.is_private or Capability.PRIVATE in ctx.caps
    effects = [say("items", to=event.member if is_discreet else None, **data)]
    if is_discreet and not event.is_private:
        effects.append(say("items_sent"))
    return Step(state, tuple(effects), why={"items": len(rows)})


def _row(question: Question, use: Use) -> dict[str, Any]:
    rate = use.right / use.answered if use.answered else 0.0
    spread = use.spread / use.spreads if use.spreads else None
    note = ""
    if use.answered >= _ENOUGH:
        note = "hard" if rate < _TOO_HARD else "easy" if rate > _TOO_EASY else ""
        if not note and spread is not None and spread < _TELLS_LITTLE:
            note = "flat"
    text = question.text if len(question.text) <= _LONGEST else f"{question.text[: _LONGEST - 1]}…"
    return {
        "id": question.id, "text": text, "times": use.asked, "answered": use.answered, "right": use.right,
        "rate": round(rate, 3), "percent": round(rate * 100), "note": note,
        "spread": f"{spread:.2f}" if spread is not None else "", "on": f"{use.on:%m-%d}",
    }  # fmt: skip
