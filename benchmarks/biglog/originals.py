"""Ten groups for ninety days through the kernel: chatter, check-ins, answers, joins and leaves, the posts of a campaign.

Two thousand members and a hundred thousand messages in all, in groups from ten people to five hundred. What no play here
writes (quiz answers, 接龙 lines, scores of an NPS survey) is added as the notes that those plays leave.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import Connection, text

from bot.core.events import Event, MemberJoined, MemberLeft, MessageRecalled, MessageReceived
from bot.core.play import Member
from bot.core.segments import Text
from bot.engine.clock import to_ms
from bot.engine.kernel import Kernel
from bot.engine.playbooks import PlaybookFolder
from bot.engine.render import Renderer
from bot.engine.rollups import count_next, expect_yesterday, settle_next
from bot.engine.traffic import Dispatch, Inbound, Settled
from bot.playbook.versions import dump_play
from bot.transports.base import Group
from storage.database import Database
from storage.retention import TRACE_DAYS
from storage.schema import upgrade

DAYS = 90
MARK = "599999"
"""Stands in every uid where `copies` writes the number of the copy."""
BOT = "qq:3000000001"
ZONE = ZoneInfo("Asia/Shanghai")
SIZES = (500, 400, 300, 220, 180, 150, 120, 80, 40, 10)
SHARES = (300, 200, 140, 100, 80, 70, 50, 35, 20, 5)
"""Of a thousand messages, by group."""
_BATCH = 25
_TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
_HOURS = (3, 1, 1, 0, 0, 1, 4, 9, 10, 8, 8, 9, 12, 10, 7, 7, 7, 8, 10, 12, 18, 22, 16, 8)
_WHO = ("我家孩子", "楼下书店", "我们小组", "昨天那一章", "这个作者", "隔壁群", "我妈", "老师", "这本书", "早上的导读")
_DID = (
    "讲得很清楚",
    "又把我看哭了",
    "推荐大家看看",
    "其实没那么难",
    "让我想起小时候",
    "值得再读一遍",
    "有一点没看懂",
    "比上一章好看",
)
_TAIL = ("", "，哈哈哈", "，学到了", "，先收藏", "，晚上细说", "～", "！", "，谢谢分享", "，你们觉得呢", "，加油")
_SHORT = ("早上好", "收到", "哈哈哈哈", "好的", "谢谢分享", "加油", "+1", "来了来了", "晚安", "辛苦了")
_ASKS = ("请问今天读到第{}页？", "第{}章的作业什么时候交？", "有人知道{}点的集合地点吗", "怎么补打第{}天的卡？")


@dataclass(slots=True)
class _Group:
    number: int
    here: list[int]
    later: list[tuple[int, int]]
    """(day, member) of those who join."""
    recent: list[tuple[str, int]] = field(default_factory=list)

    @property
    def uid(self) -> str:
        return group_uid(self.number)


def group_uid(number: int, mark: str = MARK) -> str:
    return f"qq:6{number:03}{mark}"


def member_uid(number: int, mark: str = MARK) -> str:
    return f"qq:29{number:04}{mark}"


def live(database: Database, playbooks: Path, until: date, messages: int = 100_000, seed: int = 5) -> None:
    """Fills the empty `database` with the ninety days before `until`, and that day up to its evening."""
    upgrade(database, now=datetime.now(UTC))
    chance = random.Random(seed)
    first = until - timedelta(days=DAYS)
    start = datetime(first.year, first.month, first.day, tzinfo=ZONE)
    with database.engine.connect() as connection:
        loaded = PlaybookFolder(playbooks, lambda: start).load()
        assert loaded.is_sound, [str(problem) for problem in loaded.problems]
        kernel = Kernel(connection, plan_for=loaded.plan, renderer=Renderer(_TEMPLATES), dump=dump_play)
        kernel.open(start)
        house = _House(kernel, chance)
        house.move_in(start)
        for day in range(DAYS + 1):
            midnight = start + timedelta(days=day)
            for event in house.day(day, midnight, messages):
                house.hear(event)
            house.flush()
            house.night(midnight + timedelta(days=1, hours=4) if day < DAYS else None)
            print(f"\r  day {day + 1} of {DAYS + 1}", end="", flush=True)
        with connection.begin():
            _other_plays(connection, chance)
            connection.execute(
                text("DELETE FROM trace WHERE at < :at"), {"at": to_ms(start + timedelta(days=DAYS - TRACE_DAYS))}
            )
    print()


class _House:
    """Feeds the kernel in order and answers for the network."""

    def __init__(self, kernel: Kernel, chance: random.Random) -> None:
        self.kernel, self._chance = kernel, chance
        self._waiting: list[Event] = []
        self._settled: list[Settled] = []
        number = 0
        self.groups: list[_Group] = []
        for place, size in enumerate(SIZES):
            members = list(range(number, number + size))
            number += size
            there = max(3, size * 6 // 10)
            later = [(chance.randrange(1, DAYS), who) for who in members[there:]]
            self.groups.append(_Group(place, members[:there], sorted(later)))

    def move_in(self, start: datetime) -> None:
        kernel = self.kernel
        kernel.account_online(BOT, start)
        listed = [Group(uid=g.uid, name=f"读书群{g.number}号", size=len(g.here), role="admin") for g in self.groups]
        self._sent(kernel.learn_groups(BOT, listed, start))
        for group in self.groups:
            people = [
                Member(
                    uid=member_uid(who), name=_name(who), role="admin" if place == 0 else "member",
                    joined_at=start - timedelta(days=self._chance.randrange(1, 200)),
                )
                for place, who in enumerate(group.here)
            ]  # fmt: skip
            self._sent(kernel.learn_members(BOT, group.uid, people, start))
        self._sent(kernel.activate(start))

    def day(self, day: int, midnight: datetime, messages: int) -> list[Event]:
        """What happens in all groups, in order; the last day ends at eight in the evening."""
        found: list[Event] = []
        for group in self.groups:
            joins = [who for at, who in group.later if at == day]
            for who in joins:
                at = midnight + timedelta(hours=9, seconds=self._chance.randrange(36_000))
                inviter = member_uid(self._chance.choice(group.here)) if self._chance.random() < 0.4 else ""
                found.append(MemberJoined(
                    id=f"join:{who}", account=BOT, chat=group.uid, member=member_uid(who), at=at, name=_name(who), by=inviter,
                    how="invited" if inviter else "approved",
                ))  # fmt: skip
            if len(group.here) > 8 and self._chance.random() < len(group.here) / 1500:
                who = group.here.pop(self._chance.randrange(5, len(group.here)))
                at = midnight + timedelta(hours=22, minutes=30)
                found.append(
                    MemberLeft(id=f"left:{who}:{day}", account=BOT, chat=group.uid, member=member_uid(who), at=at)
                )
            found += self._talk(group, day, midnight, messages)
            group.here += joins
        if day == DAYS:
            found = [event for event in found if event.at < midnight + timedelta(hours=20)]
        return sorted(found, key=lambda event: event.at)

    def _talk(self, group: _Group, day: int, midnight: datetime, messages: int) -> Iterable[Event]:
        chance = self._chance
        mean = messages * SHARES[group.number] / 1000 / DAYS * (1.25 - 0.5 * day / DAYS)
        number = round(mean * chance.uniform(0.6, 1.4))
        times = sorted(chance.choices(range(24), _HOURS, k=number))
        seconds = sorted(hour * 3600 + chance.randrange(3600) for hour in times)
        checked: set[int] = set()
        for second in seconds:
            # The first of a group talk most, and check in.
            who = group.here[int(len(group.here) * chance.random() ** 2)]
            at = midnight + timedelta(seconds=second)
            message_id = str(chance.getrandbits(31))
            reply_to: str | None = None
            mentions: tuple[str, ...] = ()
            if who not in checked and second > 18_000 and chance.random() < 0.12:
                checked.add(who)
                words = "打卡"
            elif group.recent and chance.random() < 0.15:
                reply_to, whom = chance.choice(group.recent)
                words = chance.choice(_DID) + chance.choice(_TAIL)
                mentions = (member_uid(whom),) if chance.random() < 0.3 else ()
            else:
                words = _words(chance)
            group.recent = [*group.recent[-9:], (message_id, who)]
            unix = int(at.timestamp())
            yield MessageReceived(
                id=f"{message_id}:{unix}", account=BOT, chat=group.uid, member=member_uid(who), at=at, message_id=message_id,
                text=words, segments=(Text(words),), name=_name(who), reply_to=reply_to, mentions=mentions,
            )  # fmt: skip
            if chance.random() < 0.005:
                yield MessageRecalled(
                    id=f"recall:{message_id}:{unix}", account=BOT, chat=group.uid, member=member_uid(who),
                    at=at + timedelta(seconds=30), message_id=message_id, by=member_uid(who),
                )  # fmt: skip

    def hear(self, event: Event) -> None:
        if self._waiting and (len(self._waiting) >= _BATCH or event.at > self._waiting[0].at + timedelta(minutes=10)):
            self.flush()
        self._pass(event.at)
        self._waiting.append(event)

    def flush(self) -> None:
        events, self._waiting = self._waiting, []
        if events:
            now = events[-1].at
            self._cycle(now, [Inbound(event, event.at) for event in events])

    def night(self, at: datetime | None) -> None:
        """The bot's own work before dawn, `at` None: only what is counted while the day goes on."""
        if at is not None:
            self._pass(at)
            expect_yesterday(self.kernel, at)
        while count_next(self.kernel) is not None:
            pass
        while at is not None and settle_next(self.kernel, at) is not None:
            pass

    def _pass(self, until: datetime) -> None:
        """Everything that is due before then."""
        while (wake := self.kernel.next_wake()) is not None and wake <= until:
            self.flush()
            self._cycle(wake, ())

    def _cycle(self, now: datetime, inbound: Iterable[Inbound]) -> None:
        settled, self._settled = self._settled, []
        self._sent(self.kernel.cycle(now, list(inbound), settled))

    def _sent(self, dispatches: Iterable[Dispatch]) -> None:
        self._settled += [
            Settled(id=each.id, outcome="done", message_id=f"{900000000 + each.id}") for each in dispatches
        ]


