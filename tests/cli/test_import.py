"""`qunops import`: into the database, through the running bot, killed in the middle; what it says."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from bot.cli import build
from storage.database import Database
from storage.invariants import violations
from tests.cli.running import ROOT, Running, house, qunops

SAMPLES = ROOT / "tests" / "fixtures" / "exports"


def call(*arguments: str) -> Result:
    return CliRunner().invoke(build(), ["import", *arguments])


def counted(url: str) -> tuple[int, int]:
    """(messages in the log, messages in the rollup)."""
    with Database(url, mode="read") as database, database.reading() as connection:
        log = connection.execute(text("SELECT count(*) FROM message WHERE member_id IS NOT NULL")).scalar()
        days = connection.execute(text("SELECT coalesce(sum(msgs), 0) FROM member_day")).scalar()
        assert violations(connection) == []
        return int(log or 0), int(days or 0)


def long_export(path: Path, messages: int) -> None:
    """Many days of a lively group as QQ writes them."""
    lines = ["消息记录（此消息记录为文本格式，不支持重新导入）", "消息分组:群", "消息对象:晨读营", ""]
    for n in range(messages):
        day, second = n // 400 + 1, n % 400 * 60
        clock = f"2026-{1 + day // 28:02}-{1 + day % 28:02} {second // 3600}:{second // 60 % 60:02}:{second % 60:02}"
        lines += [f"{clock} 成员{n % 30}(6000000{n % 30:02})", f"第{n}句", ""]
    path.write_text("\r\n".join(lines), "utf-8")


def test_what_it_says(database_url: str) -> None:
    """What is new and from when; each unreadable place with file, line, code and words; exit 1 because of it."""
    done = call(str(SAMPLES / "qq.txt"), "--group", "qq:600", "--db", database_url)
    assert done.exit_code == 1, done.output
    assert "新增 8 条消息，5 人，2026-03-02 至 2026-03-04" in done.output
    assert "qq.txt:34: time: 看不懂时间 · no time that can be read: 2026-13-41 9:00:00" in done.output
    assert "QQ 消息管理器文本" in done.output
    again = call(str(SAMPLES / "qq-gb18030.txt"), "--group", "qq:600", "--db", database_url)
    assert "新增 0 条" in again.output
    assert "8 条已经记过" in again.output
    assert counted(database_url) == (7, 7)


def test_dry_run_writes_nothing(database_url: str) -> None:
    done = call(str(SAMPLES / "qce.txt"), "--group", "qq:600", "--db", database_url, "--dry-run")
    assert done.exit_code == 0, done.output
    assert "会新增 3 条消息，3 人" in done.output
    assert "3 人在文件里只有名字没有账号" in done.output
    assert counted(database_url) == (0, 0)
    call(str(SAMPLES / "qce.txt"), "--group", "qq:600", "--db", database_url)
    again = call(str(SAMPLES / "qce.txt"), "--group", "qq:600", "--db", database_url, "--dry-run")
    assert "会新增 0 条" in again.output


def test_dry_run_before_there_is_a_database(tmp_path: Path) -> None:
    done = call(str(SAMPLES / "weflow.json"), "--group", "wechat:700@chatroom", "--db", f"sqlite:///{tmp_path}/none.db", "--dry-run")  # fmt: skip
    assert "会新增 4 条消息" in done.output
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["none.txt", "--group", "qq:1"], "没有文件"),
        ([str(SAMPLES / "qq.txt")], "记到哪个群"),
        ([str(SAMPLES / "qq.txt"), "--group", "wechat:1@chatroom"], "是 qq 的记录"),
        ([str(SAMPLES / "qq.txt"), "--group", "qq:1", "--zone", "Mars/Olympus"], "没有时区"),
        ([str(SAMPLES / "qq.txt"), "--group", "qq:1", "--format", "word"], "没有格式 word"),
        ([str(SAMPLES / "qq.txt"), "--group", "qq:1", "--section", "别的群"], "文件里没有「别的群」"),
        ([str(ROOT / "README.md"), "--group", "qq:1"], "认不出这个文件"),
    ],
)
def test_wrong_calls(arguments: list[str], words: str) -> None:
    """Exit 2 and what to do instead."""
    done = call(*arguments)
    assert done.exit_code == 2
    assert words in done.output


def test_several_groups_in_one_file(tmp_path: Path, database_url: str) -> None:
    """导出全部消息记录 holds many groups: nothing is mixed, the operator names one."""
    frame = "\n================\n"
    file = tmp_path / "all.txt"
    file.write_text(
        f"消息记录（x{frame}消息分组:群{frame}消息对象:甲{frame}\n2026-03-02 8:00:15 小明(600000001)\n早\n\n"
        f"{frame}消息分组:群{frame}消息对象:乙{frame}\n2026-03-02 9:00:15 小红(600000002)\n晚\n",
        "utf-8",
    )
    assert call(str(file), "--group", "qq:600", "--db", database_url).exit_code == 2
    done = call(str(file), "--group", "qq:600", "--db", database_url, "--section", "乙")
    assert "新增 1 条消息，1 人" in done.output
    assert counted(database_url) == (1, 1)


def test_problems_go_to_a_file(tmp_path: Path, database_url: str) -> None:
    out = tmp_path / "problems.txt"
    call(str(SAMPLES / "memotrace.csv"), "--group", "wechat:700@chatroom", "--db", database_url, "--problems", str(out))
    assert [line.split(": ")[:2] for line in out.read_text("utf-8").splitlines()] == [
        ["memotrace.csv:7", "time"],
        ["memotrace.csv:8", "columns"],
    ]


@pytest.mark.timeout(180)
def test_kill_minus_9_and_again(tmp_path: Path, database_url: str) -> None:
    """Killed behind a write and before a write's commit, then run to the end: every message once."""
    file = tmp_path / "long.txt"
    long_export(file, 4000)
    env = {**house_env(tmp_path), "QUNOPS_FAILPOINTS": "import.written=kill@4"}
    words = [sys.executable, "-m", "bot", "import", str(file), "--group", "qq:600", "--db", database_url]
    for _ in range(2):
        killed = subprocess.run(words, env=env, cwd=ROOT, capture_output=True, timeout=60)
        assert killed.returncode == -signal.SIGKILL
    assert counted(database_url) == (1500, 1500)
    done = qunops(house_env(tmp_path), *words[3:])
    assert done.returncode == 0, done.stderr
    assert "新增 2,500 条消息" in done.stdout
    assert "1,500 条已经记过" in done.stdout
    assert counted(database_url) == (4000, 4000)


def house_env(folder: Path) -> dict[str, str]:
    return house(folder) if not (folder / "config.yaml").exists() else {
        **{name: value for name, value in __import__("os").environ.items() if not name.startswith("QUNOPS_")},
        "QUNOPS_CONFIG": str(folder / "config.yaml"), "PYTHONUTF8": "1", "NO_COLOR": "1",
    }  # fmt: skip


@pytest.mark.timeout(180)
def test_while_the_bot_runs(tmp_path: Path) -> None:
    """The running bot takes the batches itself, answers meanwhile, and its plays stay silent about the past."""
    env = house(tmp_path)
    url = json.loads(Path(env["QUNOPS_CONFIG"]).read_text("utf-8"))["database"]
    file = tmp_path / "long.txt"
    long_export(file, 3000)
    with Running(env) as bot:
        done = qunops(env, "import", str(file), "--group", "qq:600")
        assert done.returncode == 0, done.stderr
        assert "新增 3,000 条消息，30 人" in done.stdout
        bot.say("小明: 打卡")
        bot.hear("小明 打卡成功")
        again = qunops(env, "import", str(file), "--group", "qq:600")
        assert "3,000 条已经记过" in again.stdout
        assert bot.stop() == 0
    assert counted(url)[0] >= 3000
