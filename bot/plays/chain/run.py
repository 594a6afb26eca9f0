"""The step: an event and the chains as they stand → the chains as they are, and what is said."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from bot.core.effects import Effect, Note, Say, Template
from bot.core.events import (
    EffectSettled,
    Event,
    MessageEdited,
    MessageRecalled,
    MessageReceived,
    OperatorOrdered,
    PlayStarted,
    TimerFired,
)
from bot.core.jielong import Chain, Entry, Outcome, Posted, Verdict, parse_list, parse_reply, totals_of
from bot.core.jielong.numerals import EXPRESSION
from bot.core.play import Step
from bot.core.segments import Mention
from bot.plays.chain import closing, desk
from bot.plays.chain.forms import answer_for
from bot.plays.chain.orders import ORDERS, open_chain
from bot.plays.chain.params import FOR_OPERATORS, canonical
from bot.plays.chain.posts import answer, arm, first_line, post, without_notes
from bot.plays.chain.privacy import Private, hide, without_private
from bot.plays.chain.questions import answered, ask, keep
from bot.plays.chain.records import Board, State
from bot.plays.chain.shelf import Ctx, Shelf, load

_CANCELS_OTHER = re.compile(r"^\s*(取消|取消接龙|取消报名)\s*@(\S+)\s*$")
"""`取消 @张三` means 张三: the mention of the bot itself is not in the text."""

_ASKED_AT_ONCE = 3
"""Members who are asked about their lines after one message; the table shows what is still open."""

_LATE_ONCE_PER = timedelta(minutes=10)

_LONGEST_REST = 300
"""What is read of a text behind a command: more than an entry may have, so that too long stays too long."""

_NOTHING_PRIVATE = Private()

_CHATTY = 12
"""A longer `取消 …` that names nobody is chat."""


def start(ctx: Ctx) -> Step[State]:
    return Step(State())


def step(state: State, event: Event, ctx: Ctx) -> Step[State]:
    if ctx.member is not None and ctx.member.is_bot:
        return Step(state)
    shelf = load(state, ctx)
    before = {chain.id: _Before(chain, ctx) for chain in shelf.group.chains.values()}
    match event:
        case MessageReceived():
            effects = _message(shelf, event, ctx, before)
        case MessageEdited() if event.text and (parsed := parse_list(event.text)) and parsed.has_header:
            effects = _edited(shelf, event, ctx, before)
        case MessageRecalled():
            outcome = shelf.group.recall(event.message_id, event.member, event.at)
            effects = _after(shelf, outcome, ctx, before)
        case TimerFired():
            effects = _timer(shelf, event, ctx)
        case EffectSettled() if event.message_id and event.outcome == "done":
            for chain in shelf.group.chains.values():
                chain.relate(event.message_id)
                shelf.boards[chain.id] = shelf.boards[chain.id].model_copy(update={"has_ids": True})
            effects = []
        case OperatorOrdered():
            effects, refused = desk.obey(shelf, event, ctx)
            if refused:
                return Step(state, why={event.order: refused}, refused=refused)
            effects = [*effects, *_after(shelf, Outcome(), ctx, before)]
        case PlayStarted():
            effects = _open_by_plan(shelf, event.data.get("title", ""), ctx)
        case _:
            effects = []
    if effects is None:
        return Step(state)
    return Step(shelf.state(), tuple(effects), shelf.changed(), {"chains": len(shelf.group.chains)})


class _Before:
    """What a chain was before the event, as far as members are told of a difference."""

    def __init__(self, chain: Chain, ctx: Ctx) -> None:
        self.is_open = chain.is_open
        self.deadline = chain.head.deadline
        self.texts = {entry.id: entry.text for entry in chain.active}
        self.waiting = {entry.id for entry in _beyond(chain, ctx)}


def _beyond(chain: Chain, ctx: Ctx) -> list[Entry]:
    """The entries that wait."""
    params = ctx.params
    if not params.capacity or not params.waitlist:
        return []
    if not params.counts_people:
        return chain.active[params.capacity :]
    totals = totals_of(
        chain, (), capacity=params.capacity, counts_guests=params.plus_mode == "guests", counts_people=True
    )
    return [counted.entry for counted in totals.entries if counted.is_waiting]


# -- messages -----------------------------------------------------------------------------------------------------------


def _message(shelf: Shelf, event: MessageReceived, ctx: Ctx, before: dict[int, _Before]) -> list[Effect] | None:
    if event.is_private and ctx.command is None:
        return answered(shelf, event, ctx)
    private = without_private(_CANCELS_OTHER.sub(r"\1 \2", without_notes(event.text)), ctx.params.fields)
    posted = Posted(
        id=event.message_id,
        at=event.at,
        sender=event.member,
        text=private.text,
        reply_to=event.reply_to,
        authors=event.line_authors,
    )
    parsed = private.parsed
    is_list = parsed is not None and parsed.has_header and not event.is_private
    if ctx.command is not None and not is_list:
        return _command(shelf, event, posted, ctx, before)
    outcome = shelf.group.receive(posted, parsed)
    if outcome.is_opened and not _may_open(outcome, ctx):
        return None
    if not is_list and outcome.what != "list" and _is_meant_elsewhere(shelf, event, ctx):
        return None
    if is_list and outcome.what == "late" and _was_just_said(shelf, outcome, ctx):
        return _after(shelf, outcome, ctx, before)
    return [*_answers(shelf, event, outcome, ctx), *_after(shelf, outcome, ctx, before, private)]


def _was_just_said(shelf: Shelf, outcome: Outcome, ctx: Ctx) -> bool:
    """Whether the group has just been told that this chain is over: one answer to a flurry of late lists."""
    if outcome.chain is None:
        return False
    board = shelf.boards.get(outcome.chain.id, Board())
    if board.late_at is not None and ctx.now - board.late_at < _LATE_ONCE_PER:
        return True
    shelf.boards[outcome.chain.id] = board.model_copy(update={"late_at": ctx.now})
    return False


def _may_open(outcome: Outcome, ctx: Ctx) -> bool:
    if ctx.member is not None and ctx.member.is_operator:
        return True
    words, title = ctx.params.opens_with, outcome.chain.head.title if outcome.chain else ""
    return ctx.params.lets_members_open and (not words or any(word in title for word in words))


def _is_meant_elsewhere(shelf: Shelf, event: MessageReceived, ctx: Ctx) -> bool:
    """Whether a short reply or a numbered line answers something that is none of our chains."""
    if event.reply_to and any(chain.concerns(event.reply_to) for chain in shelf.group.chains.values()):
        return False
    if ctx.params.short_replies == "replied":
        return True
    return bool(event.reply_to) and any(board.has_ids for board in shelf.boards.values())


def _command(
    shelf: Shelf, event: MessageReceived, posted: Posted, ctx: Ctx, before: dict[int, _Before]
) -> list[Effect] | None:
    assert ctx.command is not None
    command = replace(ctx.command, name=canonical(ctx.params, ctx.command.name), rest=ctx.command.rest[:_LONGEST_REST])
    if command.name in FOR_OPERATORS and (ctx.member is None or not ctx.member.is_operator):
        return None
    shelf.group.pass_time(event.at)
    if command.name != "接龙" or not command.rest:
        effects = ORDERS[command.name](shelf, event, command, ctx)
        return [*effects, *_after(shelf, Outcome(), ctx, before)]
    if parse_reply(command.rest):
        private = without_private(command.rest, ctx.params.fields)
        outcome = shelf.group.receive(replace(posted, text=private.text))
    else:
        line, found = hide(_as_entry(shelf, event.member, command.rest, ctx), ctx.params.fields)
        private = Private(own=found)
        outcome = shelf.group.enter(posted, line)
    if outcome.chain is None and not outcome.verdicts:
        return [*ORDERS["接龙"](shelf, event, command, ctx), *_after(shelf, outcome, ctx, before)]
    return [*_answers(shelf, event, outcome, ctx), *_after(shelf, outcome, ctx, before, private)]


def _as_entry(shelf: Shelf, member: str, text: str, ctx: Ctx) -> str:
    """`接龙 2份 少辣` and `接龙 我带帐篷` are the sender's own lines, `接龙 王阿姨 2份` names whom it is for."""
    name, first = shelf.group.directory.name(member), text.split(None, 1)[0]
    names_somebody = not (first[0].isdigit() or first[0] in "+＋我俺咱" or EXPRESSION.match(first))
    words = {word.casefold() for good in ctx.params.goods for word in (good.name, good.key, *good.aliases) if word}
    is_answer = any(asked.type != "text" and answer_for(asked, first) is not None for asked in ctx.params.fields)
    is_good = any(first.casefold().startswith(word) for word in words)
    if ctx.params.type == "interactive" or is_answer or is_good:
        names_somebody = first == name
    return text if names_somebody else f"{name} {text}"


