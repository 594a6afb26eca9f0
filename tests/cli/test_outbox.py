"""`qunops outbox` without a running bot: what failed or is unknown, and putting it back in the queue."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner, Result

from bot.cli import build
from bot.core.segments import Text
from bot.engine.codec import encode
from bot.transports.base import Message
from storage import tables as t
from storage.database import Database
from tests.storage.rows import Rows


def call(*arguments: str) -> Result:
    return CliRunner().invoke(build(), list(arguments))


@pytest.fixture
def url(database_url: str) -> str:
    """Three sends: one done, one refused, one that nobody knows about."""
    with Database(database_url) as database, database.begin() as connection:
        rows = Rows(connection)
        for status, words in (("done", "早上好"), ("dead", "晚安"), ("unknown", "周报来了")):
            kind, body = encode(Message(segments=(Text(words),)))
            rows.outbox(f"o:{status}", status, kind=kind, body=body, error="" if status == "done" else "retcode 1200")
    return database_url


def status_of(url: str, idem: str) -> tuple[int, str]:
    with Database(url, mode="read") as database, database.reading() as connection:
        found = connection.execute(select(t.outbox.c.id, t.outbox.c.status).where(t.outbox.c.idem == idem)).one()
        return found.id, found.status


def test_the_list_shows_what_failed(url: str) -> None:
    """By default what is dead or unknown, newest first, with its words and the reason."""
    found = json.loads(call("outbox", "list", "--db", url, "--format", "json").stdout)
    assert [(row["status"], row["what"], row["error"]) for row in found] == [
        ("unknown", "周报来了", "retcode 1200"),
        ("dead", "晚安", "retcode 1200"),
    ]
    everything = json.loads(call("outbox", "list", "--status", "all", "--db", url, "--format", "json").stdout)
    assert len(everything) == 3
    shown = call("outbox", "list", "--db", url).stdout
    assert "晚安" in shown
    assert "outbox resend" in shown
    assert "没有这样的消息" in call("outbox", "list", "--status", "ready", "--db", url).stdout


def test_resend_queues_once(url: str) -> None:
    """A dead row waits again; a row that waits or is done can't be sent again."""
    row, _ = status_of(url, "o:dead")
    assert call("outbox", "resend", str(row), "--db", url).exit_code == 0
    assert status_of(url, "o:dead") == (row, "ready")
    assert call("outbox", "resend", str(row), "--db", url).exit_code == 1
    done, _ = status_of(url, "o:done")
    assert call("outbox", "resend", str(done), "--db", url).exit_code == 1
    assert call("outbox", "resend", "999", "--db", url).exit_code == 1


def test_no_database(tmp_path: Path) -> None:
    """Exit 3: there is nothing to read yet."""
    assert call("outbox", "list", "--db", f"sqlite:///{tmp_path}/none.db").exit_code == 3
