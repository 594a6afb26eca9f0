"""Commands: what operators and members ask of a chain beside joining it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime

from bot.core.effects import Effect, Say, Template
from bot.core.events import MessageReceived
from bot.core.jielong import Chain, Entry, Posted, Step, parse_list
from bot.core.play import Capability, Command
from bot.core.text import fold
from bot.plays.chain import money
from bot.plays.chain.closing import missing, opened
from bot.plays.chain.posts import answer, arm, first_line, post, summary
from bot.plays.chain.shelf import Ctx, Shelf
from bot.plays.chain.table import Format, export

_SHOWN = 10
_NAMES = 30
_LONGEST_TITLE = 200

Answer = Callable[[Shelf, MessageReceived, Command, Ctx], list[Effect]]


def the_chain(shelf: Shelf, event: MessageReceived) -> Chain | None:
    """The replied-to chain, else the only open one, else the newest closed one; None: several, or none at all."""
    chains = list(shelf.group.chains.values())
    if event.reply_to:
        for chain in chains:
            if chain.concerns(event.reply_to):
                return chain
    open_chains = shelf.group.open_chains
    if len(open_chains) == 1:
        return open_chains[0]
    return chains[-1] if chains and not open_chains else None


def show(shelf: Shelf, event: MessageReceived, command: Command, ctx: Ctx) -> list[Effect]:
    chain = the_chain(shelf, event)
    if chain is None or (not chain.is_open and not event.reply_to):
        return [_overview(shelf, event, ctx)]
    if event.is_private:
        return [Say(words=Template("chain/list", _plain(shelf, chain, ctx)), to=event.member)]
    return [post(shelf, chain, ctx)]


def _plain(shelf: Shelf, chain: Chain, ctx: Ctx) -> dict[str, object]:
    return {**summary(shelf, chain, ctx), "kept": [], "kept_more": 0, "long": 0, "refused": 0}


def _overview(shelf: Shelf, event: MessageReceived, ctx: Ctx) -> Say:
    chains = [summary(shelf, chain, ctx) for chain in shelf.group.open_chains]
    return answer(ctx, event, "overview", chains=chains, may_open=ctx.params.lets_members_open)


def who_has_not(shelf: Shelf, event: MessageReceived, command: Command, ctx: Ctx) -> list[Effect]:
    chain = the_chain(shelf, event)
    if chain is None:
        return [_overview(shelf, event, ctx)]
    left = missing(chain, ctx)
    names = [member.name for member in left[:_NAMES]]
    data = {"name": chain.head.title.split("\n", 1)[0], "names": names, "more": len(left) - len(names)}
    return [answer(ctx, event, "who_has_not", **data)]


def open_by_operator(shelf: Shelf, event: MessageReceived, command: Command, ctx: Ctx) -> list[Effect]:
    if not command.rest.strip():
        return [answer(ctx, event, "how_to_open")]
    return open_chain(shelf, ctx, command.rest, event.member, event.at, message=event.message_id)


def open_chain(shelf: Shelf, ctx: Ctx, title: str, creator: str, at: datetime, *, message: str = "") -> list[Effect]:
    """A new chain with the playbook's example and tail. An open one of the same title is continued."""
    params, title = ctx.params, title[:_LONGEST_TITLE]
    text = f"#接龙\n{title}"
    if params.example and (bare := parse_list(text)) and not bare.lines:
        text += f"\n例 {params.example}"
    outcome = shelf.group.receive(Posted(id=message, at=at, sender=creator, text=text))
    chain = outcome.chain
    if chain is None:
        return []
    if not outcome.is_opened:
        return [post(shelf, chain, ctx)]
    if params.tail and not chain.head.tail:
        chain.set_tail(params.tail)
    return [*opened(chain, ctx), post(shelf, chain, ctx)]


