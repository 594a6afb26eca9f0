"""shop 商店: things for points, prizes of other plays, and their delivery.

A thing is given in one step: stock, price and order change together or not at all. The price is a transfer to the account
`shop`, cancelling transfers it back. An order waits until an operator says 已发 or 取消, by the question that it puts into
their queue or by 发货 and 取消兑换. Prizes come as `PlayStarted` from the play that decided the winner.
"""

from __future__ import annotations

from typing import Any

from bot.core.effects import AskOperator, Award, CloseQuestion, Effect, Note, Say, Template
from bot.core.events import Event, MessageReceived, OperatorDecided, PlayStarted
from bot.core.play import Context, Needs, Play, Step
from bot.core.text import fold
from bot.core.units import format_duration
from bot.plays.shop.params import CANCEL, GOODS, MINE, REDEEM, SEND, WAITING, Item, Params, commands
from bot.plays.shop.record import Order, Slot, State, Status, waiting

__all__ = ["PLAY"]

Ctx = Context[Params]
_SENT, _CANCEL = "已发", "取消"
_SHOWN = 15


def needs(params: Params, event: Event) -> Needs:
    match event:
        case MessageReceived():
            text = fold(event.text[:40])
            if any(fold(word) in text for word in (WAITING, SEND, CANCEL, "已发")):
                return Needs(slots="all")
            return Needs(slots=(event.member,), balances=(event.member,))
        case PlayStarted():
            uid = event.data.get("member", "")
            return Needs(slots=(uid,)) if uid else Needs()
        case OperatorDecided():
            return Needs(slots="all")
    return Needs()


def start(ctx: Ctx) -> Step[State]:
    return Step(State())


def step(state: State, event: Event, ctx: Ctx) -> Step[State]:
    match event:
        case MessageReceived() if ctx.command is not None and event.member:
            return _command(state, event, ctx, ctx.command.name, ctx.command.rest)
        case PlayStarted() if event.data.get("grant") and event.data.get("member"):
            return _grant(state, event, ctx)
        case OperatorDecided() if event.choice in (_SENT, _CANCEL):
            no = event.key.removeprefix("order:")
            return _settle(state, ctx, no, "sent" if event.choice == _SENT else "cancelled", is_asked=True)
    return Step(state)


def _command(state: State, event: MessageReceived, ctx: Ctx, name: str, rest: str) -> Step[State]:
    slot = ctx.slots.get(event.member) or Slot()
    if name in (WAITING, SEND, CANCEL):
        if ctx.member is None or not ctx.member.is_operator:
            return Step(state, why={"operator": False})
        if name == WAITING:
            rows = [_row(ctx, order, who.name) for _, who, order in waiting(ctx.slots)]
            return Step(state, (_say(event, "waiting", rows=rows[:_SHOWN], total=len(rows)),))
        return _settle(state, ctx, rest.strip().lstrip("#"), "sent" if name == SEND else "cancelled", event=event)
    if name == MINE:
        rows = [_row(ctx, order) for order in reversed(slot.orders[-_SHOWN:])]
        return Step(state, (_say(event, "mine", rows=rows),))
    if name == GOODS or not rest.strip():
        return Step(state, (_say(event, "goods", rows=_goods(state, ctx), points=ctx.balances.get(event.member, 0)),))
    assert name == REDEEM
    return _redeem(state, event, ctx, slot, rest)


def _redeem(state: State, event: MessageReceived, ctx: Ctx, slot: Slot, rest: str) -> Step[State]:
    found = _find(ctx.params, rest)
    if found is None and not event.text.strip()[len(REDEEM) :][:1].isspace():
        return Step(state, why={"item": "unknown, and said like chat"})
    if found is None:
        return Step(state, (_say(event, "unknown", asked=rest.strip()[:20]),), why={"item": "unknown"})
    name, item = found
    last = next((o for o in reversed(slot.orders) if o.item == name and o.status != "cancelled" and not o.key), None)
    if last is not None and event.at - last.at < ctx.params.repeat_after:
        wait = format_duration(ctx.params.repeat_after)
        return Step(state, (_say(event, "twice", item=name, no=last.no, wait=wait),), why={"repeats": last.no})
    if item.per_person and slot.having(name) >= item.per_person:
        return Step(state, (_say(event, "limit", item=name, limit=item.per_person),), why={"limit": item.per_person})
    if _left(state, name, item) == 0:
        return Step(state, (_say(event, "sold_out", item=name),), why={"stock": 0})
    points = ctx.balances.get(event.member, 0)
    if points < item.price:
        short = item.price - points
        return Step(state, (_say(event, "short", item=name, price=item.price, short=short),), why={"short": short})
    who = ctx.member.name if ctx.member else event.name
    given = _give(state, slot.model_copy(update={"name": who}), event.member, name, item, event, item.price)
    data = {"item": name, "no": state.next, "price": item.price, "left": points - item.price, "note": item.note}
    return Step(given.state, (*given.effects, _say(event, "redeemed", name=who, **data)), given.slots, given.why)


