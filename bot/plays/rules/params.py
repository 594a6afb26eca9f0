"""What an operator may write under `kind: rules`, and the commands that follow from it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import cached_property
from typing import Literal

from pydantic import ConfigDict, Field, field_validator

from bot.core.audience import Audience
from bot.core.play import CommandSpec, PlayParams, Schedule
from bot.core.units import Clock, Day, Duration, parse_clock
from bot.plays.rules.book import Book
from bot.plays.rules.rule import MODES, Mode, ModeText, Rule

_MUTE_DAYS_AT_MOST = 30


class Rung(PlayParams):
    """What happens when a member's points reach `at`."""

    model_config = ConfigDict(populate_by_name=True)

    at: int = Field(ge=1, le=1000, description="积分达到多少 · Points reached")
    do: Literal["warn", "mute", "kick"] = Field(description="做什么 · What is done")
    for_: Duration | None = Field(None, alias="for", description="禁言多久 · How long the mute lasts")
    confirm: Literal["operator", "none"] = Field(
        "operator", description="移出前先问运营,none 不问 · ask an operator before removing somebody"
    )

    @field_validator("for_")
    @classmethod
    def _fits(cls, value: timedelta | None) -> timedelta | None:
        if value is not None and not timedelta(minutes=1) <= value <= timedelta(days=_MUTE_DAYS_AT_MOST):
            raise ValueError(f"禁言从 1m 到 {_MUTE_DAYS_AT_MOST}d · a mute lasts from 1m to {_MUTE_DAYS_AT_MOST}d")
        return value

    @property
    def mute_s(self) -> int:
        return int((self.for_ or timedelta(minutes=10)).total_seconds())


class Rollout(PlayParams):
    """Dates from which the play goes further than `mode`."""

    remind: Day | None = Field(None, description="从哪天起提醒 · from this day on it reminds")
    enforce: Day | None = Field(None, description="从哪天起执行 · from this day on it acts")


class Brakes(PlayParams):
    kicks_per_hour: int = Field(5, ge=0, le=100, description="每小时最多移出几人 · Kicks in an hour, at most")
    actions_per_minute: int = Field(30, ge=1, le=600, description="每分钟最多处理几次 · Verdicts acted on in a minute")


