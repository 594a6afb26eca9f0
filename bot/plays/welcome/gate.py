"""入群门槛: requests to join, decided by an answer, a code, or the operators.

A request is open in `join/<uid>` until it is decided. Networks repeat requests, with the same handle or a newer one: the
newest handle is the one that is answered, and the operators are asked once.
"""

from __future__ import annotations

import re
from hashlib import blake2b

from bot.core.effects import Approve, AskOperator, CancelTimer, CloseQuestion, Lane, Note, SetTimer, Template
from bot.core.events import JoinRequested, OperatorDecided, TimerFired
from bot.core.play import Capability
from bot.core.text import clean, fold
from bot.plays.welcome.params import Gate
from bot.plays.welcome.people import Welcome, journey, name_of, short
from bot.plays.welcome.state import Request, Slot

YES, NO = "同意", "拒绝"
JOIN, TIMEOUT = "join/", "gate/"
_ANSWER = re.compile(r"(?:^|\n)\s*答案\s*[:：]\s*", re.IGNORECASE)
_NOISE = re.compile(r"[\W_]+")


def who(event: JoinRequested) -> str:
    """The key of a request: the uid, or the handle where a network hides the uid."""
    hidden = not event.member or event.member.rpartition(":")[2] in ("", "0")
    return f"flag:{event.flag}" if hidden else event.member


def answer_of(comment: str) -> str:
    """What the applicant wrote: QQ wraps it as `问题：…\\n答案：…` when the group asks a question."""
    text = clean(comment or "")
    found = list(_ANSWER.finditer(text))
    return text[found[-1].end() :].strip() if found else text.strip()


def judge(gate: Gate, answer: str) -> tuple[bool, str]:
    """(is_accepted, channel). A code counts anywhere in the answer, an accepted answer only as the whole of it."""
    squeezed = _NOISE.sub("", fold(answer))
    words = set(re.split(r"[\W_]+", fold(answer)))
    for code, channel in gate.codes.items():
        wanted = _NOISE.sub("", fold(code))
        if wanted and (wanted == squeezed or wanted in words):
            return True, channel
    wanted_answers = {_NOISE.sub("", fold(accepted)) for accepted in gate.answers} - {""}
    return squeezed in wanted_answers, ""


def requested(turn: Welcome, event: JoinRequested) -> None:
    gate, ctx = turn.params.gate, turn.ctx
    if gate is None:
        return
    key = who(event)
    here = journey(turn, event.member) if event.member else None
    if ctx.member is not None and not (here and here.left_at is not None):
        turn.because(request="already a member")
        return
    slot: Slot | None = turn.slot(JOIN + key)
    before = slot.request if slot else None
    if before and before.flag == event.flag and before.verdict:
        turn.because(request="told twice")
        return
    answer = answer_of(event.comment)
    is_accepted, channel = judge(gate, answer)
    request = Request(flag=event.flag, name=name_of(event, ctx), answer=answer[:200], channel=channel)
    turn.because(answer=answer[:80], is_accepted=is_accepted, channel=channel, otherwise=gate.otherwise)
    if before and not before.verdict:
        if not is_accepted:
            newer = request.model_copy(update={"name": request.name or before.name, "asked": before.asked})
            turn.put(JOIN + key, Slot(request=newer))
            return
        turn.do(CloseQuestion(key=question(key, before)), CancelTimer(name=TIMEOUT + key))
    if is_accepted:
        _settle(turn, key, request, event.member, is_approved=True, by="code" if channel else "answer")
    elif gate.otherwise == "reject":
        _settle(turn, key, request, event.member, is_approved=False, by="no match")
    elif gate.otherwise == "ask":
        request = request.model_copy(update={"asked": blake2b(event.flag.encode(), digest_size=6).hexdigest()})
        turn.put(JOIN + key, Slot(request=request))
        _ask(turn, gate, key, request)
    else:
        turn.do(
            Note(what="join_request", key=event.flag, member=event.member, data={"verdict": "waiting", "by": "people"})
        )


def decided(turn: Welcome, event: OperatorDecided) -> None:
    key = asked_about(event.key)
    slot: Slot | None = turn.slot(JOIN + key)
    request = slot.request if slot else None
    if request is None or request.verdict or event.key != question(key, request) or event.choice not in (YES, NO):
        turn.because(decision="nothing is open")
        return
    turn.do(CancelTimer(name=TIMEOUT + key))
    reason = event.text or (turn.params.gate.reject_text if turn.params.gate else "")
    _settle(turn, key, request, _uid(key), is_approved=event.choice == YES, by=event.member, reason=reason)


def timed_out(turn: Welcome, event: TimerFired) -> None:
    gate, key = turn.params.gate, event.name.removeprefix(TIMEOUT)
    slot: Slot | None = turn.slot(JOIN + key)
    if gate is None or slot is None or slot.request is None or slot.request.verdict:
        return
    turn.do(CloseQuestion(key=question(key, slot.request)))
    if gate.on_timeout == "wait":
        turn.put(JOIN + key, None)
        turn.do(
            Note(
                what="join_request",
                key=slot.request.flag,
                member=_uid(key),
                data={"verdict": "waiting", "by": "timeout"},
            )
        )
    else:
        _settle(turn, key, slot.request, _uid(key), is_approved=gate.on_timeout == "approve", by="timeout")


def question(key: str, request: Request) -> str:
    """The operators' question about an open request: each request is a question of its own."""
    return f"{JOIN}{key}#{request.asked}"


def asked_about(question_key: str) -> str:
    """The key of the request that a question is about."""
    return question_key.removeprefix(JOIN).rpartition("#")[0]


def _uid(key: str) -> str:
    return "" if key.startswith("flag:") else key


def _ask(turn: Welcome, gate: Gate, key: str, request: Request) -> None:
    ctx = turn.ctx
    can_answer = Capability.APPROVE in ctx.caps
    data = {
        "name": request.name or short(_uid(key)),
        "question": gate.question,
        "answer": request.answer,
        "can_answer": can_answer,
    }
    at = ctx.now + gate.timeout
    turn.do(
        AskOperator(
            key=question(key, request),
            words=Template("welcome/gate_ask", data),
            choices=(YES, NO) if can_answer else ("知道了",),
            member=_uid(key),
            expires_at=at,
        ),
        SetTimer(name=TIMEOUT + key, at=at),
    )


def _settle(
    turn: Welcome, key: str, request: Request, uid: str, *, is_approved: bool, by: str, reason: str | None = None
) -> None:
    gate = turn.params.gate
    verdict = "approved" if is_approved else "rejected"
    told = reason if reason is not None else (gate.reject_text if gate else "")
    turn.put(JOIN + key, Slot(request=request.model_copy(update={"verdict": verdict})))
    data = {"verdict": verdict, "by": by, "channel": request.channel}
    turn.do(Note(what="join_request", key=request.flag, member=uid, data=data))
    if Capability.APPROVE in turn.ctx.caps:
        turn.do(
            Approve(flag=request.flag, is_approved=is_approved, reason="" if is_approved else told, lane=Lane.ANSWER)
        )
    else:
        turn.because(approve="not allowed here")
