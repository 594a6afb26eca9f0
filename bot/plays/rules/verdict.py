"""From findings to one verdict: evidence, points, and the strongest measure once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.effects import AskOperator, Effect, Kick, Lane, Mute, Note, Recall, Say, Template
from bot.core.play import Context, Step
from bot.plays.rules.brakes import acted, kicked, may_act, may_kick
from bot.plays.rules.detect import Finding, joined_at
from bot.plays.rules.params import RulesParams
from bot.plays.rules.points import living, total
from bot.plays.rules.reminders import remind
from bot.plays.rules.rule import MODES, Mode, Rule
from bot.plays.rules.said import Said
from bot.plays.rules.sentence import Sentence, sentence
from bot.plays.rules.standing import RESUME_CHOICES, capabilities, mode_of, shelter
from bot.plays.rules.state import Case, Entry, HitRecord, Judged, Pending, Record, Slot, State, case_key

_TEXT_AT_MOST = 2000
_EXCERPT = 60
_JUDGED_AT_MOST = 20
STATS_OVER = 50
KICK_CHOICES = ("踢出", "不踢")
SEEN = ("知道了",)
_ASK_FOR = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Offender:
    """Who said it, as far as the event and the roster know."""

    uid: str
    name: str
    is_new: bool


def grade(finding: Finding, params: RulesParams) -> int:
    """The level that the finding is worth: evasion is deliberate."""
    return min(3, finding.level + (params.evasion if finding.is_evasion else 0))


def decide(
    said: Said,
    findings: Sequence[Finding],
    state: State,
    record: Record,
    ctx: Context[RulesParams],
    *,
    name: str,
    role: str,
) -> Step[State]:
    """The step for a message that broke rules: reminders, and at most one verdict."""
    if reason := shelter(ctx, role):
        kept = [f for f in findings if reason == "exempt" and f.rule.match.kind == "mention_all"]
        if not kept:
            return _spared(said, findings, state, reason)
        findings = kept
    done = {rule for judged in record.judged if judged.message_id == said.message_id for rule in judged.rules}
    fresh = [finding for finding in findings if finding.rule.id not in done and not finding.is_reminder]
    why = {"rules": [finding.rule.id for finding in findings], "again": sorted(done)}
    after, effects = remind(said, [f for f in findings if f.is_reminder], state, record, ctx)
    if not fresh:
        slots = {} if after == record else {said.member: Slot(record=after)}
        return Step(state, tuple(effects), slots, why)
    joined = joined_at(record, ctx)
    is_new = joined is not None and said.at - joined < ctx.params.newcomer_for
    step = _verdict(said, fresh, state, after, ctx, Offender(said.member, name, is_new))
    return Step(step.state, (*effects, *step.effects), step.slots, {**why, **step.why})


def _spared(said: Said, findings: Sequence[Finding], state: State, reason: str) -> Step[State]:
    rules = [finding.rule.id for finding in findings if not finding.is_reminder]
    why = {"rules": rules, "exempt": reason}
    if not rules:
        return Step(state, why=why)
    data = {"rules": rules, "reason": reason}
    note = Note(what="exempt", key=f"{said.message_id}@{said.at.timestamp():.0f}", member=said.member, data=data)
    return Step(state, (note,), why=why)


# -- the verdict ----------------------------------------------------------------------------------------------------------


def _verdict(
    said: Said,
    findings: Sequence[Finding],
    state: State,
    record: Record,
    ctx: Context[RulesParams],
    who: Offender,
) -> Step[State]:
    params = ctx.params
    modes = {finding.rule.id: mode_of(finding.rule, state, ctx, said.at) for finding in findings}
    chief = max(findings, key=lambda f: (MODES.index(modes[f.rule.id]), grade(f, params)))
    mode, level = modes[chief.rule.id], grade(chief, params)
    points = chief.level + (params.evasion if chief.is_evasion else 0) + (1 if who.is_new else 0)
    before = total(record.entries, said.at, params.decay, state.undone)
    found = sentence(params, level, before + points, capabilities(state, ctx))
    if said.is_gone:
        points, found = 0, Sentence(("warn",), ("warn",))
    number = state.next_case
    case = Case(
        number=number,
        member=who.uid,
        name=who.name,
        message_id=said.message_id,
        at=said.at,
        text=said.text[:_TEXT_AT_MOST],
        image=said.image,
        rule=chief.rule.id,
        version=params.book.versions[chief.rule.id],
        level=level,
        mode=mode,
        hits=tuple(
            HitRecord(rule=f.rule.id, level=grade(f, params), base=f.base, span=f.span[:200], views=f.views)
            for f in findings
        ),
        points_before=before,
        points_after=before,
        wanted=found.wanted,
    )
    judged = Judged(message_id=said.message_id, rules=tuple(dict.fromkeys(f.rule.id for f in findings)))
    floods = {f.rule.id: said.at for f in findings if f.rule.match.flood is not None}
    record = record.model_copy(
        update={
            "judged": (*record.judged, judged)[-_JUDGED_AT_MOST:],
            "flooded": {**record.flooded, **floods},
            "last_case": number,
        }
    )
    state = _counted(state.model_copy(update={"next_case": number + 1}), case, modes)
    effects: list[Effect] = []
    if mode == "remind":
        case = case.model_copy(update={"done": ("warn",)})
        effects.append(_warning(case, chief.rule, found, ctx))
    elif mode == "enforce":
        state, record, case, effects = _act(said, chief, found, points, state, record, case, ctx)
    why = {"case": number, "mode": mode, "level": level, "points": [before, case.points_after], "done": list(case.done)}
    return Step(
        state,
        (*effects, _note(case, chief)),
        {who.uid: Slot(record=record), case_key(number): Slot(case=case)},
        why,
    )


def _counted(state: State, case: Case, rules: Mapping[str, Mode]) -> State:
    stats = dict(state.stats)
    for rule in rules:
        stats[rule] = (*stats.get(rule, ()), case.number)[-STATS_OVER:]
    return state.model_copy(update={"stats": stats})


def _note(case: Case, chief: Finding) -> Note:
    """The verdict for reports: never the text, which lives in the case and goes with it."""
    data = {
        "case": case.number,
        "rule": case.rule,
        "base": chief.base,
        "level": case.level,
        "mode": case.mode,
        "evasion": chief.is_evasion,
        "points": case.points,
        "done": list(case.done),
        "replaced": case.replaced,
    }
    return Note(what="verdict", key=str(case.number), member=case.member, data=data)


def _act(
    said: Said,
    chief: Finding,
    found: Sentence,
    points: int,
    state: State,
    record: Record,
    case: Case,
    ctx: Context[RulesParams],
) -> tuple[State, Record, Case, list[Effect]]:
    params, now = ctx.params, ctx.now
    if state.is_paused or not may_act(state, params.brakes, now):
        return _paused(state, record, case, "actions")
    kick = found.kick
    if kick == "now" and not may_kick(state, params.brakes, now):
        return _paused(state, record, case, "kicks")
    state = acted(state, now)
    points += found.points
    entries = living((*record.entries, Entry(case=case.number, at=said.at, points=points)), said.at, params.decay)
    key = f"{case.number}:{case.member}"
    effects: list[Effect] = []
    if "delete" in found.done:
        effects.append(
            Recall(message_id=said.message_id, key=f"delete:{key}", lane=Lane.MODERATION, on_unknown="resend")
        )
    if "mute" in found.done:
        effects.append(
            Mute(
                member=case.member,
                for_s=found.mute_s,
                key=f"mute:{key}",
                lane=Lane.MODERATION,
                on_unknown="resend",
                expires_at=now + timedelta(hours=1),
            )
        )
    case = case.model_copy(
        update={
            "points": points,
            "points_after": total(entries, said.at, params.decay, state.undone),
            "done": found.done,
            "replaced": found.replaced,
            "muted_until": now + timedelta(seconds=found.mute_s) if found.mute_s else None,
        }
    )
    effects.append(_warning(case, chief.rule, found, ctx))
    record = record.model_copy(update={"entries": entries})
    if kick == "now":
        state = kicked(state, now)
        effects.append(Kick(member=case.member, key=f"kick:{key}", lane=Lane.MODERATION, on_unknown="ask"))
    elif kick == "ask" and not _is_asked(record, state, now):
        record = record.model_copy(update={"pending": Pending(case=case.number, message_id=said.message_id, at=now)})
        effects.append(ask_kick(case, ctx, by_hand="kick" in found.replaced))
    return state, record, case, effects


def _is_asked(record: Record, state: State, now: datetime) -> bool:
    """Whether a removal waits already: asked, not undone, not expired."""
    pending = record.pending
    return pending is not None and pending.case not in state.undone and now - pending.at < _ASK_FOR


def _paused(state: State, record: Record, case: Case, why: str) -> tuple[State, Record, Case, list[Effect]]:
    """Records and calls the operators, once."""
    state, effects = brake(state, case, why)
    return state, record, case.model_copy(update={"error": "paused"}), effects


def brake(state: State, case: Case, why: str) -> tuple[State, list[Effect]]:
    """Stops acting until an operator says go on."""
    if state.is_paused:
        return state, []
    ask = AskOperator(key=f"brake:{case.number}", words=Template("rules/braked", {"why": why}), choices=RESUME_CHOICES)
    return state.model_copy(update={"is_paused": True}), [ask]


def excerpt(text: str) -> str:
    """The beginning of the evidence, in one line, for operators' eyes."""
    line = " ".join(text.split())
    return line if len(line) <= _EXCERPT else f"{line[:_EXCERPT]}…"


