"""`scoring` and `explain score`: another version recounts the past, both stand side by side, the lines add up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import build
from bot.core.scoring import FOLDED
from storage.database import Database
from tests.cli.running import Running, house
from tests.engine.test_counting import Log, says

STRICT = """\
version: "2"
note: 短的不算,回应更值钱
weights: {replied: {points: 3, cap: 10}}
counting: {min_chars: 3}
"""


@pytest.fixture
def site(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An evening over midnight of two members, and the settings that name it."""
    with Database(database_url) as database:
        log = Log(database)
        log.takes(
            says(1, 2, "有人知道在哪买吗", 0),
            says(2, 3, "书店就有", 1, 1),
            says(3, 3, "好", 2),
            says(4, 2, "明天见呀", 90),
        )
        log.close()
    (tmp_path / "playbooks").mkdir()
    (tmp_path / "config.yaml").write_text(
        json.dumps({"database": database_url, "playbooks": str(tmp_path / "playbooks"), "http": {"enabled": False}}),
        "utf-8",
    )
    monkeypatch.setenv("QUNOPS_CONFIG", str(tmp_path / "config.yaml"))
    monkeypatch.chdir(tmp_path)
    return database_url


def call(*arguments: str) -> Result:
    return CliRunner().invoke(build(), list(arguments))


def wants(text: str) -> None:
    Path("playbooks/scoring.yaml").write_text(text, "utf-8")


def test_without_a_file_nothing_changes(site: str) -> None:
    """The built-in version is in force."""
    told = call("scoring", "show")
    assert (told.exit_code, told.stdout) == (
        0,
        "启用中 in force: 1\nscoring.yaml 没有不同 · the file changes nothing\n",
    )


def test_a_new_version_is_compared_before_it_is_used(site: str) -> None:
    """show → recompute → compare → use; afterwards the new one is in force and the past counts by it."""
    wants(STRICT)
    assert "counting.min_chars: 1 → 3" in call("scoring", "show").stdout
    early = call("scoring", "compare")
    assert (early.exit_code, "先运行 qunops scoring recompute" in early.stderr) == (1, True)
    assert call("scoring", "recompute").stdout.splitlines()[0].startswith("2 天已重算，0 天没有变化")
    assert call("scoring", "recompute").stdout.splitlines()[0].startswith("0 天已重算，2 天没有变化"), "it resumes"
    both = json.loads(call("scoring", "compare", "--format", "json").stdout)
    assert [(row["name"], row["before"], row["after"]) for row in both] == [
        ("成员2", 3.06, 5.06),
        ("成员3", 2.525, 1.52),
    ]
    used = call("scoring", "use")
    assert used.stdout.startswith("已启用 2：2 天按新规则重算")
    assert call("scoring", "show").stdout.startswith("启用中 in force: 2\nscoring.yaml 没有不同")
    with Database(site) as database:
        log = Log(database)
        assert sorted(log.counters()) == [("2026-03-02", 2), ("2026-03-02", 3), ("2026-03-03", 2)]
        assert log.counters()[("2026-03-02", 3)] == [1, 4, 1, 0, 0]
        log.takes(says(9, 3, "嗯", 91))
        assert ("2026-03-03", 3) not in log.counters(), "what arrives counts by it, too"
        log.close()


def test_going_back_gives_the_counters_of_before(site: str) -> None:
    """Nothing is lost by trying a version."""
    with Database(site) as database:
        log = Log(database)
        before = log.counters()
        log.close()
    wants(STRICT)
    assert call("scoring", "use").exit_code == 0
    wants('version: "1"\n')
    assert call("scoring", "use").exit_code == 0
    with Database(site) as database:
        log = Log(database)
        assert log.counters() == before
        log.close()


def test_a_score_is_explained_line_by_line(site: str) -> None:
    """The JSON says the same as the text; the lines add up."""
    told = json.loads(call("explain", "score", "qq:2", "--window", "all", "--format", "json").stdout)
    (group,) = told
    assert group["points"] == sum(line["points"] for day in group["days"] for line in day["lines"]) == 3.06
    text = call("explain", "score", "qq:2", "--window", "all").stdout
    assert "qq:600  qq:2  3.06 分（规则 1）" in text
    assert "得到回应 1  成员3 回复：书店就有" in text
    nobody = call("explain", "score", "qq:404")
    assert (nobody.exit_code, "没有活跃分" in nobody.stderr) == (1, True)


def test_a_broken_file_is_said_and_changes_nothing(site: str) -> None:
    """`check` names line and column; the commands refuse."""
    wants('version: "2"\nweights: {mesages: {points: 1, cap: 3}, chars: {points: 0.0005, cap: 9}}\n')
    checked = call("check", "playbooks")
    assert "scoring.yaml:2:11" in checked.stdout
    assert call("scoring", "use").exit_code == 1
    assert len(FOLDED) == 5


def test_a_running_bot_takes_the_version_over(tmp_path: Path) -> None:
    """What was said before and what is said after count by the new rules; the bot goes on."""
    env = house(tmp_path)
    with Running(env) as bot:
        bot.say("小明: 大家早")
        bot.say("小明: 打卡")
        bot.hear("打卡成功")
        (tmp_path / "playbooks" / "scoring.yaml").write_text(
            'version: "2"\nweights: {messages: {points: 0, cap: 0}}\ncounting: {min_chars: 3}\n', "utf-8"
        )
        used = CliRunner(env=env).invoke(build(), ["scoring", "use"])
        assert used.stdout.startswith("已启用 2：1 天按新规则重算"), used.stderr
        bot.say("小红: 好")
        bot.say("小红: 打卡 今天也来了")
        bot.hear("打卡成功")
        told = CliRunner(env=env).invoke(
            build(), ["explain", "score", "sim:小红", "--window", "all", "--format", "json"]
        )
        (group,) = json.loads(told.stdout)
        said = [(line["text"], line["points"], line["why_not"]) for line in group["days"][0]["lines"]]
        assert said[0] == ("好", 0, "short")
        assert ("", 5, "") in said
        assert bot.stop() == 0
