"""`qunops search`: beside a running bot, in words and for programs."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import build
from storage.database import Database
from storage.search_index import index_next
from tests.cli.running import PATIENCE_S, Running, house
from tests.storage.rows import MONDAY_MS, Rows


def call(*words: str, env: dict[str, str] | None = None) -> Result:
    return CliRunner(env=env).invoke(build(), ["search", *words])


@pytest.fixture
def url(database_url: str) -> str:
    """Two who spoke of 打卡 on two days."""
    with Database(database_url) as database, database.begin() as connection:
        rows = Rows(connection)
        rows.says(rows.member("小明"), "今天打卡\x1b[31m了", MONDAY_MS)
        rows.says(rows.member("小红"), "没打卡 [bold]", MONDAY_MS + 86_400_000)
        index_next(connection)
    return database_url


def test_hits_in_words(url: str) -> None:
    """Who, where, when, newest first; nobody's words steer the terminal."""
    shown = call("打卡", "--db", url).stdout
    assert shown.index("没打卡 [bold]") < shown.index("今天打卡")
    assert "2026-03-03 00:00  读书群 · 小红" in shown
    assert "\x1b" not in shown


def test_hits_for_programs(url: str) -> None:
    """With places and moments; each filter narrows."""
    (hit,) = json.loads(call("打卡", "今天", "--db", url, "--format", "json").stdout)["hits"]
    assert (hit["member"], hit["places"]) == ("qq:小明", [[0, 2], [2, 4]])
    for narrowed, count in (
        (("--member", "qq:小红"), 1), (("--group", "qq:100"), 2), (("--since", "2026-03-03"), 1),
        (("--until", "2026-03-03"), 1), (("--limit", "1"), 1), (("--before", "2"), 1),
    ):  # fmt: skip
        found = json.loads(call("打卡", *narrowed, "--db", url, "--format", "json").stdout)
        assert len(found["hits"]) == count, narrowed


def test_nothing_and_no_words(url: str) -> None:
    """Nothing found is a no, nothing asked a wrong call."""
    assert call("没有的词", "--db", url).exit_code == 1
    assert call("  ", "--db", url).exit_code == 2


def test_a_running_bot_indexes_what_is_said(tmp_path: Path) -> None:
    """Found at once, before the index has come to it; and the index comes to it."""
    env = house(tmp_path)
    with Running(env) as bot:
        bot.say("小红: 林黛玉进贾府")
        bot.say("打卡")
        bot.hear("群小助")
        assert "林黛玉" in call("黛玉", env=env).stdout
        assert bot.stop() == 0
    with Running(env) as bot:
        bot.say("积分")
        bot.hear("群小助")
        until = time.monotonic() + PATIENCE_S
        while _indexed(tmp_path) < 3 and time.monotonic() < until:
            assert bot.ready()["ready"]
        assert _indexed(tmp_path) == 3
        assert "林黛玉" in call("黛玉", env=env).stdout
        assert bot.stop() == 0


def _indexed(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "data" / "qunops.db")) as connection:
        try:
            return int(connection.execute("SELECT count(*) FROM message_gram").fetchone()[0])
        except sqlite3.OperationalError:
            return 0  # there is no index yet
