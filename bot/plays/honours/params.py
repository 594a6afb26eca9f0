"""What an operator may write under `kind: honours`."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field, model_validator

from bot.core.audience import Audience
from bot.core.marks import Title
from bot.core.play import PlayParams
from bot.core.units import Duration

_LEAST = timedelta(minutes=10)


class Params(PlayParams):
    honour: str = Field(
        "月度之星", min_length=1, max_length=12, description="评的是什么,如 月度之星 · what is voted for"
    )
    opens: str = Field("", description='定期开始,cron,如 "0 12 25 * *";不写就由运营开始 · when it opens by itself')
    nominate: Duration = Field(timedelta(days=2), description="提名开多久 · how long nominations are open")
    vote: Duration = Field(timedelta(days=1), description="投票开多久 · how long the vote is open")
    candidates: int = Field(8, ge=2, le=20, description="最多几位候选人,被提名多的在前 · candidates at most")
    winners: int = Field(1, ge=1, le=10, description="选几位 · how many win")
    tie: Literal["all", "first", "runoff"] = Field(
        "all",
        description="票数一样:all 都算、first 先被提名的、runoff 他们之间再投一轮(还一样就都算) · what equals do: all win, "
        "the one nominated first, or one more vote between them",
    )
    min_votes: int = Field(3, ge=1, le=1000, description="至少几个人投票才算数 · people who must vote for it to count")
    may_nominate: Audience = Field(("all",), description="谁能提名 · who may nominate")
    may_vote: Audience = Field(("all",), description="谁能投票;开始以后才进群的都不行 · who may vote")
    may_win: Audience = Field(("!role:operator",), description="谁能被提名,默认运营以外的人 · who may be nominated")
    itself: bool = Field(False, description="能不能提名自己 · whether one may nominate oneself")
    again_after: Duration = Field(
        timedelta(0), description="得过的人隔多久才能再被提名,0s 不限 · how long before a winner may be nominated again"
    )
    points: int = Field(0, ge=0, le=100_000, description="得奖的积分 · points for a winner")
    title: Title = Field("", description="QQ 专属头衔,最多 6 个字,要群主权限 · special title, QQ, needs the owner")
    hold: Duration = Field(
        timedelta(days=30),
        description="头衔戴多久,0s 一直到下次评出 · how long the title is kept, 0s: until the next winners",
    )
    badge: str = Field("", max_length=12, description="同时得的徽章,写徽章的名字 · a badge that comes with it")
    badges: str = Field("徽章", description="徽章玩法叫什么 · the play of kind badges that gives it")
    picture: bool = Field(True, description="结果发荣誉证书图片,发不了图就发文字 · a certificate as a picture")
    command: str = Field("提名", min_length=1, max_length=12, description="提名的指令 · the word that nominates")
    ballot: str = Field("投票", min_length=1, max_length=12, description="投票的指令 · the word that votes")
    table: str = Field(
        "候选人", min_length=1, max_length=12, description="看进行到哪、有谁的指令 · the word for the state of it"
    )
    begin: str = Field("开始评选", min_length=1, max_length=12, description="运营开始的指令 · operators begin")
    stop: str = Field("停止评选", min_length=1, max_length=12, description="运营停止的指令 · operators stop it")

    @model_validator(mode="after")
    def _has_time(self) -> Params:
        if self.nominate < _LEAST or self.vote < _LEAST:
            raise ValueError("提名和投票至少各开 10m · nominations and the vote are open for 10m at least")
        return self
