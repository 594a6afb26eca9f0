"""What an operator may write under `kind: quiz`, and the commands and schedule that follow from it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import Field, model_validator

from bot.core.audience import Audience
from bot.core.play import CommandSpec, Missed, PlayParams, Schedule
from bot.core.prizes import Prizes
from bot.core.units import BankPath, Clock, Duration
from bot.plays.quiz.bank import LIMITS_S, Bank
from bot.plays.quiz.scoring import Mode, Rules

SPEC_LIMIT_S = 20
_SPEC_BASE = 100


class When(PlayParams):
    """When a session begins by itself."""

    cron: str = Field(default="", description='定期开始,星期写英文,如 "0 20 * * tue,thu" · cron, weekdays by name')
    at: Clock | None = Field(default=None, description='每天几点开始,如 "20:00" · time of day, every day')
    jitter: Duration = Field(
        default=timedelta(0), description="随机晚开多久以内,如 2m · delays each start by up to this"
    )
    missed: Missed = Field(
        default="skip", description="错过了怎么办:skip 不补,late 晚开 · what a missed start does: skip or late"
    )
    days: Literal["all", "workdays", "holidays"] = Field(
        default="all", description="只在工作日或节假日 · workdays or holidays of the Chinese calendar only"
    )

    @model_validator(mode="after")
    def _one_of(self) -> When:
        if bool(self.cron) == (self.at is not None):
            raise ValueError("cron 和 at 写一个,也只写一个 · write exactly one of cron and at")
        return self


class Scoring(PlayParams):
    """A right answer earns `correct` plus a share of `speed_bonus` that falls to nothing at the limit."""

    correct: int = Field(default=50, ge=0, description="答对得几分 · points of a right answer")
    speed_bonus: int = Field(default=50, ge=0, description="立刻答对再加几分,到时限减为 0 · more for an answer at once")
    streak_bonus: int = Field(
        default=10, ge=0, description="连对每多一题再加几分,最多加 5 次 · more for each right answer in a row, up to 5"
    )
    wrong: int = Field(default=0, ge=0, description="答错扣几分 · what a wrong answer costs")
    partial: bool = Field(
        default=False, description="多选只选对一部分也给分 · part of the points for part of the options"
    )


class Params(Prizes):
    bank: BankPath | Annotated[tuple[BankPath, ...], Field(min_length=1, max_length=20)] = Field(
        description="题库文件(YAML 或 CSV),可以列几个,不点名时用第一个 · the question bank, or several: the first unless named"
    )
    schedule: When | None = Field(default=None, description="什么时候自动开始 · when a session begins by itself")
    questions: int = Field(default=10, ge=1, le=100, description="一场几题 · questions of a session")
    tags: tuple[str, ...] = Field(default=(), description="只出带这些标签的题 · only questions with one of these tags")
    time_limit: Duration | None = Field(
        default=None, description="每题时限,如 30s;题目自己写了的以题目为准 · time for a question"
    )
    gap: Duration = Field(default=timedelta(seconds=5), description="公布答案后隔多久出下一题 · pause after a reveal")
    mode: Mode = Field(
        default="all",
        description="all 大家都答;race 抢答,第一个答对的得分 · everybody answers, or the first right one wins",
    )
    attempts: int = Field(
        default=1, ge=1, le=5, description="每人每题可答几次,最后一次算 · answers per member, the last counts"
    )
    scoring: Scoring | None = Field(default=None, description="计分 · points")
    reveal: Literal["with_explanation", "answer_only"] = Field(
        default="with_explanation", description="公布答案时带不带解析 · whether the reveal explains"
    )
    hurry: Duration | None = Field(default=None, description="时限前多久提醒一次,如 5s · a call before the limit ends")
    one_message: bool = Field(
        default=False, description="公布答案和下一题合成一条,省消息 · reveal and next question in one message"
    )
    shuffle_options: bool = Field(default=False, description="打乱选项顺序 · options in a drawn order")
    stop_score: int | None = Field(
        default=None, ge=1, description="有人到这个分就结束 · ends when somebody has so many points"
    )
    private: bool = Field(default=False, description="请成员私聊作答 · answers by private message only")
    no_repeat: Duration = Field(
        default=timedelta(days=30), description="多久内不重复出同一题 · no question twice within this"
    )
    exclude: Audience = Field(default=(), description="谁不计分,如 role:operator · who does not score, e.g. the host")
    teams: tuple[str, ...] = Field(
        default=(),
        max_length=6,
        description="分队赛:队名,如 [红队, 蓝队],第一次作答时抽签入队 · team names, drawn at first answer",
    )
    award: bool = Field(default=True, description="结束后把得分记入积分 · points of the session enter the ledger")
    submit: bool = Field(
        default=True, description="成员可以投稿题目,运营审核 · members may submit questions for review"
    )
    submit_points: int = Field(default=0, ge=0, description="投稿通过加几分 · points for a submission that passes")

    @model_validator(mode="after")
    def _limits(self) -> Params:
        if self.time_limit and not LIMITS_S[0] <= self.time_limit.total_seconds() <= LIMITS_S[1]:
            raise ValueError("time_limit 要在 3s 到 600s 之间 · time_limit must lie between 3s and 600s")
        if len(self.teams) == 1 or len(set(self.teams)) < len(self.teams):
            raise ValueError("teams 至少要两个不同的队名,如 [红队, 蓝队] · teams needs two different names at least")
        return self

    @property
    def banks(self) -> tuple[str, ...]:
        return (self.bank,) if isinstance(self.bank, str) else self.bank

    def rules(self, bank: Bank) -> Rules:
        """The points of a session. Without `scoring`: the bank's points (else 100) at once, half of them at the limit,
        a tenth more for each step of a streak."""
        if self.scoring is None:
            base = Fraction(bank.points or _SPEC_BASE)
            top, bottom, step, wrong, partial = base, base / 2, base / 10, 0, False
        else:
            given = self.scoring
            top, bottom = Fraction(given.correct + given.speed_bonus), Fraction(given.correct)
            step, wrong, partial = Fraction(given.streak_bonus), given.wrong, given.partial
        return Rules(
            mode=self.mode, top=top, bottom=bottom, step=step, attempts=self.attempts, partial=partial, wrong=wrong
        )

    def limit_s(self, own: int | None, bank: Bank) -> int:
        """The question's own limit, else the playbook's, else the bank's, else 20 s."""
        if own is None and self.time_limit:
            return int(self.time_limit.total_seconds())
        return own or bank.limit_s or SPEC_LIMIT_S


