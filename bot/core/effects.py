"""What a play wants done, in the imperative: data, until the transaction that holds it has been committed.

Two families. *Inward* effects (`Award`, `Tag`, `Note`, `SetTimer`, `CancelTimer`, `StartPlay`, `AskOperator`, `Finish`)
are done by the transaction itself. *Outward* effects become outbox rows and reach a network after the commit, each
with a declared policy for the one case that nobody can decide afterwards: the process died between handing it to the
network and hearing back.

Words are never finished text here: a play names a template and its data, the engine renders them with the operator's
variables. A value of type `Mention` inside the data becomes a real mention on the network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Any, Literal, TypeAlias

from bot.core.points import Account

OnUnknown = Literal["never", "resend", "ask"]
"""After a crash with the outcome unknown: give it up visibly, send it again (only what is idempotent), or ask."""


class Lane(IntEnum):
    """Priority in the outbox: lower goes first."""

    MODERATION = 0
    ANSWER = 1
    NOTICE = 2
    CAMPAIGN = 3


@dataclass(frozen=True, slots=True)
class Template:
    """A file below `templates/plays/`, without the suffix: `checkin/done`."""

    name: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Inline:
    """Template text that the operator wrote in the playbook."""

    source: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Literally:
    """Finished text: nothing in it is ever read as a template."""

    text: str


Words: TypeAlias = Template | Inline | Literally


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture as data: `name` is a file of `templates/cards`, `data` what it shows (text, numbers, lists, maps)."""

    name: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outward:
    """`key` names the effect within its play, so that `EffectSettled` can be recognised; "" asks for no report.

    `expires_at`: not sent after that. `lane` and `on_unknown` as declared by the play.
    """

    key: str = ""
    lane: Lane = Lane.ANSWER
    on_unknown: OnUnknown = "never"
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Say(Outward):
    """Say it in the group, or in private to the member `to`. `mention` uids are put in front.

    `drawing` is sent in the place of the words where it can be drawn and sent; the words are what is said otherwise, as
    one message.
    """

    words: Words
    to: str | None = None
    mention: tuple[str, ...] = ()
    mention_all: bool = False
    reply_to: str | None = None
    pictures: tuple[str, ...] = ()
    drawing: Drawing | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SendFile(Outward):
    """A table as a file: the shell writes it. `rows` hold text and numbers only."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | int | float, ...], ...]
    format: Literal["xlsx", "csv"] = "xlsx"
    to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SendReport(Outward):
    """The report on the days from `first` to `last` (ISO, both included), to the group or in private to `to`.

    It is made from the log between the commit and the send: the row holds only what to make. `form`: html, xlsx, png, text.
    """

    period: str
    first: str
    last: str
    form: str
    to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall(Outward):
    message_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mute(Outward):
    """`for_s` = 0 lifts. The duration is always sent: networks differ on what its absence means."""

    member: str
    for_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MuteAll(Outward):
    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Kick(Outward):
    member: str
    is_banned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Announce(Outward):
    words: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Approve(Outward):
    """Answers a `JoinRequested` (or `BotInvited`) by its flag."""

    flag: str
    is_approved: bool
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetCard(Outward):
    member: str
    card: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTitle(Outward):
    member: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Invite(Outward):
    """Adds somebody to the group, or sends an invitation where the network wants them to agree."""

    member: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rename(Outward):
    """The group's own name."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Forward(Outward):
    """A message of this group, as it is, to the group `into`."""

    message_id: str
    into: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetRemark(Outward):
    """What the account's own address book calls somebody (备注); nobody else sees it. "" takes it away."""

    member: str
    remark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Award:
    """A ledger entry. `key` makes it happen once (`checkin:2026-11-21`): same key, member and chat again is a no-op.

    `points` may be negative, but a balance never falls below zero: an entry that would push it there is refused as a
    whole, with a trace. A play that spends looks at `ctx.balances` first. `source` groups entries for caps and reports.
    `account` is the other side: an award from `issue` is cut to what the group's caps leave. `undoes` is the `Entry.id`
    that this takes back. `once="person"`: the key is the same in every play and group.
    """

    member: str
    points: int
    reason: str
    key: str
    source: str = ""
    account: Account = "issue"
    undoes: str = ""
    once: Literal["group", "person"] = "group"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    member: str
    tag: str
    on: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """An append-only fact, queryable by reports (a check-in, a quiz answer, a verdict). Once per (run, what, key)."""

    what: str
    key: str
    member: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTimer:
    """One timer per (run, name): setting it again moves it. It comes back as `TimerFired`."""

    name: str
    at: datetime
    data: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelTimer:
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StartPlay:
    play: str
    data: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskOperator:
    """A question in the operators' queue (console, private chat). Answered once, as `OperatorDecided`.

    `key` names it within the play; asking again with the same key changes nothing.
    """

    key: str
    words: Words
    choices: tuple[str, ...]
    member: str = ""
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseQuestion:
    """Withdraws an `AskOperator` that no longer needs an answer."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """The run is over: it stays silent, whatever comes."""

    reason: str = ""


OutwardEffect: TypeAlias = (
    Say | SendFile | SendReport | Recall | Mute | MuteAll | Kick | Announce | Approve | SetCard | SetTitle | Invite | Rename | Forward
    | SetRemark
)  # fmt: skip
InwardEffect: TypeAlias = Award | Tag | Note | SetTimer | CancelTimer | StartPlay | AskOperator | CloseQuestion | Finish
Effect: TypeAlias = OutwardEffect | InwardEffect
