"""What the bot wants of the simulated network, and the network's answer: a receipt, or why not.

A refusal names the capability only where the account's standing is the reason: then asking again for anybody is
pointless until its role changes. "The owner can't be kicked" is about that one member and names none.
"""

from __future__ import annotations

from datetime import timedelta
from typing import assert_never

from bot.core.effects import Approve, Forward, Invite, Kick, Mute, MuteAll, Recall, Rename, SetCard, SetRemark, SetTitle
from bot.core.errors import SendRefused
from bot.core.play import Capability
from bot.core.segments import EVERYONE, File, Image, Mention, Text
from bot.transports.base import Announcement, FileMessage, Message, Outgoing, Receipt
from bot.transports.simulator.group import Impossible, Person, Room, Said
from bot.transports.simulator.world import World, private_chat, text_of


def perform(world: World, account: str, chat: str, outgoing: Outgoing) -> Receipt:
    """Does it, or raises `SendRefused`. Whatever others see of it becomes an event of the world."""
    if isinstance(outgoing, Approve):
        return _approve(world, account, chat, outgoing)
    if isinstance(outgoing, Message | FileMessage) and outgoing.to is not None:
        return _whisper(world, account, chat, outgoing)
    room, me = _standing(world, account, chat)
    match outgoing:
        case Message():
            return _say(world, room, me, outgoing)
        case FileMessage():
            return _upload(world, room, me, outgoing)
        case Announcement():
            _announce(world, room, me, outgoing)
        case Recall():
            _recall(world, room, me, outgoing)
        case Mute():
            _mute(world, room, me, outgoing)
        case MuteAll():
            _must(world, me, Capability.MUTE_ALL)
            world.mute_all(room.uid, outgoing.on, by=me.uid)
        case Kick():
            _kick(world, room, me, outgoing)
        case SetCard():
            _set_card(world, room, me, outgoing)
        case SetTitle():
            _set_title(world, room, me, outgoing)
        case Invite(member=member):
            _invite(world, room, me, member)
        case Rename(name=name):
            _must_lead(me)
            if not name.strip():
                raise SendRefused("empty name")
            world.rename(room.uid, name, by=me.uid)
        case Forward():
            return _forward(world, account, room, outgoing)
        case SetRemark():
            # Only the account itself would see it.
            _target_here(room, outgoing.member)
        case _:
            assert_never(outgoing)
    return Receipt(at=world.now)


def _invite(world: World, room: Room, me: Person, uid: str) -> None:
    if not world.profile.adds_members:
        raise SendRefused(f"{world.profile.name} has no call to add a member")
    try:
        world.join(room.uid, uid, uid.partition(":")[2], by=me.uid)
    except Impossible as error:
        raise SendRefused(str(error)) from error


def _must_lead(me: Person) -> None:
    if me.role == "member":
        raise SendRefused("only the owner and admins rename the group")


def _target_here(room: Room, uid: str) -> None:
    if uid not in room.people:
        raise SendRefused(f"user not in group: {uid}")


def _forward(world: World, account: str, room: Room, forward: Forward) -> Receipt:
    said = room.messages.get(forward.message_id)
    if said is None or said.is_recalled:
        raise SendRefused(f"no such message: {forward.message_id}")
    into, me = _standing(world, account, forward.into)
    _may_speak(world, into, me)
    copy = world.keep(into, me.uid, said.segments)
    return Receipt(copy.message_id, copy.at)


def _standing(world: World, account: str, chat: str) -> tuple[Room, Person]:
    room = world.rooms.get(chat)
    if room is None:
        raise SendRefused(f"no such group: {chat}")
    me = room.people.get(account)
    if me is None:
        raise SendRefused("the account is not in the group")
    return room, me


def _must(world: World, me: Person, capability: Capability) -> None:
    if capability not in world.profile.offers:
        raise SendRefused(f"{world.profile.name} offers no {capability}", capability=capability)
    if capability not in world.profile.allows(me.role):
        raise SendRefused(f"{capability} needs a higher role than {me.role}", capability=capability)


def _target(room: Room, me: Person, uid: str) -> Person:
    """The member that `me` wants to act upon: present, and below me."""
    person = room.people.get(uid)
    if person is None:
        raise SendRefused(f"user not in group: {uid}")
    if person.role == "owner" or (person.role == "admin" and me.role != "owner"):
        raise SendRefused(f"cannot act on the {person.role}")
    return person


def _may_speak(world: World, room: Room, me: Person) -> None:
    if me.is_muted(world.now):
        raise SendRefused("the account is muted in this group")
    if room.is_muted and not me.is_admin:
        raise SendRefused("the whole group is muted")


def _fits(world: World, message: Message) -> None:
    text = text_of(message.segments)
    if not text.strip() and all(isinstance(part, Text) for part in message.segments):
        raise SendRefused("empty message")
    if len(text) > world.profile.text_limit:
        raise SendRefused(f"text too long: {len(text)} > {world.profile.text_limit}")
    for part in message.segments:
        if isinstance(part, Image) and Capability.PICTURE not in world.profile.offers:
            raise SendRefused(f"{world.profile.name} offers no pictures", capability=Capability.PICTURE)


def _say(world: World, room: Room, me: Person, message: Message) -> Receipt:
    _may_speak(world, room, me)
    _fits(world, message)
    if any(isinstance(part, Mention) and part.target == EVERYONE for part in message.segments):
        _spend_mention_all(world, room, me)
    said = world.keep(room, me.uid, message.segments)
    return Receipt(said.message_id, said.at)