def send_table(shelf: Shelf, event: MessageReceived, command: Command, ctx: Ctx) -> list[Effect]:
    chain = the_chain(shelf, event)
    if chain is None:
        return [_overview(shelf, event, ctx)]
    if not {Capability.FILE, Capability.PRIVATE} <= ctx.caps:
        return [answer(ctx, event, "no_file")]
    form: Format = "csv" if "csv" in fold(command.rest) else "xlsx"
    effects: list[Effect] = [export(shelf, chain, ctx, event.member, form)]
    return effects if event.is_private else [*effects, answer(ctx, event, "table_sent", count=len(chain.active))]


# -- history ------------------------------------------------------------------------------------------------------------


def history(shelf: Shelf, event: MessageReceived, command: Command, ctx: Ctx) -> list[Effect]:
    chain = the_chain(shelf, event)
    if chain is None:
        return [_overview(shelf, event, ctx)]
    last = re.search(r"\d{1,6}", fold(command.rest))
    made = [step for step in chain.steps if step.changes and (last is None or step.n <= int(last[0]))]
    steps = [
        {
            "n": step.n,
            "at": f"{ctx.local(step.at):%m-%d %H:%M}",
            "who": shelf.group.directory.name(step.by).removeprefix("console:"),
            "kind": step.kind,
            "is_undone": step.is_undone,
            **did(chain, step),
        }
        for step in made[-_SHOWN:]
    ]
    earlier = made[-_SHOWN - 1].n if len(made) > _SHOWN else 0
    data = {"name": chain.head.title.split("\n", 1)[0], "steps": steps, "earlier": earlier}
    return [answer(ctx, event, "history", **data)]


def did(chain: Chain, step: Step) -> dict[str, list[str]]:
    """Names of the entries that a step added, edited and removed."""
    added, edited, removed = [], [], []
    for change in step.changes:
        after = _after(chain, step, change.entry)
        was_active = change.before is not None and change.before.is_active
        if not was_active and after.is_active:
            added.append(first_line(after))
        elif was_active and not after.is_active:
            removed.append(first_line(after))
        elif change.before is not None and change.before.text != after.text:
            edited.append(f"{first_line(change.before)} → {first_line(after)}")
    return {"added": added, "edited": edited, "removed": removed}


def _after(chain: Chain, step: Step, entry_id: int) -> Entry:
    """The entry as `step` left it: what the next step found, or what it is now."""
    for later in chain.steps:
        if later.n > step.n:
            for change in later.changes:
                if change.entry == entry_id and change.before is not None:
                    return change.before
    return chain.entries[entry_id]


def undo(shelf: Shelf, event: MessageReceived, command: Command, ctx: Ctx) -> list[Effect]:
    chain = the_chain(shelf, event)
    number = re.search(r"\d+", command.rest)
    if chain is None or number is None:
        return history(shelf, event, command, ctx)
    if not shelf.group.undo(chain, int(number[0]), event.member, event.at):
        return [answer(ctx, event, "cannot_undo", n=int(number[0]))]
    return [answer(ctx, event, "undone", n=int(number[0])), *arm(shelf, chain, ctx)]


def mark_paid(shelf: Shelf, event: MessageReceived, command: Command, ctx: Ctx) -> list[Effect]:
    chain = the_chain(shelf, event)
    return money.mark_paid(shelf, event, command, chain, ctx) if chain else [_overview(shelf, event, ctx)]


def payments(shelf: Shelf, event: MessageReceived, command: Command, ctx: Ctx) -> list[Effect]:
    chain = the_chain(shelf, event)
    return money.payments(shelf, event, chain, ctx) if chain else [_overview(shelf, event, ctx)]


def dun(shelf: Shelf, event: MessageReceived, command: Command, ctx: Ctx) -> list[Effect]:
    chain = the_chain(shelf, event)
    return money.dun(shelf, event, chain, ctx) if chain else [_overview(shelf, event, ctx)]


ORDERS: Mapping[str, Answer] = {
    "接龙": show,
    "谁还没接龙": who_has_not,
    "发起接龙": open_by_operator,
    "导出接龙": send_table,
    "接龙历史": history,
    "撤销接龙": undo,
    "已付": mark_paid,
    "未付": mark_paid,
    "收款": payments,
    "催款": dun,
}