def ask_kick(case: Case, ctx: Context[RulesParams], *, by_hand: bool) -> AskOperator:
    """Asks before somebody is removed; where the network can't, asks for it by hand."""
    data = {
        "case": case.number,
        "name": case.name,
        "rule": case.rule,
        "points": case.points_after,
        "text": excerpt(case.text),
        "by_hand": by_hand,
    }
    return AskOperator(
        key=f"kick:{case.number}:{case.member}",
        words=Template("rules/ask_kick", data),
        choices=SEEN if by_hand else KICK_CHOICES,
        member=case.member,
        expires_at=ctx.now + _ASK_FOR,
    )


def _warning(case: Case, rule: Rule, found: Sentence, ctx: Context[RulesParams]) -> Say:
    is_reminder = case.mode == "remind"
    data = {
        "case": case.number,
        "rule": rule.id,
        "say": rule.say,
        "is_reminder": is_reminder,
        "deleted": not is_reminder and "delete" in case.done,
        "ask_recall": not is_reminder and found.asks_recall,
        "muted_minutes": 0 if is_reminder else found.mute_s // 60,
        "appeal_hours": int(ctx.params.appeal_within.total_seconds() // 3600),
    }
    return Say(
        words=Template("rules/warned", data),
        mention=(case.member,),
        lane=Lane.MODERATION,
        expires_at=ctx.now + timedelta(minutes=10),
    )
