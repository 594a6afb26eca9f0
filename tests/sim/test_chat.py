"""The terminal chat, as a room and through the command with its input from a pipe."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from bot.cli import build
from bot.sim.chatroom import ChatRoom, Goodbye
from bot.sim.plans import ZONE, stage
from bot.sim.report import report_of
from bot.sim.scenario import Setting
from bot.sim.tryout import opened

ROOT = Path(__file__).parents[2]
CAMP = ROOT / "tests" / "scenarios" / "playbooks" / "camp.yaml"


@pytest.fixture
def room() -> Iterator[ChatRoom]:
    setting = Setting()
    staged = stage([CAMP], setting.group, setting.begins(ZONE))
    with opened(staged, setting) as simulation:
        yield ChatRoom(simulation)


def test_anybody_speaks_and_the_bot_answers(room: ChatRoom) -> None:
    """The current member, a named one, and after /as another."""
    assert room.enter("打卡") == ["08:00 小明: 打卡", "08:00 群小助: 小明 第 1 天,共 5 分"]
    assert room.enter("小红：打卡")[1] == "08:00 群小助: 小红 第 1 天,共 5 分"
    assert room.enter("/as 小刚") == ["现在你是 小刚"]
    assert room.enter("打卡")[0] == "08:00 小刚: 打卡"


def test_a_time_that_is_none_is_told_in_both_languages(room: ChatRoom) -> None:
    """And no time has passed."""
    assert room.enter("/pass 一会儿") == ["! 看不懂「一会儿」：数字加单位，例如 30s、10m、2h、7d · not a duration"]
    assert room.enter("/until 以后") == ["! 看不懂「以后」：例如 21:00、周一 07:31、第3天 21:00 · not a moment"]
    assert room.enter("早") == ["08:00 小明: 早"]


def test_own_lines_are_not_repeated_on_a_terminal() -> None:
    """What was typed stands on the screen already; what others do does not."""
    setting = Setting()
    staged = stage([CAMP], setting.group, setting.begins(ZONE))
    with opened(staged, setting) as simulation:
        room = ChatRoom(simulation, echoes=False)
        assert room.enter("打卡") == ["08:00 群小助: 小明 第 1 天,共 5 分"]
        assert room.enter("小红: 早") == ["08:00 小红: 早"]


def test_time_passes_only_when_told(room: ChatRoom) -> None:
    """Joins are greeted when the batch is over; /until goes to a moment."""
    assert room.enter("/join 小美 小强") == ["08:00 → 小美、小强 进群"]
    assert room.enter("/pass 1m") == [
        "08:00 群小助: 欢迎 @小美 @小强  来到 共读营,我们现在 7 人。",
        "── 3月2日 周一 08:01 ──",
    ]
    assert room.enter("/until 明天 07:00") == ["── 3月3日 周二 07:00 ──"]
    assert "现在你是 小红" in room.enter("/leave")


def test_rights_and_members(room: ChatRoom) -> None:
    """The bot's rights can be taken; the list says who is what."""
    room.enter("/admin off")
    room.enter("/do 老陈 禁言 小红 10m")
    listed = room.enter("/members")
    assert listed == ["  群小助 (机器人)", "→ 小明", "  小红 (禁言中)", "  小刚", "  老陈 (群主)"]
    assert room.enter("小红: 在吗") == ["08:00 (没成: 小红: 在吗 · 小红被禁言了 · muted)"]
    assert room.enter("/questions") == ["没有等着运营决定的事"]


def test_pictures_replies_recalls_and_private_words(room: ChatRoom) -> None:
    """Each slash command does what it says."""
    assert room.enter("/image 打卡")[0] == "08:00 小明: 打卡 [图片]"
    assert room.enter("/reply 小明 写得真好")[0] == "08:00 小明(回复 小明): 写得真好"
    assert room.enter("/recall 写得") == ["08:00 小明 撤回 「写得」"]
    assert room.enter("/private 我的打卡")[1].startswith("08:00 群小助(私聊 小明): 📅")