def _edited(shelf: Shelf, event: MessageEdited, ctx: Ctx, before: dict[int, _Before]) -> list[Effect]:
    """An edited list is the sender's next list: the first version is the copy that they edited."""
    private = without_private(without_notes(event.text), ctx.params.fields)
    posted = Posted(id=event.message_id, at=event.at, sender=event.member, text=private.text)
    outcome = shelf.group.receive(posted, private.parsed)
    return _after(shelf, outcome, ctx, before, private)


def _answers(shelf: Shelf, event: MessageReceived, outcome: Outcome, ctx: Ctx) -> list[Effect]:
    """Short answers. What a list could not do is said with the next post instead."""
    if outcome.what == "list":
        return []
    effects: list[Effect] = []
    for code in outcome.codes:
        verdict = next(each for each in outcome.verdicts if each.code == code)
        if code == "duplicate_dropped" and outcome.is_post_due:
            continue
        if code == "nothing_to_cancel" and len(verdict.text) > _CHATTY:
            continue
        effects.append(answer(ctx, event, "answer", code=code, **_about(outcome.chain, verdict), what=outcome.what))
    return effects


def _about(chain: Chain | None, verdict: Verdict) -> dict[str, object]:
    entry = chain.entries.get(verdict.entry) if chain else None
    number = next((place for place, each in enumerate(chain.active, start=1) if each is entry), 0) if chain else 0
    return {
        "name": chain.head.title.split("\n", 1)[0] if chain else "",
        "number": number,
        "text": first_line(entry) if entry else verdict.text,
    }


