"""Room messages a second from the real gateway into the durable log, in order; beside stock `wechaty.Wechaty.on_message`.

    python -m benchmarks.wechat_throughput --messages 20000 --rooms 20 --runs 3 [--delay-ms 20] [--stock]

The published gateway (tests/peers/wechat_gateway) says everything at once; the clock runs from there to the commit of the
last message. `--delay-ms` puts a proxy of that round trip between. `--stock` measures wechaty's own client in a process
of its own, on the same gateway; it writes nothing down. Prints one JSON object a run.
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
            cpu = resource.getrusage(resource.RUSAGE_SELF)
            before = log.execute("SELECT count(*) FROM message").fetchone()[0]
            begun = time.perf_counter()
            await asyncio.to_thread(_burst, gateway, load, name)
            while (found := log.execute("SELECT count(*) FROM message").fetchone()[0] - before) < load.messages:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            took = time.perf_counter() - begun
            spent = resource.getrusage(resource.RUSAGE_SELF)
            results[name] = {
                "per_second": round(found / took),
                "cpu_s": round(spent.ru_utime + spent.ru_stime - cpu.ru_utime - cpu.ru_stime, 2),
            }
        results["out_of_order"] = _inversions(log)
        results["logged"] = log.execute("SELECT count(DISTINCT text) FROM message").fetchone()[0]
    stop.set()
    await running
    return results


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
    try:
        for line in client.stdout:
            if line.startswith("ready"):
                time.sleep(1)
                _burst(gateway, load, line.split()[1])
            elif line.startswith("{"):
                results |= json.loads(line)
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


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--messages", type=int, default=20_000)
    arguments.add_argument("--rooms", type=int, default=20)
    arguments.add_argument("--runs", type=int, default=1)
    arguments.add_argument("--prefetch", type=int, default=128)
    arguments.add_argument("--delay-ms", type=float, default=0)
    arguments.add_argument("--stock", action="store_true")
    arguments.add_argument("--proxy", nargs=2, type=int, metavar=("PORT", "TARGET"), help=argparse.SUPPRESS)
    load = arguments.parse_args()
    if load.proxy:
        asyncio.run(_serve_proxy(*load.proxy, load.delay_ms / 2000))
        return
    if reason := missing():
        sys.exit(reason)
    contacts = {f"wxid_{number}": f"员{number}号" for number in range(TALKERS)}
    for _ in range(load.runs):
        for name in ("ours", "stock") if load.stock else ("ours",):
            gateway, proxy = Gateway(), None
            with tempfile.TemporaryDirectory() as folder:
                try:
                    gateway.start(
                        rooms=[f"room{number}@chatroom" for number in range(1, load.rooms + 1)], contacts=contacts
                    )
                    endpoint = gateway.endpoint
                    if load.delay_ms:
                        endpoint = f"127.0.0.1:{free_port()}"
                        ports = [endpoint.partition(":")[2], gateway.endpoint.partition(":")[2]]
                        command = [
                            sys.executable,
                            "-m",
                            "benchmarks.wechat_throughput",
                            "--delay-ms",
                            str(load.delay_ms),
                        ]
                        proxy = subprocess.Popen([*command, "--proxy", *ports])
                        time.sleep(2)
                    measured = (
                        asyncio.run(ours(gateway, endpoint, load, Path(folder)))
                        if name == "ours"
                        else stock(gateway, endpoint, load, Path(folder))
                    )
                    about = {
                        "client": name,
                        "messages": load.messages,
                        "rooms": load.rooms,
                        "round_trip_ms": load.delay_ms,
                    }
                    print(json.dumps(about | measured), flush=True)
                finally:
                    gateway.end()
                    if proxy is not None:
                        proxy.kill()
                        proxy.wait()


if __name__ == "__main__":
    main()
