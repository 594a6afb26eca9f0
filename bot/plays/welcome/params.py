"""What an operator may write under `kind: welcome`."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from bot.core.play import PlayParams
from bot.core.units import Clock, Duration, TemplateText

_PEOPLE = ("mentions", "names", "count", "more", "first_number", "last_number")
PeopleText = Annotated[str, TemplateText(_PEOPLE)]
LetterText = Annotated[str, TemplateText(("name", "number", "code", "date"))]
FollowUpText = Annotated[str, TemplateText((*_PEOPLE, "name", "days"))]
MilestoneText = Annotated[str, TemplateText(("size",))]
FarewellText = Annotated[str, TemplateText(("names", "count"))]
UnansweredText = Annotated[str, TemplateText(("mentions", "name"))]


class RulesAck(PlayParams):
    keyword: str = Field(
        "已读", min_length=1, description="成员回复哪个词算读过群规 · The word that acknowledges the rules"
    )
    version: int = Field(
        1, ge=1, description="群规版本,改大后会请全群重新确认 · Rules version; a higher one asks everybody again"
    )
    text: str = Field("", description="群规全文,发「群规」时给出 · The rules, shown on the command 群规")
    remind_after: Duration | None = Field(
        timedelta(hours=2), description="多久没确认就提醒 · How long to wait before reminding"
    )
    remind_times: int = Field(1, ge=1, le=5, description="最多提醒几次 · Reminders at most")


class SelfIntro(PlayParams):
    template: str = Field(
        "我是__,在__做__,想通过本群__",
        description="自我介绍模板,空格用两个下划线 · Fill-in text; two underscores are a blank",
    )
    prefix: str = Field(
        "自我介绍", min_length=1, description="以这个词开头也算自我介绍 · A message that begins so counts too"
    )
    min_chars: int = Field(6, ge=1, le=200, description="至少多少字才算 · Characters needed")
    points: int = Field(0, ge=0, le=10000, description="完成得多少积分,只给一次 · Points, given once")
    remind_after: Duration | None = Field(
        timedelta(days=1), description="多久没介绍就提醒 · How long to wait before reminding"
    )
    remind_times: int = Field(1, ge=1, le=5, description="最多提醒几次 · Reminders at most")


class Gate(PlayParams):
    question: str = Field("", description="入群问题,给运营看 · The question members are asked, for the operators' eyes")
    answers: tuple[str, ...] = Field(
        (), description="可接受的答案,全半角大小写不计 · Accepted answers, compared after folding"
    )
    codes: dict[str, str] = Field(
        {}, description="口令: 渠道名,答对口令并记下渠道 · Code: channel; lets in and tags the member channel:…"
    )
    otherwise: Literal["ask", "reject", "wait"] = Field(
        "ask", description="没答对时:问运营 / 拒绝 / 留给人工 · No match: ask operators, reject, or leave it to people"
    )
    reject_text: str = Field("", max_length=60, description="拒绝时附的话 · Reason sent with a rejection")
    timeout: Duration = Field(timedelta(hours=24), description="运营多久没答算超时 · How long operators have to answer")
    on_timeout: Literal["reject", "approve", "wait"] = Field(
        "wait", description="超时后:拒绝 / 同意 / 不处理 · After the timeout: reject, approve, or do nothing"
    )


class FollowUp(PlayParams):
    after: Duration = Field(description="入群欢迎后多久 · How long after the greeting: 1d, 3d, 7d")
    at: Clock | None = Field(None, description="挪到当天这个钟点 · Moved to this time of that day")
    to: Literal["group", "private"] = Field(
        "group",
        description="发到群里还是私聊;私聊不通时发群里 · In the group or in private (group where private is impossible)",
    )
    only_if: Literal["always", "not_introduced", "not_spoken", "not_acked"] = Field(
        "always", description="只发给还没做这件事的人 · Only to members who have not done this yet"
    )
    text: FollowUpText = Field(min_length=1, description="内容 · Text")


class Farewell(PlayParams):
    to: Literal["group", "operators"] = Field(
        "group", description="发到群里,或只告诉运营 · In the group, or to operators only"
    )
    batch: Duration = Field(
        timedelta(minutes=5), description="多久内退群的合成一条 · Who leaves within this goes in one message"
    )
    text: FarewellText = Field("", description="内容,留空用默认 · Text; empty takes the built-in one")


class Milestones(PlayParams):
    sizes: tuple[int, ...] = Field(
        (50, 100, 150), description="群满多少人庆祝,每个只庆一次 · Sizes to celebrate, once each"
    )
    text: MilestoneText = Field("", description="内容,留空用默认 · Text; empty takes the built-in one")
    texts: dict[int, MilestoneText] = Field({}, description="某个人数专用的内容 · Text of one size")


class Admission(PlayParams):
    deliver: Literal["group", "private", "command"] = Field(
        "group",
        description="随欢迎发群里 / 私聊发 / 成员发指令才给 · With the greeting, in private, or only on command",
    )
    command: str = Field(
        "录取通知书", min_length=1, description="成员取自己通知书的指令 · Command for one's own letter"
    )
    verify: str = Field("验证", min_length=1, description="验证校验码的指令 · Command that verifies a code")
    prefix: str = Field("", max_length=12, description="编号前缀 · Put before the number")
    digits: int = Field(4, ge=1, le=8, description="编号位数 · Digits of the number")
    text: LetterText = Field("", description="通知书内容,留空用默认 · Text; empty takes the built-in one")
    picture: bool = Field(
        False,
        description="发成图片(版式见 templates/cards/letter.yaml),发不了图就发文字 · as a picture, in words where none can be sent",
    )


class Unanswered(PlayParams):
    after: Duration = Field(
        timedelta(minutes=30),
        description="新人第一次发言多久没人接就提醒运营 · First words unanswered this long alert operators",
    )
    within: Duration = Field(timedelta(days=7), description="入群多久内算新人 · How long a member counts as new")
    text: UnansweredText = Field(
        "", description="同时在群里说的话,留空不说 · Said in the group too; empty says nothing"
    )


class Goal(PlayParams):
    command: str = Field("我的目标", min_length=1, description="记下目标的指令 · Command that records a goal")
    quote_after: Duration = Field(
        timedelta(days=21), description="多久后把目标念给本人听 · When the goal is quoted back to its owner"
    )


class Params(PlayParams):
    batch: Duration = Field(
        timedelta(seconds=30), description="多少时间内进群的合成一条欢迎 · Who joins within this is greeted at once"
    )
    text: PeopleText = Field("", description="欢迎语,留空用默认 · The greeting; empty takes the built-in one")
    summary: PeopleText = Field(
        "", description="一次进群太多人时的欢迎语,留空用默认 · The greeting of a crowd; empty takes the built-in one"
    )
    mention_at_most: int = Field(10, ge=0, le=50, description="一条消息最多@多少人 · Mentions in one message at most")
    max_per_hour: int = Field(
        6, ge=1, le=120, description="每小时最多几条欢迎,超出的合并 · Greetings per hour at most; the rest is merged"
    )
    too_late: Duration = Field(
        timedelta(days=1),
        description="进群多久以后就不再补欢迎 · Members who joined longer ago are not greeted any more",
    )
    greet_returning: bool = Field(True, description="退群又回来的是否欢迎 · Whether returning members are greeted")
    welcome_back: PeopleText = Field("", description="欢迎回来的话,留空用默认 · Greeting of returning members")
    rules_ack: RulesAck | None = Field(None, description="群规确认 · Acknowledgement of the rules")
    self_intro: SelfIntro | None = Field(None, description="自我介绍与名录 · Self-introductions and the directory")
    goal: Goal | None = Field(None, description="学习目标 · Goals that are quoted back at the end")
    gate: Gate | None = Field(None, description="入群门槛 · Who may join")
    follow_ups: tuple[FollowUp, ...] = Field((), description="入群后的跟进 · Messages on the days after joining")
    unanswered: Unanswered | None = Field(
        None, description="新人发言没人接时提醒运营 · Alert about unanswered first words"
    )
    farewell: Farewell | None = Field(None, description="退群告别,默认不发 · Farewell; none by default")
    milestones: Milestones | None = Field(None, description="群满多少人的庆祝 · Celebrated group sizes")
    admission: Admission | None = Field(
        None, description="录取通知书 · Numbered admission letter with a verifiable code"
    )