@pytest.mark.parametrize(
    "line", ["/bad", "/as 谁", "/admin maybe", "/pass 两天", "/until 晚上", "/join", "/do 跳舞", "/reply 谁 早"]
)
def test_mistakes_are_answered_not_raised(room: ChatRoom, line: str) -> None:
    """A wrong command is explained and the chat goes on."""
    assert any(shown.startswith("!") for shown in room.enter(line))
    assert room.enter("打卡")


def test_help_names_every_command_and_quit_ends(room: ChatRoom) -> None:
    """Chinese first; /quit ends."""
    text = "\n".join(room.enter("/help"))
    for name in ("as", "join", "leave", "image", "recall", "pass", "until", "members", "admin", "private", "help"):
        assert f"/{name} " in text
    with pytest.raises(Goodbye):
        room.enter("/quit")


def test_a_play_that_fails_is_not_silent_here(tmp_path: Path) -> None:
    """In the group a failing step says nothing; whoever tries a playbook is told."""
    broken = tmp_path / "camp.yaml"
    broken.write_text(CAMP.read_text(encoding="utf-8").replace("{{ name }} 第", "{{ name.a.b }} 第"), encoding="utf-8")
    setting = Setting()
    staged = stage([broken], setting.group, setting.begins(ZONE))
    with opened(staged, setting) as simulation:
        room = ChatRoom(simulation)
        said, failed = room.enter("打卡")
        assert said == "08:00 小明: 打卡"
        assert failed.startswith("! 出错: 打卡: ")
        assert report_of(simulation, staged.plan).failures == [failed.removeprefix("! 出错: ")]


def test_completion(room: ChatRoom) -> None:
    """Commands after a slash, names after @ and where a command takes one, the group's own words."""
    assert [word for word, _, _ in room.completions("/jo")] == ["/join"]
    assert [(word, typed) for word, _, typed in room.completions("/as 小")] == [("小明", 1), ("小红", 1), ("小刚", 1)]
    assert ("群小助 ", "", 1) in room.completions("@群")
    assert "打卡排行" in [word for word, _, _ in room.completions("打")]
    assert room.completions("") == []


def run(*args: str) -> Result:
    return CliRunner().invoke(build(), [*args])


def test_line_mode_end_to_end() -> None:
    """With its input from a pipe the chat is a script: the same lines give the same output."""
    done = subprocess.run(
        [sys.executable, "-m", "bot", "chat", str(CAMP)], input="打卡\n小红: 早\n/pass 2h\n/quit\n不会到这里\n",
        capture_output=True, cwd=ROOT, timeout=60, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[2:] == [
        "08:00 小明: 打卡",
        "08:00 群小助: 小明 第 1 天,共 5 分",
        "08:00 小红: 早",
        "── 3月2日 周一 10:00 ──",
    ]


def test_simulate_as_json() -> None:
    """A scenario through the command."""
    done = run("simulate", "--scenario", str(ROOT / "tests/scenarios/first-days.yaml"), "--format", "json")
    assert done.exit_code == 0
    whole = json.loads(done.stdout)
    assert whole["transcript"][0]["line"] == "小明: 打卡 今天读了第三章"
    assert whole["report"]["sent_by_play"] == {"打卡": 5, "欢迎": 2}


def test_simulate_a_crowd() -> None:
    """A playbook alone gets a crowd; --quiet prints only the account."""
    done = run("simulate", str(CAMP), "--days", "2", "--members", "10", "--seed", "3", "--quiet")
    assert done.exit_code == 0
    assert done.stdout.startswith("2 天,")
    assert "没有出错" in done.stdout


def test_exit_codes(tmp_path: Path) -> None:
    """2 for a call that can't work, 1 for a test that fails; the failure reads as chat."""
    assert run("simulate").exit_code == 2
    assert run("simulate", "no.yaml").exit_code == 2
    assert run("chat", "no.yaml").exit_code == 2
    assert run("test", str(tmp_path)).exit_code == 2
    bad = tmp_path / "a.yaml"
    bad.write_text(f"test: a\nplaybook: {CAMP}\ncases:\n  x: |\n    小明: 打卡\n", encoding="utf-8")
    failed = run("test", str(bad))
    assert failed.exit_code == 1
    assert "+ 08:00 群小助: 小明 第 1 天" in failed.stdout
    assert json.loads(run("test", str(bad), "--format", "json").stdout)[0]["passed"] is False
