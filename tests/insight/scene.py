"""A group's forty days as rows of the log, made by dice of a fixed seed: talk, joins, leaves, check-ins, quizzes, posts, gaps."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select, text

from bot.insight.catalogue import Scope, scope_of
from storage import rollups
from storage import tables as t
from tests.storage.rows import DAY_MS, MONDAY_MS, Rows, add

MONDAY = date(2026, 3, 2)
HOUR_MS = 3_600_000
TODAY = MONDAY + timedelta(days=40)
NOW_MS = MONDAY_MS + 40 * DAY_MS + 9 * HOUR_MS


def name_of(number: int) -> str:
    return (MONDAY + timedelta(days=number)).isoformat()


def number_of(at: int) -> int:
    return (at - MONDAY_MS) // DAY_MS


class Scene(Rows):
    """`Rows` that keeps the rollup per member as the writer does, and counts the coarse figures when asked."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.people: list[int] = []

    def tell(self, who: int, words: str, at: int, **more: Any) -> None:
        self.says(who, words, at, **more)
        self.bump(who, at, msgs=1, chars=len(words), replies=int(bool(more.get("reply_to"))), last_at=at)

    def bump(self, who: int, at: int, last_at: int | None = None, **counts: int) -> None:
        """Adds to the member's day, and marks it."""
        names = [*counts, "last_at"]
        sets = ", ".join(f"{n} = member_day.{n} + excluded.{n}" for n in counts)
        self.connection.execute(
            text(
                f"INSERT INTO member_day (chat_id, member_id, day, {', '.join(names)})"
                f" VALUES (:chat, :member, :day, {', '.join(':' + n for n in names)})"
                f" ON CONFLICT (chat_id, day, member_id) DO UPDATE SET {sets},"
                " last_at = coalesce(excluded.last_at, member_day.last_at)"
            ),
            {"chat": self.chat, "member": who, "day": name_of(number_of(at)), **counts, "last_at": last_at},
        )
        self.mark(at)

    def mark(self, at: int) -> None:
        self.connection.execute(
            text("INSERT INTO stale_day (chat_id, day) VALUES (:chat, :day) ON CONFLICT (chat_id, day) DO NOTHING"),
            {"chat": self.chat, "day": name_of(number_of(at))},
        )

    def noted(self, what: str, who: int | None, at: int, data: Mapping[str, Any], run: int | None = None) -> None:
        count = len(self.connection.execute(select(t.note.c.id)).all())
        add(
            self.connection, t.note, run_id=run or self.run, chat_id=self.chat, member_id=who, what=what, key=f"n{count}",
            data=json.dumps(data, separators=(",", ":")), at=at,
        )  # fmt: skip
        self.mark(at)

    def moved(self, kind: str, who: int, at: int, **data: Any) -> None:
        """A join or a leave, with the membership that follows from it."""
        count = len(self.connection.execute(select(t.event.c.id)).all())
        add(
            self.connection, t.event, account_id=self.account, chat_id=self.chat, member_id=who, key=f"e{count}", kind=kind,
            at=at, received_at=at, data=json.dumps(data),
        )  # fmt: skip
        values = {"joined_at": at, "left_at": None} if kind == "MemberJoined" else {"left_at": at}
        here = (t.membership.c.chat_id == self.chat, t.membership.c.member_id == who)
        self.connection.execute(t.membership.update().where(*here).values(values))
        self.mark(at)

    def count(self) -> None:
        """Every day, silent ones too."""
        rollups.expect(self.connection, [(self.chat, name_of(n)) for n in range(40)])
        while waiting := rollups.stale(self.connection, 1):
            chat, day = waiting[0]
            if day == rollups.LIVES:
                rollups.rebuild_lives(self.connection, chat)
                continue
            begin = MONDAY_MS + (date.fromisoformat(day) - MONDAY).days * DAY_MS
            rollups.refresh(self.connection, rollups.Day(chat, day, begin, begin + DAY_MS))

    @property
    def scope(self) -> Scope:
        """The last thirty of the forty days."""
        return scope_of(self.chat, TODAY, NOW_MS)


