"""Is the cost of a message flat? The kernel alone (no socket), fed in batches, every commit durable.

    python -m benchmarks.flat --messages 1000000        # 10000000 takes some minutes and 2 GB

Compares, in one run: 1, 100 and 1,000 groups on an empty log; 100 groups on a log of `--messages`; and how long the bot
needs from its start until it is ready on that log. Ratios are of processor time a message, against 100 groups on an empty
log: on a busy machine they are what stays true.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from bot.core.events import MessageReceived
from bot.core.segments import Text
from bot.engine.kernel import Kernel
from bot.engine.render import Renderer
from bot.engine.traffic import Inbound, Settled
from bot.playbook.model import ActivePlay, GroupPlan, Header, plan_of
from bot.plays import all_plays
from storage.database import Database
from storage.schema import upgrade

_ROOT = Path(__file__).resolve().parents[1]
_NOW = datetime(2026, 3, 2, tzinfo=UTC)
_BOT = "qq:3000000001"
BATCH = 100


def plan() -> Callable[[str], GroupPlan]:
    play = all_plays()["checkin"]
    params = play.Params.model_validate({"commands": ["打卡"], "points": 5})
    active = [ActivePlay(name="打卡", play=play, params=params, version="1", header=Header(playbook="bench"))]
    return lambda chat: plan_of(chat, active)


def inbound_of(groups: int, count: int) -> list[Inbound]:
    chance = random.Random(7)
    made = []
    for n in range(count):
        group, member = chance.randrange(groups), chance.randrange(200)
        words = "打卡" if n % 10 == 0 else f"今天读到第{chance.randrange(300)}页"
        at = _NOW + timedelta(milliseconds=n)
        made.append(
            Inbound(
                MessageReceived(
                    id=f"{chance.getrandbits(31)}:{n}", account=_BOT, chat=f"qq:{600000001 + group}",
                    member=f"qq:{2900000001 + group * 200 + member}", at=at, message_id=str(n), text=words,
                    segments=(Text(words),), name=f"员{member}号",
                ),
                at,
            )
        )  # fmt: skip
    return made


def _rate(database: Database, groups: int, count: int) -> tuple[float, float]:
    """(messages a second, µs of processor a message) through the kernel, answers settled; the first tenth warms the caches and is not counted."""
    with database.engine.connect() as connection:
        kernel = Kernel(connection, plan_for=plan(), renderer=Renderer(_ROOT / "templates"))
        kernel.open(_NOW)
        kernel.outbox.set_online(_BOT, True)
        items, began, worked, warm = inbound_of(groups, count), 0.0, 0.0, count // 10 // BATCH * BATCH
        sends = []
        for start in range(0, count, BATCH):
            if start == warm:
                began, worked = time.perf_counter(), time.process_time()
            part = items[start : start + BATCH]
            answers = [Settled(id=send.id, outcome="done", message_id=str(send.id)) for send in sends]
            sends = kernel.cycle(part[-1].arrived_at, part, answers)
        worked = time.process_time() - worked
        return (count - warm) / (time.perf_counter() - began), worked / (count - warm) * 1e6


def _fill(database: Database, messages: int) -> None:
    """A log of `messages` over 100 groups and 90 days before now, by SQL."""
    _rate(database, 100, 2000)
    with database.begin() as connection:
        chats = [row[0] for row in connection.execute(text("SELECT id FROM chat ORDER BY id"))]
        members = [row[0] for row in connection.execute(text("SELECT id FROM member ORDER BY id"))]
        account = connection.execute(text("SELECT id FROM account")).scalar()
    span, first = 90 * 86_400_000, int(_NOW.timestamp() * 1000) - 90 * 86_400_000
    chance = random.Random(3)
    insert = text(
        "INSERT INTO message (account_id, chat_id, member_id, key, platform_id, sent_at, received_at, kind, text, flags)"
        " VALUES (:a, :c, :m, :k, :k, :t, :t, 'text', '今天读到第三十页,很有意思', 0)"
    )
    for start in range(0, messages, 100_000):
        rows = [
            {
                "a": account, "c": chats[n % len(chats)], "m": members[chance.randrange(len(members))],
                "k": f"{chance.getrandbits(31)}:{n}", "t": first + n * span // messages,
            }
            for n in range(start, min(messages, start + 100_000))
        ]  # fmt: skip
        with database.begin() as connection:
            connection.execute(insert, rows)


def _ready_s(folder: Path, url: str) -> float:
    """From the start of the process to its endpoint answering."""
    config = folder / "ready.yaml"
    config.write_text(
        f"database: {url}\nplaybooks: {_ROOT / 'playbooks'}\ntemplates: {_ROOT / 'templates'}\n"
        "http: {enabled: false}\nonebot: {port: 0}\nlog: {level: error}\n"
    )
    began = time.perf_counter()
    command = [sys.executable, "-m", "bot", "run", "--config", str(config), "--no-talk"]
    child = subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    child.stdout.readline()  # the banner is printed when everything is up
    taken = time.perf_counter() - began
    child.terminate()
    child.wait(20)
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--count", type=int, default=30_000, help="messages of each measurement")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="qunops-flat-") as name:
        folder = Path(name)
        rates: dict[str, tuple[float, float]] = {}
        for groups in (100, 1, 1000):
            with Database(f"sqlite:///{folder / f'{groups}.db'}") as database:
                upgrade(database, now=_NOW)
                rates[f"{groups} groups, empty log"] = _rate(database, groups, given.count)
        url = f"sqlite:///{folder / 'full.db'}"
        with Database(url) as database:
            upgrade(database, now=_NOW)
            _fill(database, given.messages)
            rates[f"100 groups, {given.messages:,} messages"] = _rate(database, 100, given.count)
        base = rates["100 groups, empty log"][1]
        for what, (rate, cpu) in rates.items():
            print(f"{what:36} {rate:8.0f} msg/s {cpu:8.0f} µs CPU   ratio {cpu / base:.2f}", flush=True)
        print(f"start to ready on that log           {_ready_s(folder, url):8.2f} s")


if __name__ == "__main__":
    main()
