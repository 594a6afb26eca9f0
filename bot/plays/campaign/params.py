"""What an operator may write under `kind: campaign`."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from bot.core.audience import Audience
from bot.core.play import Missed, PlayParams
from bot.core.units import AssetPath, Clock, Day, Duration, Hours, Moment, TemplateText, parse_date

PostText = Annotated[
    str,
    TemplateText(("week", "day", "days_left", "date", "weekday", "topic", "points", "variant", "name", "member")),
]
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CHINESE = dict(zip("一二三四五六日", WEEKDAYS, strict=True)) | {"天": "sun"}
EVERY = {
    "daily": "all",
    "每天": "all",
    "workdays": "workdays",
    "工作日": "workdays",
    "holidays": "holidays",
    "节假日": "holidays",
}


def _days(value: Any) -> Any:
    return [str(item) for item in value] if isinstance(value, list | tuple) else [str(value)]


def _checked_days(days: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_day(text.strip().lower()) for text in days))


def _day(text: str) -> str:
    """A weekday by its short name, a number, an ISO date, or one of `EVERY`."""
    if text in WEEKDAYS or text in EVERY or (text.isdecimal() and 1 <= int(text) <= 3660):
        return text
    if text[:-1] in ("周", "星期", "礼拜") and text[-1:] in _CHINESE:
        return _CHINESE[text[-1]]
    try:
        return parse_date(text).isoformat()
    except ValueError:
        raise ValueError(
            f"不认识的日子「{text}」,写 mon 或 周一、每天、工作日、第几天的数字、2026-03-01"
            f" · not a day: {text!r}; write mon, daily, workdays, a day number or 2026-03-01"
        ) from None


Days = Annotated[
    tuple[str, ...],
    BeforeValidator(_days),
    AfterValidator(_checked_days),
    WithJsonSchema(
        {
            "oneOf": [
                {"type": ["string", "integer"], "examples": ["mon", "周一", "工作日", 1, "2026-03-01"]},
                {"type": "array", "items": {"type": ["string", "integer"]}},
            ]
        }
    ),
]


class Post(PlayParams):
    """What is sent. Exactly one of `text`, `post`, `texts`, `variants` holds it; a line `---` begins a new message."""

    name: str = Field("", max_length=30, description="名字,运营指令里用 · Name, used in operators' commands")
    topic: str = Field("", max_length=60, description="选题 · Topic")
    text: PostText = Field("", description="内容,一行 --- 之后是下一条消息 · Text; a line --- begins the next message")
    post: AssetPath | None = Field(
        None,
        description="内容文件,路径里可用 {{ week }} {{ day }} · A content file; {{ week }} and {{ day }} work in the path",
    )
    texts: dict[str, PostText] = Field({}, description="A/B 内容,按群分配 · Text per variant; each group gets one")
    variants: dict[str, AssetPath] = Field(
        {}, description="A/B 内容文件,按群分配 · File per variant; each group gets one"
    )
    pictures: tuple[str, ...] = Field((), max_length=9, description="随第一条发的图片 · Pictures of the first message")
    points: tuple[str, ...] = Field((), description="2–3 个关键点,预览和模板里用 · Two or three key points")
    source: Literal["", "pgc", "ugc", "pugc", "ogc"] = Field("", description="内容来源 · Where the content comes from")
    mention_all: bool = Field(False, description="是否@全体 · Whether everybody is mentioned")
    audience: Audience = Field(
        (),
        description="发给谁,如 silent:14d、tier:核心、tag:营员 & !new:7d;不写就是整个群 · Whom it addresses; nothing means the group",
    )
    via: Literal["mention", "private"] = Field(
        "mention",
        description="怎么找到他们:在群里@,或逐个私聊 · Whether the audience is mentioned in the group or written to in private",
    )
    at_most: int = Field(20, ge=1, le=50, description="一次最多找几位 · People addressed at once at most")
    holdout: float = Field(
        0,
        ge=0,
        le=0.5,
        description="留多少人不打扰,作对照,如 0.2 · Share of the audience left alone, to measure the effect",
    )
    only: Literal["all", "workdays", "holidays"] = Field(
        "all", description="只在工作日或节假日发 · On workdays or holidays only"
    )

    @model_validator(mode="after")
    def _addressed(self) -> Post:
        if self.audience and self.mention_all:
            raise ValueError("audience 和 mention_all 只能写一个 · write either audience or mention_all")
        if not self.audience and (self.via != "mention" or self.holdout):
            raise ValueError("via、holdout 要和 audience 一起写 · `via` and `holdout` need an `audience`")
        return self

    @model_validator(mode="after")
    def _one_content(self) -> Post:
        given = [bool(self.text), self.post is not None, bool(self.texts), bool(self.variants)]
        if sum(given) > 1 or (sum(given) == 0 and self._needs_content()):
            raise ValueError(
                "text、post、texts、variants 要写且只写一个 · write exactly one of text, post, texts, variants"
            )
        return self

    def _needs_content(self) -> bool:
        return True


class Scheduled(Post):
    at: Moment | None = Field(None, description="发一次的时间 · Once, at this local time")
    cron: str | None = Field(None, description="重复的时间,周几用英文缩写 · Repeatedly; weekdays by name")
    daily: Clock | None = Field(None, description="每天的钟点 · Every day at this time")

    @model_validator(mode="after")
    def _one_time(self) -> Scheduled:
        if [self.at, self.cron, self.daily].count(None) != 2:
            raise ValueError("at、cron、daily 要写且只写一个 · write exactly one of at, cron, daily")
        return self


class Row(Post):
    day: Days = Field(description="哪天:周一、工作日、第几天、日期 · Weekday, workdays, day number or date; a list too")
    slot: str = Field(description="哪个时段,名字见 slots · Name of a slot")
    week: int | tuple[int, ...] | None = Field(None, description="只在第几周发 · In these weeks of the campaign only")

    def weeks(self) -> tuple[int, ...]:
        return () if self.week is None else (self.week,) if isinstance(self.week, int) else self.week


class Countdown(Post):
    to: Day = Field(description="倒数到哪天 · The date that is counted down to")
    days: int = Field(3, ge=0, le=100, description="提前几天开始,当天也发 · Days before, the day itself included")
    at: Clock = Field(time(9), description="每天几点发 · Time of day")

    def _needs_content(self) -> bool:
        return False


class Plan(PlayParams):
    goal: str = Field("", description="目标 · Goal")
    audience: str = Field("", description="受众 · Audience")
    topic: str = Field("", description="主题 · Topic")
    frequency: str = Field("", description="频次 · Frequency")


class Pacing(PlayParams):
    gap: Duration = Field(timedelta(seconds=20), description="同一篇里两条消息的间隔 · Between two messages of a post")
    between: Duration = Field(timedelta(minutes=1), description="两篇之间的间隔 · Between two posts that waited")
    spread: Duration = Field(
        timedelta(minutes=5),
        description="各群在时段开头的多少时间内错开 · Groups are spread over this at the start of a slot",
    )
    max_messages: int = Field(35, ge=1, le=200, description="一篇最多几条,建议不超过 35 · Messages in one post at most")
    max_duration: Duration = Field(
        timedelta(minutes=25), description="一篇最长播多久,建议不超过 25 分钟 · A post lasts this long at most"
    )


class Words(PlayParams):
    pause: str = Field("暂停推送", min_length=1, description="暂停的指令 · Command")
    resume: str = Field("继续推送", min_length=1, description="继续的指令 · Command")
    stop: str = Field("停止推送", min_length=1, description="停止的指令 · Command")
    send: str = Field("立即发送", min_length=1, description="立即发送的指令 · Command")
    preview: str = Field("预览", min_length=1, description="预览的指令 · Command")
    agenda: str = Field("排期", min_length=1, description="看排期的指令 · Command")
    recall: str = Field("撤回推送", min_length=1, description="撤回上一篇的指令 · Command")


class Params(PlayParams):
    plan: Plan | None = Field(None, description="内容规划四维 · Goal, audience, topic, frequency")
    start: Day | None = Field(None, description="开始日期,第 1 天 · First day; counts as day 1")
    end: Day | None = Field(None, description="结束日期 · Last day")
    posts: tuple[Scheduled, ...] = Field((), description="定时内容 · Posts at a time or by cron")
    slots: dict[str, Hours] = Field({}, description="时段: 早 07:30-08:30 · Time slots of the day")
    calendar: tuple[Row, ...] = Field((), description="内容矩阵:日子 × 时段 · The content matrix: day × slot")
    countdown: Countdown | None = Field(None, description="倒计时 · Countdown to a date")
    pacing: Pacing = Field(Pacing(), description="节奏 · Pace and limits")
    per_day: int = Field(6, ge=1, le=100, description="每个群每天最多几篇 · Posts per group and day at most")
    missed: Missed = Field(
        "late", description="机器人停机错过的:跳过 / 晚点发 / 逐篇补发 · Missed runs: skip, late, catch_up"
    )
    within: Duration = Field(timedelta(hours=6), description="晚多久以内还发 · How late a missed post may still go out")
    quiet: Literal["wait", "skip"] = Field(
        "wait", description="碰上安静时段:等到结束再发 / 不发 · In quiet hours: wait or skip"
    )
    busy: Literal["ignore", "restart", "queue"] = Field(
        "queue", description="上一篇还没发完:忽略 / 换成新的 / 排队 · While a post is in flight: ignore, restart, queue"
    )
    words: Words = Field(Words(), description="运营指令的说法 · Words of the operators' commands")

    @model_validator(mode="after")
    def _consistent(self) -> Params:
        for row in self.calendar:
            if row.slot not in self.slots:
                known = "、".join(self.slots) or "(slots 还没写)"
                raise ValueError(f"时段「{row.slot}」没有定义,现有:{known} · slot {row.slot!r} is not defined")
            if self.start is None and any(day.isdecimal() for day in row.day):
                raise ValueError("用第几天排期要先写 start 开始日期 · day numbers need `start`")
        names = [post.name for post in (*self.posts, *self.calendar) if post.name]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise ValueError(f"名字重复:{'、'.join(sorted(twice))} · names used twice")
        if self.start and self.end and self.end < self.start:
            raise ValueError("end 早于 start · end lies before start")
        if not (self.posts or self.calendar or self.countdown):
            raise ValueError("posts、calendar、countdown 至少写一个 · write posts, calendar or countdown")
        return self


def in_span(params: Params, day: date) -> bool:
    return (params.start is None or params.start <= day) and (params.end is None or day <= params.end)
