"""`qunops console`: who may use the console, with the bot stopped and with it running."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import build
from tests.cli.running import Running, house, qunops

PASSWORD = "correct horse\n"


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return house(tmp_path)


@pytest.fixture
def url(database_url: str) -> str:
    return database_url


def call(*words: str, typed: str = PASSWORD) -> Result:
    return CliRunner().invoke(build("console"), ["console", *words], input=typed)


def test_users_without_a_bot(url: str) -> None:
    """Added, listed, changed, disabled; each refusal in words and with exit code 1, a wrong call with 2."""
    assert call("user", "add", "boss", "--role", "owner", "--db", url).exit_code == 0
    taken = call("user", "add", "boss", "--role", "viewer", "--db", url)
    assert (taken.exit_code, "有人用了" in taken.output) == (1, True)
    assert call("user", "add", "小林", "-r", "coach", "-g", "qq:1", "-g", "tag:华东", "--db", url).exit_code == 0
    assert call("user", "add", "x", "--role", "king", "--db", url).exit_code == 2
    assert "8 到 256" in call("user", "add", "short", "--db", url, typed="123\n").output
    found = json.loads(call("user", "list", "--db", url, "--format", "json").output)
    assert {each["name"]: each["grants"][0]["role"] for each in found} == {"boss": "owner", "小林": "coach"}
    assert "tag:华东" in call("user", "list", "--db", url).output
    assert call("user", "role", "小林", "--role", "operator", "--db", url).exit_code == 0
    assert call("user", "role", "nobody", "--role", "viewer", "--db", url).exit_code == 1
    last = call("user", "disable", "boss", "--db", url)
    assert (last.exit_code, "至少要留一个" in last.output) == (1, True)
    assert call("user", "disable", "小林", "--db", url).exit_code == 0
    assert "停用" in call("user", "list", "--db", url).output
    assert call("user", "enable", "小林", "--db", url).exit_code == 0
    assert call("user", "passwd", "小林", "--db", url).exit_code == 0
    audit = call("audit", "--db", url).output
    assert audit.splitlines()[0].split()[2:4] == ["cli", "user.password"]
    assert "correct horse" not in audit


def test_tokens_without_a_bot(url: str) -> None:
    call("user", "add", "boss", "--role", "owner", "--db", url)
    secret = call("token", "add", "boss", "看板", "-a", "*.see", "--days", "30", "--db", url).output.strip()
    assert secret.startswith("qo_")
    shown = call("token", "list", "--db", url).output
    assert "看板" in shown
    assert secret not in shown
    (row,) = json.loads(call("token", "list", "--db", url, "--format", "json").output)
    assert call("token", "revoke", str(row["id"]), "--db", url).exit_code == 0
    assert call("token", "revoke", str(row["id"]), "--db", url).exit_code == 1
    assert call("token", "add", "nobody", "x", "--db", url).exit_code == 1


def test_through_the_running_bot(env: dict[str, str]) -> None:
    """Its file is locked, so it does it itself: at once, with the same words for a refusal."""
    with Running(env) as bot:
        assert any("首次设置码" in line for line in bot.heard)
        made = qunops(env, "console", "user", "add", "boss", "--role", "owner", typed=PASSWORD)
        assert made.returncode == 0, made.stderr
        again = qunops(env, "console", "user", "add", "boss", "--role", "owner", typed=PASSWORD)
        assert (again.returncode, "有人用了" in again.stderr) == (1, True)
        secret = qunops(env, "console", "token", "add", "boss", "脚本").stdout.strip()
        status, body = bot.get("/api/v1/groups")
        assert status == 401, body
        assert bot.post("/control/console/user-add")[0] == 403, "not without the control token"
        assert "boss" in qunops(env, "console", "user", "list").stdout
        assert bot.stop() == 0
    with Running(env) as bot:
        assert not any("首次设置码" in line for line in bot.heard), "there is an owner now"
        assert secret.startswith("qo_")
