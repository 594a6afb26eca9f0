"""A folder of playbooks on disk: read, checked, watched; a bad file keeps its earlier version."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from bot.engine.playbooks import PlaybookFolder, read_files
from bot.playbook.load import Loaded

CAMP = """\
playbook: camp
title: 共读营
groups: ["qq:1"]
plays:
  打卡:
    kind: checkin
    metric: checkin.rate
    points: 5
"""


def folder(path: Path, text: str = CAMP) -> PlaybookFolder:
    (path / "camp.yaml").write_text(text, "utf-8")
    return PlaybookFolder(path, lambda: datetime(2026, 3, 1, tzinfo=UTC))


def points(loaded: Loaded) -> int:
    value: int = loaded.plan("qq:1").plays["camp/打卡"].params.points  # type: ignore[attr-defined]
    return value


def test_a_bad_file_keeps_its_earlier_version(tmp_path: Path) -> None:
    """Saving a mistake changes nothing in the group and says why; mending it takes effect."""
    playbooks = folder(tmp_path)
    assert points(playbooks.load()) == 5
    folder(tmp_path, CAMP.replace("points: 5", "points: 很多"))
    broken = playbooks.load()
    assert points(broken) == 5
    assert [(each.is_kept, [problem.code for problem in each.problems]) for each in broken.playbooks] == [
        (True, ["PB203"])
    ]
    folder(tmp_path, CAMP.replace("points: 5", "points: 7"))
    mended = playbooks.load()
    assert points(mended) == 7
    assert mended.problems == ()


def test_a_file_saved_in_another_encoding_keeps_its_earlier_version(tmp_path: Path) -> None:
    """A playbook, or the shared base, that turns unreadable changes nothing in the group."""
    playbooks = folder(tmp_path)
    playbooks.load()
    (tmp_path / "camp.yaml").write_bytes(CAMP.encode("gb18030"))
    broken = playbooks.load()
    assert points(broken) == 5
    assert [(each.is_kept, [problem.code for problem in each.problems]) for each in broken.playbooks] == [
        (True, ["PB115"])
    ]
    folder(tmp_path, CAMP.replace("points: 5", "points: 9"))
    (tmp_path / "base.yaml").write_bytes("# 底子\nquiet_hours: 22:00-07:00\n".encode("gb18030"))
    assert points(playbooks.load()) == 5
    (tmp_path / "base.yaml").write_text("quiet_hours: 22:00-07:00\n", "utf-8")
    assert points(playbooks.load()) == 9


def test_files_that_are_no_text(tmp_path: Path) -> None:
    """A playbook in another encoding is a problem with its line; a spreadsheet's GB18030 is read; others are skipped."""
    (tmp_path / "a.yaml").write_bytes("playbook: a\ntitle: 共读\n".encode("gb18030"))
    (tmp_path / "bank.csv").write_bytes("编号,题目\n1,首都\n".encode("gb18030"))
    (tmp_path / "b.png").write_bytes(b"\x89PNG")
    (tmp_path / ".hidden.yaml").write_text("x", "utf-8")
    files, problems = read_files(tmp_path)
    assert files == {"bank.csv": "编号,题目\n1,首都\n"}
    assert [(problem.code, str(problem.place)) for problem in problems] == [("PB115", "a.yaml:2:1")]


async def test_a_save_is_noticed(tmp_path: Path) -> None:
    """The watcher hands over the new state after a save, and stops when told."""
    playbooks = folder(tmp_path)
    playbooks.load()
    stop, seen = asyncio.Event(), asyncio.Queue[Loaded]()
    task = asyncio.create_task(playbooks.watch(seen.put, stop))
    async with asyncio.timeout(20):
        # The watcher needs a moment before it sees changes; saving again is what an operator does, too.
        attempt = 0
        while seen.empty():
            attempt += 1
            folder(tmp_path, CAMP.replace("points: 5", f"points: {8 + attempt}"))
            try:
                async with asyncio.timeout(0.6):
                    loaded = await seen.get()
                    break
            except TimeoutError:
                continue
        assert points(loaded) >= 9
        stop.set()
        await task


def test_what_cannot_be_read(tmp_path: Path) -> None:
    """A link to nowhere, a folder named like a file and a huge file don't stop the others from being read."""
    (tmp_path / "gone.yaml").symlink_to(tmp_path / "nowhere")
    (tmp_path / "folder.yaml").mkdir()
    with (tmp_path / "huge.txt").open("wb") as huge:
        huge.truncate(30 << 20)
    assert folder(tmp_path).load().is_sound
    assert list(read_files(tmp_path)[0]) == ["camp.yaml"]
