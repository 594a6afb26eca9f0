"""Two groups of one playbook in virtual time, on a real database, and the calendar's desk over them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot.console.ports.calendar import Entry, Place, Sight, Week
from bot.core.events import MemberJoined, MessageReceived
from bot.engine.kernel import Kernel
from bot.engine.playbooks import PlaybookFolder
from bot.engine.render import Renderer
from bot.engine.traffic import Inbound, Settled
from bot.usecases.calendar import CalendarDesk
from bot.usecases.playbooks import PlaybooksDesk
from storage.database import Database

R = TypeVar("R")
ROOT = Path(__file__).parents[3]
ZONE = ZoneInfo("Asia/Shanghai")
BOT, ONE, TWO = "qq:1", "qq:601", "qq:602"
ALL = Sight(lambda group, playbook: True, True)
CONTENT = """\
playbook: content
title: 共读
groups: ["qq:601", "qq:602"]
quiet_hours: 22:30-07:00
plays:
  矩阵:
    kind: campaign
    metric: campaign.replies_per_post
    slots: {早: 07:30-08:30, 晚: 20:00-21:30}
    calendar:
      - {day: mon, slot: 早, topic: 导读, text: "第一条\\n---\\n{{ group.name }}，第二条"}   # 每周开头
      - day: [tue, thu]
        slot: 晚
        topic: 讨论
        texts: {a: 甲问, b: 乙问}
    posts:
      - {name: 夜话, daily: "23:00", text: 晚安}
    pacing: {spread: 0s}
  打卡:
    kind: checkin
    metric: checkin.rate
    remind: {at: "20:10"}
"""


def moment(text: str) -> datetime:
    """`2026-03-02 07:30` on the groups' wall clock."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


class _Engine:
    """What the desk asks of the running bot: calls between two cycles, and what is left of a quota."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    async def call(self, work: Callable[[Kernel], R]) -> R:
        return work(self._kernel)

    def quota_left(self, account: str) -> int | None:
        return 5


class Town:
    def __init__(self, database: Database, folder: Path, now: str = "2026-03-01 12:00", content: str = CONTENT) -> None:
        self.now = moment(now)
        self.file = folder / "content.yaml"
        self.file.write_text(content, "utf-8")
        self.folder = PlaybookFolder(folder, lambda: self.now)
        self.loaded = self.folder.load()
        assert self.loaded.is_sound, self.loaded.problems
        self.connection: Connection = database.engine.connect()
        self.kernel = Kernel(
            self.connection, plan_for=lambda chat: self.loaded.plan(chat), renderer=Renderer(ROOT / "templates")
        )
        self.kernel.open(self.now)
        self.kernel.outbox.set_online(BOT, True)
        self.fails: set[str] = set()
        """Groups in which nothing arrives."""
        self._count = 0
        for chat in (ONE, TWO):
            for who in ("qq:7", "qq:8"):
                self._happens(MemberJoined(id=f"j{chat}{who}", account=BOT, chat=chat, member=who, at=self.now))
        self.sent = 0
        self.playbooks = PlaybooksDesk(
            database,
            self.folder,
            lambda: self.loaded,
            self._reload,
            self._write,
            ROOT / "templates",
            lambda: self.now,
        )
        self.desk = CalendarDesk(
            database, _Engine(self.kernel), lambda: self.loaded, self.playbooks, ROOT / "templates",  # type: ignore[arg-type]
            lambda: self.now, ZONE, 100,
        )  # fmt: skip

    def until(self, when: str) -> None:
        """Lets the clock run, firing what is due at its time."""
        end = moment(when)
        while (wake := self.kernel.next_wake()) is not None and wake <= end:
            self.now = max(self.now, wake)
            self._cycle()
        self.now = end
        self._cycle()

    def says(self, chat: str, text: str, who: str = "qq:7") -> None:
        self._count += 1
        self._happens(
            MessageReceived(
                id=f"m{self._count}", account=BOT, chat=chat, member=who, at=self.now, message_id=f"m{self._count}",
                text=text, name=who,
            )
        )  # fmt: skip

    async def week(self, day: str = "2026-03-02", **more: Any) -> Week:
        asked: dict[str, Any] = {"playbook": "", "group": "", "within": 30} | more
        sight = asked.pop("sight", ALL)
        return await self.desk.week(sight, datetime.fromisoformat(day).date(), **asked)

    async def order(
        self, act: Any, about: str = "", *, key: str = "key-0001", groups: tuple[str, ...] = (ONE, TWO)
    ) -> int:
        new = await self.desk.order("content", "矩阵", act, about, groups, key, "console:老陈")
        self._cycle()
        return new

    # -- inside -----------------------------------------------------------------------------------------------------

    def _happens(self, event: MemberJoined | MessageReceived) -> None:
        self._cycle(Inbound(event, self.now))

    def _cycle(self, *inbound: Inbound) -> None:
        sends = self.kernel.cycle(self.now, inbound)
        while sends:
            answers = []
            for send in sends:
                outcome: Any = "failed" if send.chat in self.fails else "done"
                self._count += 1
                answers.append(Settled(id=send.id, outcome=outcome, message_id=f"b{self._count}", error="refused"))
            sends = self.kernel.cycle(self.now, settled=answers)

    async def _write(self, work: Callable[[Connection], None]) -> None:
        self.kernel.in_transaction(work)

    async def _reload(self) -> None:
        self.loaded = await asyncio.to_thread(self.folder.load)
        self.kernel.reload(lambda chat: self.loaded.plan(chat), self.now)


def entries(week: Week) -> list[Entry]:
    return sorted((each for day in week.days for cell in day.cells for each in cell), key=lambda each: each.at)


def brief(week: Week) -> list[str]:
    """`周一 07:30 早 导读 sent×2`"""
    return [
        f"{'一二三四五六日'[each.day.weekday()]} {each.clock} {each.slot or '–'} {each.what or each.title} "
        + " ".join(f"{count.fate}×{count.groups}" for count in each.fates)
        for each in entries(week)
    ]


def place(each: Entry) -> Place:
    return Place(playbook=each.playbook, play=each.play, name=each.name, at=each.at, hand=each.hand)
