"""What operators type: 暂停, 继续, 停止, 立即发送, 预览, 排期, 撤回推送. Members who type it are just talking."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from bot.core.effects import Inline, Say, Template, Words
from bot.core.events import MessageReceived
from bot.core.play import Capability, CommandSpec
from bot.plays.campaign import acts, agenda, content
from bot.plays.campaign.agenda import Item
from bot.plays.campaign.content import Campaign
from bot.plays.campaign.params import Params
from bot.plays.campaign.state import EVERYTHING

_RULE = "\n\n———\n\n"
_PREVIEW_CHARS = 1200


def commands(params: Params) -> Sequence[CommandSpec]:
    words = params.words
    listed = (
        (words.agenda, "看内容排期和进度"),
        (words.preview, "先看一篇,后面写名字"),
        (words.send, "马上发一篇,后面写名字"),
        (words.pause, "暂停推送,可写名字"),
        (words.resume, "继续推送,可写名字"),
        (words.stop, "停掉正在发的,剩下的不发了"),
        (words.recall, "撤回刚发的一篇"),
    )
    return [
        CommandSpec(name=word, aliases=_short(params, word), for_operators=True, rest="optional", help=text)
        for word, text in listed
    ]


def _short(params: Params, word: str) -> tuple[str, ...]:
    """暂停推送 may be typed 暂停, unless that is the word of another command of this play."""
    short = word.removesuffix("推送")
    is_taken = short in (word, "撤回", "") or short in params.words.model_dump().values()
    return () if is_taken else (short,)


def obey(turn: Campaign, event: MessageReceived) -> None:
    command, member, words = turn.ctx.command, turn.ctx.member, turn.params.words
    if command is None or member is None or not member.is_operator:
        turn.because(operator=False)
        return
    name, typed = command.name, command.rest
    if name == words.agenda:
        _answer(turn, event, "agenda", {"rows": _rows(turn), "paused": EVERYTHING in turn.state.paused} | _plan(turn))
    elif name == words.pause:
        _pause(turn, event, typed)
    elif name == words.resume:
        _resume(turn, event, typed)
    elif name == words.stop:
        _stop(turn, event, typed)
    elif name == words.recall:
        _recall(turn, event)
    elif (item := _one(turn, event, typed)) is not None:
        if name == words.send:
            _send(turn, event, item)
        elif name == words.preview:
            _preview(turn, event, item)


def _pause(turn: Campaign, event: MessageReceived, typed: str) -> None:
    item = _one(turn, event, typed) if typed else None
    if typed and item is None:
        return
    acts.pause(turn, item)
    held = turn.state.flight.name if turn.state.flight and turn.state.flight.held_at else ""
    data = {"name": item.name if item else "", "held": held, "resume": turn.params.words.resume}
    _answer(turn, event, "paused", data)


def _resume(turn: Campaign, event: MessageReceived, typed: str) -> None:
    item = _one(turn, event, typed) if typed else None
    if typed and item is None:
        return
    had, still = acts.resume(turn, item), EVERYTHING in turn.state.paused
    _answer(turn, event, "resumed", {"name": item.name if item else "", "had": had, "still": still})


def _stop(turn: Campaign, event: MessageReceived, typed: str) -> None:
    item = _one(turn, event, typed) if typed else None
    if typed and item is None:
        return
    stopped, dropped = acts.stop(turn, item)
    data: dict[str, Any] = {
        "name": stopped.name if stopped else "",
        "sent": stopped.next if stopped else 0,
        "parts": stopped.parts if stopped else 0,
        "dropped": dropped,
    }
    _answer(turn, event, "stopped", data)


def _send(turn: Campaign, event: MessageReceived, item: Item) -> None:
    outcome = acts.send(turn, item, event.id)
    if not outcome:
        return
    ctx = turn.ctx
    until = f"{ctx.local(ctx.after_quiet(ctx.now)):%H:%M}" if ctx.is_quiet(ctx.now) else ""
    if outcome == "sent" and not event.is_private:
        return
    _answer(turn, event, "sending", {"name": item.name, "outcome": outcome, "quiet_until": until})


def _preview(turn: Campaign, event: MessageReceived, item: Item) -> None:
    """Shows the post as this group would read it today; in private wherever that is possible."""
    ctx, pacing = turn.ctx, turn.params.pacing
    variant = content.variant_of(item.post, ctx.seed, item.name)
    data = content.variables(item, turn.params, turn.state.began_on, ctx.day(ctx.now), variant)
    parts = content.messages(item, ctx, data)
    is_private = event.is_private or Capability.PRIVATE in ctx.caps
    to = event.member if is_private else None
    facts = {
        "name": item.name,
        "when": item.when,
        "topic": item.post.topic,
        "points": list(item.post.points),
        "variant": variant,
        "arms": sorted(item.post.texts or item.post.variants),
        "parts": len(parts),
        "seconds": int(pacing.gap.total_seconds()) * max(len(parts) - 1, 0),
        "too_many": len(parts) > pacing.max_messages,
        "too_long": pacing.gap * max(len(parts) - 1, 0) > pacing.max_duration,
    }
    turn.do(Say(words=Template("campaign/preview", facts), to=to))
    turn.do(*(Say(words=part, to=to) for part in _joined(parts)))
    if is_private and not event.is_private:
        _answer(turn, event, "preview_sent", {"name": item.name})


def _joined(parts: Sequence[Words]) -> Iterator[Words]:
    """The messages of a post, several in one as far as they are short."""
    group: list[Inline] = []
    for part in parts:
        if not isinstance(part, Inline):
            yield part
            continue
        if group and sum(len(each.source) for each in (*group, part)) > _PREVIEW_CHARS:
            yield Inline(_RULE.join(each.source for each in group), part.data)
            group = []
        group.append(part)
    if group:
        yield Inline(_RULE.join(each.source for each in group), group[0].data)


def _recall(turn: Campaign, event: MessageReceived) -> None:
    newest = turn.state.newest
    ids = newest.message_ids if newest else ()
    can = Capability.RECALL_OWN in turn.ctx.caps
    acts.recall(turn, event.member)
    data = {"name": newest.name if newest else "", "count": len(ids), "can": can}
    _answer(turn, event, "recalled", data)


def _one(turn: Campaign, event: MessageReceived, typed: str) -> Item | None:
    """The one item that is meant; else the operator reads what there is to choose from."""
    everything = agenda.items(turn.params)
    found = agenda.find(turn.params, typed) if typed else everything
    if len(found) == 1:
        return found[0]
    names = [item.name for item in (found or everything)]
    data = {"typed": typed[:30], "is_known": bool(found), "names": names[:20], "more": max(0, len(names) - 20)}
    _answer(turn, event, "which", data)
    return None


def _rows(turn: Campaign) -> list[dict[str, Any]]:
    state = turn.state
    waiting = {each.name for each in state.queue}
    return [
        {
            "name": item.name,
            "when": item.when,
            "weeks": list(item.weeks),
            "is_paused": item.name in state.paused,
            "is_flying": state.flight is not None and state.flight.name == item.name,
            "is_waiting": item.name in waiting,
            "last": f"{turn.ctx.local(state.taken[item.name]):%m-%d %H:%M}" if item.name in state.taken else "",
        }
        for item in agenda.items(turn.params)[:40]
    ]


def _plan(turn: Campaign) -> dict[str, Any]:
    plan = turn.params.plan
    kept = {"goal": plan.goal, "audience": plan.audience, "subject": plan.topic} if plan else {}
    return {"goal": "", "audience": "", "subject": "", **kept}


def _answer(turn: Campaign, event: MessageReceived, template: str, data: dict[str, Any]) -> None:
    to = event.member if event.is_private else None
    words = Template(f"campaign/{template}", data)
    turn.do(Say(words=words, to=to, reply_to=None if event.is_private else event.message_id))
