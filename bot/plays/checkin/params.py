"""What an operator may write under `kind: checkin`, and the commands that follow from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, field_validator

from bot.core.audience import Audience
from bot.core.play import CommandSpec, PlayParams, Schedule
from bot.core.prizes import Prizes
from bot.core.units import Clock, Duration, Hours, TemplateText

OrImage = Literal["image"]
Picture = Literal["calendar", "ranking"]


class Content(PlayParams):
    """What a check-in must bring along."""

    min_chars: int = Field(
        default=0,
        ge=0,
        le=2000,
        description="最少字数,口令、标点、表情不算,同一字连打最多算 3 个 · least number of characters, not counting "
        "the command, punctuation and emoji",
    )
    or_: OrImage | None = Field(
        default=None, alias="or", description="写 image:发图片也算 · `image`: a picture will do instead of the text"
    )
    image: bool = Field(default=False, description="必须带图片 · a picture is required, besides the text")
    novel: bool = Field(
        default=False, description="不能和自己上一次的内容一样 · refuses the same text as the member's last one"
    )

    template: str = Field(
        default="",
        max_length=200,
        description="照着这个格式写,__ 是要填的,如 今天读了__,收获是__ · a form to fill in, __ is a blank",
    )

    @property
    def takes_image(self) -> bool:
        return self.image or self.or_ == "image"


class Makeup(PlayParams):
    """补卡: a missed day filled in afterwards. It saves the streak and earns no daily points."""

    per_month: int = Field(default=2, ge=1, le=31, description="每月最多补几天 · days of one month that may be made up")
    within: Duration = Field(
        description="漏打那天结束后多久内可补,例如 72h · how long after the end of the missed day, e.g. 72h"
    )
    cost: int = Field(default=0, ge=0, description="每补一天花多少积分 · points that one day costs")


class Leave(PlayParams):
    """请假: a day that neither counts nor breaks the streak."""

    per_month: int = Field(default=1, ge=1, le=31, description="每月最多请几天假 · days of leave in one month")


class Remind(PlayParams):
    at: Clock = Field(description='几点提醒,例如 "21:00" · time of day of the reminder')
    who: Literal["not_checked_in", "on_streak"] = Field(
        default="not_checked_in",
        description="提醒谁:not_checked_in 近两周打过卡而今天还没打的;on_streak 只提醒连续打卡快要断的 · whom: every "
        "active member who is missing today, or only those with a streak to lose",
    )
    audience: Audience = Field(
        default=(), description="只提醒其中这些人,如 tier:核心、!new:3d · only these of them, e.g. tier:core"
    )
    mention_at_most: int = Field(
        default=20, ge=0, le=50, description="最多 @ 几位 · how many members are mentioned at most"
    )


class Summary(PlayParams):
    at: Clock = Field(description='几点总结,例如 "22:30" · time of day of the summary')
    top: int = Field(default=10, ge=1, le=30, description="列出前几名 · how many names are listed")


class Review(PlayParams):
    """点评: a reviewer answers a check-in by quoting it with 通过 or 修改."""

    by: Audience = Field(
        default=("role:operator",), description="谁可以点评,例如 role:coach · the reviewers, e.g. role:coach"
    )
    rubric: tuple[str, ...] = Field(default=(), max_length=6, description="点评看哪几点 · what reviewers look at")
    points: int = Field(default=0, ge=0, description="点评通过加几分 · points when a submission passes")


class Params(Prizes):
    commands: tuple[str, ...] = Field(
        default=("打卡", "签到"),
        min_length=1,
        max_length=8,
        description="打卡口令,第一个是正名 · the words that check in; the first one names the other commands",
    )
    window: Hours | None = Field(
        default=None, description="几点到几点可以打卡,例如 05:00-23:59 · time of day when check-ins count"
    )
    content: Content | None = Field(default=None, description="打卡要带什么内容 · what a check-in must bring along")
    points: int = Field(default=5, ge=0, le=10000, description="每天打卡得几分 · points of one check-in")
    streak: dict[int, int] = Field(
        default_factory=dict,
        description="连续打卡奖励:{天数: 分},每轮连续各发一次 · bonus points by length of the streak, once per streak",
    )
    makeup: Makeup | None = Field(default=None, description="补卡规则 · making up for a missed day")
    leave: Leave | None = Field(default=None, description="请假规则 · days of leave")
    remind: Remind | None = Field(default=None, description="提醒还没打卡的人 · reminder to those missing")
    summary: Summary | None = Field(default=None, description="每日小结 · daily summary")
    review: Review | None = Field(default=None, description="点评与修改 · review loop")
    pictures: tuple[Picture, ...] = Field(
        default=(),
        description="哪些回复发成图片,发不了图就发文字:calendar 日历、ranking 排行 · which answers are pictures, in words where "
        "none can be sent",
    )
    reply: Annotated[str | None, TemplateText(("name", "streak", "earned", "bonus", "balance"))] = Field(
        default=None, description="自定打卡成功的回复 · own text of the reply to a check-in"
    )

    @field_validator("commands")
    @classmethod
    def _words(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        if any(not 1 <= len(word.strip()) <= 12 for word in words):
            raise ValueError("口令要有 1 到 12 个字 · a command has 1 to 12 characters")
        return tuple(word.strip() for word in words)

    @field_validator("streak")
    @classmethod
    def _bonuses(cls, table: dict[int, int]) -> dict[int, int]:
        if any(days < 2 or bonus < 1 for days, bonus in table.items()):
            raise ValueError(
                "连续奖励至少 2 天、1 分,如 {3: 10, 7: 30} · a streak bonus needs at least 2 days and 1 point"
            )
        return dict(sorted(table.items()))

    @property
    def milestones(self) -> list[int]:
        """The lengths of a streak that bring something."""
        return sorted({*self.streak, *self.prizes})

    @property
    def word(self) -> str:
        return self.commands[0]


def commands(params: Params) -> Sequence[CommandSpec]:
    word = params.word
    specs = [
        CommandSpec(
            name=word,
            aliases=params.commands[1:],
            rest="optional",
            is_glued=True,
            help="每天一次" if params.content is None else "每天一次,带上当天的内容",
        ),
        CommandSpec(name=f"我的{word}", aliases=(f"{word}日历", f"{word}记录"), help="看自己的日历"),
        CommandSpec(
            name=f"{word}排行",
            aliases=(f"{word}榜", f"{word}排行榜", f"{word}排名", f"{word} 排行"),
            rest="optional",
            is_glued=True,
            help="周/月/总排行",
        ),
    ]
    if params.makeup:
        specs.append(CommandSpec(name="补卡", rest="optional", help="补前几天漏打的"))
    if params.leave:
        specs.append(CommandSpec(name="请假", rest="optional", help="请假不断连续"))
        specs.append(CommandSpec(name="销假", rest="optional", help="取消请假"))
    if params.review:
        specs.append(CommandSpec(name="重交", aliases=("再交",), rest="optional", is_glued=True, help="交修改后的版本"))
    specs += [
        CommandSpec(name=f"代{word}", for_operators=True, rest="optional", is_glued=True, help="替成员记一次"),
        CommandSpec(name=f"撤销{word}", for_operators=True, rest="optional", is_glued=True, help="撤销成员的一次"),
        CommandSpec(
            name=f"{word}情况",
            aliases=(f"谁没{word}", f"谁还没{word}", f"没{word}的人"),
            for_operators=True,
            help="今天谁打了、谁没打",
        ),
    ]
    return specs


def schedules(params: Params) -> Sequence[Schedule]:
    found = []
    if params.remind:
        found.append(Schedule(name="remind", at=params.remind.at, missed="late", within_s=3600))
    if params.summary:
        found.append(Schedule(name="summary", at=params.summary.at, missed="late", within_s=12 * 3600))
    return found
