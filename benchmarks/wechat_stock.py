"""Stock `wechaty.Wechaty` counting messages, for comparison. Run by `benchmarks.wechat_throughput`, never by hand."""

# mypy: ignore-errors
from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
import warnings

warnings.simplefilter("ignore")

from wechaty_puppet.schemas.puppet import PuppetOptions  # noqa: E402

PuppetOptions.__hash__ = object.__hash__

from apscheduler.schedulers.asyncio import AsyncIOScheduler  # noqa: E402
from wechaty import Wechaty, WechatyOptions  # noqa: E402
from wechaty_puppet_service import PuppetService  # noqa: E402


class Counter(Wechaty):
    """Prints `ready <burst>`, then the figures of each burst."""

    def __init__(self, options: WechatyOptions, messages: int) -> None:
        super().__init__(options)
        self.messages, self.bursts = messages, ["cold", "warm"]
        self.seen = self.wrong = 0
        self.last: dict[str, int] = {}

    async def on_login(self, contact: object) -> None:
        self.ready()

    def ready(self) -> None:
        self.seen = 0
        print(f"ready {self.bursts[0]}", flush=True)

    async def on_message(self, message: object) -> None:
        if self.seen == 0:
            self.begun, self.cpu = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
        room, text = message.room().room_id, message.text()
        number = int(text.removeprefix(self.bursts[0]))
        if self.seen and number < self.last.get(room, -1):
            self.wrong += 1
        self.last[room] = number
        self.seen += 1
        if self.seen == self.messages:
            took, spent = time.perf_counter() - self.begun, resource.getrusage(resource.RUSAGE_SELF)
            cpu = spent.ru_utime + spent.ru_stime - self.cpu.ru_utime - self.cpu.ru_stime
            name = self.bursts.pop(0)
            found = {"burst": name, "took_s": took, "cpu_s": cpu, "out_of_order": self.wrong}
            print(json.dumps(found), flush=True)
            self.last, self.wrong = {}, 0
            if not self.bursts:
                sys.exit(0)
            self.ready()


async def main() -> None:
    endpoint, token, messages = sys.argv[1], sys.argv[2], int(sys.argv[3])
    puppet = PuppetService(PuppetOptions(end_point=endpoint, token=token))
    await Counter(WechatyOptions(puppet=puppet, scheduler=AsyncIOScheduler(), port=54321), messages).start()


if __name__ == "__main__":
    asyncio.run(main())
