"""Plays a OneBot v11 implementation under load: sends group messages over one WebSocket, answers every API call at once.

    python -m benchmarks.generator --url ws://127.0.0.1:6701/onebot/v11/ws --messages 50000 --rate 1000

`--rate 0` is the closed loop: at most `--window` commands unanswered. Each command comes from another member, so every
one must be answered. A reply is matched to its command by the member's name in its text. Prints one JSON object:
messages, seconds to the last answer, messages/s, replies, latency p50/p95/p99/max in ms from the command's frame to the
reply's call.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import time
from dataclasses import dataclass, field
from pathlib import Path

import orjson
from websockets.asyncio.client import ClientConnection, connect

SELF = 3000000001
_NAME = re.compile(r"员(\d+)号")
_PHRASES = (
    "今天天气不错", "早上好呀大家", "有人一起吃饭吗", "这本书真好看", "哈哈哈哈", "收到", "我觉得可以", "周末去爬山吧",
    "刚下班好累", "谢谢分享", "这个问题我也遇到过", "明天几点集合", "孩子今天考试", "推荐一部电影", "学到了", "加油",
)  # fmt: skip


@dataclass(slots=True)
class Load:
    groups: int
    members: int
    messages: int
    rate: float
    window: int
    share: float
    seed: int
    day: int
    sent_at: dict[int, float] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)
    replies: int = 0
    commands: int = 0
    calls: int = 0
    last_reply: float = 0.0


def frames(load: Load) -> list[tuple[bytes, int]]:
    """The messages as NapCat sends them, (frame, member number of a command or -1), encoded ahead of the run."""
    chance = random.Random(load.seed)
    order = list(range(load.groups * load.members))
    chance.shuffle(order)
    every = max(1, round(1 / load.share)) if load.share else 0
    now = int(time.time())
    made = []
    for place in range(load.messages):
        is_command = bool(every) and place % every == 0
        if is_command:
            number = order[(place // every) % len(order)]
            text = "打卡"
        else:
            number = order[chance.randrange(len(order))]
            text = chance.choice(_PHRASES) + str(chance.randrange(1000))
        group, message_id = 600000001 + number % load.groups, chance.getrandbits(31)
        frame = {
            "self_id": SELF, "user_id": 2900000001 + number, "time": now, "message_id": message_id,
            "message_seq": message_id, "real_id": message_id, "real_seq": str(place), "message_type": "group",
            "sender": {"user_id": 2900000001 + number, "nickname": f"员{number}号", "card": "", "role": "member"},
            "raw_message": text, "font": 14, "sub_type": "normal",
            "message": [{"type": "text", "data": {"text": text}}], "message_format": "array", "post_type": "message",
            "group_id": group, "group_name": f"测试群{group}",
        }  # fmt: skip
        made.append((orjson.dumps(frame), number if is_command else -1))
    return made


async def answer(socket: ClientConnection, load: Load, changed: asyncio.Event) -> None:
    """Every API call gets its answer at once."""
    async for raw in socket:
        call = orjson.loads(raw)
        load.calls += 1
        data: object = None
        match call.get("action"):
            case "get_login_info":
                data = {"user_id": SELF, "nickname": "群小助"}
            case "get_version_info":
                data = {"app_name": "NapCat.Onebot", "app_version": "4.18.13", "protocol_version": "v11"}
            case "get_status":
                data = {"online": True, "good": True}
            case "get_group_list":
                data = [
                    {"group_id": 600000001 + n, "group_name": f"测试群{600000001 + n}", "member_count": load.members, "max_member_count": 500}
                    for n in range(load.groups)
                ]  # fmt: skip
            case "get_group_member_list":
                group = int(call["params"]["group_id"]) - 600000001
                data = [
                    {"group_id": group + 600000001, "user_id": 2900000001 + n, "nickname": f"员{n}号", "card": "", "role": "member"}
                    for n in range(group, load.groups * load.members, load.groups)
                ] + [{"group_id": group + 600000001, "user_id": SELF, "nickname": "群小助", "card": "", "role": "admin"}]  # fmt: skip
            case "get_group_member_info":
                data = {"user_id": call["params"]["user_id"], "nickname": "群小助", "card": "", "role": "admin"}
            case "send_group_msg" | "send_msg":
                data = {"message_id": load.calls}
                note_reply(call, load)
                changed.set()
        await socket.send(
            orjson.dumps({"status": "ok", "retcode": 0, "data": data, "message": "", "wording": "", "echo": call.get("echo")}),
            text=True,
        )  # fmt: skip


def note_reply(call: dict[str, object], load: Load) -> None:
    params = call["params"]
    assert isinstance(params, dict)
    found = _NAME.search(orjson.dumps(params["message"]).decode())
    if found and (sent := load.sent_at.pop(int(found[1]), None)) is not None:
        load.last_reply = time.perf_counter()
        load.latencies.append(load.last_reply - sent)
        load.replies += 1


async def pour(socket: ClientConnection, load: Load, made: list[tuple[bytes, int]], changed: asyncio.Event) -> None:
    began = time.perf_counter()
    for place, (frame, number) in enumerate(made):
        if load.rate:
            ahead = began + place / load.rate - time.perf_counter()
            if ahead > 0.001:
                await asyncio.sleep(ahead)
        elif number >= 0:
            while len(load.sent_at) >= load.window:
                changed.clear()
                await changed.wait()
        if number >= 0:
            load.sent_at[number] = time.perf_counter()
            load.commands += 1
        await socket.send(frame, text=True)
        if place % 64 == 0:
            await asyncio.sleep(0)


def cpu_s(pid: int) -> float:
    """User and system seconds of a process so far; 0 for none."""
    if not pid:
        return 0.0
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def run(url: str, token: str, load: Load, patience_s: float, settle_s: float, pid: int) -> dict[str, object]:
    made = frames(load)
    headers = {"X-Self-ID": str(SELF), "X-Client-Role": "Universal", "User-Agent": "OneBot/11"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    changed = asyncio.Event()
    async with connect(url, additional_headers=headers, max_size=None, compression=None) as socket:
        lifecycle = {"time": int(time.time()), "self_id": SELF, "post_type": "meta_event", "meta_event_type": "lifecycle", "sub_type": "connect"}  # fmt: skip
        await socket.send(orjson.dumps(lifecycle), text=True)
        answering = asyncio.create_task(answer(socket, load, changed))
        await asyncio.sleep(settle_s)
        began, spent = time.perf_counter(), cpu_s(pid)
        await pour(socket, load, made, changed)
        poured = time.perf_counter()
        while load.sent_at and time.perf_counter() - poured < patience_s:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        ended, spent = max(poured, load.last_reply), cpu_s(pid) - spent
        answering.cancel()
    ms = sorted(1000 * latency for latency in load.latencies)
    pick = lambda q: round(ms[min(len(ms) - 1, int(q * len(ms)))], 2) if ms else None  # noqa: E731
    return {
        "messages": load.messages, "seconds": round(ended - began, 3), "per_second": round(load.messages / (ended - began)),
        "poured_per_second": round(load.messages / (poured - began)), "commands": load.commands, "replies": load.replies,
        "cpu_ms": round(1000 * spent / load.messages, 4), "p50_ms": pick(0.5), "p95_ms": pick(0.95), "p99_ms": pick(0.99), "max_ms": pick(1.0),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True)
    parser.add_argument("--token", default="")
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--rate", type=float, default=0, help="messages a second; 0: closed loop")
    parser.add_argument("--window", type=int, default=64)
    parser.add_argument("--groups", type=int, default=100)
    parser.add_argument("--members", type=int, default=200)
    parser.add_argument("--commands", type=float, default=0.1, help="share of messages that are commands")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--patience", type=float, default=30)
    parser.add_argument("--settle", type=float, default=1.0, help="seconds to wait after connecting")
    parser.add_argument("--pid", type=int, default=0, help="the bot's process, to say what CPU the load cost it")
    given = parser.parse_args()
    load = Load(given.groups, given.members, given.messages, given.rate, given.window, given.commands, given.seed, 0)
    print(
        orjson.dumps(asyncio.run(run(given.url, given.token, load, given.patience, given.settle, given.pid))).decode()
    )


if __name__ == "__main__":
    main()
