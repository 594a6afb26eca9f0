"""点评: output → review → revision → output again.

A reviewer quotes a submission with 通过, `修改 意见` or `点评 意见`, or judges it in the console; the author answers a 修改 with `重交 内容`, which is
the next version of the same submission. Every version and every verdict is a note.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from bot.core.audience import includes
from bot.core.effects import Award, Effect, Note, Say, Template
from bot.core.events import MessageReceived, OperatorOrdered
from bot.core.play import Member, Step
from bot.plays.checkin.answer import Here, Outcome, State, answer, answered_once, on, own_slot, settled, when
from bot.plays.checkin.evidence import evidence, lack
from bot.plays.checkin.member import submission
from bot.plays.checkin.record import Slot, Work, with_work

Status = Literal["waiting", "returned", "passed"]
PASSED, RETURNED, REMARK = VERDICTS = ("通过", "修改", "点评")
_SCORE = re.compile("([1-9]):([1-5])")
_VERDICT = re.compile(r"\s*(?:@\S+\s+)*(通过|修改|点评)(?:[了啦!！。.~～\s]*$|[\s:：,，]+(.+)$)", re.DOTALL)
_LONGEST = 500


def is_verdict(event: MessageReceived) -> bool:
    """Whether a message quotes another one with a verdict; cheap, it sees all chat."""
    return event.reply_to is not None and _VERDICT.match(event.text) is not None


def may_review(member: Member | None, by: Sequence[str], at: datetime) -> bool:
    return member is not None and (member.is_operator or includes(by, member, at))


def verdict(state: State, event: MessageReceived, ctx: Here) -> Outcome:
    rule, match = ctx.params.review, _VERDICT.match(event.text)
    if rule is None or match is None or not may_review(ctx.member, rule.by, ctx.now):
        return Step(state, why={"verdict": "not by a reviewer"})
    found = _work_of(ctx, event.reply_to)
    if found is None or found[2].status == "passed":
        return Step(state, why={"verdict": "on no open submission"})
    uid, slot, work = found
    said, comment = match[1], (match[2] or "").strip()[:_LONGEST]
    judged = Judged(said, comment, event.member, f"{work.message_id}|{event.message_id}")
    after, effects, shown = judge(uid, slot, work, judged, ctx)
    effects.append(answer(event, "verdict", **shown))
    return Step(state, tuple(effects), slots={uid: after}, why={"verdict": said, "of": uid, "version": work.version})


def order(state: State, event: OperatorOrdered, ctx: Here) -> Outcome:
    """The verdict of a reviewer at the console: `about` is the submission's newest message; `data` has the verdict, a
    comment, and points from 1 to 5 by lines of the rubric (`1:4,3:5`). The author is called by name in the group."""
    rule, said = ctx.params.review, event.data.get("verdict", "")
    if rule is None or event.order != "review" or said not in VERDICTS:
        return Step(state, refused="no_such_order")
    found = _work_of(ctx, event.about)
    if found is None or found[2].status == "passed":
        return Step(state, refused="no_such_work")
    scores = _scores(event.data.get("scores", ""), rule.rubric)
    if scores is None:
        return Step(state, refused="bad_scores")
    uid, slot, work = found
    comment = event.data.get("comment", "").strip()[:_LONGEST]
    judged = Judged(said, comment, event.member, f"{work.message_id}|{event.id}", scores)
    after, effects, shown = judge(uid, slot, work, judged, ctx)
    effects.append(Say(words=Template("checkin/verdict", shown), mention=(uid,)))
    return Step(state, tuple(effects), slots={uid: after}, why={"verdict": said, "of": uid, "version": work.version})


@dataclass(frozen=True, slots=True)
class Judged:
    """`key` names this verdict; `scores`: line of the rubric → 1 to 5, of those that were given."""

    said: str
    comment: str
    by: str
    key: str
    scores: Mapping[str, int] = field(default_factory=dict)


def judge(
    uid: str, slot: Slot, work: Work, judged: Judged, ctx: Here
) -> tuple[Slot, list[Effect], dict[str, Any]]:  # fmt: skip
    """The member's record after the verdict, what follows, and what the group may be told."""
    rule = ctx.params.review
    assert rule is not None
    data = {"verdict": judged.said, "by": judged.by, "version": work.version, "comment": judged.comment}
    if judged.scores:
        data["scores"] = dict(judged.scores)
    effects: list[Effect] = [Note(what="review", key=judged.key, member=uid, data=data)]
    points = rule.points if judged.said == PASSED else 0
    if points:
        effects.append(
            Award(member=uid, points=points, reason=f"点评通过 {work.day}", key=f"review:{work.day}", source="checkin")
        )
    if judged.said != REMARK:
        status: Status = "passed" if judged.said == PASSED else "returned"
        slot = with_work(slot, work.model_copy(update={"status": status}))
    scores = [{"line": line, "score": score} for line, score in judged.scores.items()]
    shown = {
        "verdict": judged.said, "comment": judged.comment, "rubric": list(rule.rubric), "points": points,
        "scores": scores, "name": slot.name, "on": on(work.day, ctx.day(ctx.now)), "version": work.version,
    }  # fmt: skip
    return slot, effects, shown


def _work_of(ctx: Here, message_id: str | None) -> tuple[str, Slot, Work] | None:
    """Whose submission this message is the newest version of."""
    works = ((uid, slot, work) for uid, slot in ctx.slots.items() for work in slot.works)
    return next((each for each in works if each[2].message_id == message_id), None)


def _scores(text: str, rubric: Sequence[str]) -> dict[str, int] | None:
    """`1:4,3:5` → points by line; None when a line is not in the rubric or the points are none."""
    found: dict[str, int] = {}
    for pair in filter(None, text.split(",")):
        match = _SCORE.fullmatch(pair)
        if match is None or int(match[1]) > len(rubric):
            return None
        found[rubric[int(match[1]) - 1]] = int(match[2])
    return found


def resubmit(state: State, event: MessageReceived, ctx: Here, text: str) -> Outcome:
    """重交: the next version of the latest submission that was returned."""
    slot, today = own_slot(event, ctx), ctx.day(when(event, ctx))
    work = next((work for work in reversed(slot.works) if work.status == "returned"), None)
    if work is None:
        return answered_once(state, event, slot, today, "resubmit_none", 2)
    brought = evidence(text, event.segments)
    if missing := lack(ctx.params.content, brought, slot.imprint):
        need = ctx.params.content.min_chars if ctx.params.content else 0
        form = ctx.params.content.template if ctx.params.content else ""
        data = {"need": need, "have": brought.chars, "word": "重交", "form": form}
        return answered_once(state, event, slot, today, missing, 3, **data)
    work = work.model_copy(update={"message_id": event.message_id, "version": work.version + 1, "status": "waiting"})
    slot = with_work(slot, work).model_copy(update={"imprint": brought.imprint or slot.imprint})
    said = answer(event, "resubmitted", name=slot.name, version=work.version)
    return settled(state, event, slot, submission(event, work.day, work.version), said, version=work.version)
