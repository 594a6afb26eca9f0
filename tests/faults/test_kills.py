"""Fault 1: kill -9 at named points and at any time under load. The long run is `python -m benchmarks.faults`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.storm import storm

ROUNDS = (
    "inbox.logged=kill@9", "", "step.after=kill@40", "flush.written=kill@12", "commit.before=kill@15", "",
    "commit.after=kill@20", "outbox.before_send=kill@14", "outbox.sent=kill@10", "", "schedule.fired=kill@1",
)  # fmt: skip


@pytest.mark.timeout(240)
async def test_kill_minus_9_loses_and_doubles_nothing(
    tmp_path: Path, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Eight named points and three kills at any time: no message lost, no check-in credited or answered twice, no scheduled
    post seen twice, the order of every group kept, every send accounted for."""
    done = await storm(tmp_path / "site", database_url, ROUNDS, groups=6, members=40, rate=200, posts=40, every_s=1.5)
    with capsys.disabled():
        print(f"\n{database_url.partition(':')[0]}: {done}")
    assert done.verdict.wrong == []
    assert done.verdict.buried == []
    assert done.verdict.credited > 50
    assert done.verdict.posts > 0
    assert len(done.kills) == len(ROUNDS)
