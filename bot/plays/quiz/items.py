"""题目统计: how often each question was asked, how hard it is, and whether those who know more answer it better."""

from __future__ import annotations

from typing import Any, Literal

from bot.core.events import MessageReceived
from bot.core.play import Capability, Step
from bot.core.text import fold
from bot.plays.quiz.bank import Question
from bot.plays.quiz.closing import Here, Result, banks_of, say
from bot.plays.quiz.record import Offer, State, Use, use_key

Note = Literal["", "hard", "easy", "flat"]
_SHOWN = 5
_LONGEST = 24
ENOUGH = 5
"""Answers from which on a share says something."""
_TOO_HARD, _TOO_EASY, _TELLS_LITTLE = 0.2, 0.95, 0.1


def show(state: State, event: MessageReceived, ctx: Here, rest: str) -> Result:
    """The table for operators, in private where that goes: it names questions that may come again."""
    banks = banks_of(ctx)
    questions = questions_of(ctx)
    uses = {key: slot.root for key, slot in ctx.slots.items() if key.startswith("u/")}
    rows = [_row(*questions[key], use, is_named=len(banks) > 1) for key, use in uses.items() if key in questions]
    wanted = fold(rest[:40]).strip()
    if wanted:
        rows = [row for row in rows if fold(row["id"]) == wanted]
    told = sorted(
        (row for row in rows if row["answered"] >= ENOUGH or wanted),
        key=lambda row: (row["rate"], row["bank"], row["id"]),
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


def spread_of(use: Use) -> float | None:
    """The discrimination over the sessions that were large enough to tell."""
    return use.spread / use.spreads if use.spreads else None


def note_of(use: Use) -> Note:
    """Why the question deserves a look; "" where it does not, or where too few answered to say."""
    if use.answered < ENOUGH:
        return ""
    rate, spread = use.right / use.answered, spread_of(use)
    if rate < _TOO_HARD:
        return "hard"
    if rate > _TOO_EASY:
        return "easy"
    return "flat" if spread is not None and spread < _TELLS_LITTLE else ""


def questions_of(ctx: Here) -> dict[str, tuple[str, Question]]:
    """Where its statistics stand → (bank, question), of the playbook's banks and of members' own."""
    own = [slot.root.question for slot in ctx.slots.values() if isinstance(slot.root, Offer) and slot.root.is_accepted]
    found = {
        use_key(bank.name, question.id): (bank.name, question) for bank in banks_of(ctx) for question in bank.questions
    }
    return found | {use_key("", question.id): ("", question) for question in own}


def _row(bank: str, question: Question, use: Use, *, is_named: bool) -> dict[str, Any]:
    """`bank` is shown where there are several, or where the question is a member's (its author then)."""
    rate = use.right / use.answered if use.answered else 0.0
    spread, note = spread_of(use), note_of(use)
    text = question.text if len(question.text) <= _LONGEST else f"{question.text[: _LONGEST - 1]}…"
    return {
        "id": question.id, "bank": bank if is_named else "", "author": question.author, "text": text, "times": use.asked, "answered": use.answered, "right": use.right,
        "rate": round(rate, 3), "percent": round(rate * 100), "note": note,
        "spread": f"{spread:.2f}" if spread is not None else "", "on": f"{use.on:%m-%d}",
    }  # fmt: skip
