"""What an operator may write under `kind: survey`."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field, model_validator

from bot.core.audience import Audience
from bot.core.play import PlayParams
from bot.core.units import Duration

_HOUR = timedelta(hours=1)


class FollowUp(PlayParams):
    """One more question, answered in one's own words or by a choice."""

    ask: str = Field(min_length=2, max_length=80, description="再问一句,如 最想改进什么? · one more question")
    choices: tuple[str, ...] = Field(
        (), max_length=8, description="选项,回 A、B;不写就自由说 · choices; without them free words"
    )

    @model_validator(mode="after")
    def _are_different(self) -> FollowUp:
        if len(self.choices) == 1 or len(set(self.choices)) < len(self.choices):
            raise ValueError("choices 至少两项,不能重复 · two choices or more, all different")
        if any(not 1 <= len(choice.strip()) <= 30 for choice in self.choices):
            raise ValueError("每个选项 1 到 30 个字 · a choice has 1 to 30 characters")
        return self


class Params(PlayParams):
    question: str = Field(
        "你有多愿意把我们的群推荐给朋友?",
        min_length=4,
        max_length=100,
        description="问题,用 0–10 分回答 · the question, answered from 0 to 10",
    )
    low: str = Field("完全不愿意", max_length=12, description="0 分是什么意思 · what 0 means")
    high: str = Field("非常愿意", max_length=12, description="10 分是什么意思 · what 10 means")
    follow_up: FollowUp | None = Field(None, description="再问一句 · one more question")
    opens: str = Field(
        "", description='定期问,cron,如 "0 20 1 * *";不写就由运营发「开始问卷」 · when it is asked by itself'
    )
    after_join: Duration | None = Field(
        None, description="入群多久后私聊问,如 7d;不写就不问 · how long after joining somebody is asked in private"
    )
    closes: Duration = Field(timedelta(days=3), description="开多久 · how long it is open")
    who: Audience = Field(("!role:operator",), description="问谁,默认运营以外的人 · who is asked")
    via: Literal["group", "private"] = Field(
        "group", description="group 在群里问、private 逐个私聊问 · asked in the group, or each in private"
    )
    at_most: int = Field(50, ge=1, le=200, description="逐个私聊最多几位,按抽签 · asked in private at most, by lot")
    listen: Duration = Field(
        timedelta(hours=2),
        description="问完和提醒后多久内,群里光一个数字就算打分;之后要写「9分」或「评分 9」 · how long a bare number in the "
        "group counts",
    )
    reminders: int = Field(1, ge=0, le=2, description="截止前提醒几次 · reminders before it closes")
    min_sample: int = Field(
        10, ge=5, le=1000, description="至少几份答案,才把结果发到群里 · answers needed to show the group a result"
    )
    publish: bool = Field(True, description="结束后把结果发到群里,只有汇总 · the sums, for the group")
    command: str = Field("评分", min_length=1, max_length=12, description="打分的指令 · the word that answers")
    begin: str = Field("开始问卷", min_length=1, max_length=12, description="运营开始的指令 · operators begin")
    end: str = Field("结束问卷", min_length=1, max_length=12, description="运营提前结束的指令 · operators end it early")
    result: str = Field(
        "问卷结果", min_length=1, max_length=12, description="运营看结果的指令 · operators see the result"
    )

    @model_validator(mode="after")
    def _has_time(self) -> Params:
        if self.closes < _HOUR:
            raise ValueError("closes 至少 1h · it is open for 1h at least")
        if self.after_join is not None and self.after_join < _HOUR:
            raise ValueError("after_join 至少 1h · 1h at least")
        return self