def commands(params: Params) -> Sequence[CommandSpec]:
    operator = [
        CommandSpec(name="开始答题", rest="optional", for_operators=True, help="[题库、标签或题型] [题数]"),
        CommandSpec(name="下一题", for_operators=True, help="立刻公布并出下一题"),
        CommandSpec(name="跳过", aliases=("跳过这题",), for_operators=True, help="这题不算"),
        CommandSpec(
            name="作废", aliases=("作废题目",), rest="optional", for_operators=True, help="第几题不算,重新计分"
        ),
        CommandSpec(name="暂停答题", aliases=("暂停",), for_operators=True, help="答完这题先停"),
        CommandSpec(name="继续答题", aliases=("继续",), for_operators=True, help="接着出题"),
        CommandSpec(
            name="题目统计",
            aliases=("题库统计",),
            rest="optional",
            for_operators=True,
            help="哪些题难、出过几次,或:题目统计 题号",
        ),
        CommandSpec(name="结束答题", aliases=("停止答题",), for_operators=True, help="结束并公布名次"),
    ]
    members = [
        CommandSpec(name="答题", aliases=("答题帮助",), help="怎么答题、什么时候有"),
        CommandSpec(name="答题排行", aliases=("答题榜", "我的名次", "名次"), help="这一场的名次"),
    ]
    if params.submit:
        members.append(CommandSpec(name="投稿", aliases=("出题",), rest="optional", help="给题库出一道题"))
    return [*members, *operator]


def schedules(params: Params) -> Sequence[Schedule]:
    if (when := params.schedule) is None:
        return ()
    jitter_s = int(when.jitter.total_seconds())
    return (Schedule(name="start", cron=when.cron, at=when.at, jitter_s=jitter_s, missed=when.missed, days=when.days),)
