"""`qunops gaps`: when nobody listened, in words and for programs."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner, Result

from bot.cli import build
from bot.engine.kernel import RESTART
from storage import tables as t
from storage.database import Database
from tests.storage.rows import MONDAY_MS, Rows, add

MINUTE = 60_000


def call(*arguments: str) -> Result:
    return CliRunner().invoke(build(), list(arguments))


@pytest.fixture
def url(database_url: str) -> str:
    """The account was away for an hour; of the group's gap the newer half was found."""
    with Database(database_url) as database, database.begin() as connection:
        rows = Rows(connection)
        spans = (
            (None, 0, 60, "ended", 0, RESTART),
            (rows.chat, 0, 30, "partial", 0, RESTART),
            (rows.chat, 30, 60, "backfilled", 12, RESTART),
        )
        for chat, begin, end, status, found, cause in spans:
            add(
                connection, t.gap, account_id=rows.account, chat_id=chat, from_at=MONDAY_MS + begin * MINUTE,
                to_at=MONDAY_MS + end * MINUTE, status=status, found=found, cause=cause,
            )  # fmt: skip
    return database_url


def test_every_gap_is_told_newest_first(url: str) -> None:
    """Span, cause, result and how many were found; the account's own gap names the account."""
    found = json.loads(call("gaps", "--db", url, "--format", "json").stdout)
    assert [(row["group"], row["status"], row["seconds"], row["found"], row["cause"]) for row in found] == [
        ("qq:100", "backfilled", 1800, 12, "restart"),
        ("qq:100", "partial", 1800, 0, "restart"),
        (None, "ended", 3600, 0, "restart"),
    ]
    assert found[0]["from"].endswith("+00:00")
    shown = call("gaps", "--db", url).stdout
    for words in ("读书群", "qq:900 整个账号", "已补上", "缺着", "0:30:00", "补回 12 条"):
        assert words in shown


def test_what_is_missing_for_good(url: str) -> None:
    """One group's, and only what could not be made up for."""
    (row,) = json.loads(call("gaps", "--missing", "--group", "qq:100", "--db", url, "--format", "json").stdout)
    assert row["status"] == "partial"
    nobody = call("gaps", "--group", "qq:999", "--db", url)
    assert (nobody.exit_code, "没有群 qq:999" in nobody.stderr) == (1, True)


def test_no_gap(database_url: str) -> None:
    """A bot that never missed anything says so."""
    assert "没有缺口" in call("gaps", "--db", database_url).stdout
