"""What an operator may write under `kind: badges`."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field, field_validator, model_validator

from bot.core.audience import Audience
from bot.core.marks import Title
from bot.core.play import PlayParams
from bot.core.units import Clock, Duration

DeedName = Literal[
    "messages", "active_days", "active_streak", "checkins", "checkin_streak", "quiz_right", "quiz_perfect", "chains",
    "chains_led", "answers", "first_answers", "helped", "replied",
]  # fmt: skip


class Badge(PlayParams):
    """One badge. Without `when` only operators give it."""

    name: str = Field(min_length=1, max_length=12, description="徽章的名字,如 七日打卡 · its name")
    emoji: str = Field("🏅", max_length=8, description="名字前的图标 · a sign before the name")
    when: dict[DeedName, int] = Field(
        default_factory=dict,
        max_length=1,
        description="做到什么就得,写一条:{checkin_streak: 7} 连续打卡 7 天、{messages: 100} 发言 100 条、{first_answers: 10}"
        " 第一个回答 10 个提问……;不写就只由运营颁发 · the deed and how often; without it operators give it",
    )
    reason: str = Field("", max_length=60, description="为什么得,一句话;不写就按条件说 · what it is for, one sentence")
    title: Title = Field("", description="QQ 专属头衔,最多 6 个字,要群主权限 · special title, QQ, needs the owner")

    @field_validator("name")
    @classmethod
    def _is_a_label(cls, name: str) -> str:
        if name != name.strip() or any(mark in name for mark in "&!+:：！＆"):
            raise ValueError(
                "徽章的名字里不能有空格和 & ! + : · no blanks at its ends and no & ! + : in a badge's name"
            )
        return name

    @field_validator("when")
    @classmethod
    def _is_enough(cls, when: dict[str, int]) -> dict[str, int]:
        if any(not 1 <= n <= 1_000_000 for n in when.values()):
            raise ValueError("次数要在 1 到 1000000 之间 · between 1 and 1000000 times")
        return when

    @property
    def rule(self) -> tuple[str, int] | None:
        """(deed, how often), None: by hand."""
        return next(iter(self.when.items()), None)


class Params(PlayParams):
    badges: tuple[Badge, ...] = Field(min_length=1, max_length=50, description="有哪些徽章 · the badges")
    who: Audience = Field(("!role:operator",), description="谁能得,默认运营以外的人 · who can get one by a rule")
    at: Clock = Field(
        default="20:05",
        validate_default=True,
        description="每天几点评一次和公布 · when rules are applied and announced",
    )
    spread: Duration = Field(
        timedelta(minutes=10),
        ge=timedelta(0),
        le=timedelta(hours=2),
        description="各群在这么久里错开,免得所有群同一刻算;0s 不错开 · groups take turns within this time",
    )
    on_undone: Literal["keep", "withdraw"] = Field(
        "keep",
        description="撤回消息、撤销打卡后不够了:keep 留着,withdraw 收回(30 天内得的,私聊说明) · when a recall or an undone "
        "check-in takes the ground away",
    )
    announce: bool = Field(True, description="公布新徽章,一天一条 · say who got one, one message a day")
    named: int = Field(10, ge=1, le=50, description="公布时每枚最多列几个名字 · names listed for a badge")
    command: str = Field(
        "我的徽章", min_length=1, max_length=12, description="看自己徽章的指令 · the word for one's own"
    )
    table: str = Field("徽章", min_length=1, max_length=12, description="看全部徽章的指令 · the word for all of them")
    give: str = Field(
        "颁发徽章", min_length=1, max_length=12, description="运营颁发的指令,后面写名字再@成员 · operators give one"
    )
    take: str = Field("收回徽章", min_length=1, max_length=12, description="运营收回的指令 · operators take one back")

    @property
    def rules(self) -> tuple[tuple[str, int], ...]:
        return tuple(dict.fromkeys(badge.rule for badge in self.badges if badge.rule is not None))

    def badge(self, name: str) -> Badge | None:
        return next((badge for badge in self.badges if badge.name == name), None)

    @model_validator(mode="after")
    def _is_once(self) -> Params:
        names = [badge.name for badge in self.badges]
        if len(set(names)) < len(names):
            raise ValueError("徽章的名字不能重复 · two badges have one name")
        return self


REVOCABLE = timedelta(days=30)
"""Older ones stay: recalls come within days, and what the log has lost by age is nobody's fault."""
