"""levels 等级: named levels by points or activity, absolute or by share of the group; up at once or daily, down with grace.

Counted once a day for everybody, in between only for who gets points (`promote: at_once`). `<uid>` holds a member's place;
the state holds the lines of the last count, so that 我的等级 costs one member's rows however large the group is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.core.effects import Say, Template
from bot.core.events import EffectSettled, Event, MessageReceived, PointsEarned, TimerFired
from bot.core.marks import TITLED, refused
from bot.core.play import NOTHING, Capability, CommandSpec, Needs, Play, Schedule, Step
from bot.core.turn import Turn
from bot.plays.levels import answers, counting
from bot.plays.levels.params import Params
from bot.plays.levels.record import Ctx, Hand, Place, State

_COUNT = "count"
_WARNED = "warn/"


def commands(params: Params) -> Sequence[CommandSpec]:
    return (
        CommandSpec(name=params.command, help="看自己的等级和还差多少"),
        CommandSpec(name=params.table, aliases=("等级表",) if params.table == "等级" else (), help="看所有等级和权益"),
    )


def schedules(params: Params) -> Sequence[Schedule]:
    jitter_s = int(params.spread.total_seconds())
    return (Schedule(name=_COUNT, at=params.at, jitter_s=jitter_s, missed="late", within_s=20 * 3600),)


def needs(params: Params, event: Event) -> Needs:
    match event:
        case TimerFired():
            return Needs(slots="all", roster=True, scores=(params.score,))
        case MessageReceived():
            return Needs(slots=(event.member,), own=(params.score,))
        case PointsEarned() if params.promote == "at_once":
            return Needs(slots=(event.member,), own=(params.score,))
        case EffectSettled() if _uid(event.key):
            return Needs(slots=(_uid(event.key),))
    return NOTHING


def start(ctx: Ctx) -> Step[State]:
    return Step(State())


def step(state: State, event: Event, ctx: Ctx) -> Step[State]:
    turn: Hand = Turn(state, ctx)
    match event:
        case TimerFired(name=name) if name == _COUNT:
            counting.count(turn)
        case PointsEarned() if ctx.params.promote == "at_once" and ctx.member is not None:
            if counting.takes_part(ctx.params, ctx.member, ctx):
                counting.earned(turn, ctx.member)
        case MessageReceived() if ctx.command is not None and ctx.member is not None:
            is_table = ctx.command.name == ctx.params.table
            template, data = answers.table(turn) if is_table else answers.own(turn, ctx.member)
            to = event.member if event.is_private else None
            words = Template(f"levels/{template}", data)
            turn.do(Say(words=words, to=to, reply_to=None if to else event.message_id))
        case EffectSettled(outcome="failed") if (place := turn.slot(_uid(event.key))) is not None:
            _failed(turn, event.key, place)
    return turn.step()


def _failed(turn: Hand, key: str, place: Place) -> None:
    """A warning that did not arrive is no warning; a title that was not taken is tried again another day."""
    if key.startswith(_WARNED):
        turn.put(_uid(key), place.model_copy(update={"warned": None}))
    else:
        turn.put(_uid(key), place.model_copy(update={"mark": refused(place.mark)}))


def _uid(key: str) -> str:
    return next((key[len(head) :] for head in (_WARNED, TITLED) if key.startswith(head)), "")


def wants_capabilities(params: Params) -> Mapping[str, Capability]:
    wanted: dict[str, Capability] = {}
    for at, level in enumerate(params.levels):
        if level.title:
            wanted[f"levels.{at}.title"] = Capability.SET_TITLE
        if level.card:
            wanted[f"levels.{at}.card"] = Capability.SET_CARD
    if params.demote is not None:
        wanted["demote"] = Capability.PRIVATE
    return wanted


PLAY = Play(
    kind="levels",
    version=1,
    title="等级",
    Params=Params,
    State=State,
    Slot=Place,
    start=start,
    step=step,
    listens=frozenset({MessageReceived, TimerFired, PointsEarned, EffectSettled}),
    commands=commands,
    schedules=schedules,
    needs=needs,
    wants_capabilities=wants_capabilities,
)
