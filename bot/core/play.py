"""What a play is: one kind of ritual or mechanism, as a pure step function over its own state.

A kind is one file or folder in `bot/plays` that ends in `PLAY = Play(...)`; it is found by that name, nothing else wires
it. One *run* is one play of one playbook in one group. Its state has two parts:

- `State`: one small document per run, loaded and written whole.
- `Slot` (optional): documents by key, mostly one per member, loaded only as `needs` asks and written only when changed.
  What grows with members or messages belongs here.

Rules every play keeps (inherited tests hold it to them): `start` and `step` are pure and total on any event; state and
slots survive JSON; after `Finish` silence; no timer in the past.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Generic, Literal, Self, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from bot.core.effects import Effect
from bot.core.events import Event, MessageReceived, Role
from bot.core.persons import Persons
from bot.core.points import Entry, PointRules
from bot.core.quick import quick_init

if TYPE_CHECKING:
    from bot.core.scoring import Explanation


_set = object.__setattr__


class Frozen(BaseModel):
    """Base of every `State` and `Slot`: immutable, unknown keys forbidden, JSON both ways."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """As pydantic's, at a third of its cost: here are no extra and no private attributes. Every check-in copies thrice."""
        if deep:
            return super().model_copy(update=update, deep=True)
        update = update or {}
        made = self.__class__.__new__(self.__class__)
        _set(made, "__dict__", {**self.__dict__, **update})
        _set(made, "__pydantic_fields_set__", self.__pydantic_fields_set__ | update.keys())
        _set(made, "__pydantic_extra__", None)
        _set(made, "__pydantic_private__", None)
        return made


class PlayParams(BaseModel):
    """Base of every play's `Params`: what an operator may write. Unknown keys are the operator's typos."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, allow_inf_nan=False)


class NoState(Frozen):
    """The state of a play that keeps none."""


class Capability(StrEnum):
    """What an account may do in a chat: declared by the network, probed, downgraded when refused."""

    MUTE = "mute"
    MUTE_ALL = "mute_all"
    KICK = "kick"
    RECALL_OTHERS = "recall_others"
    RECALL_OWN = "recall_own"
    ANNOUNCE = "announce"
    SET_CARD = "set_card"
    SET_TITLE = "set_title"
    MENTION_ALL = "mention_all"
    APPROVE = "approve"
    PRIVATE = "private"
    PICTURE = "picture"
    FILE = "file"
    HISTORY = "history"


ALL_CAPABILITIES = frozenset(Capability)


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Somebody in the group. `labels` are what conditions match: `role:operator`, `tier:核心`, `tag:…`, `id:qq:1`.

    `spoke_at`: the last words that the bot heard, None: none. `title`: the network's special title, None: not known yet.
    """

    uid: str
    name: str
    role: Role = "member"
    joined_at: datetime | None = None
    spoke_at: datetime | None = None
    labels: frozenset[str] = frozenset()
    is_bot: bool = False
    title: str | None = None

    @property
    def is_operator(self) -> bool:
        return "role:operator" in self.labels


@dataclass(frozen=True, slots=True)
class Recent:
    """A message of the chat that came shortly before the event: `at` is the network's time, `text` as members read it."""

    member: str
    at: datetime
    text: str
    message_id: str


MOST_RECENT = 200
"""`Context.recent` never holds more than this many messages, save where a play asks by number (`Needs.said`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One row of a ranking. `parts` explain `total`: points per source."""

    member: str
    name: str
    total: float
    parts: Mapping[str, float] = field(default_factory=dict)


Window = Literal["day", "week", "month", "all"]
SCORE_KINDS = ("points", "activity", "earned")
"""`points` is what somebody has, `earned` what awards ever gave: spending takes nothing from it."""


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What the engine must load before this event is stepped.

    `slots`: keys, a prefix written with a star at its end (`chain-3/*`), or "all". The acting member's own uid is the
    usual key. `balances`: points by member uid. `scores`: rankings by (kind of `SCORE_KINDS`, window), where a window is
    a `Window` or the last days (`30d`); `own`: the same of the acting member alone, with this very event. `recent_s`:
    how many seconds of the whole chat's messages before this event `recent` must hold; `said`: instead, how many of its
    last messages, whatever their age (read from the log: for rare commands). `entries`: whose newest ledger
    entries; `earned_by`: a message id, whose entries that nobody has undone; `lapsing`: moments, for what everybody
    still holds of points from before; `claims`: keys of benefits that the acting member may have had somewhere.
    """

    slots: tuple[str, ...] | Literal["all"] = ()
    roster: bool = False
    balances: tuple[str, ...] | Literal["all"] = ()
    scores: tuple[tuple[str, str], ...] = ()
    own: tuple[tuple[str, str], ...] = ()
    recent_s: int = 0
    said: int = 0
    entries: tuple[str, ...] = ()
    earned_by: str = ""
    lapsing: tuple[datetime, ...] = ()
    claims: tuple[str, ...] = ()
    deeds: tuple[tuple[str, int], ...] = ()
    """(deed of `bot.core.deeds`, how often): everybody who has done it so often by the log."""
    done: tuple[str, ...] = ()
    """Deeds of the acting member."""
    explain_days_ago: int | None = None
    """The acting member's score of the week, with the lines of the day so many days ago."""