def _spend_mention_all(world: World, room: Room, me: Person) -> None:
    _must(world, me, Capability.MENTION_ALL)
    today = world.now.astimezone(world.zone).date()
    day, used = room.mention_all_used
    used = used if day == today else 0
    if used >= world.profile.mention_all_per_day:
        raise SendRefused("no mention of everyone left today", capability=Capability.MENTION_ALL)
    room.mention_all_used = (today, used + 1)


def _upload(world: World, room: Room, me: Person, message: FileMessage) -> Receipt:
    _may_speak(world, room, me)
    _file_fits(world, message)
    room.files[message.name] = message.content
    said = world.keep(room, me.uid, (File(message.name, size_bytes=len(message.content)),))
    return Receipt(said.message_id, said.at)


def _file_fits(world: World, message: FileMessage) -> None:
    if Capability.FILE not in world.profile.offers:
        raise SendRefused(f"{world.profile.name} offers no files", capability=Capability.FILE)
    if not message.content:
        raise SendRefused("empty file")
    if len(message.content) > world.profile.file_limit_bytes:
        raise SendRefused("file too large")


def _whisper(world: World, account: str, chat: str, message: Message | FileMessage) -> Receipt:
    """To a friend, to somebody who wrote first, or through a group that both are in and that lets them."""
    to = message.to or ""
    mine = private_chat(to)
    if Capability.PRIVATE not in world.profile.offers:
        raise SendRefused(f"{world.profile.name} offers no private messages", capability=Capability.PRIVATE)
    is_known = to in world.friends.get(account, ()) or any(said.member == to for said in world.private.get(mine, ()))
    if not is_known:
        room = world.rooms.get(chat)
        do_meet = room is not None and to in room.people and account in room.people
        if world.profile.is_private_for_friends_only or not do_meet or (room is not None and not room.allows_private):
            raise SendRefused(f"not a friend: {to}")
    if isinstance(message, FileMessage):
        _file_fits(world, message)
        parts = (File(message.name, size_bytes=len(message.content)),)
        said = Said(
            message_id=world.new_id(), member=account, at=world.now, text=f"[文件 {message.name}]", segments=parts
        )
    else:
        _fits(world, message)
        said = Said(
            message_id=world.new_id(),
            member=account,
            at=world.now,
            text=text_of(message.segments),
            segments=message.segments,
        )
    world.private.setdefault(mine, []).append(said)
    return Receipt(said.message_id, said.at)


def _announce(world: World, room: Room, me: Person, announcement: Announcement) -> None:
    _must(world, me, Capability.ANNOUNCE)
    if not announcement.text.strip():
        raise SendRefused("empty announcement")
    if len(announcement.text) > world.profile.announcement_limit:
        raise SendRefused(f"announcement too long: {len(announcement.text)} > {world.profile.announcement_limit}")
    room.announcements.append(announcement.text)


def _recall(world: World, room: Room, me: Person, recall: Recall) -> None:
    said = room.messages.get(recall.message_id)
    if said is None or said.is_recalled:
        raise SendRefused("Recall failed: no such message")
    if said.member != me.uid:
        _must(world, me, Capability.RECALL_OTHERS)
        if said.member in room.people:
            _target(room, me, said.member)
    elif Capability.RECALL_OTHERS not in world.profile.allows(me.role) and (
        world.now - said.at > timedelta(seconds=world.profile.recall_own_s)
    ):
        raise SendRefused("Recall failed: too late")
    world.take_back(room, said, me.uid)


def _mute(world: World, room: Room, me: Person, mute: Mute) -> None:
    _must(world, me, Capability.MUTE)
    _target(room, me, mute.member)
    if not 0 <= mute.for_s <= world.profile.mute_limit_s:
        raise SendRefused(f"duration out of range: {mute.for_s} s")
    world.mute(room.uid, mute.member, mute.for_s, by=me.uid)


def _kick(world: World, room: Room, me: Person, kick: Kick) -> None:
    _must(world, me, Capability.KICK)
    _target(room, me, kick.member)
    if kick.is_banned:
        room.banned.add(kick.member)
    world.leave(room.uid, kick.member, kicked_by=me.uid)


def _set_card(world: World, room: Room, me: Person, change: SetCard) -> None:
    if Capability.SET_CARD not in world.profile.offers:
        raise SendRefused(f"{world.profile.name} offers no cards", capability=Capability.SET_CARD)
    if change.member != me.uid:
        _must(world, me, Capability.SET_CARD)
        _target(room, me, change.member)
    if len(change.card.encode()) > world.profile.card_limit_bytes:
        raise SendRefused("card too long")
    world.set_card(room.uid, change.member, change.card)


def _set_title(world: World, room: Room, me: Person, change: SetTitle) -> None:
    _must(world, me, Capability.SET_TITLE)
    if change.member not in room.people:
        raise SendRefused(f"user not in group: {change.member}")
    if len(change.title.encode()) > world.profile.title_limit_bytes:
        raise SendRefused("title too long")
    world.set_title(room.uid, change.member, change.title)


def _approve(world: World, account: str, chat: str, answer: Approve) -> Receipt:
    room = world.rooms.get(chat)
    request = room.requests.get(answer.flag) if room is not None else None
    if room is None or request is None:
        raise SendRefused("No such request")
    if not request.is_invitation:
        _must(world, _standing(world, account, chat)[1], Capability.APPROVE)
    # Decided elsewhere already: the networks say yes and do nothing.
    if not request.is_decided:
        request.is_decided = True
        if answer.is_approved and request.member not in room.people:
            try:
                world.join(chat, request.member, request.name, by=account, is_bot=request.is_invitation)
            except Impossible as error:
                raise SendRefused(str(error)) from error
    return Receipt(at=world.now)
