"""Room messages a second from the real gateway into the durable log, in order; beside stock `wechaty.Wechaty.on_message`.

    python -m benchmarks.wechat_throughput [--messages 10000] [--rooms 20] [--runs 1] [--delay-ms 0 20] [--alone]

The published gateway (tests/peers/wechat_gateway) says everything at once; the clock runs from there to the commit of the
last message. Each run measures every round trip of `--delay-ms` (a proxy makes it) and, unless `--alone`, wechaty's own client
on a gateway of its own right after; that one writes nothing down. Prints one JSON object a measurement and one that compares.

Gateway and client share the machine, so beside the rate stands what each of them spends: `cpu_ms` and `gateway_cpu_ms` a message.
Where each has a core of its own, the dearer one bounds the rate: `bound_per_second`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bot.app import App
from bot.config import HttpSettings, LimitSettings, Settings, SimulatorSettings
from bot.transports.wechat import WeChatSettings
from tests.peers.wechat_gateway import TOKEN, Gateway, free_port, missing

ROOT = Path(__file__).parents[1]
TALKERS = 50


async def ours(gateway: Gateway, endpoint: str, load: argparse.Namespace, folder: Path) -> dict[str, object]:
    (folder / "playbooks").mkdir()
    settings = Settings(
        database=f"sqlite:///{folder}/qunops.db",
        playbooks=folder / "playbooks",
        templates=ROOT / "templates",
        simulator=SimulatorSettings(enabled=False),
        onebot=None,
        wechat=(WeChatSettings(endpoint=endpoint, token=TOKEN, prefetch=load.prefetch),),  # type: ignore[arg-type]
        limits=LimitSettings(unlimited=True),
        http=HttpSettings(enabled=False),
    )
    app, stop = App(settings), asyncio.Event()
    running = asyncio.create_task(app.run(stop))
    await app.is_ready.wait()
    while len(app.kernel.directory.rooms) < load.rooms:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    await asyncio.sleep(2)  # names and members are read
    results: dict[str, object] = {}
    with contextlib.closing(sqlite3.connect(folder / "qunops.db")) as log:
        for name in ("cold", "warm"):
            cpu, theirs = resource.getrusage(resource.RUSAGE_SELF), cpu_of(gateway.pid)
            before = log.execute("SELECT count(*) FROM message").fetchone()[0]
            begun = time.perf_counter()
            await asyncio.to_thread(_burst, gateway, load, name)
            while (found := log.execute("SELECT count(*) FROM message").fetchone()[0] - before) < load.messages:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            took = time.perf_counter() - begun
            spent = resource.getrusage(resource.RUSAGE_SELF)
            used = spent.ru_utime + spent.ru_stime - cpu.ru_utime - cpu.ru_stime
            results[name] = figures(found, took, used, cpu_of(gateway.pid) - theirs)
        results["out_of_order"] = _inversions(log)
        results["logged"] = log.execute("SELECT count(DISTINCT text) FROM message").fetchone()[0]
    stop.set()
    await running
    return results


def cpu_of(pid: int) -> float:
    """CPU seconds that a process has used (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def figures(messages: int, took_s: float, cpu_s: float, gateway_cpu_s: float) -> dict[str, float]:
    """Rate, and CPU a message of the client and of the gateway: on cores of their own, the dearer one bounds the rate."""
    ours_ms, theirs_ms = cpu_s / messages * 1000, gateway_cpu_s / messages * 1000
    return {
        "per_second": round(messages / took_s),
        "cpu_ms": round(ours_ms, 3),
        "gateway_cpu_ms": round(theirs_ms, 3),
        "bound_per_second": round(1000 / max(ours_ms, theirs_ms)),
    }


def _inversions(log: sqlite3.Connection) -> int:
    last: dict[int, int] = {}
    wrong = 0
    for chat, text in log.execute("SELECT chat_id, text FROM message WHERE text LIKE 'warm%' ORDER BY id"):
        number = int(text.removeprefix("warm"))
        wrong += number < last.get(chat, -1)
        last[chat] = number
    return wrong


def _burst(gateway: Gateway, load: argparse.Namespace, prefix: str) -> None:
    talkers = [f"wxid_{number}" for number in range(TALKERS)]
    gateway.do("many", rooms=load.rooms, **{"from": talkers}, count=load.messages, prefix=prefix)


def stock(gateway: Gateway, endpoint: str, load: argparse.Namespace, folder: Path) -> dict[str, object]:
    """wechaty's own client, as its documentation writes it; the shims only make it start."""
    environment = {**os.environ, "CACHE_DIR": str(folder / "cache"), "WECHATY_LOG": "error", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "benchmarks.wechat_stock", endpoint, TOKEN, str(load.messages)]
    client = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True)
    assert client.stdout is not None
    results: dict[str, object] = {}
    theirs = 0.0
    try:
        for line in client.stdout:
            if line.startswith("ready"):
                time.sleep(1)
                theirs = cpu_of(gateway.pid)
                _burst(gateway, load, line.split()[1])
            elif line.startswith("{"):
                found = json.loads(line)
                name, spent = found["burst"], cpu_of(gateway.pid) - theirs
                results[name] = figures(load.messages, found["took_s"], found["cpu_s"], spent)
                results["out_of_order"] = found["out_of_order"]
    finally:
        client.kill()
        client.wait()
    return results