NOTHING = Needs()


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandSpec:
    """A word that members or operators type. `is_glued`: text may follow without a space (打卡今天读了三页).

    `rest` says what may follow: nothing (else it is chat, not the command), or any text. `help` is one short line.
    """

    name: str
    aliases: tuple[str, ...] = ()
    for_operators: bool = False
    rest: Literal["none", "optional"] = "none"
    is_glued: bool = False
    help: str = ""


@dataclass(frozen=True, slots=True)
class Command:
    """A command as typed: `name` is the spec's, `rest` what followed it, trimmed, as typed."""

    name: str
    rest: str = ""


Missed = Literal["skip", "late", "catch_up"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A recurring (`cron`) or daily (`at`, local time) or one-off (`once`) firing, declared by params.

    `missed`: what a firing does that came due while the bot was down: `skip` it visibly, run the last one `late`, or
    `catch_up` with every one. `within_s` bounds lateness. `jitter_s` delays each firing by a share that is a hash of
    (seed, scheduled time). `days` narrows to workdays or holidays of the Chinese calendar.
    """

    name: str
    cron: str = ""
    at: time | None = None
    once: datetime | None = None
    jitter_s: int = 0
    missed: Missed = "skip"
    within_s: int = 6 * 3600
    days: Literal["all", "workdays", "holidays"] = "all"


P = TypeVar("P", bound=BaseModel)
S = TypeVar("S", bound=BaseModel)


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Context(Generic[P]):
    """Everything a step may know besides its state and the event.

    `now` is the clock of the step, `event.at` the network's; windows and days go by `event.at`, timers by `now`.
    `command` is set when this play's own command was typed. `slots`, `roster`, `balances`, `scores` hold what `needs`
    asked for; `recent` the chat's last messages before this event, oldest first, at most `MOST_RECENT`. `group_vars`
    are the playbook's `vars`, `title` its title.
    """

    params: P
    now: datetime
    chat: str
    chat_name: str = ""
    group_size: int = 0
    account: str = ""
    playbook: str = ""
    title: str = ""
    play: str = ""
    seed: str = ""
    zone: ZoneInfo = ZoneInfo("Asia/Shanghai")
    day_starts: time = time(0)
    quiet_from: time | None = None
    quiet_to: time | None = None
    caps: frozenset[Capability] = ALL_CAPABILITIES
    member: Member | None = None
    command: Command | None = None
    slots: Mapping[str, Any] = field(default_factory=dict)
    roster: Mapping[str, Member] = field(default_factory=dict)
    balances: Mapping[str, int] = field(default_factory=dict)
    scores: Mapping[tuple[str, str], tuple[Score, ...]] = field(default_factory=dict)
    own: Mapping[tuple[str, str], float] = field(default_factory=dict)
    """(kind, window) → the acting member's total."""
    recent: tuple[Recent, ...] = ()
    entries: Mapping[str, tuple[Entry, ...]] = field(default_factory=dict)
    """Member → newest ledger entries, newest first."""
    earned: tuple[Entry, ...] = ()
    lapsing: Mapping[datetime, Mapping[str, int]] = field(default_factory=dict)
    claims: Mapping[str, str] = field(default_factory=dict)
    """Benefit → the group where the member had it; only those that were had."""
    deeds: Mapping[tuple[str, int], Mapping[str, str]] = field(default_factory=dict)
    """(deed, how often) → member → the day (ISO) on which it was reached."""
    done: Mapping[str, int] = field(default_factory=dict)
    """Deed → how often the acting member has done it, of a run the longest."""
    explanation: Explanation | None = None
    """Why the acting member's score is what it is, where `needs` asked for it."""
    assets: Mapping[str, Any] = field(default_factory=dict)
    group_vars: Mapping[str, Any] = field(default_factory=dict)
    handbook: tuple[tuple[str, CommandSpec], ...] = ()
    """(play name, command) of every command that works in this group: what 帮助 answers with."""

    def local(self, at: datetime) -> datetime:
        """`at` on the group's wall clock."""
        return at.astimezone(self.zone)

    def day(self, at: datetime) -> date:
        """The group's day that `at` belongs to: a day begins at `day_starts`, not always at midnight."""
        return (self.local(at) - timedelta(hours=self.day_starts.hour, minutes=self.day_starts.minute)).date()

    def is_quiet(self, at: datetime) -> bool:
        """Whether `at` lies in the playbook's quiet hours (which may span midnight)."""
        if self.quiet_from is None or self.quiet_to is None:
            return False
        clock = self.local(at).time()
        if self.quiet_from <= self.quiet_to:
            return self.quiet_from <= clock < self.quiet_to
        return clock >= self.quiet_from or clock < self.quiet_to

    def after_quiet(self, at: datetime) -> datetime:
        """`at`, or the end of the quiet hours that it lies in."""
        if self.quiet_to is None or not self.is_quiet(at):
            return at
        local = self.local(at)
        end = local.replace(hour=self.quiet_to.hour, minute=self.quiet_to.minute, second=0, microsecond=0)
        if end <= local:
            end += timedelta(days=1)
        return end.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Step(Generic[S]):
    """The outcome of a step. `slots` holds only what changed (None removes). `why` is what the trace will say:
    each condition that decided, with its value. `refused`: why an `OperatorOrdered` is not done, as a code; then nothing
    changed."""

    state: S
    effects: tuple[Effect, ...] = ()
    slots: Mapping[str, Any] = field(default_factory=dict)
    why: Mapping[str, Any] = field(default_factory=dict)
    refused: str = ""


def _no_commands(params: Any) -> Sequence[CommandSpec]:
    return ()


def _no_schedules(params: Any) -> Sequence[Schedule]:
    return ()


def _own_slot(params: Any, event: Event) -> Needs:
    return Needs(slots=(event.member,)) if event.member else NOTHING


def _hears_only_commands(params: Any, event: MessageReceived) -> bool:
    return False


def _reads_no_images(params: Any) -> bool:
    return False


def _no_rules(params: Any) -> PointRules | None:
    return None


def _always(state: Any) -> bool:
    return True


def _never_busy(state: Any) -> bool:
    return False


DELETED = "（已删除）"
"""What stands where an erased member's words stood."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What is left when a member was erased from a run: the new state, only the changed slots, and the words that were
    taken out, so that copies of them can be found elsewhere."""

    state: Any
    slots: Mapping[str, Any] = field(default_factory=dict)
    words: frozenset[str] = frozenset()


def _forgets_nothing(state: Any, slots: Mapping[str, Any], uid: str) -> Forgotten:
    return Forgotten(state=state)


@dataclass(frozen=True, slots=True, kw_only=True)
class Play(Generic[P, S]):
    """One kind of play. `kind` is the YAML word, `title` its Chinese name.

    `listens`: event types that reach `step`. A `MessageReceived` reaches it only when it is this play's command or
    `hears` says so: `hears` sees every message of every group, without state, and must be cheap.
    `reads_images`: whether QR codes in the group's pictures are read for this play, as `ImageRead` events.
    `late_s`: how old a message that was fetched after a gap may be and still reach `step`; older ones are only logged.
    `attends(state)`: whether chat that is no command of the play can matter now; while it can't, such messages aren't
    stepped, whatever `hears` says. A step that would change nothing costs as much as one that does.
    `is_busy(state)`: a session is in flight, so the run stays on the version of the playbook it began with.
    `can_wait`: what it says is still worth saying when a person sends it minutes later; a quiz's questions are not.
    `persons`: how the slots of two ids become one when an operator says that they are the same member; without it the
    older id's slot goes on alone. Only slots whose key is the member's uid itself are concerned.
    `forget(state, slots, uid)`: one member's words leave all slots of a run. What is named after the member (`…/<uid>`)
    is deleted and uids are replaced without it; it is needed where words stand without the uid beside them.
    `upgrade[n]` turns the state document of version n into that of n + 1; `Params` of old versions need no converter,
    the YAML is the operator's.
    """

    kind: str
    version: int
    title: str
    Params: type[P]
    State: type[S]
    start: Callable[[Context[P]], Step[S]]
    step: Callable[[S, Event, Context[P]], Step[S]]
    listens: frozenset[type[Event]]
    Slot: type[BaseModel] | None = None
    hears: Callable[[P, MessageReceived], bool] = _hears_only_commands
    commands: Callable[[P], Sequence[CommandSpec]] = _no_commands
    schedules: Callable[[P], Sequence[Schedule]] = _no_schedules
    needs: Callable[[P, Event], Needs] = _own_slot
    attends: Callable[[S], bool] = _always
    is_busy: Callable[[S], bool] = _never_busy
    reads_images: Callable[[P], bool] = _reads_no_images
    point_rules: Callable[[P], PointRules | None] = _no_rules
    """What every award of the group keeps to; the first play of a group that has any counts."""
    late_s: int = 900
    forget: Callable[[Any, Mapping[str, Any], str], Forgotten] = _forgets_nothing
    wants_capabilities: Callable[[P], Mapping[str, Capability]] = lambda params: {}
    """Params path (dotted) -> capability it relies on: `check` warns where a network lacks it."""
    can_wait: bool = True
    persons: Persons[Any] | None = None
    upgrade: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = field(default_factory=dict)

    @property
    def hears_chat(self) -> bool:
        """Whether messages that are no command of the play can ever reach it."""
        return MessageReceived in self.listens and self.hears is not _hears_only_commands
