"""The coarse figures: equal to a plain count of the log, whatever the order of counting, and compared with it when a day is over."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from datetime import date, timedelta

from sqlalchemy import Connection, func, insert, select, text

from storage import rollups
from storage import tables as t
from storage.database import Database
from tests.storage.rows import DAY_MS, MONDAY_MS, Rows, add

MONDAY = date(2026, 3, 2)


def day(rows: Rows, number: int) -> rollups.Day:
    """The day `number` days after Monday, 2 March."""
    name = (MONDAY + timedelta(days=number)).isoformat()
    return rollups.Day(rows.chat, name, MONDAY_MS + number * DAY_MS, MONDAY_MS + (number + 1) * DAY_MS)


def say(rows: Rows, who: int, words: str, at: int, **more: object) -> None:
    """A message with its place in the rollup and its mark, as the writer leaves them."""
    rows.says(who, words, at, **more)
    name = (MONDAY + timedelta(days=(at - MONDAY_MS) // DAY_MS)).isoformat()
    key = {"chat": rows.chat, "member": who, "day": name, "chars": len(words), "at": at}
    key["replies"] = 1 if more.get("reply_to") else 0
    rows.connection.execute(
        text(
            "INSERT INTO member_day (chat_id, member_id, day, msgs, chars, replies, last_at)"
            " VALUES (:chat, :member, :day, 1, :chars, :replies, :at) ON CONFLICT (chat_id, day, member_id) DO UPDATE SET"
            " msgs = member_day.msgs + 1, chars = member_day.chars + excluded.chars,"
            " replies = member_day.replies + excluded.replies, last_at = excluded.last_at"
        ),
        key,
    )
    rows.connection.execute(
        text("INSERT INTO stale_day (chat_id, day) VALUES (:chat, :day) ON CONFLICT (chat_id, day) DO NOTHING"),
        {"chat": rows.chat, "day": name},
    )


def count_all(connection: Connection, rows: Rows) -> None:
    while waiting := rollups.stale(connection, 1):
        name = waiting[0][1]
        if name == rollups.LIVES:
            rollups.rebuild_lives(connection, rows.chat)
        else:
            rollups.refresh(connection, day(rows, (date.fromisoformat(name) - MONDAY).days))


def stat(connection: Connection, name: str) -> dict[str, int]:
    row = connection.execute(select(t.day_stat).where(t.day_stat.c.day == name)).mappings().one()
    return {key: value for key, value in row.items() if isinstance(value, int)}


def lives(connection: Connection) -> dict[int, tuple[object, ...]]:
    return {row.member_id: tuple(row)[2:] for row in connection.execute(select(t.member_life))}


def test_a_day_of_talk(database: Database) -> None:
    """People, messages, joins, leaves, the one who asked and the one who answered; a bot is nobody."""
    with database.begin() as connection:
        rows = Rows(connection)
        ming, hong = rows.member("小明"), rows.member("小红")
        gone, bot = rows.member("老王", left_at=MONDAY_MS + 5), rows.member("群运", is_bot=1)
        say(rows, ming, "请问今天读到哪一页了?", MONDAY_MS + 1000)
        say(rows, bot, "我是机器人", MONDAY_MS + 2000)
        say(rows, hong, "第三十页", MONDAY_MS + 61_000, reply_to="1")
        say(rows, ming, "谢谢", MONDAY_MS + 70_000, mentions='["qq:小红"]')
        for number, kind in enumerate(("MemberJoined", "MemberJoined", "MemberLeft", "MessageRecalled")):
            add(
                connection, t.event, account_id=rows.account, chat_id=rows.chat, member_id=gone, key=str(number), kind=kind,
                at=MONDAY_MS + number, received_at=MONDAY_MS, data="{}",
            )  # fmt: skip
        count_all(connection, rows)
        found = stat(connection, "2026-03-02")
        expected = {
            "members": 2, "active": 2, "msgs": 3, "replies": 1, "joins": 2, "leaves": 1, "questions": 1, "answered": 1,
            "logged": 4, "posts": 0,
        }  # fmt: skip
        assert {name: found[name] for name in expected} == expected
        links = connection.execute(select(t.reply_day).order_by(t.reply_day.c.member_id)).mappings().all()
        assert [(r["member_id"], r["to_id"], r["replies"], r["mentions"]) for r in links] == [
            (ming, hong, 0, 1),
            (hong, ming, 1, 0),
        ]
        question = connection.execute(select(t.question)).mappings().one()
        assert (question["member_id"], question["answered_by"], question["answer_ms"]) == (ming, hong, 60_000)


def test_lives_are_the_days_in_any_order(database: Database) -> None:
    """Counted after every message or all at the end, backwards or forwards, with late arrivals: always the plain sums."""
    dice = random.Random(5)
    with database.begin() as connection:
        rows = Rows(connection)
        people = [rows.member(f"成员{n}") for n in range(6)]
        for _ in range(120):
            say(rows, dice.choice(people), "嗯嗯", MONDAY_MS + dice.randrange(10) * DAY_MS + dice.randrange(DAY_MS))
            if dice.random() < 0.3:
                count_all(connection, rows)
        count_all(connection, rows)
        expected: defaultdict[int, Counter[int]] = defaultdict(Counter)
        for row in connection.execute(select(t.message.c.member_id, t.message.c.sent_at)):
            expected[row.member_id][(row.sent_at - MONDAY_MS) // DAY_MS] += 1
        for who, (first, last, days, msgs, last_msgs, _) in lives(connection).items():
            own = expected[who]
            names = [(MONDAY + timedelta(days=n)).isoformat() for n in (min(own), max(own))]
            assert (first, last, days, msgs, last_msgs) == (*names, len(own), own.total(), own[max(own)])
        assert lives(connection).keys() == expected.keys()
        assert connection.execute(select(func.count()).select_from(t.stale_day)).scalar() == 0
        before = connection.execute(select(t.day_stat).order_by(t.day_stat.c.day)).all()
        for number in range(10):
            rollups.refresh(connection, day(rows, number))
        assert connection.execute(select(t.day_stat).order_by(t.day_stat.c.day)).all() == before


def test_a_settled_day_agrees_with_the_log(database: Database) -> None:
    """No difference where the rollup is true; a message that it misses is an alarm that names the member; once settled, done."""
    with database.begin() as connection:
        rows = Rows(connection)
        ming = rows.member("小明")
        for number in range(3):
            say(rows, ming, "早", MONDAY_MS + number * DAY_MS)
        count_all(connection, rows)
        first = rollups.unsettled(connection, MONDAY_MS + 5 * DAY_MS)
        assert first == day(rows, 0)
        assert rollups.settle(connection, first) == []
        rows.says(ming, "没有汇总到的", MONDAY_MS + DAY_MS + 5)
        second = rollups.unsettled(connection, MONDAY_MS + 5 * DAY_MS)
        assert second == day(rows, 1)
        assert rollups.settle(connection, second) == [
            f"member {ming}: the rollup says 1 messages, the log 2",
            "logged: counted as 1, now 2",
        ]
        rollups.record_differences(connection, second, ["x"], MONDAY_MS)
        assert connection.execute(select(t.audit.c.action)).scalars().all() == ["rollup.difference"]
        assert rollups.unsettled(connection, MONDAY_MS + 2 * DAY_MS) is None


def test_a_day_that_retention_cut_keeps_its_questions(database: Database) -> None:
    """What only the log knew stays as it was counted; nobody raises an alarm about it."""
    with database.begin() as connection:
        rows = Rows(connection)
        ming = rows.member("小明")
        say(rows, ming, "有人知道几点集合吗?", MONDAY_MS)
        count_all(connection, rows)
        connection.execute(t.message.delete())
        detail = f'{{"table": "message", "before": {MONDAY_MS + DAY_MS}, "deleted": 1}}'
        cut = {"actor": "retention", "action": "retention", "target": str(rows.chat), "detail": detail, "at": 0}
        connection.execute(insert(t.audit).values(cut))
        assert rollups.settle(connection, day(rows, 0)) == []
        assert {name: stat(connection, "2026-03-02")[name] for name in ("msgs", "questions", "logged")} == {
            "msgs": 1,
            "questions": 1,
            "logged": 1,
        }


def test_a_silent_day_is_expected(database: Database) -> None:
    """A day on which nobody spoke is counted with zeros; a day that was counted is not marked again."""
    with database.begin() as connection:
        rows = Rows(connection)
        rows.member("小明")
        rollups.expect(connection, [(rows.chat, "2026-03-02")])
        count_all(connection, rows)
        assert (stat(connection, "2026-03-02")["active"], stat(connection, "2026-03-02")["members"]) == (0, 1)
        rollups.expect(connection, [(rows.chat, "2026-03-02"), (rows.chat, "2026-03-03")])
        assert rollups.stale(connection, 5) == [(rows.chat, "2026-03-03")]
