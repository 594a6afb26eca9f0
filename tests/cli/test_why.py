"""`qunops why`: the trace of one message, by the ids that people have at hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import select, update
from typer.testing import CliRunner, Result

from bot.cli import build
from storage import tables as t
from storage.database import Database
from tests.cli.running import house, qunops


def call(*arguments: str) -> Result:
    return CliRunner().invoke(build(), list(arguments))


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The database of a run in which 小明 checked in."""
    folder = tmp_path_factory.mktemp("why")
    done = qunops(house(folder), "run", typed="打卡\n小红: 早上好\n")
    assert done.returncode == 0, done.stdout + done.stderr
    return f"sqlite:///{folder}/data/qunops.db"


def named(url: str, column: str, words: str) -> str:
    with Database(url, mode="read") as database, database.reading() as connection:
        return str(connection.execute(select(t.message.c[column]).where(t.message.c.text == words)).scalar_one())


def test_why_the_bot_answered(url: str) -> None:
    """The message's id and the id of the answer lead to the same step: its play, event, conditions, state, effects."""
    heard = named(url, "platform_id", "打卡")
    text = call("why", heard, "--db", url)
    assert text.exit_code == 0
    for words in ("camp/打卡", "because", "after", "effect"):
        assert words in text.stdout
    steps = json.loads(call("why", heard, "--db", url, "--format", "json").stdout)
    (step,) = [each for each in steps if each["play"] == "camp/打卡"]
    assert step["effects"]
    with Database(url, mode="read") as database, database.reading() as connection:
        sent = connection.execute(select(t.outbox.c.idem).where(t.outbox.c.kind == "message")).scalars().first()
    assert json.loads(call("why", str(sent), "--db", url, "--format", "json").stdout) == steps


def test_nothing_was_done(url: str, tmp_path: Path) -> None:
    """Exit 1 for a message that no play acted upon; 3 without a database."""
    assert call("why", named(url, "platform_id", "早上好"), "--db", url).exit_code == 1
    assert call("why", "nothing", "--db", f"sqlite:///{tmp_path}/none.db").exit_code == 3


def test_a_send_that_went_another_way_is_told(url: str) -> None:
    """What the outbox knows of a send (a picture that was sent in words) stands below the step that ordered it."""
    with Database(url) as database, database.engine.begin() as connection:
        connection.execute(update(t.outbox).values(error="sent as text: too slow"))
    said = call("why", named(url, "platform_id", "打卡"), "--db", url)
    assert said.exit_code == 0
    assert "done: sent as text: too slow" in said.stdout
