"""The bot as an operator starts it: a process of its own, a terminal that is a pipe."""

from __future__ import annotations

import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0
"""How long a line may take on a busy machine; nothing waits that long where all is well."""

_CAMP = """\
playbook: camp
title: 早起营
groups: ["sim:早起营"]
plays:
  打卡:
    kind: checkin
    metric: checkin.rate
  群规:
    kind: rules
    metric: rules.false_alarm_rate
    mode: enforce
    rules:
      - {id: 拉人, match: {regex: 加微信}, level: 2, say: 先问问运营}
    ladder: [{at: 1, do: kick, confirm: operator}]
"""


def house(folder: Path) -> dict[str, str]:
    """A folder with settings and a playbook, ports that are free; returns the environment that names them."""
    (folder / "playbooks").mkdir()
    (folder / "playbooks" / "camp.yaml").write_text(_CAMP, "utf-8")
    (folder / "config.yaml").write_text(
        json.dumps(
            {
                "database": f"sqlite:///{folder}/data/qunops.db",
                "playbooks": str(folder / "playbooks"),
                "templates": str(ROOT / "templates"),
                "simulator": {"group": "sim:早起营", "members": ["小明", "小红"]},
                "onebot": {"port": 0},
                "http": {"port": _free_port()},
                "limits": {"unlimited": True},
            }
        ),
        "utf-8",
    )
    clean = {name: value for name, value in os.environ.items() if not name.startswith("QUNOPS_")}
    return {**clean, "QUNOPS_CONFIG": str(folder / "config.yaml"), "PYTHONUTF8": "1", "NO_COLOR": "1"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def qunops(env: dict[str, str], *words: str, typed: str | None = None) -> subprocess.CompletedProcess[str]:
    """One command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "bot", *words],
        env=env, cwd=ROOT, input=typed, capture_output=True, text=True, encoding="utf-8", timeout=PATIENCE_S,
    )  # fmt: skip


class Running:
    """`qunops run` in the background: `hear` waits for a line, `say` types one. Killed at the end if it still lives."""

    def __init__(self, env: dict[str, str]) -> None:
        settings = json.loads(Path(env["QUNOPS_CONFIG"]).read_text("utf-8"))
        self.port = settings["http"]["port"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bot", "run"],
            env=env, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            encoding="utf-8",
        )  # fmt: skip
        self.heard: list[str] = []
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Running:
        self.hear("试试 try")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)

    def hear(self, words: str) -> str:
        """The first line from here on that has `words`; fails with all that was heard."""
        while True:
            try:
                line = self._lines.get(timeout=PATIENCE_S)
            except queue.Empty:
                raise AssertionError(f"never heard {words!r} in:\n{''.join(self.heard)}") from None
            self.heard.append(line)
            if words in line:
                return line.strip()

    def say(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def get(self, path: str) -> tuple[int, str]:
        return self._ask(urllib.request.Request(f"http://127.0.0.1:{self.port}{path}"))

    def post(self, path: str, token: str = "") -> tuple[int, str]:
        headers = {"x-qunops-token": token, "content-type": "application/json"}
        address = f"http://127.0.0.1:{self.port}{path}"
        return self._ask(urllib.request.Request(address, data=b'{"choice": "x"}', headers=headers, method="POST"))

    def _ask(self, request: urllib.request.Request) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def ready(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.get("/readyz")[1])
        return found

    def stop(self, timeout_s: float = PATIENCE_S) -> int:
        """SIGTERM, as a service manager sends it; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout_s)
