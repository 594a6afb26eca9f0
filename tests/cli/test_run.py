"""`qunops run` as a process: talk, health, control, a clean stop, and refusals that say what to do."""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import ROOT, Running, house, qunops


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return house(tmp_path)


def _set(folder: Path, **changes: Any) -> None:
    """Other settings than `house` wrote."""
    file = folder / "config.yaml"
    file.write_text(json.dumps(json.loads(file.read_text("utf-8")) | changes), "utf-8")


def rows(folder: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(folder / "data" / "qunops.db")) as connection:
        return connection.execute(query).fetchall()


def test_a_piped_talk_is_answered_and_ends_the_run(env: dict[str, str], tmp_path: Path) -> None:
    """小明 checks in through the pipe, the answer is printed, the run ends with 0 and everything is in the database."""
    done = qunops(env, "run", typed="打卡\n小红: 早上好\n")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "群小助: " in done.stdout
    assert "小明" in done.stdout
    assert rows(tmp_path, "SELECT text FROM message WHERE text IN ('打卡','早上好') ORDER BY id") == [
        ("打卡",),
        ("早上好",),
    ]
    assert rows(tmp_path, "SELECT count(*) FROM outbox WHERE status = 'sending'") == [(0,)]
    assert rows(tmp_path, "SELECT count(*) FROM note WHERE what = 'checkin'") == [(1,)]


def test_a_piped_talk_waits_for_answers_that_keep_the_pace(env: dict[str, str], tmp_path: Path) -> None:
    """Four answers, each at its distance from the one before, take longer than the moment that the last one is given."""
    _set(tmp_path, limits={"per_group_seconds": 2.5, "per_group_burst": 1})
    done = qunops(env, "run", typed="打卡\n小红: 打卡\n打卡\n小红: 打卡\n")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("群小助: ") == 4


@pytest.mark.parametrize("key", ["playbooks", "templates"])
def test_a_folder_that_is_not_there_is_named_before_anything_is_touched(
    env: dict[str, str], tmp_path: Path, key: str
) -> None:
    """Started elsewhere, it would end all that runs, or answer nobody: exit 2, where it looked and how to mend it."""
    _set(tmp_path, **{key: str(tmp_path / "elsewhere")})
    done = qunops(env, "run", typed="")
    assert done.returncode == 2
    assert f"找不到 {key} 文件夹" in done.stdout
    assert f"config.yaml 里给 {key} 写完整路径" in done.stdout
    assert not (tmp_path / "data").exists()


def test_what_fails_while_the_bot_runs_is_said_in_its_log(env: dict[str, str], tmp_path: Path) -> None:
    """A template with a name that is not there: the check-in stands; the log says which play could not speak and where to
    look, not what anybody wrote."""
    shutil.copytree(ROOT / "templates", tmp_path / "templates")
    (tmp_path / "templates" / "plays" / "checkin" / "done.j2").write_text("{{ nobody }}", "utf-8")
    _set(tmp_path, templates=str(tmp_path / "templates"))
    with Running(env) as bot:
        bot.say("打卡")
        said = bot.hear("failed:")
    assert "camp/" in said
    assert "(template), see: qunops dead list" in said
    assert rows(tmp_path, "SELECT count(*) FROM note WHERE what = 'checkin'") == [(1,)]


@pytest.mark.skipif(sys.platform == "win32", reason="SIGTERM is not a request there")
def test_health_and_a_clean_stop(env: dict[str, str], tmp_path: Path) -> None:
    """Alive, ready, measured; SIGTERM drains within seconds and leaves nothing half sent."""
    with Running(env) as bot:
        assert bot.get("/healthz") == (200, "ok\n")
        status, _ = bot.get("/readyz")
        ready = bot.ready()
        assert (status, ready["ready"], ready["problems"]) == (200, True, [])
        assert "sim:bot" in ready["accounts"]
        bot.say("打卡")
        bot.hear("群小助")
        assert "qunops_events_total" in bot.get("/metrics")[1]
        assert bot.stop(10) == 0
    assert rows(tmp_path, "SELECT count(*) FROM outbox WHERE status IN ('ready','sending')") == [(0,)]


def test_control_needs_the_token(env: dict[str, str], tmp_path: Path) -> None:
    """Without the token beside the database nobody steers the bot; with it the playbooks are read anew.

    A file that has become wrong is reported, and its earlier version goes on answering.
    """
    with Running(env) as bot:
        for path in ("/control/reload", "/control/outbox/1/resend", "/control/tasks/1"):
            assert bot.post(path)[0] == 403
            assert bot.post(path, "wrong")[0] == 403
        token = tmp_path / "data" / "control.token"
        if sys.platform != "win32":
            assert token.stat().st_mode & 0o077 == 0
        (tmp_path / "playbooks" / "camp.yaml").write_text("playbook: camp\nplays: {a: {kind: nothing}}\n", "utf-8")
        status, body = bot.post("/control/reload", token.read_text())
        assert status == 200
        assert any("PB" in problem for problem in json.loads(body)["problems"])
        bot.say("打卡")
        bot.hear("群小助")


def test_a_saved_change_is_taken_over(env: dict[str, str], tmp_path: Path) -> None:
    """Saved while the bot runs, read by itself, in force for the next message."""
    with Running(env) as bot:
        path = tmp_path / "playbooks" / "camp.yaml"
        path.write_text(path.read_text("utf-8").replace("metric: checkin.rate", "points: 77"), "utf-8")
        assert "errors: 0" in bot.hear("playbooks loaded")
        bot.say("打卡")
        assert "77" in bot.hear("群小助")


def test_sending_again_goes_through_the_running_bot(env: dict[str, str]) -> None:
    """The command doesn't open the database that the bot holds; what isn't there can't be sent again."""
    with Running(env):
        again = qunops(env, "outbox", "resend", "999")
        assert (again.returncode, "999" in again.stderr) == (1, True)


def test_a_second_bot_on_one_database_is_refused(env: dict[str, str]) -> None:
    """Exit 3 and one sentence that names what to do; the first goes on."""
    with Running(env) as bot:
        second = qunops(env, "run", typed="")
        assert second.returncode == 3
        assert "请先停掉那个进程" in second.stdout + second.stderr
        assert bot.ready()["ready"] is True


def test_settings_that_cannot_be_used(env: dict[str, str], tmp_path: Path) -> None:
    """Exit 2 with file, line and what was meant."""
    (tmp_path / "config.yaml").write_text("limts: {per_day: 5}\n", "utf-8")
    wrong = qunops(env, "run", typed="")
    assert wrong.returncode == 2
    assert "config.yaml:1" in wrong.stdout
    assert "limits" in wrong.stdout
