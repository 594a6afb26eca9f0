"""What an operator may write under `kind: levels`."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, field_validator, model_validator

from bot.core.audience import Audience
from bot.core.marks import Card, Title
from bot.core.play import PlayParams
from bot.core.units import Clock, Duration

_DAY = timedelta(days=1)


def _share(value: Any) -> Any:
    if isinstance(value, str) and value.strip().endswith("%"):
        try:
            return float(value.strip()[:-1]) / 100
        except ValueError:
            return value
    return value


Share = Annotated[
    float,
    BeforeValidator(_share),
    WithJsonSchema(
        {"oneOf": [{"type": "string", "pattern": r"^\d+(\.\d+)?%$", "examples": ["10%"]}, {"type": "number"}]}
    ),
]


class Level(PlayParams):
    """One level. With both `at` and `top` both must hold."""

    name: str = Field(min_length=1, max_length=12, description="等级的名字,如 黄金 · its name")
    at: float = Field(0, ge=0, le=10_000_000, description="从多少分起 · from how many points on")
    top: Share | None = Field(
        None, gt=0, le=0.5, description="群里前百分之几,如 10% · the best share of the group, e.g. 10%"
    )
    benefits: tuple[str, ...] = Field((), max_length=10, description="权益,一条一句 · what it brings, a line each")
    title: Title = Field("", description="QQ 专属头衔,最多 6 个字,要群主权限 · special title, QQ, needs the owner")
    card: Card = Field("", description="群名片怎么写,如 {name}·黄金,要管理员权限 · the card, needs an admin")

    @field_validator("name")
    @classmethod
    def _is_a_label(cls, name: str) -> str:
        if name != name.strip() or any(mark in name for mark in "&!+:：！＆"):
            raise ValueError(
                "等级的名字里不能有空格和 & ! + : · no blanks at its ends and no & ! + : in a level's name"
            )
        return name


class Demotion(PlayParams):
    """How somebody loses a level: slowly, and told before."""

    grace: Duration = Field(
        timedelta(days=14), description="连续多少天不够分才降级 · days below before a level is lost"
    )
    warn: Duration = Field(timedelta(days=3), description="提前几天私聊提醒 · how long before to say so in private")

    @model_validator(mode="after")
    def _is_kind(self) -> Demotion:
        if self.grace % _DAY or self.warn % _DAY or self.warn < _DAY or self.grace < self.warn:
            raise ValueError(
                "grace 和 warn 要写整天,warn 至少 1d、不超过 grace · whole days; warn is at least 1d and at most grace"
            )
        return self


class Params(PlayParams):
    levels: tuple[Level, ...] = Field(
        min_length=1, max_length=20, description="从低到高的等级 · the levels, the lowest first"
    )
    by: Literal["points", "activity"] = Field(
        "points",
        description="看什么:points 得过的积分(花掉的不减)、activity 活跃度 · points ever earned, or the activity score",
    )
    over: Duration | None = Field(
        None, description="只看最近多久,如 90d;不写就从头算 · only the last days; without it everything counts"
    )
    who: Audience = Field(("!role:operator",), description="谁参加,默认运营以外的人 · who takes part")
    at: Clock = Field(
        default="20:00", validate_default=True, description="每天几点结算和公布 · when levels are counted and announced"
    )
    spread: Duration = Field(
        timedelta(minutes=10),
        ge=timedelta(0),
        le=timedelta(hours=2),
        description="各群在这么久里错开,免得所有群同一刻算;0s 不错开 · groups take turns within this time",
    )
    promote: Literal["daily", "at_once"] = Field(
        "daily",
        description="升级:daily 每天结算、at_once 够分马上升(只能配 by: points) · once a day, or with the very points",
    )
    demote: Demotion | None = Field(
        None, description="降级,不写就只升不降 · how levels are lost; without it they never are"
    )
    newcomers: Duration = Field(
        timedelta(days=7),
        description="入群多久内算新人:不参加百分比评比,也不降级 · newcomers are in no percentage and lose nothing",
    )
    min_members: int = Field(
        10, ge=3, le=1000, description="至少几个人有分,才评百分比等级 · people needed for a level by share"
    )
    announce: Literal["daily", "at_once", "none"] = Field(
        "daily",
        description="公布:daily 每天一条、at_once 升级时马上、none 不公布 · one message a day, with each promotion, or never",
    )
    named: int = Field(10, ge=1, le=50, description="公布时每级最多列几个名字 · names listed for a level")
    command: str = Field(
        "我的等级", min_length=1, max_length=12, description="看自己等级的指令 · the word for one's own"
    )
    table: str = Field(
        "等级", min_length=1, max_length=12, description="看全部等级的指令 · the word for the whole ladder"
    )

    @property
    def score(self) -> tuple[str, str]:
        """(kind, window) of the ranking that decides."""
        return ("earned" if self.by == "points" else "activity", f"{self.over.days}d" if self.over else "all")

    @field_validator("over")
    @classmethod
    def _whole_days(cls, over: timedelta | None) -> timedelta | None:
        if over is not None and (over % _DAY or not _DAY <= over <= timedelta(days=1000)):
            raise ValueError("over 要写整天,1d 到 1000d · whole days, 1d to 1000d")
        return over

    @model_validator(mode="after")
    def _is_a_ladder(self) -> Params:
        names = [level.name for level in self.levels]
        if len(set(names)) < len(names):
            raise ValueError("等级的名字不能重复 · two levels have one name")
        if self.promote == "at_once" and self.by != "points":
            raise ValueError(
                "promote: at_once 只能配 by: points;活跃度每天结算 · only points can promote at once, activity is counted daily"
            )
        if self.announce == "at_once" and self.promote != "at_once":
            raise ValueError("announce: at_once 要配 promote: at_once · `announce: at_once` needs `promote: at_once`")
        for lower, higher in zip(self.levels, self.levels[1:], strict=False):
            is_harder = higher.at >= lower.at and (higher.top or 1) <= (lower.top or 1)
            if not is_harder or (higher.at, higher.top) == (lower.at, lower.top):
                raise ValueError(
                    f"等级要从低到高:「{higher.name}」不比「{lower.name}」难 · the lowest comes first: "
                    f"`{higher.name}` is no harder than `{lower.name}`"
                )
        return self
