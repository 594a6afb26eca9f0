"""`qunops rules try`: what a word would have hit in the group's own messages, before it becomes active."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import build
from storage.database import Database
from storage.schema import upgrade
from tests.storage.rows import MONDAY_MS, Rows

PLAYBOOK = """\
playbook: try
title: 试
groups: ["qq:100"]
plays:
  群规:
    kind: rules
    metric: rules.false_alarm_rate
    rules:
      - {id: 外链, match: {link: {allow: [qq.com]}}}
"""


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A group in which 小明 has said a few things, and the bot one."""
    address = f"sqlite:///{tmp_path}/bot.db"
    with Database(address) as database:
        upgrade(database, now=datetime(2026, 3, 2, tzinfo=UTC))
        with database.engine.begin() as connection:
            rows = Rows(connection)
            ming, bot = rows.member("小明"), rows.member("900")
            said = [(ming, "看 https://bad.example.com/x"), (ming, "客服说明天到"), (bot, "客服在这里")]
            said += [(ming, f"第{n}章读完了") for n in range(20)]
            for n, (who, text) in enumerate(said):
                rows.says(who, text, MONDAY_MS + n)
    return address


def _try(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(build(), ["rules", "try", *words])
    return done.exit_code, done.output


def test_words_are_tried_on_what_members_said(url: str) -> None:
    """Counts, the messages themselves, nothing of what the bot said."""
    code, output = _try("--words", "客服 裸聊", "--db", url)
    assert code == 0
    assert "试了 22 条消息,会命中 1 条" in output
    assert "客服 · 1 条" in output
    assert "小明的昵称: 客服说明天到" in output
    assert "裸聊" not in output


def test_a_playbooks_rules_and_a_lexicon_are_tried_together(url: str, tmp_path: Path) -> None:
    """As JSON; `last` keeps to the newest."""
    (tmp_path / "try.yaml").write_text(PLAYBOOK, "utf-8")
    (tmp_path / "words.txt").write_text("读完\n", "utf-8")
    given = ("--rules", str(tmp_path / "try.yaml"), "--lexicon", str(tmp_path / "words.txt"), "--db", url)
    code, output = _try(*given, "--format", "json", "--group", "qq:100")
    document = json.loads(output)
    assert code == 0
    assert (document["messages"], document["hit"]) == (22, 21)
    assert [hit["text"] for hit in document["hits"]["外链"]] == ["看 https://bad.example.com/x"]
    assert len(document["hits"]["读完"]) == 20
    assert "会命中 3 条" in _try(*given, "--last", "3")[1]


def test_nothing_to_try_or_to_try_on_is_said(url: str) -> None:
    """No words: how to give some. A group that nobody knows: no messages."""
    assert _try("--db", url)[0] == 2
    code, output = _try("--words", "客服", "--group", "qq:999", "--db", url)
    assert code == 1
    assert "试了 0 条消息" in output
