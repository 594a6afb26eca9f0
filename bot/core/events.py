"""What happened, in the past tense: the only things a play ever reacts to.

Every uid carries its network: `qq:600000001` is a group or a member of QQ, `sim:小明` a member of the simulator; a private
conversation is `qq:@2900000001`. Every `_at` and `at` is an aware UTC datetime; a transport settles seconds and
milliseconds before it makes an event. `id` is unique within (account, chat) and made from the cause (the platform's
message id and send time, a timer's name and due time), never from a clock or a counter of this process: that is what
makes taking the same event twice harmless.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from bot.core.quick import quick_init
from bot.core.segments import Segment

Role = Literal["owner", "admin", "member"]
Outcome = Literal["done", "failed", "unknown"]
EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """`at` is the platform's time of the event. `member` is who did it, "" where nobody is known."""

    id: str
    account: str
    chat: str
    at: datetime
    member: str = ""


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class MessageReceived(Event):
    """A member's message in a group, or in private when `is_private`.

    `text` is what members read: text segments joined, mentions of others as `@name`, the mention of the bot itself
    left out (`is_to_bot` says it was there), nothing for pictures. A private message that concerns a group has that
    group as its `chat`: the engine finds it. `line_authors`: who wrote each numbered line of a native 接龙, "" where
    unknown; only some networks tell.
    """

    message_id: str
    text: str
    segments: tuple[Segment, ...] = ()
    kind: str = "text"
    name: str = ""
    role: Role = "member"
    reply_to: str | None = None
    mentions: tuple[str, ...] = ()
    mentions_all: bool = False
    is_to_bot: bool = False
    is_private: bool = False
    line_authors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageEdited(Event):
    message_id: str
    text: str
    segments: tuple[Segment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRecalled(Event):
    """`member` wrote it; `by` took it back (the member itself or an admin)."""

    message_id: str
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRead(Event):
    """What the engine read in a picture of the message `message_id`: the texts of its QR codes.

    Comes only where a play asked for it (`Play.reads_images`), one event per picture, with the message's time and
    sender. `sha256` is the picture's digest. `error` says why it could not be read, then `codes` is empty.
    """

    message_id: str
    codes: tuple[str, ...] = ()
    sha256: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberJoined(Event):
    """`by` invited or approved, "" where unknown."""

    name: str = ""
    by: str = ""
    how: Literal["approved", "invited", "unknown"] = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberLeft(Event):
    """`by` removed the member when `was_kicked`."""

    by: str = ""
    was_kicked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinRequested(Event):
    """Somebody asks to join. `flag` is the network's opaque handle for the answer, never to be parsed."""

    flag: str
    comment: str = ""
    name: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BotInvited(Event):
    """The bot's account was invited to join `chat`."""

    flag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberMuted(Event):
    """`for_s` = 0: lifted. `member` = "": the whole group (then `for_s` is -1 while it lasts)."""

    for_s: int
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleChanged(Event):
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class NameChanged(Event):
    """A member's card (群名片), title or nickname."""

    what: Literal["card", "title", "nickname"]
    old: str = ""
    new: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRenamed(Event):
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupDissolved(Event):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Poked(Event):
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileUploaded(Event):
    name: str
    size_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReactionAdded(Event):
    message_id: str
    emoji: str
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class EssenceChanged(Event):
    message_id: str
    is_added: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownReceived(Event):
    """A kind of event that this version does not know: logged by name, never an error."""

    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerFired(Event):
    """A timer or schedule of the play came due. `id` is `<playbook>/<play>/<chat>#<name>@<scheduled time>`.

    `at` is the scheduled time; how late it is, is the context's business (`ctx.now - event.at`).
    """

    play: str
    name: str
    data: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsEarned(Event):
    """The member got points by an award, after caps. The engine makes it in the award's own transaction, and only where
    a play of the group listens."""

    points: int
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectSettled(Event):
    """What became of an effect of this play that carried a `key`. `at` is when the network had accepted it. `error` is
    `EXPIRED` where it was never tried: the account was away for too long, or too much was waiting."""

    play: str
    key: str
    outcome: Outcome
    message_id: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorDecided(Event):
    """An operator answered an `AskOperator` of this play. `member` is the operator."""

    play: str
    key: str
    choice: str
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorOrdered(Event):
    """An operator wants something of this play by a button of the console or a command of the terminal. `member` is who
    (`console:陈老师`); `order` is a word of the play's own, `about` what of it is meant, "" all, `data` what else it
    needs. Nobody answers in the group: the operator isn't there. What is not done is said by `Step.refused`."""

    play: str
    order: str
    about: str = ""
    data: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayStarted(Event):
    """Another play (`StartPlay`) or an operator asked this play to begin."""

    play: str
    data: Mapping[str, str] = field(default_factory=dict)
