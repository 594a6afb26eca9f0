"""What an operator may write for a chain (接龙)."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import time, timedelta
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema, field_validator, model_validator

from bot.core.play import CommandSpec, PlayParams, Schedule
from bot.core.units import Clock, Duration, format_duration, parse_clock, parse_duration

_BRACES = re.compile(r"\{\{|\{%|\{#")


def _closing(value: object) -> object:
    """`2d` → a length, `21:00` → a time of day."""
    if isinstance(value, timedelta | time):
        return value
    try:
        return parse_clock(str(value)) if ":" in str(value).replace("：", ":") else parse_duration(str(value))
    except ValueError:
        raise ValueError(
            f"截止写多久(2d)或几点(21:00),「{value}」不是 · a closing time is a length (2d) or a time of day (21:00)"
        ) from None


def _closing_text(value: timedelta | time) -> str:
    return f"{value:%H:%M}" if isinstance(value, time) else format_duration(value)


Closing = Annotated[
    timedelta | time,
    BeforeValidator(_closing),
    PlainSerializer(_closing_text, return_type=str),
    WithJsonSchema({"type": "string", "examples": ["2d", "21:00"]}),
]


class Opening(PlayParams):
    """When the bot opens the chain by itself."""

    cron: str = Field("", description="定期开: cron 表达式,星期用英文 · cron expression, weekdays by name")
    at: Clock | None = Field(None, description="每天几点开 · every day at this time")
    days: Literal["all", "workdays", "holidays"] = Field(
        "all", description="哪些天开: 全部、工作日、节假日 · on all days, workdays or holidays"
    )
    missed: Literal["skip", "late"] = Field("late", description="错过了怎么办 · what a missed opening does")

    @model_validator(mode="after")
    def _one(self) -> Opening:
        if bool(self.cron) == (self.at is not None):
            raise ValueError("cron 和 at 写一个,也只写一个 · write either cron or at")
        return self


class Reminder(PlayParams):
    """A word before the chain closes."""

    before_close: Duration = Field(timedelta(hours=2), description="截止前多久提醒 · how long before closing")
    mention_at_most: int = Field(
        10, ge=0, le=50, description="最多 @ 几位还没接的人,0 不 @ · mention at most so many who have not joined"
    )


class GoodParams(PlayParams):
    """One thing on offer in a group buy."""

    name: str = Field(min_length=1, max_length=30, description="商品名 · name")
    price: Decimal = Field(ge=0, description="单价(元) · price in yuan")
    key: str = Field("", pattern=r"^[A-Za-z]?$", description="代号,一个字母 · one letter")
    aliases: list[str] = Field([], description="别名 · other names")


class FormField(PlayParams):
    """One thing that a form asks."""

    name: str = Field(min_length=1, max_length=20, description="要填什么 · what to fill in")
    type: Literal["text", "number", "phone", "choice"] = Field("text", description="类型 · kind of answer")
    choices: list[str] = Field([], description="可选的答案 (type: choice) · allowed answers")
    required: bool = Field(True, description="必填 · must be given")
    private: bool = Field(False, description="隐私: 私聊问,群里打码 · asked in private, masked in the group")
    minimum: int | None = Field(None, description="数字最小 · smallest number")
    maximum: int | None = Field(None, description="数字最大 · largest number")

    @model_validator(mode="after")
    def _has_choices(self) -> FormField:
        if (self.type == "choice") != bool(self.choices):
            raise ValueError(
                "choices 和 type: choice 要一起写 · choices belong to type choice, and type choice needs them"
            )
        return self


class Params(PlayParams):
    word: str = Field(
        "接龙", min_length=2, max_length=8, description="口令里怎么叫它: 接龙、团购 … · the word in its commands"
    )
    type: Literal["signup", "group_buy", "form", "interactive"] = Field(
        "signup", description="报名、团购、填表、互动 · what the chain is for"
    )
    title: str = Field(
        "", max_length=200, description="定时开的接龙的标题 · title of the chain that the schedule opens"
    )
    example: str = Field("", max_length=100, description="示范,写在「例」后面 · example line, shown after 例")
    tail: str = Field("", max_length=300, description="列表下面的说明 · text below the list")
    open: Opening | None = Field(None, description="定时开接龙 · opened by schedule")
    members_may_open: bool | None = Field(
        None, description="成员贴 #接龙 就能开新的;没写时: 有 open 则否 · members open a chain by pasting a list"
    )
    opens_with: list[str] = Field(
        [], description="成员开的接龙,标题要含其中一个词 · a member's title must contain one of these words"
    )
    short_replies: Literal["always", "replied"] = Field(
        "always",
        description="「+1」「取消」何时算: 总是;只在引用本接龙的消息时(群里还有别的接龙玩法) · when short replies count",
    )
    close: Closing | None = Field(
        None, description="多久后或几点截止;标题里写了截止时间的以标题为准 · closes after this long or at this time"
    )
    capacity: int | None = Field(None, ge=1, le=500, description="名额 · places")
    capacity_counts: Literal["lines", "people"] = Field(
        "lines", description="名额按行数算,还是按每行写的人数算(「+2」占两个) · places are lines, or the people in them"
    )
    waitlist: bool = Field(True, description="满了以后排候补 · beyond capacity members wait")
    one_per_member: bool = Field(False, description="同名的再接一次算修改 · the same name again is an edit")
    plus_mode: Literal["count", "guests"] = Field(
        "count", description="+2 是两人,还是自己再带两人(guests) · what +2 means"
    )
    goods: list[GoodParams] = Field(
        [], max_length=50, description="商品;不写就从标题里读 · goods, else read from the title"
    )
    fields: list[FormField] = Field([], max_length=20, description="填表的项目 · what a form asks")
    native: bool = Field(
        True, description="用可复制的 #接龙 格式发名单 · post the list in the form that members can continue"
    )
    debounce: Duration = Field(timedelta(seconds=20), description="名单最多多久发一次 · at most one list per this time")
    remind: Reminder | None = Field(None, description="截止前提醒 · reminder before closing")
    points: int = Field(0, ge=0, le=1000, description="接龙结束时给每位参加者的积分 · points for everybody on the list")
    unpaid_mention_at_most: int = Field(
        20, ge=1, le=50, description="催款最多 @ 几位 · mentions of one payment reminder"
    )
    keep: Duration = Field(
        timedelta(days=7), description="截止后保留多久,之后归档 · closed chains are archived after this"
    )

    @field_validator("title", "example", "tail")
    @classmethod
    def _is_plain(cls, text: str) -> str:
        if _BRACES.search(text):
            raise ValueError(
                "这段文字会原样进名单,成员要能复制它,不能用 {{ … }} 和 {% … %} · "
                "this stands in the list as it is and members copy it: {{ … }} and {% … %} are not possible here"
            )
        return text

    @model_validator(mode="after")
    def _fits(self) -> Params:
        if self.open and not self.title:
            raise ValueError("定时开接龙要写 title · open needs a title")
        if self.capacity_counts == "people" and (self.capacity is None or not self.waitlist):
            raise ValueError(
                "capacity_counts: people 要和 capacity、waitlist: true 一起用 · "
                "capacity_counts: people needs a capacity and the waitlist"
            )
        if self.fields and self.type != "form":
            raise ValueError("fields 只用于 type: form · fields belong to type form")
        if self.type == "form" and not self.fields:
            raise ValueError("type: form 要写 fields · type form needs fields")
        return self

    @property
    def counts_people(self) -> bool:
        return self.capacity_counts == "people"

    @property
    def lets_members_open(self) -> bool:
        return self.open is None if self.members_may_open is None else self.members_may_open


_COMMANDS = (
    CommandSpec(name="接龙", aliases=("接龍",), rest="optional", help="看名单;接龙 内容 = 接一条"),
    CommandSpec(name="谁还没接龙", aliases=("谁还没接", "谁没接", "谁没接龙"), help="看看还差谁"),
    CommandSpec(
        name="发起接龙", aliases=("开接龙", "新接龙"), for_operators=True, rest="optional", help="发起接龙 标题"
    ),
    CommandSpec(
        name="导出接龙",
        aliases=("接龙导出",),
        for_operators=True,
        rest="optional",
        help="名单发成表格,私聊收;导出接龙 csv",
    ),
    CommandSpec(
        name="接龙历史",
        aliases=("接龙记录",),
        for_operators=True,
        rest="optional",
        help="看每一步改了什么;接龙历史 20 = 到第 20 步",
    ),
    CommandSpec(
        name="撤销接龙", aliases=("接龙撤销",), for_operators=True, rest="optional", help="撤销接龙 5 = 撤回第 5 步"
    ),
)
_PAYMENT_COMMANDS = (
    CommandSpec(
        name="已付", aliases=("已收", "已付款"), for_operators=True, rest="optional", is_glued=True, help="已付 2 5"
    ),
    CommandSpec(
        name="未付", aliases=("未收", "未付款"), for_operators=True, rest="optional", is_glued=True, help="未付 2"
    ),
    CommandSpec(name="收款", aliases=("收款情况",), for_operators=True, help="谁付了谁没付"),
    CommandSpec(name="催款", for_operators=True, help="提醒还没付的人"),
)


def commands(params: Params) -> tuple[CommandSpec, ...]:
    """The commands, called by the playbook's word."""
    own = _COMMANDS if params.word == "接龙" else tuple(_called(spec, params.word) for spec in _COMMANDS)
    return own + (_PAYMENT_COMMANDS if params.type == "group_buy" else ())


FOR_OPERATORS = frozenset(spec.name for spec in (*_COMMANDS, *_PAYMENT_COMMANDS) if spec.for_operators)


def canonical(params: Params, name: str) -> str:
    """The name of a command as this package knows it."""
    return next((spec.name for spec in _COMMANDS if _called(spec, params.word).name == name), name)


def _called(spec: CommandSpec, word: str) -> CommandSpec:
    return replace(
        spec,
        name=spec.name.replace("接龙", word),
        aliases=tuple(alias.replace("接龙", word) for alias in spec.aliases if "接龙" in alias),
        help=spec.help.replace("接龙", word),
    )


def schedules(params: Params) -> tuple[Schedule, ...]:
    if params.open is None:
        return ()
    return (
        Schedule(
            name="open", cron=params.open.cron, at=params.open.at, days=params.open.days, missed=params.open.missed
        ),
    )
