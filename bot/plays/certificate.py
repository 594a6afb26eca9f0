"""certificate 证书: given by a rule at a time, or by an operator's word; numbered, registered, verifiable.

A member has at most one certificate of a play, for ever: who leaves and comes back has the same number. Eligible is who
meets every condition that is written; of equals the earlier name counts. `<uid>` holds a member's certificate,
`code/<CODE>` whose it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, TypeAlias

from pydantic import Field, model_validator

from bot.core import serial
from bot.core.effects import Drawing, Lane, Note, Say, Template
from bot.core.events import Event, MessageReceived, TimerFired
from bot.core.play import (
    Capability,
    CommandSpec,
    Context,
    Frozen,
    Member,
    Needs,
    Play,
    PlayParams,
    Schedule,
    Step,
    Window,
)
from bot.core.text import fold
from bot.core.turn import Turn
from bot.core.units import Moment

_AT = "award"
_CODE = "code/"
_FOUND = re.compile(rf"(?<![0-9A-Z])[{serial.ALPHABET}]{{{serial.LENGTH}}}(?![0-9A-Z])")
_NAMED = 20
_HEAD = 60


class Eligible(PlayParams):
    """Every condition that is written must hold."""

    points: int = Field(0, ge=0, description="这段时间至少得多少积分 · points at least")
    activity: float = Field(0, ge=0, description="这段时间活跃度至少多少 · activity at least")
    window: Window = Field("all", description="看多久:day week month all · over which time")
    label: str = Field("", description="要有的标签,如 tag:毕业、tier:核心 · a label that the member must have")

    @model_validator(mode="after")
    def _is_a_rule(self) -> Eligible:
        if not (self.points or self.activity or self.label):
            raise ValueError("至少写一个条件:points、activity 或 label · write at least one condition")
        return self


class Params(PlayParams):
    form: Literal["completion", "award", "honour"] = Field(
        "completion",
        description="哪种证书:completion 结课、award 表彰、honour 荣誉 · completion, merit or honour; looks in templates/cards",
    )
    reason: str = Field(
        "", max_length=80, description="为什么颁发,一句话,印在证书上 · what it is given for, one sentence"
    )
    eligible: Eligible | None = Field(None, description="谁能得到 · who gets one")
    at: Moment | None = Field(None, description="什么时候按条件颁发,如 2026-11-30 20:00 · when the rule is applied")
    command: str = Field("我的证书", min_length=1, description="取自己证书的指令 · command for one's own")
    give: str = Field(
        "颁发证书", min_length=1, description="运营颁发的指令,后面@成员 · operators give one to whom they mention"
    )
    verify: str = Field("验证证书", min_length=1, description="验证校验码的指令 · command that verifies a code")
    prefix: str = Field("", max_length=12, description="编号前缀 · put before the number")
    digits: int = Field(4, ge=1, le=8, description="编号位数 · digits of the number")
    picture: bool = Field(True, description="发成图片,发不了图就发文字 · as a picture, in words where none can be sent")

    @model_validator(mode="after")
    def _has_whom(self) -> Params:
        if self.at is not None and self.eligible is None:
            raise ValueError("写了 at 就要写 eligible:谁能得到 · `at` needs `eligible`")
        return self


class State(Frozen):
    """`issued` counts numbers given."""

    issued: int = 0


class Paper(Frozen):
    """One certificate. `by`: the operator who gave it, "" for the rule."""

    member: str
    name: str
    number: int
    at: datetime
    by: str = ""


Ctx: TypeAlias = Context[Params]
Hand: TypeAlias = Turn[Params, State]


def commands(params: Params) -> Sequence[CommandSpec]:
    return (
        CommandSpec(name=params.command, help="看自己的证书"),
        CommandSpec(name=params.verify, rest="optional", is_glued=True, help="验证一张证书的校验码"),
        CommandSpec(name=params.give, for_operators=True, rest="optional", is_glued=True, help="给@到的成员颁发证书"),
    )


def schedules(params: Params) -> Sequence[Schedule]:
    return (Schedule(name=_AT, once=params.at, missed="late", within_s=14 * 86_400),) if params.at else ()


def needs(params: Params, event: Event) -> Needs:
    match event:
        case TimerFired():
            rule = params.eligible
            kinds = [kind for kind in ("points", "activity") if rule and getattr(rule, kind)]
            window: Window = rule.window if rule else "all"
            return Needs(slots="all", roster=True, scores=tuple((kind, window) for kind in kinds))
        case MessageReceived():
            codes = tuple(_CODE + each for each in _FOUND.findall(fold(event.text[:_HEAD]).upper()))
            return Needs(slots=(event.member, *event.mentions, *codes), roster=bool(event.mentions))
        case _:
            return Needs()


def start(ctx: Ctx) -> Step[State]:
    return Step(State())


def step(state: State, event: Event, ctx: Ctx) -> Step[State]:
    turn: Hand = Turn(state, ctx)
    if isinstance(event, TimerFired) and event.name == _AT:
        _award_all(turn)
    elif isinstance(event, MessageReceived) and ctx.command is not None and event.member:
        params, name = ctx.params, ctx.command.name
        if name == params.command:
            _show(turn, event)
        elif name == params.verify:
            _verify(turn, event, ctx.command.rest)
        elif name == params.give and ctx.member is not None and ctx.member.is_operator:
            _give(turn, event)
    return turn.step()


def _award_all(turn: Hand) -> None:
    """The rule, once: everybody in the group who meets it, the highest first."""
    rule, ctx = turn.params.eligible, turn.ctx
    if rule is None:
        return
    totals = {
        kind: {row.member: row.total for row in ctx.scores.get((kind, rule.window), ())}
        for kind in ("points", "activity")
    }

    def is_eligible(member: Member) -> bool:
        return (
            not member.is_bot
            and totals["points"].get(member.uid, 0) >= rule.points
            and totals["activity"].get(member.uid, 0) >= rule.activity
            and (not rule.label or rule.label in member.labels)
        )

    found = [member for member in ctx.roster.values() if is_eligible(member) and turn.slot(member.uid) is None]
    found.sort(
        key=lambda each: (-totals["points"].get(each.uid, 0), -totals["activity"].get(each.uid, 0), each.name, each.uid)
    )
    papers = [_issue(turn, member.uid, member.name, "") for member in found]
    turn.because(eligible=len(found), rule=rule.model_dump(exclude_defaults=True))
    if papers:
        turn.do(Say(words=Template("certificate/issued", _roll(turn, papers)), lane=Lane.NOTICE))


def _give(turn: Hand, event: MessageReceived) -> None:
    """颁发证书 @成员: to each who is mentioned and has none yet."""
    people = [member for uid in event.mentions if (member := turn.ctx.roster.get(uid)) and not member.is_bot]
    had = [member.name for member in people if turn.slot(member.uid) is not None]
    papers = [_issue(turn, each.uid, each.name, event.member) for each in people if turn.slot(each.uid) is None]
    data = {**_roll(turn, papers), "had": had, "give": turn.params.give}
    turn.because(given=len(papers), had=len(had))
    to = event.member if event.is_private else None
    if len(papers) == 1 and not had:
        turn.do(_paper(turn, papers[0], to))
        return
    turn.do(Say(words=Template("certificate/given", data), to=to))


def _show(turn: Hand, event: MessageReceived) -> None:
    paper: Paper | None = turn.slot(event.member)
    to = event.member if event.is_private else None
    if paper is None:
        at, clock = turn.params.at, turn.ctx.local(turn.ctx.now).replace(tzinfo=None)
        day = f"{at:%m-%d %H:%M}" if at is not None and at > clock else ""
        turn.do(Say(words=Template("certificate/none", {"at": day}), to=to, reply_to=event.message_id))
        return
    turn.do(_paper(turn, paper, to))


def _verify(turn: Hand, event: MessageReceived, asked: str) -> None:
    """From the registry, and only if the hash agrees."""
    wanted = serial.typed(asked)
    paper: Paper | None = turn.slot(_CODE + wanted)
    is_true = paper is not None and serial.code(turn.ctx.seed, paper.member, paper.number) == wanted
    data: dict[str, Any] = {"code": wanted[:20], "is_true": is_true, "verify": turn.params.verify}
    if paper is not None and is_true:
        data |= {**_facts(turn, paper), "form": turn.params.form}
    turn.because(code=wanted[:20], is_true=is_true)
    to = event.member if event.is_private else None
    turn.do(Say(words=Template("certificate/verified", data), to=to, reply_to=event.message_id))


def _issue(turn: Hand, uid: str, name: str, by: str) -> Paper:
    paper = Paper(member=uid, name=" ".join(name.split())[:60], number=turn.state.issued + 1, at=turn.ctx.now, by=by)
    turn.change(issued=paper.number)
    mark = serial.code(turn.ctx.seed, uid, paper.number)
    turn.put(uid, paper)
    turn.put(_CODE + mark, paper)
    data = {"number": paper.number, "code": mark, "form": turn.params.form, "by": by}
    turn.do(Note(what="certificate", key=f"{paper.number}", member=uid, data=data))
    return paper


def _paper(turn: Hand, paper: Paper, to: str | None) -> Say:
    facts = _facts(turn, paper)
    drawing = None
    if turn.params.picture:
        data = {
            "kind": turn.params.form, "name": paper.name, "number": facts["number"], "code": facts["code"],
            "day": facts["date"], "title": turn.ctx.title or turn.ctx.chat_name, "verify": turn.params.verify,
            "reason": turn.params.reason,
        }  # fmt: skip
        drawing = Drawing("certificate", data)
    words = Template("certificate/paper", {**facts, "form": turn.params.form, "reason": turn.params.reason})
    return Say(words=words, to=to, drawing=drawing)


def _facts(turn: Hand, paper: Paper) -> dict[str, str]:
    return {
        "name": paper.name,
        "number": f"{turn.params.prefix}{paper.number:0{turn.params.digits}d}",
        "code": serial.code(turn.ctx.seed, paper.member, paper.number),
        "date": f"{turn.ctx.local(paper.at):%Y-%m-%d}",
    }


def _roll(turn: Hand, papers: Sequence[Paper]) -> dict[str, Any]:
    return {
        "form": turn.params.form,
        "count": len(papers),
        "names": [paper.name for paper in papers[:_NAMED]],
        "more": max(0, len(papers) - _NAMED),
        "command": turn.params.command,
        "reason": turn.params.reason,
    }


def wants_capabilities(params: Params) -> Mapping[str, Capability]:
    return {"picture": Capability.PICTURE} if params.picture else {}


PLAY = Play(
    kind="certificate",
    version=1,
    title="证书",
    Params=Params,
    State=State,
    Slot=Paper,
    start=start,
    step=step,
    listens=frozenset({MessageReceived, TimerFired}),
    commands=commands,
    schedules=schedules,
    needs=needs,
    wants_capabilities=wants_capabilities,
)