async def _serve_proxy(port: int, target: int, delay_s: float) -> None:
    async def one_way(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(1 << 18):
                loop.call_later(delay_s, writer.write, data)
        loop.call_later(delay_s, writer.close)

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", target)
        await asyncio.gather(one_way(reader, back), one_way(there, writer))

    async with await asyncio.start_server(accept, "127.0.0.1", port) as server:
        await server.serve_forever()


def measure(name: str, delay_ms: float, load: argparse.Namespace) -> dict[str, Any]:
    """One client on a gateway of its own."""
    gateway, proxy = Gateway(), None
    contacts = {f"wxid_{number}": f"员{number}号" for number in range(TALKERS)}
    with tempfile.TemporaryDirectory() as folder:
        try:
            gateway.start(rooms=[f"room{number}@chatroom" for number in range(1, load.rooms + 1)], contacts=contacts)
            endpoint = gateway.endpoint
            if delay_ms:
                endpoint = f"127.0.0.1:{free_port()}"
                ports = [endpoint.partition(":")[2], gateway.endpoint.partition(":")[2]]
                command = [sys.executable, "-m", "benchmarks.wechat_throughput", "--delay-ms", str(delay_ms)]
                proxy = subprocess.Popen([*command, "--proxy", *ports])
                time.sleep(2)
            measured = (
                asyncio.run(ours(gateway, endpoint, load, Path(folder)))
                if name == "ours"
                else stock(gateway, endpoint, load, Path(folder))
            )
        finally:
            gateway.end()
            if proxy is not None:
                proxy.kill()
                proxy.wait()
    about = {"client": name, "messages": load.messages, "rooms": load.rooms, "round_trip_ms": delay_ms}
    return about | measured


def compared(ours: dict[str, Any], stock: dict[str, Any]) -> dict[str, Any]:
    """How many times stock wechaty's rate, and how many times less CPU a message."""
    return {
        "compared": "ours beside stock", "round_trip_ms": ours["round_trip_ms"],
        **{
            name: {
                "rate": round(ours[name]["per_second"] / stock[name]["per_second"], 1),
                "cpu": round(stock[name]["cpu_ms"] / ours[name]["cpu_ms"], 1),
            }
            for name in ("cold", "warm")
        },
    }  # fmt: skip


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--messages", type=int, default=10_000)
    arguments.add_argument("--rooms", type=int, default=20)
    arguments.add_argument("--runs", type=int, default=1)
    arguments.add_argument("--prefetch", type=int, default=128)
    arguments.add_argument("--delay-ms", type=float, nargs="+", default=[0.0, 20.0])
    arguments.add_argument("--alone", action="store_true", help="without stock wechaty")
    arguments.add_argument("--proxy", nargs=2, type=int, metavar=("PORT", "TARGET"), help=argparse.SUPPRESS)
    load = arguments.parse_args()
    if load.proxy:
        asyncio.run(_serve_proxy(*load.proxy, load.delay_ms[0] / 2000))
        return
    if reason := missing():
        sys.exit(reason)
    for _ in range(load.runs):
        for delay_ms in load.delay_ms:
            found = [measure(name, delay_ms, load) for name in (("ours",) if load.alone else ("ours", "stock"))]
            for each in found:
                print(json.dumps(each), flush=True)
            if len(found) == 2:
                print(json.dumps(compared(*found)), flush=True)


if __name__ == "__main__":
    main()