def _name(who: int) -> str:
    return ("晓", "小", "阿", "老")[who % 4] + "云月山川林海星辰风雨书墨"[who % 12] + str(who)


def _words(chance: random.Random) -> str:
    kind = chance.random()
    if kind < 0.35:
        return chance.choice(_SHORT)
    if kind < 0.42:
        return chance.choice(_ASKS).format(chance.randrange(1, 400))
    return f"{chance.choice(_WHO)}第{chance.randrange(1, 400)}页{chance.choice(_DID)}{chance.choice(_TAIL)}"


def _other_plays(connection: Connection, chance: random.Random) -> None:
    """Notes of plays that don't run here, and the days' counters that go with them."""
    run = {
        row.chat_id: row.id
        for row in connection.execute(text("SELECT chat_id, min(id) AS id FROM run GROUP BY chat_id"))
    }
    rows = connection.execute(text("SELECT chat_id, day, member_id, last_at FROM member_day WHERE msgs > 0")).all()
    notes = []
    for row in rows:
        dice, key = chance.random(), f"{row.member_id}|{row.day}"
        if dice < 0.05:
            notes.append((row, "quiz", key, {"is_right": chance.random() < 0.7, "ms": chance.randrange(2000, 20000)}))
        elif dice < 0.07:
            notes.append((row, "chain_entry", key, {"count": 1}))
        elif dice < 0.075:
            notes.append((row, "nps", key, {"score": min(10, 4 + int(7 * chance.random()))}))
    insert = text(
        "INSERT INTO note (run_id, chat_id, member_id, what, key, data, at) VALUES (:run, :chat, :who, :what, :key, :data, :at)"
    )
    connection.execute(insert, [
        {
            "run": run[row.chat_id], "chat": row.chat_id, "who": row.member_id, "what": what, "key": key,
            "data": orjson.dumps(data).decode(), "at": row.last_at,
        }
        for row, what, key, data in notes
    ])  # fmt: skip
    for what, column in (("quiz", "quiz"), ("chain_entry", "chain")):
        connection.execute(
            text(f"UPDATE member_day SET {column} = 1 WHERE chat_id = :c AND day = :d AND member_id = :m"),
            [{"c": row.chat_id, "d": row.day, "m": row.member_id} for row, kind, _, _ in notes if kind == what],
        )
    connection.execute(text(
        "UPDATE day_stat SET quiz = s.q, quiz_members = s.q, chain = s.c, chain_members = s.c FROM"
        " (SELECT chat_id, day, sum(quiz) AS q, sum(chain) AS c FROM member_day GROUP BY chat_id, day) AS s"
        " WHERE s.chat_id = day_stat.chat_id AND s.day = day_stat.day"
    ))  # fmt: skip
