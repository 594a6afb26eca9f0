"""投稿: a member writes a question, an operator passes it, and it joins the group's pool under the author's name."""

from __future__ import annotations

import re
from unicodedata import normalize

from bot.core.effects import AskOperator, Award, Note, Template
from bot.core.events import MessageReceived, OperatorDecided
from bot.core.play import Step
from bot.plays.quiz.bank import Checker, Draft, Question
from bot.plays.quiz.closing import Here, Result, banks_of, say
from bot.plays.quiz.judge import key
from bot.plays.quiz.record import Offer, Slot, State

_WAITING_AT_MOST = 3
_LONGEST = 600
_OPTION = re.compile(r"\s*([A-Ja-jＡ-Ｊａ-ｊ])\s*[.．、:：)）]\s*(.+)")
_FIELD = re.compile(r"\s*(答案|解析)\s*[:：]?\s*(.+)")
PASS, REFUSE = "通过", "不用"


def offer(state: State, event: MessageReceived, ctx: Here, rest: str) -> Result:
    to, name = event.member if event.is_private else None, ctx.member.name if ctx.member else event.name
    waiting = [
        slot.root
        for slot in ctx.slots.values()
        if isinstance(slot.root, Offer) and slot.root.member == event.member and not slot.root.is_accepted
    ]
    if len(waiting) >= _WAITING_AT_MOST:
        return Step(state, (say("offer_wait", to=to, name=name, waiting=len(waiting)),))
    question = parse_offer(rest[:_LONGEST], event.message_id, name)
    if question is None:
        return Step(state, (say("offer_how", to=to, name=name),), why={"offer": "not a question"})
    if key(question.text) in _known(ctx):
        return Step(state, (say("offer_known", to=to, name=name),), why={"offer": "known already"})
    shown = {
        "name": name,
        "text": question.text,
        "options": [[chr(ord("A") + n), option] for n, option in enumerate(question.shown_options)],
        "answer": "、".join(question.answer)
        if question.type != "truefalse"
        else question.shown_options["AB".index(question.answer[0])],
        "explanation": question.explanation,
    }
    asked = AskOperator(
        key=f"offer|{event.message_id}",
        words=Template("quiz/offer_review", shown),
        choices=(PASS, REFUSE),
        member=event.member,
    )
    slots = {f"o/{event.message_id}": Slot(Offer(question=question, member=event.member, name=name))}
    return Step(state, (asked, say("offered", to=to, name=name)), slots=slots, why={"offer": question.type})


def _known(ctx: Here) -> set[str]:
    """Keys of all questions that the group has, or that wait for review."""
    own = [slot.root.question for slot in ctx.slots.values() if isinstance(slot.root, Offer)]
    return {key(question.text) for question in (*own, *(each for bank in banks_of(ctx) for each in bank.questions))}


def parse_offer(text: str, message_id: str, author: str) -> Question | None:
    """Lines: the question, then `A. …` options, then 答案 and, if any, 解析; None when it does not pass as a question."""
    draft = Draft(1, {"id": f"m{message_id}"})
    options: list[str] = []
    lines: list[str] = []
    for line in filter(str.strip, text.split("\n")):
        if match := _FIELD.fullmatch(line):
            draft.fields["answer" if match[1] == "答案" else "explanation"] = match[2].strip()
        elif (match := _OPTION.fullmatch(line)) and ord(normalize("NFKC", match[1]).upper()) - ord("A") == len(options):
            options.append(match[2].strip())
        elif not options:
            lines.append(line.strip())
    answer = draft.fields.get("answer", "")
    if options:
        answer = normalize("NFKC", answer)
    draft.fields["text"] = " ".join(lines)
    draft.lists["answer"] = (answer,) if answer else ()
    if options:
        draft.lists["options"] = tuple(options)
        draft.fields["type"] = "multi" if len(re.sub(r"[^A-Ja-j]", "", answer)) > 1 else "single"
    else:
        draft.fields["type"] = "truefalse" if answer in ("对", "错") else "text"
    question = Checker().question(draft)
    return question.model_copy(update={"author": author}) if question else None


def decided(state: State, event: OperatorDecided, ctx: Here) -> Result:
    kind, _, id_ = event.key.partition("|")
    slot = ctx.slots.get(f"o/{id_}")
    if kind != "offer" or slot is None or slot.root.is_accepted:
        return Step(state)
    found: Offer = slot.root
    if event.choice != PASS:
        said = say("offer_refused", to=found.member, name=found.name, reason=event.text)
        return Step(state, (said,), slots={f"o/{id_}": None}, why={"offer": "refused", "by": event.member})
    points = ctx.params.submit_points
    effects = (
        Note(what="quiz_offer", key=id_, member=found.member, data={"question": found.question.id, "by": event.member}),
        *(
            (Award(member=found.member, points=points, reason="投稿通过", key=f"offer:{id_}", source="quiz"),)
            if points
            else ()
        ),
        say("offer_passed", name=found.name, points=points),
    )
    slots = {f"o/{id_}": Slot(found.model_copy(update={"is_accepted": True}))}
    return Step(state, effects, slots=slots, why={"offer": "passed", "by": event.member})