class RulesParams(PlayParams):
    rules: tuple[Rule, ...] = Field(description="规则 · The rules")
    mode: ModeText = Field(
        "shadow", description="shadow(observe)只记录,remind 只提醒,enforce 执行 · only record, only remind, or act"
    )
    rollout: Rollout = Field(Rollout(), description="按日期逐步放开 · A gradual roll-out by dates")
    text: str = Field("", max_length=3000, description="群规全文,发「群规」时给出 · The rules as shown on 群规")
    ladder: tuple[Rung, ...] = Field(
        (
            Rung(at=3, do="mute", for_=timedelta(minutes=10)),
            Rung(at=5, do="mute", for_=timedelta(hours=24)),
            Rung(at=7, do="kick"),
        ),
        description="违规积分到多少做什么 · What happens at which number of points",
    )
    mute: Duration = Field(timedelta(minutes=10), description="级别 3 禁言多久 · How long level 3 mutes")
    auto_kick: bool = Field(False, description="移出成员不用运营确认 · kick without asking an operator")
    decay: Duration = Field(timedelta(days=7), description="多久消 1 分 · One point expires every so often")
    evasion: int = Field(1, ge=0, le=2, description="故意变形躲避加几级 · Levels that deliberate evasion adds")
    newcomer_for: Duration = Field(
        timedelta(hours=24), description="入群多久内违规多记 1 分 · Who counts as new: +1 point"
    )
    exempt: Audience = Field((), description="谁免检,例如 tier:核心 · Who is exempt")
    allow: tuple[str, ...] = Field((), description="放行的说法,其中的词不算 · Phrases in which a word is harmless")
    brakes: Brakes = Field(
        Brakes(), description="刹车:超过就暂停执行并叫运营 · Above this it pauses and calls the operators"
    )
    appeal_within: Duration = Field(timedelta(hours=72), description="多久内可以申诉 · How long one may appeal")
    answer_within: Duration = Field(
        timedelta(hours=24), description="多久内答复申诉,超过的在控制台标红 · How soon an appeal is to be answered"
    )
    keep: Duration = Field(timedelta(days=90), description="证据保留多久 · How long evidence is kept")
    cleanup: Clock = Field(parse_clock("04:10"), description="每天几点清理过期证据 · When old evidence is deleted")

    @field_validator("decay", "appeal_within", "answer_within", "keep")
    @classmethod
    def _takes_time(cls, value: timedelta) -> timedelta:
        if value < timedelta(minutes=1):
            raise ValueError("至少 1m · at least 1m")
        return value

    @field_validator("rules")
    @classmethod
    def _ids_differ(cls, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        if not rules:
            raise ValueError("至少要写一条规则 · at least one rule")
        seen: set[str] = set()
        for rule in rules:
            if rule.id in seen:
                raise ValueError(f"有两条规则都叫「{rule.id}」 · two rules are called {rule.id!r}")
            seen.add(rule.id)
        return rules

    @field_validator("ladder")
    @classmethod
    def _in_order(cls, ladder: tuple[Rung, ...]) -> tuple[Rung, ...]:
        return tuple(sorted(ladder, key=lambda rung: rung.at))

    @cached_property
    def book(self) -> Book:
        """The rules as they are looked up, compiled once."""
        return Book(self.rules)

    def mode_on(self, day: date) -> Mode:
        """How far the play goes on `day`."""
        reached: list[Mode] = [self.mode]
        if self.rollout.remind and day >= self.rollout.remind:
            reached.append("remind")
        if self.rollout.enforce and day >= self.rollout.enforce:
            reached.append("enforce")
        return max(reached, key=MODES.index)

    def rung(self, points: int) -> Rung | None:
        """The highest rung that `points` reach."""
        return next((rung for rung in reversed(self.ladder) if points >= rung.at), None)


def commands(params: RulesParams) -> Sequence[CommandSpec]:
    specs = [
        CommandSpec(name="申诉", aliases=("我要申诉",), rest="optional", is_glued=True, help="觉得处理有误:申诉 编号"),
        CommandSpec(name="撤销", rest="optional", is_glued=True, for_operators=True, help="撤销一次处理:撤销 编号"),
        CommandSpec(name="维持", rest="optional", is_glued=True, for_operators=True, help="维持一次处理:维持 编号"),
        CommandSpec(name="放行", rest="optional", for_operators=True, help="以后不再误伤这个说法:放行 说法"),
        CommandSpec(
            name="案件",
            aliases=("违规记录",),
            rest="optional",
            is_glued=True,
            for_operators=True,
            help="看最近的处理,或:案件 编号",
        ),
        CommandSpec(name="试词", rest="optional", for_operators=True, help="先看一个词会误伤谁:试词 词"),
        CommandSpec(name="试规则", rest="optional", for_operators=True, help="先看一条规则会误伤谁:试规则 规则名"),
        CommandSpec(name="规则状态", for_operators=True, help="各条规则的状态和误伤"),
        CommandSpec(name="恢复规则", rest="optional", for_operators=True, help="暂停后恢复执行,或:恢复规则 规则名"),
    ]
    return [CommandSpec(name="群规", help="看群规"), *specs] if params.text else specs


def schedules(params: RulesParams) -> Sequence[Schedule]:
    """Old evidence goes at night; a group that is closed at certain hours is closed and opened by the clock."""
    found = [Schedule(name="cleanup", at=params.cleanup, missed="late")]
    for rule in params.rules:
        if rule.match.mute_group is not None and rule.hours is not None:
            found.append(Schedule(name=f"close:{rule.id}", at=rule.hours.start, missed="late"))
            found.append(Schedule(name=f"open:{rule.id}", at=rule.hours.end, missed="late"))
    return found
