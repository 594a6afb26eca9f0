"""points 积分规则: caps, lapse, welcome gifts, and what leaving or recalling does to points.

The caps concern every award of the group: the engine asks for them (`point_rules`). All else is entries of this play. Once
a day it takes away what is too old and says what will be too old soon; both follow from the ledger, so a day that was
missed is made up by the next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from bot.core.effects import Award, Effect, Lane, Say, Template
from bot.core.events import Event, MemberLeft, MessageRecalled, MessageReceived, TimerFired
from bot.core.play import CommandSpec, Context, Needs, NoState, Play, PlayParams, Schedule, Step
from bot.core.points import Entry, PointRules
from bot.core.text import fold
from bot.core.units import Clock, Duration

Source = Literal["checkin", "quiz", "chain", "welcome", "points"]
TITLES: Mapping[str, str] = {
    "checkin": "打卡", "quiz": "答题", "chain": "接龙", "welcome": "入群", "points": "福利", "shop": "商店",
}  # fmt: skip
HISTORY, CLAIM = "积分明细", "领取"
_NAMED = 20
"""How many members a notice names."""
_OWN_RECALL = frozenset({"checkin"})
"""Sources whose plays take back what a recalled message earned themselves."""

Ctx = Context["Params"]


class Expire(PlayParams):
    """Points lapse, the oldest first."""

    after: Duration = Field(description="积分多久后过期,例如 365d · how long points last")
    announce: Duration = Field(
        default=timedelta(days=7), description="提前多久提醒,0s 不提醒 · how long before to say so"
    )
    at: Clock = Field(default="10:00", validate_default=True, description="每天几点清理和提醒 · time of day")

    @field_validator("after")
    @classmethod
    def _long_enough(cls, after: timedelta) -> timedelta:
        if after < timedelta(days=1):
            raise ValueError("after 至少一天,如 365d · at least one day, e.g. 365d")
        return after


Points = Annotated[int, Field(ge=1, le=100_000)]


class Params(PlayParams):
    caps: dict[Source, Points] = Field(
        default_factory=dict,
        description="每人每天每种来源最多得几分 {checkin: 20, quiz: 50} · the most a member gains in a day, by source",
    )
    a_day: int = Field(
        default=0, ge=0, description="每人每天一共最多得几分,0 不限 · the most in a day from all sources"
    )
    expire: Expire | None = Field(default=None, description="积分过期 · points lapse after a while")
    on_leave: Literal["keep", "forfeit"] = Field(
        default="keep", description="退群后积分:keep 留着,forfeit 清零 · points of those who leave"
    )
    on_recall: Literal["keep", "take_back"] = Field(
        default="keep",
        description="撤回消息后,那条消息得的分:keep 留着,take_back 收回 · points that a recalled message earned",
    )
    benefits: dict[str, Points] = Field(
        default_factory=dict,
        description="福利 {新人福利: 20}:发「领取 新人福利」,每人一次,换群、退了再进都不再给 · gifts, once for each person "
        "in all groups",
    )

    @field_validator("benefits")
    @classmethod
    def _names(cls, benefits: dict[str, int]) -> dict[str, int]:
        if any(not 1 <= len(name.strip()) <= 12 for name in benefits):
            raise ValueError("福利的名字要有 1 到 12 个字 · a benefit has a name of 1 to 12 characters")
        return benefits


def commands(params: Params) -> Sequence[CommandSpec]:
    specs = [CommandSpec(name=HISTORY, aliases=("我的积分明细", "积分记录"), help="最近的积分是怎么来的")]
    if params.benefits:
        names = "、".join(params.benefits)
        aliases = tuple(f"{verb}{name}" for verb in ("领取", "领") for name in params.benefits)
        specs.append(CommandSpec(name=CLAIM, aliases=aliases, rest="optional", help=f"领{names}"))
    return specs


def schedules(params: Params) -> Sequence[Schedule]:
    if params.expire is None:
        return ()
    return (Schedule(name="expire", at=params.expire.at, missed="late", within_s=86_400),)


def needs(params: Params, event: Event) -> Needs:
    uid = event.member
    match event:
        case MessageReceived():
            return Needs(entries=(uid,), balances=(uid,), claims=tuple(params.benefits))
        case MessageRecalled() if params.on_recall == "take_back" and uid:
            return Needs(earned_by=event.message_id, balances=(uid,))
        case MemberLeft() if params.on_leave == "forfeit":
            return Needs(balances=(uid,))
        case TimerFired() if params.expire is not None:
            return Needs(lapsing=_moments(params.expire, event.at), roster=True)
    return Needs()


def start(ctx: Ctx) -> Step[NoState]:
    return Step(NoState())


def step(state: NoState, event: Event, ctx: Ctx) -> Step[NoState]:
    params = ctx.params
    match event:
        case MessageReceived() if ctx.command is not None:
            said = _history(event, ctx) if ctx.command.name == HISTORY else None
            return Step(state, (said,)) if said else Step(state, tuple(_claim(event, ctx)))
        case MessageRecalled() if params.on_recall == "take_back":
            return Step(state, tuple(_take_back(event.member, ctx)))
        case MemberLeft() if params.on_leave == "forfeit" and ctx.balances.get(event.member, 0) > 0:
            points = ctx.balances[event.member]
            gone = Award(
                member=event.member, points=-points, reason="退群清零", key=f"leave:{event.id}", account="forfeit"
            )
            return Step(state, (gone,), why={"forfeits": points})
        case TimerFired(name="expire") if params.expire is not None:
            return Step(state, tuple(_expire(params.expire, event.at, ctx)))
    return Step(state)


def _history(event: MessageReceived, ctx: Ctx) -> Say:
    rows = [
        {
            "at": f"{ctx.local(entry.at):%m-%d %H:%M}",
            "points": entry.points,
            "what": _what(entry),
            "left": entry.balance,
        }
        for entry in ctx.entries.get(event.member, ())
    ]
    return _say(event, "history", rows=rows, points=ctx.balances.get(event.member, 0))


def _what(entry: Entry) -> str:
    return entry.reason or TITLES.get(entry.source, entry.source)


def _claim(event: MessageReceived, ctx: Ctx) -> list[Effect]:
    assert ctx.command is not None
    asked = fold(ctx.command.rest or event.text)
    names = list(ctx.params.benefits)
    wanted = next((name for name in names if fold(name) in asked), names[0] if len(names) == 1 else "")
    if not wanted:
        return [_say(event, "claim_which", names=names)]
    if wanted in ctx.claims:
        return [_say(event, "claimed", benefit=wanted, group=ctx.claims[wanted])]
    points = ctx.params.benefits[wanted]
    gift = Award(member=event.member, points=points, reason=wanted, key=wanted, once="person")
    name = ctx.member.name if ctx.member else event.name
    return [gift, _say(event, "gift", benefit=wanted, points=points, name=name)]


def _take_back(uid: str, ctx: Ctx) -> list[Effect]:
    """What was spent meanwhile can't be taken back."""
    left = ctx.balances.get(uid, 0)
    effects: list[Effect] = []
    for entry in ctx.earned:
        points = min(entry.points, left)
        if entry.source in _OWN_RECALL or points <= 0:
            continue
        left -= points
        reason = f"撤回了消息({_what(entry)})"
        key = f"undo:{entry.id}"
        effects.append(Award(member=uid, points=-points, reason=reason, key=key, source=entry.source, undoes=entry.id))
    return effects


