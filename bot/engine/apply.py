"""Effects → rows: what each effect of a step becomes inside the transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

import orjson

from bot.core.effects import (
    Announce,
    AskOperator,
    Award,
    CancelTimer,
    CloseQuestion,
    Effect,
    Finish,
    Lane,
    Note,
    Outward,
    Say,
    SendFile,
    SendReport,
    SetTimer,
    StartPlay,
    Tag,
    Template,
)
from bot.core.events import PlayStarted, PointsEarned
from bot.core.play import Capability, Context
from bot.core.segments import EVERYONE, Image, Mention, Segment, Text
from bot.engine import codec
from bot.engine.bank import Bank
from bot.engine.batch import Batch, Draft, NoteDraft
from bot.engine.clock import to_ms, to_ms_up
from bot.engine.directory import Directory, Room, Run
from bot.engine.drawings import DrawnMessage, Unsent
from bot.engine.longtext import split_text
from bot.engine.outbox import Pending
from bot.engine.render import Prepared, Renderer, readable, segments
from bot.playbook.model import RelayRule
from bot.transports.base import Announcement, FileMessage, Message
from storage.writer import Writer

LONGEST_TEXT = 1500
"""Characters of one message; longer ones are split at line ends."""

_RELAYED = RelayRule()
EXPIRY_S = {Lane.MODERATION: 900, Lane.ANSWER: 3600, Lane.NOTICE: 2 * 3600, Lane.CAMPAIGN: 6 * 3600}


class Applier:
    """Turns effects into the batch's rows. Inward effects change the caches at once, so the next step sees them."""

    def __init__(
        self,
        writer: Writer,
        directory: Directory,
        renderer: Renderer,
        caps: Callable[[str, str], frozenset[Capability]],
        relays: Callable[[str], bool] = lambda account: False,
    ) -> None:
        self._writer = writer
        self._relays = relays
        self._caps = caps
        self._directory = directory
        self._renderer = renderer
        self.bank = Bank(writer, directory)
        self._prepared: dict[tuple[str, str], tuple[tuple[Any, ...], Prepared]] = {}
        """Group and playbook → what `common` was made of, and that made safe for templates."""

    def apply(
        self, batch: Batch, room: Room, run: Run, effect: Effect, ctx: Context[Any], cause: str, place: int
    ) -> dict[str, Any]:
        """Does `effect`; what the trace will say of it comes back."""
        match effect:
            case Award():
                return self._award(batch, room, run, effect, ctx, cause)
            case Note():
                return self._note(batch, room, run, effect, ctx)
            case Tag():
                return self._tag(batch, room, effect)
            case SetTimer():
                at = max(effect.at, ctx.now)
                batch.timers[(run.id, effect.name)] = (to_ms_up(at), orjson.dumps(dict(effect.data)).decode())
                return {"timer": effect.name, "at": at.isoformat()}
            case CancelTimer():
                batch.timers[(run.id, effect.name)] = None
                return {"cancel": effect.name}
            case StartPlay():
                return self._start_play(batch, room, run, effect, ctx, cause, place)
            case AskOperator():
                return self._ask(batch, room, run, effect, ctx)
            case CloseQuestion():
                self._writer.close_task(run.id, effect.key, "withdrawn", batch.now_ms)
                return {"withdraw": effect.key}
            case Finish():
                run.status = "done"
                batch.runs[run.id] = run
                return {"finish": effect.reason}
            case _:
                return self._outward(batch, room, run, effect, ctx, cause, place)

    def caps_of(self, room: Room) -> frozenset[Capability]:
        """What the room's primary account may do there by its network's word."""
        return self._caps(room.primary, room.uid)

    def relay_of(self, room: Room) -> RelayRule | None:
        """How a person speaks for the bot here, None where it speaks itself."""
        if room.kind != "group":
            return None
        return room.relay or (_RELAYED if self._relays(room.primary) else None)

    def told(self, room: Room) -> list[str]:
        """Whom questions are told to in private: the named operators who are in the group, else its owner."""
        if Capability.PRIVATE not in self.caps_of(room):
            return []
        named = sorted(uid for uid in room.operators if self._directory.person(room, uid) is not None)
        return named or sorted(uid for uid, member in self._directory.roster(room).items() if member.role == "owner")

    def _common(self, ctx: Context[Any]) -> Prepared:
        facts = (ctx.title, ctx.chat_name, ctx.group_size, ctx.group_vars)
        kept = self._prepared.get((ctx.chat, ctx.playbook))
        if kept is None or kept[0] != facts:
            kept = self._prepared[ctx.chat, ctx.playbook] = (facts, self._renderer.prepare(common(ctx)))
        return kept[1]

    # -- inward -----------------------------------------------------------------------------------------------------

    def _award(
        self, batch: Batch, room: Room, run: Run, effect: Award, ctx: Context[Any], cause: str
    ) -> dict[str, Any]:
        said = self.bank.award(batch, room, run, effect, ctx, cause)
        if "cut" in said:
            self._say_capped(batch, room, run, effect.member, said["source"], ctx, cause)
        if room.hears_points and said["award"] > 0 and effect.account == "issue" and "refused" not in said:
            source = effect.source or run.active.play.kind
            event = PointsEarned(
                id=f"{cause}>{run.ref}|{effect.key}", account=room.primary, chat=room.uid, at=ctx.now,
                member=effect.member, points=said["award"], source=source,
            )  # fmt: skip
            batch.follow_ups.append((room, event))
        return said

    def _say_capped(
        self, batch: Batch, room: Room, run: Run, uid: str, source: str, ctx: Context[Any], cause: str
    ) -> None:
        """The play has said what it meant to give: the member is told of the cap, once a day and source."""
        rules = room.point_rules
        person = self._directory.person(room, uid)
        if rules is None or person is None:
            return
        data = {
            "name": person.name,
            "source": rules.titles.get(source, source),
            "cap": rules.caps.get(source, rules.a_day),
        }
        text = self._renderer.text(Template("points/capped", data), self._common(ctx))
        self.enqueue(
            batch, room, run, Message(segments=segments(text)), cause=cause,
            idem=f"cap|{room.id}|{uid}|{source}|{ctx.day(ctx.now)}", lane=Lane.ANSWER, on_unknown="never", ctx=ctx,
        )  # fmt: skip

    def _note(self, batch: Batch, room: Room, run: Run, effect: Note, ctx: Context[Any]) -> dict[str, Any]:
        own = self._directory.acting_id(batch.acting, room, effect.member) if effect.member else ""
        member_id = self._directory.members.get(own)
        data = orjson.dumps(dict(effect.data), default=str).decode()
        day = str(effect.data.get("day") or ctx.day(ctx.now).isoformat())
        batch.stale_days.add((room.id, self._directory.day(room, batch.now_ms)))
        batch.notes.append(NoteDraft(room, run, effect.member, member_id, effect.what, effect.key, data, day))
        return {"note": effect.what, "key": effect.key}

    def _tag(self, batch: Batch, room: Room, effect: Tag) -> dict[str, Any]:
        person = self._directory.person(room, effect.member)
        own = self._directory.acting_id(batch.acting, room, effect.member)
        ids = (own,) if effect.on else self._directory.persons.ids(effect.member)
        for uid in ids:
            if (member_id := self._directory.members.get(uid)) is not None:
                batch.tags[(room.id, member_id, effect.tag)] = effect.on
        if person is not None:
            (person.tags.add if effect.on else person.tags.discard)(effect.tag)
            self._directory.changed(room)
        return {"tag": effect.tag, "member": effect.member, "on": effect.on}

    def _start_play(
        self, batch: Batch, room: Room, run: Run, effect: StartPlay, ctx: Context[Any], cause: str, place: int
    ) -> dict[str, Any]:
        target = effect.play if "/" in effect.play else f"{ctx.playbook}/{effect.play}"
        event = PlayStarted(
            id=f"{cause}>{place}", account=room.primary, chat=room.uid, at=ctx.now, play=target, data=effect.data
        )
        batch.follow_ups.append((room, event))
        return {"start": target}

    def _ask(self, batch: Batch, room: Room, run: Run, effect: AskOperator, ctx: Context[Any]) -> dict[str, Any]:
        text = readable(self._renderer.text(effect.words, self._common(ctx)))
        member_id = self._directory.members.get(effect.member) if effect.member else None
        choices = orjson.dumps(effect.choices).decode()
        expires = to_ms(effect.expires_at) if effect.expires_at else None
        batch.tasks.append([run.id, room.id, member_id, effect.key, text, choices, batch.now_ms, expires])
        batch.task_notices.append((room, run, effect.key, text, effect.choices))
        return {"ask": effect.key, "text": text}

    # -- outward ----------------------------------------------------------------------------------------------------

    def _outward(
        self, batch: Batch, room: Room, run: Run, effect: Outward, ctx: Context[Any], cause: str, place: int
    ) -> dict[str, Any]:
        said: dict[str, Any]
        outgoings: list[Unsent]
        match effect:
            case Say():
                rendered = self._renderer.text(effect.words, self._common(ctx))
                if not rendered and not effect.pictures and not effect.mention:
                    return {"say": "", "refused": "empty"}
                outgoings = list(self._messages(room, effect, ctx, rendered))
                said = {"say": readable(rendered), **({"to": effect.to} if effect.to else {})}
                if effect.drawing:
                    said["drawing"] = effect.drawing.name
            case Announce():
                text = readable(self._renderer.text(effect.words, self._common(ctx)))
                outgoings, said = [Announcement(text=text)], {"announce": text}
            case _:
                outgoings = [effect]  # type: ignore[list-item]
                kind, body = codec.encode(outgoings[0])
                said = {kind: orjson.loads(body) if kind != "table" else effect.name}  # type: ignore[attr-defined]
        for part, outgoing in enumerate(outgoings):
            key = effect.key if part == len(outgoings) - 1 else ""
            self.enqueue(
                batch, room, run, outgoing, cause=cause, idem=f"{run.ref}|{room.id}|{cause}|{place}.{part}",
                lane=effect.lane, on_unknown=effect.on_unknown, key=key, ctx=ctx, expires_at=effect.expires_at,
            )  # fmt: skip
        return said

    def _messages(self, room: Room, effect: Say, ctx: Context[Any], rendered: str) -> Sequence[Message | DrawnMessage]:
        front: list[Segment] = []
        if effect.mention_all and Capability.MENTION_ALL in ctx.caps:
            front += [Mention(EVERYONE, "全体成员"), Text(" ")]
        for uid in effect.mention:
            person = self._directory.person(room, uid)
            front += [Mention(uid, person.name if person is not None else ""), Text(" ")]
        if effect.drawing and Capability.PICTURE in ctx.caps:
            whole = Message(segments=(*front, *segments(rendered)), to=effect.to, reply_to=effect.reply_to)
            return [DrawnMessage(message=whole, drawing=effect.drawing)]
        parts = split_text((*front, *segments(rendered)), LONGEST_TEXT)
        messages = [Message(segments=part, to=effect.to) for part in parts if part]
        if effect.reply_to and messages:
            messages[0] = Message(segments=messages[0].segments, to=effect.to, reply_to=effect.reply_to)
        messages += [Message(segments=(Image(url=url),), to=effect.to) for url in effect.pictures]
        return messages

    def enqueue(
        self,
        batch: Batch,
        room: Room,
        run: Run | None,
        outgoing: Unsent,
        *,
        cause: str,
        idem: str,
        lane: Lane,
        on_unknown: str,
        key: str = "",
        ctx: Context[Any] | None = None,
        expires_at: datetime | None = None,
    ) -> None:
        """One outbox row. Notices and campaigns wait for the end of the quiet hours."""
        outgoing = self._directory.outward(room, outgoing)
        kind, body = codec.encode(outgoing)
        not_before = batch.now
        if ctx is not None and lane >= Lane.NOTICE and ctx.is_quiet(batch.now):
            not_before = _end_of_quiet(ctx, batch.now)
        rule = self.relay_of(room) if run is not None and is_said(outgoing) else None
        until = expires_at or not_before + (rule.within if rule else timedelta(seconds=EXPIRY_S[lane]))
        pending = Pending(
            id=0, idem=_bounded(idem), account=room.primary, chat=room.uid, to=getattr(outgoing, "to", None) or "",
            lane=int(lane), kind=kind, body=body, ref=run.ref if run else "", effect_key=key, on_unknown=on_unknown,
            not_before=to_ms(not_before), expires_at=to_ms(until),
        )  # fmt: skip
        batch.outbox.append(
            Draft(
                self._directory.accounts[room.primary], room, run.id if run else None, pending, cause,
                "relayed" if rule else "ready",
            )
        )  # fmt: skip


def common(ctx: Context[Any]) -> Mapping[str, Any]:
    """The variables that every template may use besides the play's own."""
    group = {"name": ctx.chat_name, "size": ctx.group_size}
    return {"title": ctx.title, "vars": ctx.group_vars, "group": group, **ctx.group_vars}


def is_said(outgoing: Unsent) -> bool:
    """Whether it is something said to the group, which a person can say as well."""
    said = (Message, DrawnMessage, Announcement, SendFile, SendReport, FileMessage)
    return isinstance(outgoing, said) and not getattr(outgoing, "to", None)


def _end_of_quiet(ctx: Context[Any], now: datetime) -> datetime:
    assert ctx.quiet_to is not None
    local = ctx.local(now)
    end = local.replace(hour=ctx.quiet_to.hour, minute=ctx.quiet_to.minute, second=0, microsecond=0)
    return end if end > local else end + timedelta(days=1)


def _bounded(idem: str) -> str:
    """`idem` itself, or a digest where the column could not hold it."""
    return idem if len(idem) <= 200 else blake2b(idem.encode(), digest_size=24).hexdigest()
