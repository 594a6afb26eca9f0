"""点评: output → review → revision → output again.

A reviewer quotes a submission with 通过, `修改 意见` or `点评 意见`; the author answers a 修改 with `重交 内容`, which is
the next version of the same submission. Every version and every verdict is a note.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from bot.core.audience import includes
from bot.core.effects import Award, Effect, Note
from bot.core.events import MessageReceived
from bot.core.play import Member, Step
from bot.plays.checkin.answer import Here, Outcome, State, answer, answered_once, on, own_slot, settled, when
from bot.plays.checkin.evidence import evidence, lack
from bot.plays.checkin.member import submission
from bot.plays.checkin.record import with_work

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
    found = next(
        (
            (uid, slot, work)
            for uid, slot in ctx.slots.items()
            for work in slot.works
            if work.message_id == event.reply_to
        ),
        None,
    )
    if found is None or found[2].status == "passed":
        return Step(state, why={"verdict": "on no open submission"})
    uid, slot, work = found
    said, comment = match[1], (match[2] or "").strip()[:_LONGEST]
    data = {"verdict": said, "by": event.member, "version": work.version, "comment": comment}
    effects: list[Effect] = [
        Note(what="review", key=f"{work.message_id}|{event.message_id}", member=uid, data=data),
    ]
    points = rule.points if said == "通过" else 0
    if points:
        effects.append(
            Award(member=uid, points=points, reason=f"点评通过 {work.day}", key=f"review:{work.day}", source="checkin")
        )
    if said != "点评":
        slot = with_work(slot, work.model_copy(update={"status": "passed" if said == "通过" else "returned"}))
    shown = {"name": slot.name, "on": on(work.day, ctx.day(when(event, ctx))), "version": work.version}
    effects.append(
        answer(event, "verdict", verdict=said, comment=comment, rubric=list(rule.rubric), points=points, **shown)
    )
    return Step(state, tuple(effects), slots={uid: slot}, why={"verdict": said, "of": uid, "version": work.version})


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
