"""One occurrence: its fate group by group, and the words that each group reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from bot.console.ports.calendar import Fate, Reached, Text
from bot.core.conversation import AFTER_POST_MS
from bot.core.errors import TemplateMistake
from bot.engine.apply import common
from bot.engine.clock import from_ms, to_ms
from bot.engine.render import Renderer, readable
from bot.playbook.load import Loaded
from bot.plays.campaign.params import Params
from bot.usecases.calendar.past import Tally, count_firing, spoil, worst
from bot.usecases.calendar.plan import Group, Planned, context_of, preview
from bot.usecases.calendar.states import States, is_paused
from storage import calendar

_MOST_TEXTS = 8


@dataclass(slots=True)
class _Fate:
    tally: Tally = field(default_factory=Tally)
    why: str = ""
    at: int | None = None
    sent: int = 0
    parts: int = 0
    variant: str = ""


@dataclass(slots=True)
class Fates:
    """What became of one occurrence in each of its groups."""

    one: Planned
    by_group: dict[int, _Fate]
    told: dict[int, int]
    replies: dict[int, int]

    @classmethod
    async def read(cls, session: AsyncSession, one: Planned, states: States) -> Fates:
        chats = [each.id for each in one.groups]
        found: dict[int, _Fate] = {}
        is_post = one.item is not None
        for row in await calendar.fate(session, one.ref, one.occurrence, chats) if is_post else ():
            _take(found.setdefault(row.chat_id, _Fate()), row)
        if not one.hand:
            fired = await calendar.fired(session, one.ref, one.schedule, to_ms(one.at), chats)
            for chat, row in fired.items():
                fate = found.setdefault(chat, _Fate())
                count_firing(fate.tally, row.status, 1)
                fate.at = fate.at if fate.at is not None else row.fired_at
        for each in one.groups:
            state = states.get(one.ref, {}).get(each.uid)
            if state is not None and any(waiting.occurrence == one.occurrence for waiting in state.queue):
                found.setdefault(each.id, _Fate()).tally.waiting = 1
            if state is not None and state.flight is not None and state.flight.occurrence == one.occurrence:
                fate = found.setdefault(each.id, _Fate())
                fate.sent, fate.parts = state.flight.next, state.flight.parts
        is_named = one.item is not None and bool(one.item.post.audience)
        told = await calendar.told(session, one.ref, one.occurrence, chats) if is_named else {}
        replies = await calendar.replies(session, one.ref, one.occurrence, chats, AFTER_POST_MS) if is_post else {}
        return cls(one, found, told, replies)

    @property
    def tally(self) -> Tally | None:
        """All groups together, None when nothing is known of any."""
        if not any(fate.tally.fates(is_post=self.one.item is not None) for fate in self.by_group.values()):
            return None
        whole = Tally()
        for chat, fate in self.by_group.items():
            each = fate.tally
            for name in ("begun", "done", "partly", "stopped", "late", "fired", "missed", "waiting"):
                setattr(whole, name, getattr(whole, name) + getattr(each, name))
            whole.skipped += each.skipped
            for name in ("failed", "unknown", "recalled"):
                if getattr(each, name):
                    getattr(whole, name).add(chat)
        return whole

    def reached(self, states: States, *, is_ahead: bool) -> tuple[Reached, ...]:
        """Every group, those first where something is wrong."""
        found = [self._one(each, states, is_ahead) for each in self.one.groups]
        shown = [each for each in found if each is not None]
        return tuple(sorted(shown, key=lambda each: (each.fate in ("sent", "planned"), each.group_name)))

    def _one(self, group: Group, states: States, is_ahead: bool) -> Reached | None:
        fate = self.by_group.get(group.id, _Fate())
        known = worst(fate.tally.fates(is_post=self.one.item is not None))
        shown: Fate
        if known is not None:
            shown = known
        elif is_ahead:
            shown = "paused" if is_paused(states, self.one.ref, group.uid, self.one.name) else "planned"
        else:
            return None
        return Reached(
            group=group.uid, group_name=group.name or group.uid, members=group.size, fate=shown, why=fate.why,
            at=from_ms(fate.at) if fate.at is not None else None, sent=fate.sent, parts=fate.parts,
            told=self.told.get(group.id, 0), replies=self.replies.get(group.id, 0) if fate.tally.begun else None,
            variant=fate.variant,
        )  # fmt: skip

    def sums(self) -> dict[str, int]:
        """Groups that were reached, their members, those addressed by name, and people who spoke afterwards."""
        begun = {
            chat
            for chat, fate in self.by_group.items()
            if fate.tally.begun or (self.one.item is None and fate.tally.fired)
        }
        return {
            "reached_groups": len(begun),
            "reached_members": sum(each.size for each in self.one.groups if each.id in begun),
            "reached_replies": sum(self.replies.values()), "told": sum(self.told.values()),
        }  # fmt: skip


def _take(fate: _Fate, row: Any) -> None:
    data: Mapping[str, Any] = orjson.loads(row.data)
    tally = fate.tally
    match row.what:
        case "post":
            tally.begun, fate.at = 1, row.at
            fate.variant, fate.parts = str(data.get("variant", "")), int(data.get("parts", 0))
        case "post_end":
            outcome, fate.sent = str(data.get("outcome", "")), int(data.get("sent", 0))
            if outcome == "done":
                tally.done = 1
            elif fate.sent:
                tally.partly, fate.why = 1, outcome
            else:
                tally.stopped, fate.why = 1, outcome
        case "post_skipped":
            fate.why, fate.at = str(data.get("reason", "")), row.at
            tally.skipped[fate.why] += 1
        case _:
            spoil(tally, row)
            fate.why = str(data.get("error", "")) or fate.why


def texts(one: Planned, loaded: Loaded, states: States, group: str, renderer: Renderer) -> tuple[Text, ...]:
    """What the asked group reads; without one, one group of each variant."""
    found: list[Text] = []
    seen: set[object] = set()
    for each in one.groups if not group else [each for each in one.groups if each.uid == group]:
        if len(found) >= _MOST_TEXTS:
            break
        text = _text(one, loaded, states, each, renderer)
        # One group stands for those of its variant; without variants, for those that read the same.
        key: object = text.variant or text.messages
        if group or key not in seen:
            seen.add(key)
            found.append(text)
    return tuple(found)


def _text(one: Planned, loaded: Loaded, states: States, group: Group, renderer: Renderer) -> Text:
    plan = loaded.plan(group.uid)
    active = plan.plays.get(one.ref)
    item = one.item
    assert item is not None
    base = {"group": group.uid, "group_name": group.name or group.uid, "members": group.size}
    if active is None or not isinstance(active.params, Params):
        return Text(**base, variant="", messages=(), problem="gone")
    ctx = context_of(active, plan, group, one.at)
    state = states.get(one.ref, {}).get(group.uid)
    variant, words = preview(item, ctx, state.began_on if state is not None else None, one.at)
    if not words:
        return Text(**base, variant=variant, messages=(), problem="no_content")
    try:
        messages = tuple(readable(renderer.text(each, common(ctx))) for each in words)
    except TemplateMistake as mistake:
        return Text(**base, variant=variant, messages=(), problem=mistake.message)
    return Text(**base, variant=variant, messages=messages, pictures=item.post.pictures)
