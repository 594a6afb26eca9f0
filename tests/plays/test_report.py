"""报告: each span once, to whom and in the shape that was asked for; actions by number until they are done."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.core.effects import SendReport
from bot.core.play import ALL_CAPABILITIES, Capability
from bot.engine.calendar import next_fire
from bot.insight.reports.period import period_of
from bot.plays.report import PLAY
from bot.plays.report.params import Params
from bot.plays.report.sending import span
from tests.stage import Stage


def staged(now: str = "2026-03-01 20:00", **params: Any) -> Stage:
    caps = params.pop("caps", ALL_CAPABILITIES)
    stage = Stage("report", params, now=now, caps=caps)
    stage.members("小明", "小红", op="老陈")
    return stage


def runs_until(stage: Stage, until: str) -> None:
    """Time passes, and the schedule fires as the calendar says."""
    end = stage._time(until)
    params = next(iter(stage.plan.plays.values())).params
    (schedule,) = PLAY.schedules(params)
    while (due := next_fire(schedule, stage.now, stage.zone)) is not None and due <= end:
        stage.until(due)
        stage.fires("report", schedule.name, due)
    stage.until(end)


def notes(stage: Stage) -> list[tuple[str, str]]:
    return [(what, key) for _, what, key in stage.notes]


def sent(stage: Stage) -> list[tuple[str, str, str, str]]:
    """(first, last, form, to) of what was sent since the last look."""
    return [(each.first, each.last, each.form, (each.to or "").removeprefix("sim:")) for each in stage.took(SendReport)]


def test_a_week_to_operators() -> None:
    """Monday at nine: the week before, a picture and a page, in private."""
    stage = staged()
    runs_until(stage, "2026-03-02 09:01")
    assert sent(stage) == [("2026-02-23", "2026-03-01", "png", "老陈"), ("2026-02-23", "2026-03-01", "html", "老陈")]
    runs_until(stage, "2026-03-08 23:00")
    assert sent(stage) == []
    runs_until(stage, "2026-03-09 09:01")
    assert {(first, last) for first, last, _, _ in sent(stage)} == {("2026-03-02", "2026-03-08")}


@pytest.mark.parametrize(
    ("params", "until", "spans"),
    [
        ({"period": "day", "at": "08:00"}, "2026-03-03 08:01", ["2026-03-01..2026-03-01", "2026-03-02..2026-03-02"]),
        ({"period": "month"}, "2026-04-01 09:01", ["2026-03-01..2026-03-31"]),
        ({"period": "camp", "begins": "2026-03-02", "days": 21}, "2026-04-30 09:00", ["2026-03-02..2026-03-22"]),
        ({"period": "week", "weekday": "wed"}, "2026-03-04 09:01", ["2026-02-23..2026-03-01"]),
    ],
)  # fmt: skip
def test_each_span(params: dict[str, Any], until: str, spans: list[str]) -> None:
    """A day the next morning, a month on the first, a camp once, on the day after its last."""
    stage = staged("2026-03-01 20:00", formats=["text"], **params)
    runs_until(stage, until)
    assert [f"{first}..{last}" for first, last, _, _ in sent(stage)] == spans


def test_fired_again_is_not_sent_again() -> None:
    """The same firing twice, a late one, one of before: the span is sent once, and a note says so."""
    stage = staged()
    runs_until(stage, "2026-03-02 09:01")
    assert len(sent(stage)) == 2
    for _ in range(3):
        stage.fires("report", "report")
    assert sent(stage) == []
    assert len(notes(stage)) == 1


def test_the_group_gets_its_own_shape() -> None:
    stage = staged(audience=["operators", "group"], formats=["html", "xlsx"], group_formats=["png"])
    runs_until(stage, "2026-03-02 09:01")
    assert [(form, to) for _, _, form, to in sent(stage)] == [("html", "老陈"), ("xlsx", "老陈"), ("png", "")]


def test_what_the_network_cannot_carry_becomes_words_once() -> None:
    """No files and no pictures: one message instead of three. No private chat: nobody is told behind the group's back."""
    bare = ALL_CAPABILITIES - {Capability.FILE, Capability.PICTURE}
    stage = staged(formats=["png", "html", "xlsx"], caps=bare)
    runs_until(stage, "2026-03-02 09:01")
    assert [form for _, _, form, _ in sent(stage)] == ["text"]
    stage = staged(caps=ALL_CAPABILITIES - {Capability.PRIVATE})
    runs_until(stage, "2026-03-02 09:01")
    assert sent(stage) == []
    assert [note.data["told"] for note in stage.notes.values()] == [0]


def test_an_operator_asks() -> None:
    """周报 gives the newest span to who asks; a member's 周报 is chat."""
    stage = staged("2026-03-04 12:00", formats=["html"])
    stage.says("小明", "周报")
    assert sent(stage) == []
    stage.says("老陈", "周报")
    assert sent(stage) == [("2026-02-23", "2026-03-01", "html", "老陈")]
    stage.says("老陈", "周报")
    assert len(sent(stage)) == 1, "asking is no schedule: each question has its answer"


def test_actions() -> None:
    stage = staged()
    stage.says("老陈", "行动 把常见问题写进群公告")
    assert "行动 1" in stage.bot()[0]
    stage.says("老陈", "行动 周五话题换到 20 点")
    stage.take()
    stage.says("老陈", "行动项")
    assert "1. 把常见问题写进群公告" in stage.bot()[0]
    stage.says("老陈", "行动完成 1 7")
    (said,) = stage.bot()
    assert "✅ 做完了：把常见问题写进群公告" in said
    assert "没有这个编号的行动项：7" in said
    assert "还有 1 项" in said
    stage.says("老陈", "行动完成 1")
    assert "没有这个编号" in stage.bot()[0]
    stage.says("小明", "行动 我也想")
    assert stage.bot() == []
    assert notes(stage) == [("action", "a1"), ("action", "a2"), ("action_done", "a1")]


def test_a_daily_report_keeps_no_actions() -> None:
    """Two reports of one group must not both own 行动."""
    names = {kind: {spec.name for spec in PLAY.commands(Params.model_validate(more))} for kind, more in (
        ("day", {"period": "day"}), ("week", {"period": "week"}), ("month", {"period": "month"}),
    )}  # fmt: skip
    assert names == {"day": {"日报"}, "week": {"周报", "行动", "行动完成", "行动项"}, "month": {"月报"}}


def test_a_camp_needs_its_beginning() -> None:
    with pytest.raises(ValidationError, match="begins"):
        Params.model_validate({"period": "camp"})


@given(st.sampled_from(("day", "week", "month")), st.dates(date(2001, 1, 2), date(2099, 12, 31)))
def test_the_span_is_over_and_whole(period: str, today: date) -> None:
    """Whatever the day: the span ended before it, and the next day's span ends no earlier."""
    params = Params.model_validate({"period": period})
    first, last = span(params, today)
    assert first <= last < today
    assert (period_of(period, last).first, period_of(period, last).last) == (first, last)  # type: ignore[arg-type]
