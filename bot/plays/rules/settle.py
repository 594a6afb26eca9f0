"""What became of a measure: a refusal is recorded, told once, and replaced by the next one down."""

from __future__ import annotations

from datetime import timedelta

from bot.core.effects import AskOperator, CloseQuestion, Effect, Lane, Note, Say, Template
from bot.core.events import EXPIRED, EffectSettled, MessageRecalled
from bot.core.play import Capability, Context, Step
from bot.plays.rules.appeal import case_in
from bot.plays.rules.params import RulesParams
from bot.plays.rules.points import total
from bot.plays.rules.state import Case, Entry, Record, Slot, State, case_key
from bot.plays.rules.verdict import SEEN, ask_kick

_CAPABILITY = {"delete": Capability.RECALL_OTHERS, "mute": Capability.MUTE, "kick": Capability.KICK}
_REFUSED_FOR = timedelta(hours=1)
_RECALLABLE_FOR = timedelta(minutes=2)
_RECALLED_AT_MOST = 5
_STANDS_IN = {"delete": "ask_recall", "mute": "warn", "kick": "ask_operator"}


def settled(state: State, event: EffectSettled, ctx: Context[RulesParams]) -> Step[State]:
    """Records how a measure ended."""
    what, _, rest = event.key.partition(":")
    number = rest.partition(":")[0]
    case = case_in(ctx, int(number) if number.isdecimal() else None)
    if case is None or what not in _CAPABILITY or event.outcome == "done":
        return Step(state, why={"settled": event.key, "outcome": event.outcome})
    error = f"{what}: {event.error or event.outcome}"
    if event.outcome == "unknown" or event.error == EXPIRED:
        # Too late says nothing about what the account may do, and there is nothing left to stand in for.
        was_done = tuple(done for done in case.done if done != what or event.error != EXPIRED)
        case = case.model_copy(update={"error": error, "done": was_done})
        return Step(state, slots={case_key(case.number): Slot(case=case)}, why={"settled": error})
    case = case.model_copy(
        update={
            "done": tuple(done for done in case.done if done != what),
            "replaced": {**case.replaced, what: _STANDS_IN[what]},
            "error": error,
            "muted_until": None if what == "mute" else case.muted_until,
        }
    )
    state, effects = _report(what, case, state, event.error, ctx)
    slots: dict[str, Slot] = {}
    if what == "delete" and ctx.now - case.at < _RECALLABLE_FOR:
        words = Template("rules/please_recall", {"case": case.number})
        effects.append(Say(words=words, mention=(case.member,), lane=Lane.MODERATION))
    elif what == "kick":
        effects.append(ask_kick(case, ctx, by_hand=True))
    elif what == "mute":
        case, slots = _one_point_more(case, state, ctx)
    slots[case_key(case.number)] = Slot(case=case)
    return Step(state, tuple(effects), slots, {"settled": error, "instead": _STANDS_IN[what]})


def _report(what: str, case: Case, state: State, error: str, ctx: Context[RulesParams]) -> tuple[State, list[Effect]]:
    """Takes the capability as missing for an hour, and tells the operators when that is news."""
    cap = _CAPABILITY[what]
    is_known = cap in state.refused and state.refused[cap] > ctx.now
    refused = {name: until for name, until in state.refused.items() if until > ctx.now}
    state = state.model_copy(update={"refused": {**refused, cap.value: ctx.now + _REFUSED_FOR}})
    if is_known:
        return state, []
    words = Template("rules/refused", {"what": what, "error": error, "case": case.number})
    return state, [AskOperator(key=f"refused:{case.number}:{cap}", words=words, choices=SEEN)]


def _one_point_more(case: Case, state: State, ctx: Context[RulesParams]) -> tuple[Case, dict[str, Slot]]:
    slot = ctx.slots.get(case.member)
    record: Record = slot.record if slot is not None and slot.record is not None else Record()
    entries = (*record.entries, Entry(case=case.number, at=case.at, points=1))
    after = total(entries, max(ctx.now, case.at), ctx.params.decay, state.undone)
    case = case.model_copy(update={"points": case.points + 1, "points_after": after})
    return case, {case.member: Slot(record=record.model_copy(update={"entries": entries}))}


def recalled(state: State, event: MessageRecalled, record: Record, ctx: Context[RulesParams]) -> Step[State]:
    """Its writer took the message back: a removal that still waits is off the table, a warning is enough; so it is for
    what a picture of it turns out to say."""
    if ctx.params.book.codes or ctx.params.book.newcomers:
        record = record.model_copy(update={"recalled": (*record.recalled, event.message_id)[-_RECALLED_AT_MOST:]})
        slots = {event.member: Slot(record=record)}
    else:
        slots = {}
    pending = record.pending
    if pending is None or pending.message_id != event.message_id or event.by not in ("", event.member):
        return Step(state, slots=slots)
    return Step(
        state,
        (
            CloseQuestion(key=f"kick:{pending.case}:{event.member}"),
            Note(what="recalled", key=str(pending.case), member=event.member),
        ),
        {event.member: Slot(record=record.model_copy(update={"pending": None}))},
        {"recalled": pending.case},
    )
