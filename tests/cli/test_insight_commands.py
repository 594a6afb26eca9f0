"""`metrics`, `tiers`, `funnel` and `stats` over forty made-up days: what an operator reads, in both languages and as JSON."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from typer.testing import CliRunner, Result

from bot.cli import build, tables
from bot.core.metrics import METRICS
from bot.engine.clock import WallClock
from storage.database import Database
from tests.insight.scene import NOW_MS, TODAY, forty_days, moment
from tests.insight.test_catalogue import gap, place_all


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch) -> None:
    """The morning after the forty days."""
    monkeypatch.setattr(WallClock, "now", lambda self: moment(40, hours=9))
    assert tables.today_in("Asia/Shanghai") == (TODAY, NOW_MS)


@pytest.fixture
def url(database_url: str) -> str:
    with Database(database_url) as database, database.begin() as connection:
        scene = forty_days(connection)
        place_all(connection, scene)
        gap(connection, scene, 20, 22)
    return database_url


def call(*arguments: str) -> Result:
    return CliRunner().invoke(build(), list(arguments))


def test_metrics(url: str) -> None:
    """A table with intervals and remarks, a sparkline that leaves the gap open, English on demand, numbers as JSON."""
    shown = call("metrics", "--group", "qq:100", "--db", url)
    assert shown.exit_code == 0, shown.output
    assert "读书群" in shown.stdout
    assert "··" in shown.stdout
    assert "听到的时间 93.3%" in shown.stdout
    assert "有离线缺口" in shown.stdout
    assert all(metric.zh in shown.stdout for metric in METRICS.values())
    english = call("metrics", "--group", "qq:100", "--first", "--lang", "en", "--db", url)
    assert "stickiness DAU/MAU" in english.stdout
    assert "daily active members" not in english.stdout
    told = json.loads(
        call("metrics", "retention.d7", "nps.score", "--group", "qq:100", "--format", "json", "--db", url).stdout
    )
    assert [row["id"] for row in told["metrics"]] == ["retention.d7", "nps.score"]
    assert told["metrics"][0]["low"] < told["metrics"][0]["value"] < told["metrics"][0]["high"]
    assert (told["last"], told["seen"]) == ((TODAY - timedelta(days=1)).isoformat(), 0.9333)


def test_the_catalogue_needs_no_database(tmp_path: object) -> None:
    """Definitions in both languages; an unknown metric is exit 2."""
    shown = call("metrics", "--list", "--lang", "en")
    assert shown.exit_code == 0
    assert all(id in shown.stdout for id in METRICS)
    assert json.loads(call("metrics", "nps.score", "--list", "--format", "json").stdout)[0]["unit"] == "score"
    wrong = call("metrics", "dau.mau")
    assert (wrong.exit_code, "没有指标 dau.mau" in wrong.stderr) == (2, True)


def test_tiers(url: str) -> None:
    """Shares with their norm, the lists with reasons, everybody's place as JSON."""
    shown = call("tiers", "qq:100", "--db", url)
    assert shown.exit_code == 0, shown.output
    for word in ("金字塔", "75%", "九级", "RFM", "M 来自贡献", "从未发言", "KOL / KOC"):
        assert word in shown.stdout
    told = json.loads(call("tiers", "qq:100", "--format", "json", "--db", url).stdout)
    assert sum(each["people"] for each in told["pyramid"]) == len(told["members"]) == 53
    assert told["shortlist"][0]["because"][0].startswith("被")
    assert "base" in call("tiers", "qq:100", "--lang", "en", "--db", url).stdout
    assert call("tiers", "qq:7", "--db", url).exit_code == 1


def test_funnel(url: str) -> None:
    """Newcomers, a playbook's steps, retention by play; each step at most the one before."""
    shown = call("funnel", "qq:100", "--db", url)
    assert shown.exit_code == 0, shown.output
    assert "第二周仍活跃" in shown.stdout
    steps = json.loads(call("funnel", "qq:100", "--playbook", "共读", "--format", "json", "--db", url).stdout)
    assert [step["zh"] for step in steps[:3]] == ["在群", "发言", "打卡"]
    people = [step["people"] for step in steps]
    assert people == sorted(people, reverse=True)
    assert call("funnel", "qq:100", "--playbook", "没有", "--db", url).exit_code == 1
    by_play = call("funnel", "qq:100", "--by", "play", "--db", url)
    assert "第一周打过卡" in by_play.stdout
    cohorts = json.loads(call("funnel", "qq:100", "--by", "channel", "--format", "json", "--db", url).stdout)
    assert {cohort["id"] for cohort in cohorts} <= {"invited", "approved", "unknown"}
    assert sum(cohort["size"] for cohort in cohorts) == sum(
        cohort["size"] for cohort in json.loads(call("funnel", "qq:100", "--by", "cohort", "--format", "json", "--db", url).stdout)
    )  # fmt: skip


def test_stats_say_the_stage(url: str) -> None:
    """The stage with its reason, and how much was not heard."""
    shown = call("stats", "--db", url)
    assert shown.exit_code == 0, shown.output
    assert "阶段" in shown.stdout
    assert "离线 7%" in shown.stdout
    (told,) = json.loads(call("stats", "--format", "json", "--db", url).stdout)
    assert told["stage"] in ("启动", "成长", "成熟", "扩张")
    assert 0 < told["activity.dau_mau"] < 1


def test_the_days_and_the_tiers_as_rows(url: str) -> None:
    """One row a group and day, one a member and place; times as days, nothing of another group."""
    days = call("export", "groups", "--format", "json", "--db", url).stdout.splitlines()
    first = json.loads(days[0])
    assert (first["group"], first["day"], len(days) >= 40) == ("qq:100", "2026-03-02", True)
    places = [json.loads(line) for line in call("export", "tiers", "--format", "json", "--db", url).stdout.splitlines()]
    assert {place["scheme"] for place in places} == {"pyramid", "rfm", "ladder"}
    assert len(places) == 3 * 53
    assert call("export", "tiers", "--group", "qq:7", "--format", "json", "--db", url).stdout == ""
