"""A replay of the real log: nothing differs under the same playbook, and exactly what changed under another."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, select
from typer.testing import CliRunner

from bot.cli import build
from bot.playbook.model import GroupPlan
from bot.sim import replay as r
from bot.sim.plans import ZONE, stage
from bot.sim.scenario import Scene, Setting
from bot.sim.script import parse_script
from bot.sim.tryout import opened, run
from storage import tables as t
from storage.database import Database
from storage.history import IMPORTED

CAMP = Path(__file__).parents[1] / "scenarios" / "playbooks" / "camp.yaml"
SCRIPT = """\
周一 07:31 小明: 打卡
07:40 小红: 早上好
12:00 小美 进群
过 1m
小红(私聊): 我的打卡
22:10 小红: 打卡
周二 07:30 小明: 打卡 [图片]
07:31 小明(回复 小明): 昨天也打了
08:00 小美 退群
周三 07:30 小明: 打卡
"""


def plan(tmp_path: Path, **changes: str) -> GroupPlan:
    text = CAMP.read_text(encoding="utf-8")
    for old, new in changes.values():
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "camp.yaml"
    path.write_text(text, encoding="utf-8")
    return stage([path], Scene(), Setting().begins(ZONE)).plan


@pytest.fixture
def log() -> Iterator[Connection]:
    """The database of a group that lived through three days."""
    setting = Setting(start="2026-03-02 07:00")
    staged = stage([CAMP], setting.group, setting.begins(ZONE))
    with opened(staged, setting) as simulation:
        run(simulation, parse_script(SCRIPT), 0)
        with simulation.house.connection.begin():
            yield simulation.house.connection


def compared(log: Connection, changed: GroupPlan, days: int = 0) -> dict[str, list[r.Difference]]:
    recorded = r.read_log(log, "sim:演示群")
    since = r.window(recorded, days)
    before = r.outcome_of(log, recorded, since)
    house = r.replay(recorded, changed)
    with house.connection.begin():
        after = r.outcome_of(house.connection, recorded, since)
    house.close()
    return r.by_member(r.differences(before, after))


def test_imported_history_is_not_replayed(log: Connection) -> None:
    """No play heard it when it was said: it came from an export."""
    room = log.execute(select(t.chat.c.id).where(t.chat.c.uid == "sim:演示群")).scalar_one()
    export = log.execute(
        insert(t.account).values(uid="sim:import", platform="sim").returning(t.account.c.id)
    ).scalar_one()
    first = (
        log.execute(select(t.message).where(t.message.c.chat_id == room).order_by(t.message.c.id)).mappings().first()
    )
    assert first is not None
    imported = {
        **first,
        "account_id": export,
        "key": "import:1",
        "sent_at": first["sent_at"] - 60_000,
        "flags": IMPORTED,
    }
    del imported["id"]
    log.execute(insert(t.message).values(**imported))
    assert len(r.read_log(log, "sim:演示群").inbound) == 9


def test_the_same_playbook_differs_in_nothing(log: Connection, tmp_path: Path) -> None:
    """Joins, private words, pictures and replies come back as they were."""
    assert r.groups_in(log) == ["sim:演示群"]
    assert len(r.read_log(log, "sim:演示群").inbound) == 9
    assert compared(log, plan(tmp_path)) == {}


def test_a_shorter_window_costs_exactly_the_late_ones(log: Connection, tmp_path: Path) -> None:
    """小红 checks in after the new hours; 小明 is not touched."""
    found = compared(log, plan(tmp_path, hours=("05:00-23:59", "05:00-21:00")))
    assert set(found) == {"sim:小红"}
    said, points, notes = found["sim:小红"]
    assert (said.what, said.before) == ("打卡", ("小红 第 1 天,共 5 分",))
    assert "05:00-21:00" in said.after[0]
    assert (points.what, points.before, points.after) == ("积分 checkin", ("5",), ("0",))
    assert (notes.before, notes.after) == (("1",), ("0",))
    text = "\n".join(r.render(found, {"sim:小红": "小红"}, ZONE))
    assert text.startswith("小红\n  03-02 22:10 「打卡」\n    - 小红 第 1 天")


def test_only_the_last_days_are_compared(log: Connection, tmp_path: Path) -> None:
    """The streak still counts from the beginning of the log."""
    found = compared(log, plan(tmp_path, points=("streak: {3: 10}", "streak: {3: 20}")), days=1)
    (said, points) = found["sim:小明"]
    assert (said.before, said.after) == (("小明 第 3 天,共 25 分",), ("小明 第 3 天,共 35 分",))
    assert (points.before, points.after) == (("20",), ("30",))


def test_what_time_brings_belongs_to_the_group(log: Connection, tmp_path: Path) -> None:
    """A greeting that changes is nobody's own."""
    found = compared(log, plan(tmp_path, text=("欢迎 {{ mentions }}", "你好 {{ mentions }}")))
    assert set(found) == {""}
    assert found[""][0].after[0].startswith("你好 @小美")


def test_as_a_command(tmp_path: Path) -> None:
    """Exit 0 when nothing would differ, 1 when something would, 2 and 3 for a call or database that can't be used."""
    url = f"sqlite:///{tmp_path / 'log.db'}"
    database = Database(url)
    setting = Setting(start="2026-03-02 07:00")
    staged = stage([CAMP], setting.group, setting.begins(ZONE))
    with opened(staged, setting, database=database) as simulation:
        run(simulation, parse_script(SCRIPT), 0)
    folder = tmp_path / "playbooks"
    folder.mkdir()
    shutil.copy(CAMP, folder / "camp.yaml")
    camp = (folder / "camp.yaml").read_text(encoding="utf-8").replace("tag:共读营", '"sim:演示群"')
    (folder / "camp.yaml").write_text(camp, encoding="utf-8")

    def replay(*args: str) -> tuple[int, str]:
        done = CliRunner().invoke(build(), ["replay", "--db", url, "--playbooks", str(folder), "--days", "0", *args])
        return done.exit_code, done.stdout

    assert replay() == (0, "演示群 (sim:演示群): 重放 9 条,从 03-02 07:31 起比较\n没有不同\n")
    (folder / "camp.yaml").write_text(camp.replace("points: 5", "points: 6"), encoding="utf-8")
    code, text = replay()
    assert code == 1
    assert "积分 checkin: 以前 25,现在 28" in text
    assert "2 人会不同" in text
    assert replay("--against", str(folder))[0] == 0
    assert replay("--group", "sim:没有")[0] == 2
    gone = CliRunner().invoke(
        build(), ["replay", "--db", f"sqlite:///{tmp_path / 'no.db'}", "--playbooks", str(folder)]
    )
    assert gone.exit_code == 3
