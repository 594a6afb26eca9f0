"""The simulated world: groups, people and what they do, under a clock that is set from outside.

People act by methods (`say`, `join`, `leave`, …); each makes the events that a network would deliver to every bot account
in that group. They wait in the world until `drain` takes them. What people cannot do is `Impossible`; what the bot
cannot do is refused, in `action`.

Deterministic: ids come from the clock and a count within it, nothing is drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.core.events import (
    BotInvited,
    Event,
    FileUploaded,
    GroupDissolved,
    GroupRenamed,
    JoinRequested,
    MemberJoined,
    MemberLeft,
    MemberMuted,
    MessageEdited,
    MessageRecalled,
    MessageReceived,
    NameChanged,
    Poked,
    ReactionAdded,
    Role,
    RoleChanged,
)
from bot.core.segments import EVERYONE, File, Mention, Segment, Text
from bot.transports.simulator import spoken
from bot.transports.simulator.group import Impossible, Person, Request, Room, Said
from bot.transports.simulator.profile import QQ, Profile

BOT = "sim:bot"
BOT_NAME = "群小助"


def private_chat(uid: str) -> str:
    """The uid of the private conversation with a member: `sim:小明` → `sim:@小明`."""
    platform, _, name = uid.partition(":")
    return f"{platform}:@{name}"


class World:
    """Times are aware UTC; `zone` only says when a day of the at-all quota ends."""

    def __init__(self, now: datetime, *, profile: Profile = QQ, zone: ZoneInfo = ZoneInfo("Asia/Shanghai")) -> None:
        self.now = now.astimezone(UTC)
        self.profile = profile
        self.zone = zone
        self.rooms: dict[str, Room] = {}
        self.friends: dict[str, set[str]] = {}
        """Bot account → its friends."""
        self.private: dict[str, list[Said]] = {}
        """Private conversations by chat uid."""
        self._events: list[Event] = []
        self._stamp, self._count = -1, 0

    # -- the clock and the events ------------------------------------------------------------------------------------

    def set_clock(self, now: datetime) -> None:
        """Moves time on, to the next whole millisecond as networks tell it; it never goes back."""
        late = -now.microsecond % 1000
        self.now = max(self.now, now.astimezone(UTC) + timedelta(microseconds=late))

    def new_id(self) -> str:
        """Unique for this world, and across restarts of one that follows the real clock."""
        stamp = int(self.now.timestamp() * 1000)
        self._count = self._count + 1 if stamp == self._stamp else 0
        self._stamp = stamp
        return f"{stamp}-{self._count}"

    def drain(self) -> list[Event]:
        """What has happened since the last call, in order."""
        events, self._events = self._events, []
        return events

    def emit(self, accounts: list[str], make: Callable[[str, str], Event]) -> None:
        """One event, as each of `accounts` hears it: `make(id, account)`."""
        if accounts:
            event_id = self.new_id()
            self._events += [make(event_id, account) for account in accounts]

    def accounts(self, room: Room) -> list[str]:
        return [person.uid for person in room.people.values() if person.is_bot]

    def room(self, chat: str) -> Room:
        found = self.rooms.get(chat)
        if found is None:
            raise Impossible(f"没有群 {chat} · no group")
        return found

    # -- setting the scene -------------------------------------------------------------------------------------------

    def found(
        self,
        chat: str,
        name: str = "",
        *,
        bot_role: Role = "admin",
        account: str = BOT,
        bot_name: str = BOT_NAME,
        allows_private: bool = True,
    ) -> Room:
        """A group that exists already, with the bot in it; no events."""
        room = Room(uid=chat, name=name or chat.partition(":")[2], allows_private=allows_private)
        self.rooms[chat] = room
        self.settle(chat, account, bot_name, role=bot_role, is_bot=True)
        return room

    def settle(
        self,
        chat: str,
        uid: str,
        name: str,
        *,
        role: Role = "member",
        joined_at: datetime | None = None,
        is_bot: bool = False,
    ) -> Person:
        """Somebody who has been in the group since before: no event."""
        person = Person(uid=uid, name=name, role=role, joined_at=joined_at or self.now, is_bot=is_bot)
        self.room(chat).people[uid] = person
        return person

    def befriend(self, uid: str, account: str = BOT) -> None:
        self.friends.setdefault(account, set()).add(uid)

    # -- what people say ---------------------------------------------------------------------------------------------

    def say(
        self,
        chat: str,
        uid: str,
        line: str | tuple[Segment, ...],
        *,
        reply_to: str | None = None,
        message_id: str | None = None,
    ) -> Said:
        """`uid` speaks in the group: a typed line (see `spoken`) or segments."""
        room = self.room(chat)
        person = room.person(uid)
        if person.is_muted(self.now) or (room.is_muted and not person.is_admin):
            raise Impossible(f"{person.shown}被禁言了 · muted")
        parts = spoken.hear(line, room, may_mention_all=person.is_admin) if isinstance(line, str) else line
        said = self.keep(room, uid, parts, message_id)
        bots = frozenset(self.accounts(room))
        mentions = tuple(part.target for part in parts if isinstance(part, Mention) and part.target != EVERYONE)
        everyone = any(isinstance(part, Mention) and part.target == EVERYONE for part in parts)
        self.emit(
            [account for account in bots if account != uid],
            lambda _, account: _heard(
                said, account, chat, name=person.shown, role=person.role, reply_to=reply_to,
                mentions=tuple(target for target in mentions if target != account), mentions_all=everyone,
                is_to_bot=account in mentions,
            ),
        )  # fmt: skip
        for part in parts:
            if isinstance(part, File):
                self._emit_file(room, uid, part)
        return said

    def _emit_file(self, room: Room, uid: str, part: File) -> None:
        self.emit(
            self.accounts(room),
            lambda event_id, account: FileUploaded(
                id=event_id,
                account=account,
                chat=room.uid,
                at=self.now,
                member=uid,
                name=part.name,
                size_bytes=part.size_bytes,
            ),
        )

    def keep(self, room: Room, uid: str, parts: tuple[Segment, ...], message_id: str | None = None) -> Said:
        """The network's own copy of a message; it forgets the oldest."""
        said = Said(
            message_id=message_id or self.new_id(), member=uid, at=self.now, text=spoken.show(parts), segments=parts
        )
        room.messages[said.message_id] = said
        if len(room.messages) > self.profile.remembers_messages:
            del room.messages[next(iter(room.messages))]
        return said

    def whisper(self, uid: str, name: str, line: str, account: str = BOT, message_id: str | None = None) -> Said:
        """A private message to the bot. Whoever writes first may be answered."""
        parts = spoken.hear(line, None)
        chat = private_chat(uid)
        said = Said(
            message_id=message_id or self.new_id(), member=uid, at=self.now, text=spoken.show(parts), segments=parts
        )
        self.private.setdefault(chat, []).append(said)
        self.emit([account], lambda _, who: _heard(said, who, chat, name=name, is_private=True, is_to_bot=True))
        return said

    def edit(self, chat: str, uid: str, message_id: str, line: str) -> None:
        room = self.room(chat)
        said = self._own(room, uid, message_id)
        said.segments = spoken.hear(line, room)
        said.text = spoken.show(said.segments)
        bots = frozenset(self.accounts(room))
        self.emit(
            self.accounts(room),
            lambda event_id, account: MessageEdited(
                id=event_id,
                account=account,
                chat=chat,
                at=self.now,
                member=uid,
                message_id=message_id,
                text=spoken.plain(said.segments, bots),
                segments=said.segments,
            ),
        )

    def recall(self, chat: str, uid: str, message_id: str, *, by: str | None = None) -> None:
        """`by` (default the writer, within the network's time) takes a message back."""
        room = self.room(chat)
        said = self._own(room, uid, message_id)
        if by in (None, uid) and not room.person(uid).is_admin:
            if self.now - said.at > timedelta(seconds=self.profile.recall_own_s):
                raise Impossible("过了撤回时限 · too late to recall")
        elif by is not None and by != uid and not room.person(by).is_admin:
            raise Impossible(f"{by} 不是管理员 · no admin")
        self.take_back(room, said, by or uid)

    def take_back(self, room: Room, said: Said, by: str) -> None:
        """Without asking whether it is allowed."""
        said.is_recalled = True
        self.emit(
            self.accounts(room),
            lambda event_id, account: MessageRecalled(
                id=event_id,
                account=account,
                chat=room.uid,
                at=self.now,
                member=said.member,
                message_id=said.message_id,
                by=by,
            ),
        )

    def _own(self, room: Room, uid: str, message_id: str) -> Said:
        said = room.messages.get(message_id)
        if said is None or said.member != uid or said.is_recalled:
            raise Impossible(f"{uid} 没有消息 {message_id} · no such message")
        return said

    def react(self, chat: str, uid: str, message_id: str, emoji: str) -> None:
        self.emit(
            self.accounts(self.room(chat)),
            lambda event_id, account: ReactionAdded(
                id=event_id, account=account, chat=chat, at=self.now, member=uid, message_id=message_id, emoji=emoji
            ),
        )

    def poke(self, chat: str, uid: str, target: str) -> None:
        self.emit(
            self.accounts(self.room(chat)),
            lambda event_id, account: Poked(
                id=event_id, account=account, chat=chat, at=self.now, member=uid, target=target
            ),
        )

    # -- who comes and goes ------------------------------------------------------------------------------------------

    def join(self, chat: str, uid: str, name: str, *, by: str = "", is_bot: bool = False) -> Person:
        """`by` invited or approved."""
        room = self.room(chat)
        if uid in room.people:
            raise Impossible(f"{name}已经在群里 · in the group already")
        if uid in room.banned:
            raise Impossible(f"{name}被移出后不能再进 · may not come back")
        if len(room.people) >= self.profile.group_limit:
            raise Impossible(f"{room.name}满了 · full")
        person = self.settle(chat, uid, name, is_bot=is_bot)
        self.emit(
            self.accounts(room),
            lambda event_id, account: MemberJoined(
                id=event_id,
                account=account,
                chat=chat,
                at=self.now,
                member=uid,
                name=name,
                by=by,
                how="invited" if by else "approved",
            ),
        )
        return person

    def ask_to_join(self, chat: str, uid: str, name: str, comment: str = "") -> Request:
        """A join request; whoever may approve answers it by its flag."""
        room = self.room(chat)
        if uid in room.people:
            raise Impossible(f"{name}已经在群里 · in the group already")
        if uid in room.banned:
            raise Impossible(f"{name}被移出后不能再进 · may not come back")
        request = Request(flag=f"req|{self.new_id()}", member=uid, name=name)
        room.requests[request.flag] = request
        self.emit(
            [account for account in self.accounts(room) if room.people[account].is_admin],
            lambda event_id, account: JoinRequested(
                id=event_id,
                account=account,
                chat=chat,
                at=self.now,
                member=uid,
                name=name,
                comment=comment,
                flag=request.flag,
            ),
        )
        return request

    def invite_bot(self, chat: str, by: str, *, name: str = "", account: str = BOT) -> Request:
        """A group that the bot is not in asks it to come."""
        room = self.rooms.setdefault(chat, Room(uid=chat, name=name or chat.partition(":")[2]))
        request = Request(flag=f"inv|{self.new_id()}", member=account, name=BOT_NAME, is_invitation=True)
        room.requests[request.flag] = request
        self.emit(
            [account],
            lambda event_id, who: BotInvited(
                id=event_id, account=who, chat=chat, at=self.now, member=by, flag=request.flag
            ),
        )
        return request

    def leave(self, chat: str, uid: str, *, kicked_by: str = "") -> None:
        """Also the bot itself: it still hears that."""
        room = self.room(chat)
        room.person(uid)
        listeners = self.accounts(room)
        del room.people[uid]
        self.emit(
            listeners,
            lambda event_id, account: MemberLeft(
                id=event_id,
                account=account,
                chat=chat,
                at=self.now,
                member=uid,
                by=kicked_by,
                was_kicked=bool(kicked_by),
            ),
        )

    def dissolve(self, chat: str) -> None:
        room = self.room(chat)
        listeners = self.accounts(room)
        del self.rooms[chat]
        self.emit(
            listeners,
            lambda event_id, account: GroupDissolved(id=event_id, account=account, chat=chat, at=self.now),
        )

    # -- what the group's own admins do ------------------------------------------------------------------------------

    def mute(self, chat: str, uid: str, for_s: int, *, by: str = "") -> None:
        room = self.room(chat)
        room.person(uid).muted_until = self.now + timedelta(seconds=for_s) if for_s else None
        self.emit(
            self.accounts(room),
            lambda event_id, account: MemberMuted(
                id=event_id, account=account, chat=chat, at=self.now, member=uid, for_s=for_s, by=by
            ),
        )

    def mute_all(self, chat: str, on: bool, *, by: str = "") -> None:
        room = self.room(chat)
        room.is_muted = on
        self.emit(
            self.accounts(room),
            lambda event_id, account: MemberMuted(
                id=event_id, account=account, chat=chat, at=self.now, for_s=-1 if on else 0, by=by
            ),
        )

    def set_role(self, chat: str, uid: str, role: Role) -> None:
        room = self.room(chat)
        room.person(uid).role = role
        self.emit(
            self.accounts(room),
            lambda event_id, account: RoleChanged(
                id=event_id, account=account, chat=chat, at=self.now, member=uid, role=role
            ),
        )

    def set_card(self, chat: str, uid: str, card: str) -> None:
        room = self.room(chat)
        person = room.person(uid)
        old, person.card = person.card, card
        self.emit(
            self.accounts(room),
            lambda event_id, account: NameChanged(
                id=event_id, account=account, chat=chat, at=self.now, member=uid, what="card", old=old, new=card
            ),
        )

    def set_title(self, chat: str, uid: str, title: str) -> None:
        room = self.room(chat)
        person = room.person(uid)
        old, person.title = person.title, title
        self.emit(
            self.accounts(room),
            lambda event_id, account: NameChanged(
                id=event_id, account=account, chat=chat, at=self.now, member=uid, what="title", old=old, new=title
            ),
        )

    def rename(self, chat: str, name: str, *, by: str = "") -> None:
        room = self.room(chat)
        room.name = name
        self.emit(
            self.accounts(room),
            lambda event_id, account: GroupRenamed(
                id=event_id, account=account, chat=chat, at=self.now, member=by, name=name
            ),
        )


def text_of(parts: tuple[Segment, ...]) -> str:
    """Only the typed text of a message: what length limits count."""
    return "".join(part.text for part in parts if isinstance(part, Text))


def _heard(said: Said, account: str, chat: str, **more: Any) -> MessageReceived:
    """What was said, as the bot's `account` hears it."""
    return MessageReceived(
        id=said.message_id, account=account, chat=chat, at=said.at, member=said.member, message_id=said.message_id,
        text=spoken.plain(said.segments, frozenset({account})), segments=said.segments,
        kind=spoken.kind(said.segments), **more,
    )  # fmt: skip
