"""What an operator may write under `kind: report`."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Literal

from pydantic import Field, model_validator

from bot.core.play import Missed, PlayParams
from bot.core.units import Clock, Day

Period = Literal["day", "week", "month", "camp"]
Form = Literal["html", "xlsx", "png", "text"]
Audience = Literal["operators", "group"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class Params(PlayParams):
    period: Period = Field(
        "week",
        description="哪一种:day 日报、week 周报、month 月报、camp 一个营的复盘 · Which span it is about",
    )
    at: Clock = Field(
        time(9), description="几点发:日报第二天发,月报下月一号发,复盘在营结束的第二天发 · When it is sent"
    )
    weekday: Weekday = Field("mon", description="周报星期几发,说的是上一周 · On which day a weekly report is sent")
    begins: Day | None = Field(None, description="复盘:营的第一天 · First day of the camp")
    days: int = Field(21, ge=2, le=366, description="复盘:营一共几天 · Days of the camp")
    audience: tuple[Audience, ...] = Field(
        ("operators",),
        min_length=1,
        description="发给谁:operators 运营私聊、group 发到群里 · Who gets it",
    )
    formats: tuple[Form, ...] = Field(
        ("png", "html"),
        min_length=1,
        description="运营收到什么:png 图片、html 网页、xlsx 表格、text 文字 · What operators get",
    )
    group_formats: tuple[Form, ...] = Field(("png",), min_length=1, description="群里收到什么 · What the group gets")
    missed: Missed = Field(
        "late", description="停机错过了怎么办:late 补发、skip 不发 · What a missed one does: late or skip"
    )
    actions: bool | None = Field(
        None,
        description="「行动」指令记下要做的事,带到下一期;默认只有周报和复盘有,一个群里只留一个"
        " · Whether this report keeps the agreed actions; by default weekly and camp reports do",
    )

    @property
    def keeps_actions(self) -> bool:
        return self.period in ("week", "camp") if self.actions is None else self.actions

    @property
    def last(self) -> date | None:
        """The camp's last day."""
        return self.begins + timedelta(days=self.days - 1) if self.begins is not None else None

    @model_validator(mode="after")
    def _a_camp_begins(self) -> Params:
        if self.period == "camp" and self.begins is None:
            raise ValueError("复盘要写营的第一天:begins: 2026-03-02 · a camp's report needs begins: 2026-03-02")
        return self
