"""The end of a session: the table, the points that enter the ledger, item statistics, and what operators should see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from bot.core.effects import AskOperator, Award, CancelTimer, Effect, Note, Say, Template
from bot.core.play import Context, Step
from bot.core.prizes import prize
from bot.plays.quiz.bank import Bank
from bot.plays.quiz.fairness import copiers, too_fast
from bot.plays.quiz.params import Params
from bot.plays.quiz.record import Session, Slot, State, Use, names, outcome, played, sheets, use_key
from bot.plays.quiz.scoring import Outcome, Place, Verdict
from bot.plays.quiz.teams import team_ranking

Here: TypeAlias = Context[Params]
Result: TypeAlias = Step[State]

TIMERS = ("reveal", "hurry", "next", "overdue")
_TABLE = 10


def bank_of(ctx: Here, name: str = "") -> Bank:
    """The bank of that name, else the first."""
    banks = banks_of(ctx)
    return next((bank for bank in banks if name and bank.name == name), banks[0])


def banks_of(ctx: Here) -> list[Bank]:
    """The playbook's banks; at least one, empty where the file could not be used."""
    found = [ctx.assets.get(path) for path in ctx.params.banks]
    return [bank if isinstance(bank, Bank) else Bank() for bank in found]


def say(name: str, /, *, to: str | None = None, key: str = "", **data: Any) -> Say:
    return Say(words=Template(f"quiz/{name}", data), to=to, key=key)


def rows_of(places: list[Place], who: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        {"rank": place.rank, "name": who.get(place.member, place.member), "points": place.points, "right": place.right}
        for place in places
    ]


def finish(state: State, ctx: Here, reason: str = "") -> Result:
    """The table; points enter the ledger once per member and session."""
    session = state.session
    assert session is not None
    result = outcome(ctx.params.rules(bank_of(ctx, session.bank)), session, ctx.slots)
    who = names(ctx.slots, session.id)
    effects: list[Effect] = [CancelTimer(name=name) for name in TIMERS]
    asked = sum(one.is_closed and not one.is_void for one in played(ctx.slots, session.total))
    effects.append(
        say(
            "table",
            rows=rows_of(result.ranking[:_TABLE], who),
            total=len(result.ranking),
            asked=asked,
            reason=reason,
            teams=team_rows(ctx, session, result),
        )
    )
    if ctx.params.award:
        effects += [
            Award(
                member=p.member, points=p.points, reason=f"答题 {session.id}", key=f"quiz:{session.id}", source="quiz"
            )
            for p in result.ranking
            if p.points > 0
        ]
    effects += won(ctx, session, result.ranking)
    notes = _item_notes(session, ctx, result)
    effects += [*notes, *_suspicions(session, ctx, who)]
    session = session.model_copy(update={"live": None, "is_over": True})
    why = {"over": session.id, "participants": len(result.ranking), "reason": reason or "done"}
    return Step(State(session=session), tuple(effects), slots=_spreads(notes, ctx), why=why)


def won(ctx: Here, session: Session, ranking: Iterable[Place]) -> list[Effect]:
    """The prizes of those places. A first place without a point is none."""
    who = names(ctx.slots, session.id)
    found = (
        prize(
            ctx.params, place.rank, place.member, who.get(place.member, place.member), f"quiz:{session.id}",
            f"答题第 {place.rank} 名",
        )
        for place in ranking
        if place.points > 0
    )  # fmt: skip
    return [each for each in found if each is not None]


def _spreads(notes: Iterable[Note], ctx: Here) -> dict[str, Slot]:
    """What the session adds to the discrimination of its questions."""
    found = {}
    for note in notes:
        key = use_key(note.data["bank"], note.data["question"])
        slot = ctx.slots.get(key)
        if slot is not None and "discrimination" in note.data:
            use: Use = slot.root
            spread = use.spread + note.data["discrimination"]
            found[key] = Slot(use.model_copy(update={"spread": spread, "spreads": use.spreads + 1}))
    return found


def team_rows(ctx: Here, session: Session, result: Outcome) -> list[dict[str, Any]]:
    places = team_ranking(ctx.params.teams, sheets(ctx.slots, session.id), result.ranking)
    return [
        {
            "rank": place.rank,
            "name": place.name,
            "members": place.members,
            "average": f"{place.average_tenths / 10:.1f}",
        }
        for place in places
    ]


def _item_notes(session: Session, ctx: Here, result: Outcome) -> list[Note]:
    """Difficulty (share of right answers) and discrimination (upper third minus lower third) of each question."""
    third = max(1, len(result.ranking) // 3)
    ordered = [place.member for place in result.ranking]
    upper, lower = set(ordered[:third]), set(ordered[-third:])
    notes = []
    for index, one in enumerate(played(ctx.slots, session.total)):
        verdicts = result.questions[index] if index < len(result.questions) else []
        if one.is_void or not verdicts:
            continue
        data: dict[str, Any] = {
            "bank": one.bank,
            "question": one.question.id,
            "answered": len(verdicts),
            "right": sum(verdict.is_right for verdict in verdicts),
        }
        if len(ordered) >= 6:
            data["discrimination"] = round(_share_right(verdicts, upper) - _share_right(verdicts, lower), 3)
        notes.append(Note(what="quiz_item", key=f"{session.id}|{index}", data=data))
    return notes


def _share_right(verdicts: list[Verdict], members: set[str]) -> float:
    return sum(verdict.is_right for verdict in verdicts if verdict.member in members) / len(members)


def _suspicions(session: Session, ctx: Here, who: Mapping[str, str]) -> list[AskOperator]:
    answered = list(sheets(ctx.slots, session.id))
    questions = played(ctx.slots, session.total)
    copied = [
        {"name": who[c.member], "source": who[c.source], "agreed": c.agreed, "of": c.of}
        for c in copiers(questions, answered)
    ]
    fast = [who[uid] for uid in too_fast(questions, answered)]
    if not copied and not fast:
        return []
    words = Template("quiz/suspicion", {"copied": copied[:5], "fast": fast[:5]})
    return [AskOperator(key=f"fair-{session.id}", words=words, choices=("知道了",))]
