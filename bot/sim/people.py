"""The people of one simulated group: deeds become what happens in the world, and a line of the transcript."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import assert_never

from sqlalchemy import Connection, select

from bot.core.errors import OperatorMistake
from bot.core.units import format_duration
from bot.engine.kernel import Kernel
from bot.engine.traffic import Dispatch
from bot.sim import deeds as d
from bot.sim.transcript import Entry, Who
from bot.transports.simulator import BOT, Room, Said, World
from storage import tables as t

_ROLES = {"owner": "群主", "admin": "管理员", "member": "普通成员"}


class People:
    """Names are the members' names in the script; their uid is `sim:<name>`."""

    def __init__(self, world: World, chat: str, kernel: Kernel, connection: Connection) -> None:
        self._world, self._chat = world, chat
        self._kernel, self._connection = kernel, connection

    @property
    def room(self) -> Room:
        return self._world.room(self._chat)

    @property
    def bot_name(self) -> str:
        me = self.room.people.get(BOT) if self._chat in self._world.rooms else None
        return me.shown if me is not None else "群小助"

    def present(self, names: Iterable[str]) -> list[str]:
        people = self.room.people
        return [name for name in names if f"sim:{name}" in people]

    def uid(self, name: str) -> str:
        """Raises `OperatorMistake` for somebody who is not in the group."""
        if f"sim:{name}" in self.room.people:
            return f"sim:{name}"
        found = self.room.named(name)
        if found is not None:
            return found.uid
        here = "、".join(person.shown for person in list(self.room.people.values())[:8])
        raise OperatorMistake(
            f"群里没有「{name}」 · {name!r} is not in the group",
            code="script-member",
            hint=f"先写「{name} 进群」;群里有: {here}",
        )

    def do(self, deed: d.Deed) -> tuple[Entry, list[Dispatch]]:
        """Makes it happen now. Raises `Impossible` where the network would not let it, `OperatorMistake` for what
        nobody could mean. Only decisions go past the network: their dispatches come back."""
        at = self._world.now
        line = self.describe(deed)
        who: Who = "member" if isinstance(deed, d.Says) else "event"
        dispatches: list[Dispatch] = []
        if isinstance(deed, d.Decides):
            dispatches = self._decide(deed)
        else:
            self._happen(deed)
        private = f"sim:{deed.name}" if isinstance(deed, d.Says) and deed.is_private else ""
        return Entry(at=at, who=who, line=line, to=private), dispatches

    def _happen(self, deed: d.Deed) -> None:
        world, chat = self._world, self._chat
        match deed:
            case d.Says(name=name, text=text, is_private=True):
                world.whisper(f"sim:{name}", name, text)
            case d.Says(name=name, text=text, reply_to=reply_to):
                quoted = self._last(self.uid(reply_to)).message_id if reply_to else None
                world.say(chat, self.uid(name), text, reply_to=quoted)
            case d.Joins(names=names, by=by):
                for name in names:
                    world.join(chat, f"sim:{name}", name, by=self.uid(by) if by else "")
            case d.Leaves(name=name, kicked_by=by):
                world.leave(chat, self.uid(name), kicked_by=self.uid(by) if by else "")
            case d.AsksToJoin(name=name, comment=comment):
                world.ask_to_join(chat, f"sim:{name}", name, comment)
            case d.Recalls(name=name, of=of, text=text):
                world.recall(chat, self.uid(of), self._last(self.uid(of), text).message_id, by=self.uid(name))
            case d.Renames(name=name, card=card):
                world.set_card(chat, self.uid(name), card)
            case d.Pokes(name=name, target=target):
                world.poke(chat, self.uid(name), self.uid(target))
            case d.Mutes(name=name, target=target, for_s=for_s):
                world.mute(chat, self.uid(target), for_s, by=self.uid(name))
            case d.MutesAll(name=name, on=on):
                world.mute_all(chat, on, by=self.uid(name))
            case d.Promotes(name=name, role=role):
                world.set_role(chat, self.uid(name), role)
            case d.Decides() | d.Passes() | d.Waits():
                raise TypeError(deed)
            case _:
                assert_never(deed)

    def _last(self, uid: str, text: str = "") -> Said:
        """The newest message of `uid` that contains `text`."""
        for said in reversed(self.room.messages.values()):
            if said.member == uid and not said.is_recalled and text in said.text:
                return said
        raise OperatorMistake(f"{uid.partition(':')[2]} 没说过「{text}」 · no such message", code="script-message")

    def _decide(self, deed: d.Decides) -> list[Dispatch]:
        """Answers the oldest open question whose key or text has `deed.key` in it."""
        with self._connection.begin():
            rows = self._connection.execute(
                select(t.task.c.id, t.task.c.key, t.task.c.text).where(t.task.c.status == "open").order_by(t.task.c.id)
            ).all()
        for row in rows:
            if deed.key in row.key or deed.key in row.text:
                return self._kernel.decide(row.id, deed.choice, self.uid(deed.name), self._world.now, deed.text)
        waiting = "、".join(row.key for row in rows) or "没有"
        raise OperatorMistake(
            f"没有等着决定的「{deed.key}」 · no open question", code="script-question", hint=f"现在等着的: {waiting}"
        )

    def describe(self, deed: d.Deed) -> str:
        """The deed as a line of the transcript; a script reads it back."""
        match deed:
            case d.Says(name=name, text=text, is_private=is_private, reply_to=reply_to):
                manner = "(私聊)" if is_private else f"(回复 {reply_to})" if reply_to else ""
                return f"{name}{manner}: {text}"
            case d.Joins(names=names, by=by):
                return f"→ {'、'.join(names)} 进群" + (f" 由 {by} 邀请" if by else "")
            case d.Leaves(name=name, kicked_by=by):
                return f"{by} 踢出 {name}" if by else f"← {name} 退群"
            case d.AsksToJoin(name=name, comment=comment):
                return f"{name} 申请进群" + (f": {comment}" if comment else "")
            case d.Recalls(name=name, of=of, text=text):
                return f"{name} 撤回{f' {of}' if of != name else ''}" + (f" 「{text}」" if text else "")
            case d.Renames(name=name, card=card):
                return f"{name} 改名片 {card}"
            case d.Pokes(name=name, target=target):
                return f"{name} 戳 {target}"
            case d.Mutes(name=name, target=target, for_s=0):
                return f"{name} 解除禁言 {target}"
            case d.Mutes(name=name, target=target, for_s=for_s):
                return f"{name} 禁言 {target} {format_duration(timedelta(seconds=for_s))}"
            case d.MutesAll(name=name, on=on):
                return f"{name} 全员禁言 {'开' if on else '关'}"
            case d.Promotes(name=name, role=role):
                return f"{name} 成为 {_ROLES[role]}"
            case d.Decides(name=name, key=key, choice=choice, text=text):
                return " ".join(filter(None, (name, "决定", key, choice))) + (f": {text}" if text else "")
            case d.Passes(span=span):
                return f"过 {format_duration(span)}"
            case d.Waits():
                return "到点"
            case _:
                assert_never(deed)