def _grant(state: State, event: PlayStarted, ctx: Ctx) -> Step[State]:
    """A prize of another play: from the stock, without a price."""
    data = event.data
    uid, name = data["member"], data["grant"]
    slot = (ctx.slots.get(uid) or Slot()).model_copy(update={"name": data.get("name", "") or uid})
    key = data.get("key", "")
    if key and any(order.key == key for order in slot.orders):
        return Step(state, why={"repeats": key})
    item = ctx.params.items.get(name)
    said = {"item": name, "name": slot.name, "reason": data.get("reason", "")}
    if item is None or _left(state, name, item) == 0:
        words = Template("shop/won_none", said)
        return Step(state, (Say(words=words),), why={"stock": 0, "item": name})
    given = _give(state, slot, uid, name, item, event, 0, key=key, reason=said["reason"])
    won = Say(words=Template("shop/won", {**said, "no": state.next}), mention=(uid,))
    return Step(given.state, (*given.effects, won), given.slots, given.why)


def _give(
    state: State, slot: Slot, uid: str, name: str, item: Item, event: Event, price: int, *, key: str = "", reason: str = ""
) -> Step[State]:  # fmt: skip
    no = state.next
    status: Status = "waiting" if item.delivery == "operator" else "sent"
    order = Order(no=no, item=name, price=price, at=event.at, status=status, key=key)
    effects: list[Effect] = []
    if price:
        effects.append(Award(member=uid, points=-price, reason=f"兑换 {name}", key=f"order:{no}", account="shop"))
    effects.append(Note(what="redeemed", key=str(no), member=uid, data={"item": name, "price": price}))
    if status == "waiting":
        words = Template("shop/ask", {"no": no, "item": name, "name": slot.name, "reason": reason})
        effects.append(AskOperator(key=f"order:{no}", words=words, choices=(_SENT, _CANCEL), member=uid))
    gone = {**state.gone, name: state.gone.get(name, 0) + 1}
    return Step(State(next=no + 1, gone=gone), tuple(effects), {uid: slot.adding(order)}, {"order": no, "item": name})


def _settle(
    state: State, ctx: Ctx, no: str, status: Status, *, event: MessageReceived | None = None, is_asked: bool = False
) -> Step[State]:
    """Delivered, or cancelled: then the price goes back and the thing is in stock again."""
    found = next((each for each in waiting(ctx.slots) if str(each[2].no) == no), None)
    if found is None:
        said = (_say(event, "no_order", asked=no[:12]),) if event is not None else ()
        return Step(state, said, why={"order": "not waiting"})
    uid, slot, order = found
    effects: list[Effect] = [] if is_asked else [CloseQuestion(key=f"order:{order.no}")]
    if status == "cancelled":
        if order.price:
            key, reason = f"order:{order.no}:refund", f"取消兑换 {order.item}"
            effects.append(Award(member=uid, points=order.price, reason=reason, key=key, account="shop"))
        gone = {**state.gone, order.item: max(0, state.gone.get(order.item, 0) - 1)}
        state = state.model_copy(update={"gone": gone})
    data = {"no": order.no, "item": order.item, "name": slot.name, "price": order.price}
    effects.append(Note(what=f"order_{status}", key=str(order.no), member=uid, data={"item": order.item}))
    effects.append(Say(words=Template(f"shop/{status}", data), mention=(uid,)))
    return Step(state, tuple(effects), {uid: slot.settling(order.no, status)}, {"order": order.no, "status": status})


def _find(params: Params, asked: str) -> tuple[str, Item] | None:
    """By name, by the beginning of one name only, or by its number in the list."""
    on_sale = [(name, item) for name, item in params.items.items() if not item.prize_only]
    word = fold(asked.strip())
    if word.isdecimal() and 1 <= int(word[:4]) <= len(on_sale):
        return on_sale[int(word[:4]) - 1]
    exact = [pair for pair in on_sale if fold(pair[0]) == word]
    near = [pair for pair in on_sale if word and fold(pair[0]).startswith(word)]
    return exact[0] if exact else near[0] if len(near) == 1 else None


def _left(state: State, name: str, item: Item) -> int | None:
    return None if item.stock is None else max(0, item.stock - state.gone.get(name, 0))


def _goods(state: State, ctx: Ctx) -> list[dict[str, Any]]:
    on_sale = [(name, item) for name, item in ctx.params.items.items() if not item.prize_only]
    return [
        {"no": no, "name": name, "price": item.price, "left": _left(state, name, item)}
        for no, (name, item) in enumerate(on_sale, 1)
    ]


def _row(ctx: Ctx, order: Order, name: str = "") -> dict[str, Any]:
    return {
        "no": order.no, "item": order.item, "name": name, "status": order.status, "on": f"{ctx.local(order.at):%m-%d}",
    }  # fmt: skip


def _say(event: MessageReceived, template: str, **data: Any) -> Say:
    to = event.member if event.is_private else None
    return Say(words=Template(f"shop/{template}", data), to=to, reply_to=None if to else event.message_id)


PLAY = Play(
    kind="shop",
    version=1,
    title="商店",
    Params=Params,
    State=State,
    Slot=Slot,
    start=start,
    step=step,
    listens=frozenset({MessageReceived, PlayStarted, OperatorDecided}),
    commands=commands,
    needs=needs,
)