def _moments(expire: Expire, at: datetime) -> tuple[datetime, ...]:
    """What came before the first lapses now; what came between the others lapses on the day that is announced."""
    old = at - expire.after
    if not expire.announce:
        return (old,)
    soon = old + expire.announce
    return (old, soon - timedelta(days=1), soon)


def _expire(expire: Expire, at: datetime, ctx: Ctx) -> list[Effect]:
    old, *soon = _moments(expire, at)
    day = ctx.day(at).isoformat()
    effects: list[Effect] = [
        Award(member=uid, points=-points, reason="积分过期", key=f"expiry:{day}", account="expiry")
        for uid, points in sorted(ctx.lapsing.get(old, {}).items())
        if points > 0
    ]
    if not soon:
        return effects
    before, until = (ctx.lapsing.get(moment, {}) for moment in soon)
    lapsing = [(points - before.get(uid, 0), uid) for uid, points in until.items() if uid in ctx.roster]
    lapsing = sorted((pair for pair in lapsing if pair[0] > 0), key=lambda pair: (-pair[0], pair[1]))
    if lapsing:
        on = ctx.local(at + expire.announce)
        rows = [{"name": ctx.roster[uid].name, "points": points} for points, uid in lapsing[:_NAMED]]
        data: dict[str, Any] = {"month": on.month, "day": on.day, "rows": rows, "more": len(lapsing) - len(rows)}
        effects.append(Say(words=Template("points/lapsing", data), lane=Lane.NOTICE))
    return effects


def _say(event: MessageReceived, template: str, **data: Any) -> Say:
    to = event.member if event.is_private else None
    return Say(words=Template(f"points/{template}", data), to=to, reply_to=None if to else event.message_id)


def point_rules(params: Params) -> PointRules:
    caps: dict[str, int] = {str(source): most for source, most in params.caps.items()}
    return PointRules(caps=caps, a_day=params.a_day, titles=TITLES)


PLAY = Play(
    kind="points",
    version=1,
    title="积分规则",
    Params=Params,
    State=NoState,
    start=start,
    step=step,
    listens=frozenset({MessageReceived, MessageRecalled, MemberLeft, TimerFired}),
    commands=commands,
    schedules=schedules,
    needs=needs,
    point_rules=point_rules,
)
