"""`qunops dead`: what failed, why, and another try."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import build
from bot.core.segments import Text
from bot.engine.codec import encode
from bot.transports.base import Message
from storage import tables as t
from storage.database import Database
from tests.cli.running import Running, house
from tests.storage.rows import MONDAY_MS, Rows, add


def call(*words: str, env: dict[str, str] | None = None) -> Result:
    return CliRunner(env=env).invoke(build(), list(words))


@pytest.fixture
def url(database_url: str) -> str:
    """A step that failed and a message that was refused."""
    with Database(database_url) as database, database.begin() as connection:
        rows = Rows(connection)
        kind, body = encode(Message(segments=(Text("晚安"),)))
        rows.outbox("共读/打卡|1|m1|0.0", "dead", kind=kind, body=body, error="retcode 1200", at=MONDAY_MS + 60_000)
        detail = 'Traceback:\n  File "step.py", line 7\nKeyError: \x1b[31m'
        add(
            connection, t.dead_event, chat_id=rows.chat, ref="共读/打卡", cause="m1", error="KeyError: 'streak'",
            detail=detail, at=MONDAY_MS,
        )  # fmt: skip
    return database_url


def test_both_kinds_are_listed_and_shown(url: str) -> None:
    """Newest first; the event with its traceback, the message with its words, neither steers the terminal."""
    found = json.loads(call("dead", "list", "--db", url, "--format", "json").stdout)
    assert [(row["id"], row["kind"], row["play"], row["error"]) for row in found] == [
        ("o1", "send", "共读/打卡", "retcode 1200"),
        ("e1", "event", "共读/打卡", "KeyError: 'streak'"),
    ]
    assert "dead retry" in call("dead", "list", "--db", url).stdout
    shown = call("dead", "show", "e1", "--db", url).stdout
    assert "step.py" in shown
    assert "\x1b" not in shown
    assert "晚安" in call("dead", "show", "o1", "--db", url).stdout
    assert json.loads(call("dead", "list", "--group", "qq:999", "--db", url, "--format", "json").stdout) == []


def test_ids_that_are_none(url: str) -> None:
    """A typo is a wrong call, an id of nothing is a no."""
    assert call("dead", "show", "12", "--db", url).exit_code == 2
    assert call("dead", "show", "e12", "--db", url).exit_code == 1


def test_a_message_is_queued_again(url: str) -> None:
    """Without a running bot it waits for the next start."""
    assert call("dead", "retry", "o1", "--db", url).exit_code == 0
    assert call("dead", "retry", "o1", "--db", url).exit_code == 1
    assert "e1" in call("dead", "list", "--db", url).stdout


def test_an_event_needs_the_running_bot(tmp_path: Path) -> None:
    """Stopped: said, with exit code 3. Running: stepped once; what can't be repeated is refused with a reason."""
    env = house(tmp_path)
    with Running(env) as bot:
        bot.say("打卡")
        bot.hear("群小助")
        assert call("dead", "retry", "e1", env=env).exit_code == 1
        assert bot.stop() == 0
    with closing(sqlite3.connect(tmp_path / "data" / "qunops.db")) as connection, connection:
        chat, key, at = connection.execute("SELECT chat_id, key, sent_at FROM message WHERE text = '打卡'").fetchone()
        insert = (
            "INSERT INTO dead_event (chat_id, ref, cause, error, detail, at) VALUES (?, 'camp/打卡', ?, 'x', '', ?)"
        )
        connection.executemany(insert, [(chat, key, at), (chat, "camp/打卡#timer@1", at)])
    stopped = call("dead", "retry", "e1", env=env)
    assert (stopped.exit_code, "没有运行" in stopped.stderr) == (3, True)
    with Running(env) as bot:
        done = call("dead", "retry", "e1", env=env)
        assert (done.exit_code, "做成了" in done.stdout) == (0, True)
        refused = call("dead", "retry", "e2", env=env)
        assert (refused.exit_code, "没法再做一遍" in refused.stderr) == (1, True)
        assert bot.stop() == 0
    (row,) = json.loads(call("dead", "list", "--format", "json", env=env).stdout)
    assert row["cause"] == "camp/打卡#timer@1"
