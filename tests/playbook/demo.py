"""Tiny plays for tests of the language, so that they depend on no real one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator

from bot.core.audience import Audience
from bot.core.play import Capability, CommandSpec, NoState, Play, PlayParams, Schedule, Step
from bot.core.prizes import Prizes
from bot.core.units import (
    AssetPath,
    AssetProblem,
    BankPath,
    Clock,
    Day,
    Duration,
    Hours,
    LexiconPath,
    Moment,
    TemplateText,
)
from bot.engine.calendar import next_fire as engine_next_fire
from bot.engine.template_check import check_template
from bot.playbook.checks import Checks

NOW = datetime(2026, 3, 1, 4, tzinfo=UTC)


class Warn(PlayParams):
    do: Literal["warn"] = Field(description="做什么 · what is done")
    text: str = Field(default="", description="说什么 · what is said")


class Mute(PlayParams):
    do: Literal["mute"] = Field(description="做什么 · what is done")
    for_: Duration = Field(alias="for", description="多久 · how long")
    fallback: str = Field(default="warn", description="做不到时 · where impossible")


class Times(PlayParams):
    cron: str = Field(default="", description="重复的时间 · cron")
    at: Clock | None = Field(default=None, description="每天几点 · time of day")
    once: Moment | None = Field(default=None, description="只一次 · once")


class Content(PlayParams):
    min_chars: int = Field(default=0, ge=0, le=500, description="最少字数 · least characters")
    or_: Literal["image"] | None = Field(default=None, alias="or", description="图片也算 · a picture will do")


class DemoParams(PlayParams):
    commands: tuple[str, ...] = Field(default=("试试",), max_length=3, description="口令 · commands")
    text: Annotated[str, TemplateText(("name", "mentions"))] = Field(default="", description="文字 · text")
    batch: Duration | None = Field(default=None, description="攒多久 · how long to collect")
    window: Hours | None = Field(default=None, description="时间段 · window")
    start: Day | None = Field(default=None, description="开始日期 · first day")
    count: int = Field(default=5, ge=1, le=10, description="几个 · how many")
    ratio: float = Field(default=0.5, description="比例 · ratio")
    native: bool = Field(default=False, description="原生 · native")
    content: Content | None = Field(default=None, description="内容 · content")
    schedule: Times | None = Field(default=None, description="时间 · times")
    ladder: tuple[Annotated[Warn | Mute, Field(discriminator="do")], ...] = Field(
        default=(), description="阶梯 · ladder"
    )
    who: str | tuple[str, ...] | Content = Field(default="", description="谁 · who")
    lexicon: LexiconPath | None = Field(default=None, description="词库 · lexicon")
    note: AssetPath | None = Field(default=None, description="文稿 · text file")
    streak: dict[int, int] = Field(default_factory=dict, description="连续奖励 · streak bonus")
    exempt: tuple[str, ...] = Field(default=(), description="豁免 · exempt")
    audience: Audience = Field((), description="对谁 · whom")

    @field_validator("ratio")
    @classmethod
    def _with_a_bug(cls, ratio: float) -> float:
        return ratio if ratio != 99 else {}["no such key"]

    @field_validator("exempt")
    @classmethod
    def _not_all(cls, exempt: tuple[str, ...]) -> tuple[str, ...]:
        if "all" in exempt:
            raise ValueError("豁免所有人就等于没有规则 · exempting everybody leaves no rule")
        return exempt


class QuizParams(PlayParams):
    bank: BankPath = Field(description="题库 · bank")
    questions: int = Field(default=5, ge=1, description="几题 · questions")


class Entry(PlayParams):
    day: str = Field(description="哪天 · day")
    slot: str = Field(description="时段 · slot")
    topic: str = Field(default="", description="选题 · topic")
    points: tuple[str, ...] = Field(default=(), description="要点 · key points")
    post: AssetPath | None = Field(default=None, description="文稿 · text file")


class Pacing(PlayParams):
    max_messages: int = Field(default=35, description="最多几条 · messages")
    max_duration: Duration | None = Field(default=None, description="最久 · longest")


class CampaignParams(PlayParams):
    text: Annotated[str, TemplateText(("week",))] = Field(default="", description="文字 · text")
    slots: dict[str, Hours] = Field(default_factory=dict, description="时段 · slots")
    calendar: tuple[Entry, ...] = Field(default=(), description="日历 · calendar")
    pacing: Pacing | None = Field(default=None, description="节奏 · pacing")


class ShopParams(PlayParams):
    items: dict[str, int] = Field(default_factory=dict, description="商品 · goods")


def _commands(params: DemoParams) -> Sequence[CommandSpec]:
    return [CommandSpec(name=word) for word in params.commands] + [CommandSpec(name="演示帮助")]


def _schedules(params: DemoParams) -> Sequence[Schedule]:
    times = params.schedule
    if times is None:
        return []
    return [Schedule(name="main", cron=times.cron, at=times.at, once=times.once)]


def _wants(params: DemoParams) -> Mapping[str, Capability]:
    return {f"ladder.{index}.do": Capability.MUTE for index, each in enumerate(params.ladder) if each.do == "mute"}


def _start(ctx: Any) -> Step[NoState]:
    return Step(NoState())


def _step(state: NoState, event: Any, ctx: Any) -> Step[NoState]:
    return Step(state)


def _play(kind: str, title: str, params: Any, **more: Any) -> Play[Any, Any]:
    return Play(
        kind=kind,
        version=1,
        title=title,
        Params=params,
        State=NoState,
        start=_start,
        step=_step,
        listens=frozenset(),
        **more,
    )


KINDS = {
    "demo": _play("demo", "演示", DemoParams, commands=_commands, schedules=_schedules, wants_capabilities=_wants),
    "quiz": _play("quiz", "答题", QuizParams, can_wait=False),
    "campaign": _play("campaign", "内容推送", CampaignParams),
    "contest": _play("contest", "比赛", Prizes),
    "shop": _play("shop", "商店", ShopParams),
}


class _Question:
    def __init__(self, kind: str) -> None:
        self.type = kind


class _Bank:
    def __init__(self, kinds: Sequence[str]) -> None:
        self.questions = [_Question(kind) for kind in kinds]


def _parse_bank(path: str, text: str) -> tuple[Any, list[AssetProblem]]:
    lines = text.splitlines()
    problems = [
        AssetProblem(number, "题目没有答案 · a question has no answer")
        for number, line in enumerate(lines, 1)
        if line == "没有答案"
    ]
    return _Bank([line for line in lines if line]), problems


def _parse_lexicon(path: str, text: str) -> tuple[Any, list[AssetProblem]]:
    problems = [
        AssetProblem(number, "这一行是空的 · an empty line", is_error=False)
        for number, line in enumerate(text.splitlines(), 1)
        if not line.strip()
    ]
    return tuple(text.split()), problems


PARSERS = {"bank": _parse_bank, "lexicon": _parse_lexicon}


def _next_fire(schedule: Schedule, zone: ZoneInfo) -> datetime | None:
    return engine_next_fire(schedule, NOW, zone)


CHECKS = Checks(kinds=KINDS, parsers=PARSERS, check_template=check_template, next_fire=_next_fire)
