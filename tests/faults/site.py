"""A bot on a machine of its own: a folder with settings and playbook, and the process that is killed and started again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

ROOT = Path(__file__).parents[2]
ZONE = ZoneInfo("Asia/Shanghai")
FIRST_GROUP = 600_000_001
PARTS = 6
"""Messages of the long post, one a second."""

_CONFIG = """
database: {database}
playbooks: {folder}/playbooks
templates: {root}/templates
simulator: {{enabled: false}}
http: {{enabled: false}}
limits: {{unlimited: true}}
log: {{level: warning}}
onebot: {{port: {port}, pace_s: 0.01, history_page: 200, history_limit: 50000, call_timeout_s: {call_timeout_s}}}
"""

_PLAYBOOK = """
playbook: faults
title: 故障演练
purpose: {audience: 演练, scene: 演练群, action: 每日打卡, goal: 一条不丢, north_star: checkin.daily}
groups: [{groups}]
timezone: Asia/Shanghai
plays:
  打卡: {kind: checkin, metric: checkin.daily, commands: [打卡], points: 5}
  接龙: {kind: chain, metric: chain.entries, title: 周末爬山, members_may_open: true, close: 2d}
  推送:
    kind: campaign
    metric: campaign.posts
    missed: catch_up
    busy: queue
    per_day: 100
    pacing: {gap: 1s, between: 1s}
    posts:
"""


def playbook(times: Sequence[datetime], groups: int) -> str:
    """Check-in, 接龙, a long post for 立即发送, and one post for each of `times`, which its text names."""
    parts = "\n          ---\n".join(f"          长文第{n}段" for n in range(1, PARTS + 1))
    posts = [f'      - name: 长文\n        at: "2099-01-01 08:00"\n        text: |\n{parts}\n']
    for at in times:
        local = f"{at.astimezone(ZONE):%Y-%m-%d %H:%M:%S}"
        posts.append(f'      - {{name: "{local[-8:]}", at: "{local}", text: "定时 {local}"}}\n')
    listed = ", ".join(f"'qq:{FIRST_GROUP + number}'" for number in range(groups))
    return _PLAYBOOK.replace("{groups}", listed) + "".join(posts)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Site:
    """One bot at a time, always with the same settings."""

    def __init__(
        self,
        folder: Path,
        database: str,
        times: Sequence[datetime] = (),
        groups: int = 10,
        *,
        call_timeout_s: float = 20,
    ) -> None:
        self.folder, self.database = folder, database
        self.port = free_port()
        self.url = f"ws://127.0.0.1:{self.port}/onebot/v11/ws"
        self.playbook = folder / "playbooks" / "faults.yaml"
        self.playbook.parent.mkdir(parents=True)
        self.playbook.write_text(playbook(times, groups), encoding="utf-8")
        config = _CONFIG.format(
            database=database, folder=folder, root=ROOT, port=self.port, call_timeout_s=call_timeout_s
        )
        (folder / "config.yaml").write_text(config, encoding="utf-8")
        self.log = folder / "bot.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.started_s = 0.0

    def start(self, failpoints: str = "") -> None:
        """Starts the bot; it is ready when it takes connections."""
        assert self.process is None
        environment = os.environ | {"PYTHONPATH": str(ROOT), "QUNOPS_FAILPOINTS": failpoints}
        command = [sys.executable, "-m", "bot", "run", "--config", "config.yaml", "--no-talk"]
        self.started_s = time.monotonic()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=self.folder, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )

    @property
    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    async def ended(self, within_s: float) -> bool:
        """Whether the process ends by itself in time."""
        until = time.monotonic() + within_s
        while self.is_alive and time.monotonic() < until:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        return not self.is_alive

    async def kill(self) -> int:
        """kill -9, if it still lives; the exit code."""
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        code = await asyncio.to_thread(self.process.wait)
        self.process = None
        return code

    async def stop(self, within_s: float = 20) -> int:
        """A clean stop; the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        if not await self.ended(within_s):
            raise AssertionError(f"did not stop within {within_s} s:\n{self.last_words()}")
        code = self.process.returncode
        self.process = None
        return code

    def touch(self) -> None:
        """A change of the playbook that means nothing: it is loaded again."""
        with self.playbook.open("a", encoding="utf-8") as file:
            file.write("# .\n")

    def last_words(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")[-3000:]
