"""Forms: what a new line leaves open is asked, private things only in private."""

from __future__ import annotations

from bot.core.effects import Effect, Say, Template
from bot.core.events import MessageReceived
from bot.core.jielong import Chain, Entry
from bot.core.play import Capability
from bot.core.segments import Mention
from bot.plays.chain.forms import answer_for, mask_phones, read_line
from bot.plays.chain.params import FormField, Params
from bot.plays.chain.records import Pending, Slot
from bot.plays.chain.shelf import Ctx, Shelf


def masked(params: Params, text: str) -> str:
    """`text` as the chain keeps it: where a form treats phones as private, their middle is hidden."""
    return mask_phones(text)[0] if _private_phone(params) else text


def _private_phone(params: Params) -> FormField | None:
    return next((asked for asked in params.fields if asked.private and asked.type == "phone"), None)


def about(shelf: Shelf, chain: Chain, entry: Entry, typed: str, ctx: Ctx) -> list[Effect]:
    """Questions to the owner of a new or changed entry. `typed`: the message, unmasked."""
    params = ctx.params
    known = dict(shelf.answers.get((chain.id, entry.id), {}))
    phone = _private_phone(params)
    if phone and phone.name not in known:
        for line in typed.split("\n"):
            hidden, numbers = mask_phones(line)
            if len(numbers) == 1 and entry.text in hidden:
                known[phone.name] = numbers[0]
    if known:
        shelf.answers[chain.id, entry.id] = known
    effects: list[Effect] = []
    reading = read_line(entry.text, params.fields)
    if reading.missing or reading.wrong:
        data = {"who": Mention(entry.owner, shelf.group.directory.name(entry.owner)), "text": entry.text}
        fields = [_shown(asked) for asked in (*reading.wrong, *reading.missing)]
        effects.append(Say(words=Template("chain/form_incomplete", {**data, "fields": fields})))
    private = tuple(
        asked.name for asked in params.fields if asked.private and asked.required and asked.name not in known
    )
    if private and Capability.PRIVATE in ctx.caps:
        pending = Pending(chain=chain.id, entry=entry.id, fields=private, asked_at=ctx.now)
        shelf.slots[f"f/{entry.owner}"] = Slot(pending=pending)
        effects.append(_ask(params, pending, chain, entry.owner, is_again=False))
    return effects


def answered(shelf: Shelf, event: MessageReceived, ctx: Ctx) -> list[Effect] | None:
    """A private message as the answer to what was asked; None: nothing was asked."""
    key = f"f/{event.member}"
    slot = ctx.slots.get(key)
    pending: Pending | None = slot.pending if slot else None
    chain = shelf.group.chains.get(pending.chain) if pending else None
    if pending is None or chain is None or not chain.entries[pending.entry].is_active:
        return None
    asked = next((each for each in ctx.params.fields if each.name == pending.fields[0]), None)
    value = answer_for(asked, event.text) if asked else ""
    if value is None:
        return [_ask(ctx.params, pending, chain, event.member, is_again=True)]
    if asked is not None:
        where = (chain.id, pending.entry)
        shelf.answers[where] = {**shelf.answers.get(where, {}), asked.name: value}
    rest = pending.fields[1:]
    if not rest:
        shelf.slots[key] = None
        return [Say(words=Template("chain/form_thanks", {"name": _title(chain)}), to=event.member)]
    pending = pending.model_copy(update={"fields": rest})
    shelf.slots[key] = Slot(pending=pending)
    return [_ask(ctx.params, pending, chain, event.member, is_again=False)]


def _ask(params: Params, pending: Pending, chain: Chain, to: str, *, is_again: bool) -> Say:
    asked = next((each for each in params.fields if each.name == pending.fields[0]), None)
    shown = _shown(asked) if asked else {"name": pending.fields[0], "type": "text", "choices": [], "range": ""}
    data = {"name": _title(chain), "field": shown, "is_again": is_again, "left": len(pending.fields)}
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
