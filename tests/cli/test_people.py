"""`qunops moderation` and `qunops members`: what the console does with cases and people, from the terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import build
from tests.cli.running import Running, house

GROUP = ("--group", "sim:早起营")


def call(env: dict[str, str], *words: str) -> Result:
    return CliRunner(env=env).invoke(build(), list(words))


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return house(tmp_path)


def test_cases_and_people_while_the_bot_runs_and_after(env: dict[str, str], tmp_path: Path) -> None:
    """Judged, tagged, noted and followed up through the running bot, each once; read, exported and let act without it."""
    with Running(env) as bot:
        bot.say("小红: 加微信领资料")
        bot.hear("先问问运营")
        listed = json.loads(call(env, "moderation", "cases", "--format", "json").stdout)
        assert [(each["number"], each["state"]) for each in listed["cases"]] == [(1, "acted")]
        for words, code in (
            (("moderation", "show", "1", *GROUP), 0),
            (("moderation", "show", "9", *GROUP), 1),
            (("moderation", "undo", "1", *GROUP, "--by", "sim:老陈"), 0),
            (("moderation", "undo", "1", *GROUP), 1),
            (("moderation", "uphold", "9", *GROUP), 1),
            (("moderation", "undo", "1", "--group", "sim:没有"), 2),
            (("moderation", "resume", *GROUP), 1),
            (("members", "tag", "sim:小红", "营员", *GROUP), 0),
            (("members", "tag", "sim:小红", "营员", *GROUP), 1),
            (("members", "tag", "sim:小红", "a b", *GROUP), 2),
            (("members", "note", "sim:小红", "问过线下活动", *GROUP, "--follow", "2026-12-05"), 0),
            (("members", "note", "sim:没有", "x", *GROUP), 1),
        ):
            result = call(env, *words)
            assert result.exit_code == code, (words, result.output)
        assert "跟进 follow up 2026-12-05" in call(env, "members", "list", "--follow").stdout
        assert call(env, "members", "done", "1").exit_code == 0
        assert call(env, "members", "done", "1").exit_code == 1
        assert "没有找到人" in call(env, "members", "list", "--follow").stdout
        assert bot.stop() == 0
    assert call(env, "moderation", "undo", "1", *GROUP).exit_code == 3
    assert call(env, "members", "tag", "sim:小红", "三期", *GROUP).exit_code == 3
    shown = json.loads(call(env, "members", "show", "sim:小红", "--format", "json").stdout)
    assert [each["tag"] for each in shown["groups"][0]["tags"]] == ["营员"]
    assert [(each["rule"], each["is_undone"]) for each in shown["offences"]] == [("拉人", True)]
    assert "营员" in call(env, "members", "show", "sim:小红").stdout
    assert call(env, "members", "show", "sim:没有").exit_code == 1
    out = tmp_path / "小红.json"
    assert call(env, "members", "export", "sim:小红", "--out", str(out)).exit_code == 0
    assert [each["text"] for each in json.loads(out.read_text("utf-8"))["sim:小红"]["member_note"]] == ["问过线下活动"]
    assert "误伤 wrong 1/1" in call(env, "moderation", "rules").stdout
    same = call(env, "moderation", "enforce", "camp/群规", "--rule", "拉人", "--yes")
    assert (same.exit_code, "已经是这样" in same.output) == (1, True)
    done = call(env, "moderation", "enforce", "camp/群规", "--rule", "拉人", "--mode", "shadow", "--yes")
    assert (done.exit_code, "{id: 拉人, mode: shadow," in done.stdout) == (0, True), done.output
    assert call(env, "check", str(tmp_path / "playbooks")).exit_code == 0
