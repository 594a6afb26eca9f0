"""Forms: what a new line leaves open is asked, private things only in private."""

from __future__ import annotations

from bot.core.effects import Effect, Say, Template
from bot.core.events import MessageReceived
from bot.core.jielong import Chain, Entry
from bot.core.play import Capability
from bot.core.segments import Mention
from bot.plays.chain.forms import answer_for, read_line
from bot.plays.chain.params import FormField, Params
from bot.plays.chain.posts import first_line
from bot.plays.chain.privacy import Answers
from bot.plays.chain.records import Pending, Slot
from bot.plays.chain.shelf import Ctx, Shelf


def keep(shelf: Shelf, chain: Chain, entry: Entry, answers: Answers) -> None:
    """Private answers that came with a line. What is told again is told better."""
    if answers:
        where = (chain.id, entry.id)
        shelf.answers[where] = {**shelf.answers.get(where, {}), **answers}


def ask(shelf: Shelf, chain: Chain, entry: Entry, ctx: Ctx) -> list[Effect]:
    """Questions to the owner of a new or changed entry."""
    effects: list[Effect] = []
    reading = read_line(entry.text, ctx.params.fields)
    if reading.missing or reading.wrong:
        data = {"who": Mention(entry.owner, shelf.group.directory.name(entry.owner)), "text": entry.text}
        fields = [_shown(asked) for asked in (*reading.wrong, *reading.missing)]
        effects.append(Say(words=Template("chain/form_incomplete", {**data, "fields": fields})))
    if Capability.PRIVATE in ctx.caps and not _is_waiting(shelf, entry.owner, ctx):
        effects += _ask_next(shelf, entry.owner, ctx, chain=chain, entry=entry)
    return effects


def answered(shelf: Shelf, event: MessageReceived, ctx: Ctx) -> list[Effect] | None:
    """A private message as the answer to what was asked; None: nothing was asked."""
    key = f"f/{event.member}"
    pending = _pending(shelf, event.member, ctx)
    if pending is None:
        return None
    chain = shelf.group.chains[pending.chain]
    asked = next((each for each in ctx.params.fields if each.name == pending.fields[0]), None)
    value = answer_for(asked, event.text) if asked else ""
    if value is None:
        return [_ask(shelf, ctx.params, pending, event.member, is_again=True)]
    if asked is not None:
        keep(shelf, chain, chain.entries[pending.entry], {asked.name: value})
    shelf.slots[key] = None
    rest = pending.fields[1:]
    if rest:
        pending = pending.model_copy(update={"fields": rest})
        shelf.slots[key] = Slot(pending=pending)
        return [_ask(shelf, ctx.params, pending, event.member, is_again=False)]
    thanks = Say(words=Template("chain/form_thanks", {"name": _title(chain)}), to=event.member)
    return [thanks, *_ask_next(shelf, event.member, ctx)]


def _pending(shelf: Shelf, member: str, ctx: Ctx) -> Pending | None:
    """What the member was asked, while the line that it is about stands."""
    key = f"f/{member}"
    slot = shelf.slots[key] if key in shelf.slots else ctx.slots.get(key)
    pending: Pending | None = slot.pending if slot else None
    chain = shelf.group.chains.get(pending.chain) if pending else None
    return pending if chain is not None and pending is not None and chain.entries[pending.entry].is_active else None


def _is_waiting(shelf: Shelf, member: str, ctx: Ctx) -> bool:
    return _pending(shelf, member, ctx) is not None


def _ask_next(
    shelf: Shelf, member: str, ctx: Ctx, *, chain: Chain | None = None, entry: Entry | None = None
) -> list[Effect]:
    """The first question about `entry`, else about any line of the member that is not complete: one after the other,
    nobody is asked two things at once."""
    lines = [(chain, entry)] if chain and entry else []
    lines += [(each, line) for each in shelf.group.open_chains for line in each.active if line.owner == member]
    for its, line in lines:
        known = shelf.answers.get((its.id, line.id), {})
        left = [each.name for each in ctx.params.fields if each.private and each.required and each.name not in known]
        if left:
            pending = Pending(chain=its.id, entry=line.id, fields=tuple(left), asked_at=ctx.now)
            shelf.slots[f"f/{member}"] = Slot(pending=pending)
            return [_ask(shelf, ctx.params, pending, member, is_again=False)]
    return []


def _ask(shelf: Shelf, params: Params, pending: Pending, to: str, *, is_again: bool) -> Say:
    chain = shelf.group.chains[pending.chain]
    asked = next((each for each in params.fields if each.name == pending.fields[0]), None)
    shown = _shown(asked) if asked else {"name": pending.fields[0], "type": "text", "choices": [], "range": ""}
    data = {
        "name": _title(chain),
        "line": first_line(chain.entries[pending.entry]),
        "has_several": sum(line.owner == to for line in chain.active) > 1,
        "field": shown,
        "is_again": is_again,
        "left": len(pending.fields),
    }
    return Say(words=Template("chain/form_ask", data), to=to)


def _shown(asked: FormField) -> dict[str, object]:
    low, high = asked.minimum, asked.maximum
    bounds = f"{'' if low is None else low}–{'' if high is None else high}"
    return {
        "name": asked.name,
        "type": asked.type,
        "choices": list(asked.choices),
        "range": "" if low is None and high is None else bounds,
    }


def _title(chain: Chain) -> str:
    return chain.head.title.split("\n", 1)[0] or "接龙"
