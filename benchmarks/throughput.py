"""QunOps beside a hand-written NoneBot2 bot, in one run, over a real loopback WebSocket.

    python -m benchmarks.throughput --peer-python PATH     # python of an environment with benchmarks/peers/requirements.txt
    python -m benchmarks.throughput --database postgresql+psycopg://postgres@127.0.0.1/bench --no-peer

Each figure comes from a bot started fresh on an empty database, loaded by `benchmarks.generator` (its own process): 100
groups of 200 members, 10 % 打卡 that must be answered, the rest chatter, every message stored. "closed" is the closed
loop (at most `--window` commands unanswered): the highest rate. The other rows are fixed rates. CPU and memory are the
bot process's own (user + system seconds per message after the load began, peak resident memory). Prints a table and
checks that every message is in the database.
"""

from __future__ import annotations

import argparse
import json
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

_ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Given:
    groups: int
    members: int
    window: int
    database: str
    peer_python: str
    playbook: str


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def peak_mb(pid: int) -> float:
    line = next(x for x in Path(f"/proc/{pid}/status").read_text().splitlines() if x.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def wait_for(port: int, child: subprocess.Popen[bytes]) -> float:
    began = time.perf_counter()
    while time.perf_counter() - began < 20:
        if child.poll() is not None:
            raise SystemExit(f"the bot ended with {child.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
            return time.perf_counter() - began
        except OSError:
            time.sleep(0.01)
    raise SystemExit("the bot did not listen within 20 s")


def ours(folder: Path, port: int, given: Given) -> tuple[list[str], str]:
    """Our command line, and the database that it uses."""
    ids = ", ".join(f'"qq:{600000001 + n}"' for n in range(given.groups))
    books = folder / "playbooks"
    books.mkdir()
    source = (_ROOT / "benchmarks/playbooks" / given.playbook).read_text(encoding="utf-8")
    (books / "bench.yaml").write_text(source.replace("groups: [tag:bench]", f"groups: [{ids}]"), encoding="utf-8")
    database = given.database or f"sqlite:///{folder / 'ours.db'}"
    if not database.startswith("sqlite"):
        reset_postgres(database)
    config = folder / "config.yaml"
    config.write_text(
        f"database: {database}\nplaybooks: {books}\ntemplates: {_ROOT / 'templates'}\nsimulator: {{enabled: false}}\n"
        f"limits: {{unlimited: true}}\nhttp: {{enabled: false}}\nonebot: {{port: {port}}}\nlog: {{level: error}}\n"
    )
    return [sys.executable, "-m", "bot", "run", "--config", str(config), "--no-talk"], database


def reset_postgres(url: str) -> None:
    parts = urllib.parse.urlsplit(url.replace("postgresql+psycopg", "postgresql"))
    name = parts.path.lstrip("/")
    with psycopg.connect(parts._replace(path="/postgres").geturl(), autocommit=True) as server:
        server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')  # type: ignore[arg-type]
        server.execute(f'CREATE DATABASE "{name}"')  # type: ignore[arg-type]


def stored(database: str) -> int:
    if database.startswith("sqlite"):
        import sqlite3

        with sqlite3.connect(database.removeprefix("sqlite:///")) as connection:
            return int(connection.execute("SELECT count(*) FROM message").fetchone()[0])
    with psycopg.connect(database.replace("postgresql+psycopg", "postgresql")) as server:
        return int(server.execute("SELECT count(*) FROM message").fetchone()[0])  # type: ignore[index]


def measure(who: str, rate: float, messages: int, given: Given) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="qunops-bench-") as name:
        folder, port = Path(name), free_port()
        if who == "qunops":
            command, database = ours(folder, port, given)
        else:
            database = f"sqlite:///{folder / 'peer.db'}"
            command = [
                given.peer_python,
                str(_ROOT / "benchmarks/peers/nonebot_bot.py"),
                str(port),
                str(folder / "peer.db"),
            ]
        child = subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.DEVNULL)
        try:
            wait_for(port, child)
            load = [
                sys.executable, "-m", "benchmarks.generator", "--url", f"ws://127.0.0.1:{port}/onebot/v11/ws",
                "--messages", str(messages), "--rate", str(rate), "--groups", str(given.groups),
                "--members", str(given.members), "--window", str(given.window), "--settle", "4", "--pid", str(child.pid),
            ]  # fmt: skip
            result = json.loads(subprocess.run(load, cwd=_ROOT, check=True, capture_output=True, timeout=300).stdout)
            result["peak_mb"] = round(peak_mb(child.pid))
        finally:
            child.send_signal(signal.SIGTERM)
            try:
                child.wait(20)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        result["stored"] = stored(database)
        return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer-python", default="", help="python with NoneBot2 installed; without it: --no-peer")
    parser.add_argument("--no-peer", action="store_true")
    parser.add_argument("--database", default="", help="database URL of ours; default: a fresh SQLite file")
    parser.add_argument("--playbook", default="checkin.yaml", help="file in benchmarks/playbooks")
    parser.add_argument("--groups", type=int, default=100)
    parser.add_argument("--members", type=int, default=200)
    parser.add_argument("--window", type=int, default=64)
    parser.add_argument("--messages", type=int, default=60_000, help="of the closed loop")
    parser.add_argument("--rates", default="1000,5000,8000", help="fixed rates, messages a second")
    parser.add_argument("--peer-rates", default="100,500")
    parser.add_argument("--seconds", type=float, default=10, help="of each fixed rate")
    args = parser.parse_args()
    given = Given(args.groups, args.members, args.window, args.database, args.peer_python, args.playbook)
    print(f"{'bot':8} {'load':>8} {'msg/s':>8} {'p50 ms':>8} {'p95':>8} {'p99':>8} {'CPU ms/msg':>11} {'peak MB':>8} {'answered':>12} {'stored':>14}")  # fmt: skip
    closed: dict[str, float] = {}
    for who in ("qunops",) if args.no_peer else ("qunops", "nonebot"):
        most = args.messages if who == "qunops" else args.messages // 10
        rates = [float(rate) for rate in (args.rates if who == "qunops" else args.peer_rates).split(",") if rate]
        for rate in (0.0, *rates):
            messages = most if not rate else int(rate * args.seconds)
            r = measure(who, rate, messages, given)
            if not rate:
                closed[who] = r["per_second"]
            print(
                f"{who:8} {'closed' if not rate else int(rate):>8} {r['per_second']:>8} {r['p50_ms']:>8} {r['p95_ms']:>8} {r['p99_ms']:>8}"
                f" {r['cpu_ms']:>11} {r['peak_mb']:>8} {r['replies']:>5}/{r['commands']:<6} {r['stored']:>6}/{messages:<7}",
                flush=True,
            )  # fmt: skip
    if "nonebot" in closed:
        print(f"\nclosed loop, ratio: {closed['qunops'] / closed['nonebot']:.1f}")


if __name__ == "__main__":
    main()
