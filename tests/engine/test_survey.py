"""A survey on the live engine feeds the metrics: the newest score of each member, and who answered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.core.events import Event, MessageReceived
from bot.core.play import Member
from bot.engine.clock import to_ms
from bot.engine.kernel import Kernel
from bot.engine.render import Renderer
from bot.engine.rollups import count_next, expect_yesterday
from bot.engine.traffic import Inbound
from bot.insight.catalogue import measure
from bot.insight.figures import scope_of
from bot.playbook.model import ActivePlay, GroupPlan, Header, plan_of
from bot.plays import all_plays
from storage.database import Database

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
BOT, CHAT = "qq:1", "qq:100"
_TEMPLATES = Path(__file__).parents[2] / "templates"
PEOPLE = [f"qq:友{n}" for n in range(10)]


def plans() -> Callable[[str], GroupPlan]:
    play = all_plays()["survey"]
    header = Header(playbook="营", title="共读营", operators=frozenset({"qq:老陈"}))
    active = ActivePlay(name="问卷", play=play, params=play.Params.model_validate({}), version="v1", header=header)
    return lambda chat: plan_of(chat, [active])


def test_scores_become_the_metric(database: Database) -> None:
    """Four 9 or 10, one 7, one changed from 10 to 2: NPS (4 - 1) / 6, six of eleven answered."""
    connection = database.engine.connect()
    kernel = Kernel(connection, plan_for=plans(), renderer=Renderer(_TEMPLATES), trace=False)
    kernel.open(NOW)
    members = [Member(uid=uid, name=uid, joined_at=NOW - timedelta(days=9)) for uid in (*PEOPLE, "qq:老陈")]
    kernel.learn_members(BOT, CHAT, members, NOW)
    said = [
        ("qq:老陈", "开始问卷"),
        *zip(PEOPLE, ("9", "10分", "打9分", "满分", "7", "10"), strict=False),
        (PEOPLE[5], "评分 2 太吵"),
    ]
    events: list[Event] = [
        MessageReceived(id=f"m{n}", account=BOT, chat=CHAT, member=who, at=NOW, message_id=f"m{n}", text=text, name=who)
        for n, (who, text) in enumerate(said)
    ]
    kernel.cycle(NOW, [Inbound(event, NOW) for event in events])
    tomorrow = NOW + timedelta(days=1)
    expect_yesterday(kernel, tomorrow)
    while count_next(kernel) is not None:
        pass
    room = kernel.directory.rooms[CHAT]
    with connection.begin():
        scope = scope_of(room.id, kernel.directory.date(room, tomorrow), to_ms(tomorrow))
        score, rate = measure(connection, scope, ("nps.score", "nps.response_rate"))
    connection.close()
    assert score.value == pytest.approx(50)
    assert score.n == 6
    assert score.low is not None
    assert score.low < 50
    assert rate.value == pytest.approx(6 / 11)