# -- what follows -------------------------------------------------------------------------------------------------------


def _after(
    shelf: Shelf, outcome: Outcome, ctx: Ctx, before: dict[int, _Before], private: Private = _NOTHING_PRIVATE
) -> list[Effect]:
    """Timers, posts and notices that follow from how the chains changed."""
    effects: list[Effect] = []
    replaced = {chain.id for chain in outcome.replaced}
    for chain in list(shelf.group.chains.values()):
        old = before.get(chain.id)
        is_outcome = chain is outcome.chain
        if old is None and is_outcome:
            effects += closing.opened(chain, ctx)
        if is_outcome and outcome.what == "list":
            _remember(shelf, chain, outcome.verdicts)
        effects += _entries(shelf, chain, old, ctx, private)
        if (old is None or old.is_open) and not chain.is_open:
            effects += closing.closed(shelf, chain, ctx, is_posted=chain.id not in replaced)
            continue
        if old is not None and not old.is_open and chain.is_open:
            effects += closing.reopened(chain, ctx)
        elif old is not None and old.deadline != chain.head.deadline:
            effects += closing.moved(chain, ctx)
        if is_outcome and outcome.is_post_due:
            effects += arm(shelf, chain, ctx)
    return effects


def _remember(shelf: Shelf, chain: Chain, verdicts: Iterable[Verdict]) -> None:
    """What the next post has to say."""
    board = shelf.boards.get(chain.id, Board())
    kept = [each.entry for each in verdicts if each.code in ("removal_rejected", "edit_rejected")]
    codes = [each.code for each in verdicts]
    update = {
        "kept": tuple(dict.fromkeys((*board.kept, *kept))),
        "long": board.long + codes.count("too_long"),
        "refused": board.refused + codes.count("full"),
    }
    shelf.boards[chain.id] = board.model_copy(update=update)


def _entries(shelf: Shelf, chain: Chain, old: _Before | None, ctx: Ctx, private: Private) -> list[Effect]:
    """New and changed lines: facts for reports, questions of a form, and who moved up from the waitlist."""
    effects: list[Effect] = []
    known = old.texts if old else {}
    asked = 0
    for entry in chain.active:
        if known.get(entry.id) == entry.text:
            continue
        if entry.id not in known:
            data = {"chain": chain.id, "title": chain.head.title.split("\n", 1)[0]}
            effects.append(Note(what="chain_entry", key=f"{chain.id}:{entry.id}", member=entry.owner, data=data))
        if ctx.params.type == "form" and chain.is_open:
            keep(shelf, chain, entry, private.answers(entry.text))
            questions = ask(shelf, chain, entry, ctx) if asked < _ASKED_AT_ONCE else []
            effects += questions
            asked += bool(questions)
    if old is not None and old.waiting and chain.is_open:
        still = {entry.id for entry in _beyond(chain, ctx)}
        moved = [entry for entry in chain.active if entry.id in old.waiting and entry.id not in still]
        if moved:
            names = shelf.group.directory
            data = {
                "mentions": [Mention(entry.owner, names.name(entry.owner)) for entry in moved],
                "texts": [first_line(entry) for entry in moved],
                "name": chain.head.title.split("\n", 1)[0],
            }
            effects.append(Say(words=Template("chain/moved_up", data), key=f"post:{chain.id}:up"))
    return effects


# -- time ---------------------------------------------------------------------------------------------------------------


def _timer(shelf: Shelf, event: TimerFired, ctx: Ctx) -> list[Effect]:
    if event.name == "open":
        return _open_by_plan(shelf, "", ctx)
    what, _, number = event.name.partition(":")
    chain = shelf.group.chains.get(int(number)) if number.isdigit() else None
    if chain is None:
        return []
    if what == "post":
        is_due = shelf.boards.get(chain.id, Board()).post_at is not None
        return [post(shelf, chain, ctx)] if is_due else []
    if what == "archive":
        is_over = chain.head.closed_at is not None and chain.head.closed_at + ctx.params.keep <= ctx.now
        return closing.archived(shelf, chain) if is_over else []
    if not chain.is_open:
        return []
    if what == "remind":
        return [closing.reminder(shelf, chain, ctx)]
    if (at := chain.due_close(max(ctx.now, event.at))) is not None:
        chain.close(at)
        return closing.closed(shelf, chain, ctx)
    return closing.timers(chain, ctx) if what == "idle" else []


def _open_by_plan(shelf: Shelf, title: str, ctx: Ctx) -> list[Effect]:
    """A new round: an open chain of the same title ends first."""
    title = title or ctx.params.title
    if not title:
        return []
    effects: list[Effect] = []
    for chain in shelf.group.open_chains:
        if chain.head.title.split("\n", 1)[0] == title.split("\n", 1)[0]:
            chain.close(ctx.now)
            effects += closing.closed(shelf, chain, ctx)
    return [*effects, *open_chain(shelf, ctx, title, "", ctx.now)]