def forty_days(connection: Connection, seed: int = 11, made_of: type[Scene] = Scene) -> Scene:
    """Sixty people of whom some never speak; everything that a metric counts occurs."""
    dice = random.Random(seed)
    scene = made_of(connection)
    quiz, chain, welcome = (scene.new_run(f"共读/{name}", kind) for name, kind in (("答题", "quiz"), ("报名", "chain"), ("欢迎", "welcome")))  # fmt: skip
    for number in range(60):
        who = scene.member(f"成员{number:02}")
        scene.people.append(who)
        if number >= 20:
            at = MONDAY_MS + dice.randrange(38) * DAY_MS + dice.randrange(DAY_MS)
            scene.moved("MemberJoined", who, at, **({"by": "qq:成员01"} if dice.random() < 0.4 else {}))
            if dice.random() < 0.5:
                scene.noted("self_intro", who, at + dice.randrange(10 * DAY_MS), {"chars": 30}, welcome)
        if dice.random() < 0.1:
            scene.moved("MemberLeft", who, MONDAY_MS + 39 * DAY_MS + number)
    robot = scene.member("群运", is_bot=1)
    joined = dict(connection.execute(select(t.membership.c.member_id, t.membership.c.joined_at)).all())  # type: ignore[arg-type]
    zeal = {who: dice.choice((0.0, 0.05, 0.3, 0.8)) for who in scene.people}
    platform = 0
    for day in range(40):
        begin = MONDAY_MS + day * DAY_MS
        if day % 3 == 0:
            source = dice.choice(("pgc", "ugc", "ogc", "pugc", ""))
            scene.noted("post", None, begin + 12 * HOUR_MS, {"post": "导读", "source": source})
        scene.tell(robot, "我是机器人,有问题请问我?", begin + 8 * HOUR_MS)
        platform += 1
        for who in scene.people:
            if joined[who] >= begin or dice.random() >= zeal[who]:
                continue
            for _ in range(dice.randrange(1, 4)):
                platform += 1
                words = dice.choice(("早上好", "请问今天读到哪里了?", "哈哈哈哈", "我觉得这一章很好", "怎么打卡呀"))
                reply = str(dice.randrange(max(1, platform - 6), platform)) if dice.random() < 0.3 else None
                mentions = f'["qq:成员{dice.randrange(60):02}"]' if dice.random() < 0.1 else None
                at = begin + 6 * HOUR_MS + dice.randrange(17 * HOUR_MS)
                scene.tell(who, words, at, reply_to=reply, mentions=mentions)
            if dice.random() < 0.6:
                at = begin + dice.randrange(6, 23) * HOUR_MS
                scene.noted("checkin", who, at, {"day": name_of(day)})
                scene.bump(who, at, checkins=1)
            if day % 7 == 4 and dice.random() < 0.7:
                is_right = dice.random() < 0.6
                scene.noted("quiz", who, begin + 20 * HOUR_MS, {"question": "q1", "is_right": is_right}, quiz)
                scene.bump(who, begin + 20 * HOUR_MS, quiz=1)
            if day % 7 == 2 and dice.random() < 0.3:
                scene.noted("chain_entry", who, begin + 10 * HOUR_MS, {"chain": 1}, chain)
                scene.bump(who, begin + 10 * HOUR_MS, chain=1)
            if dice.random() < 0.05:
                scene.bump(who, begin + 10 * HOUR_MS, helped=1)
            if dice.random() < 0.03:
                scene.noted("verdict", who, begin + 11 * HOUR_MS, {"rule": "广告"})
                if dice.random() < 0.3:
                    scene.noted("undone", who, begin + 12 * HOUR_MS, {"rule": "广告"})
        if day == 20:
            for who in scene.people[:24]:
                scene.noted("nps", who, begin + 13 * HOUR_MS, {"score": dice.randrange(4, 11)})
            for place, who in enumerate(scene.people[30:50]):
                arm = "held" if place % 4 == 0 else "told"
                scene.noted("reached", who, begin + 9 * HOUR_MS, {"arm": arm, "day": name_of(20), "post": "唤醒"})
    scene.count()
    return scene


def moment(number: int, hours: int = 0) -> datetime:
    return datetime.fromtimestamp((MONDAY_MS + number * DAY_MS + hours * HOUR_MS) / 1000, UTC)
