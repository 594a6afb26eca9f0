"""What is counted as messages arrive is what the log says, on both databases: late, twice, recalled, restarted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from bot.core.events import Event, MemberJoined, MessageRecalled, MessageReceived
from bot.core.scoring import FOLDED
from bot.core.tally import Counting
from bot.engine import failpoints
from bot.engine.kernel import Kernel
from bot.engine.render import Renderer
from bot.engine.traffic import Inbound
from storage.database import Database
from storage.scoring import Span, fold
from storage.tables import metadata

START = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
"""23:00 in Shanghai: an hour before midnight."""
BOT, GROUP = "qq:1", "qq:600"
_TEMPLATES = Path(__file__).parents[2] / "templates"


class Log:
    """A group that no playbook serves: everything is logged and counted, nothing answered."""

    def __init__(self, database: Database) -> None:
        self._connection = database.engine.connect()
        self.restart()

    def restart(self) -> None:
        self.kernel = Kernel(self._connection, plan_for=lambda chat: None, renderer=Renderer(_TEMPLATES))
        self.kernel.open(START)

    def takes(self, *events: Event) -> None:
        self.kernel.cycle(START + timedelta(days=2), [Inbound(event, START + timedelta(days=2)) for event in events])

    def counters(self) -> dict[tuple[str, int], list[int]]:
        """(day, member) → what was counted, but for nothing."""
        columns = ", ".join(FOLDED)
        with self._connection.begin():
            rows = self._connection.execute(text(f"SELECT day, member_id, {columns} FROM member_day")).all()
            names = self._names()
        return {(row[0], names[row[1]]): list(row[2:]) for row in rows if any(row[2:])}

    def _names(self) -> dict[int, int]:
        rows = self._connection.execute(text("SELECT id, uid FROM member")).all()
        return {row.id: int(row.uid.removeprefix("qq:")) for row in rows}

    def folded(self) -> dict[tuple[str, int], list[int]]:
        """The same from the log alone."""
        found: dict[tuple[str, int], list[int]] = {}
        with self._connection.begin():
            chat = self._connection.execute(text("SELECT id FROM chat WHERE uid = :uid"), {"uid": GROUP}).scalar()
            days = self._connection.execute(text("SELECT DISTINCT day FROM member_day")).scalars().all()
            for day in days if chat is not None else ():
                begin = int(datetime.fromisoformat(f"{day}T00:00:00+08:00").timestamp() * 1000)
                _, counts, _ = fold(self._connection, Span(chat, day, begin, begin + 86_400_000), Counting())
                names = self._names()
                found |= {(day, names[who]): each for who, each in counts.items() if any(each)}
        return found

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def log(database: Database) -> Iterator[Log]:
    opened = Log(database)
    yield opened
    opened.close()


def says(n: int, member: int, words: str, minute: float, answers: int = 0) -> MessageReceived:
    return MessageReceived(
        id=f"m{n}", account=BOT, chat=GROUP, member=f"qq:{member}", at=START + timedelta(minutes=minute),
        message_id=f"m{n}", text=words, name=f"成员{member}", reply_to=f"m{answers}" if answers else None,
    )  # fmt: skip


def recalls(n: int, minute: float) -> MessageRecalled:
    at = START + timedelta(minutes=minute)
    return MessageRecalled(id=f"r{n}", account=BOT, chat=GROUP, member="qq:1", at=at, message_id=f"m{n}")


def joins(n: int, member: int, minute: float) -> MemberJoined:
    at = START + timedelta(minutes=minute)
    return MemberJoined(id=f"j{n}", account=BOT, chat=GROUP, member=f"qq:{member}", at=at, name=f"成员{member}")


WORDS = ("早", "早上好", "推荐大家都来读这一本书", "推荐大家都来读这一本书吧", "", "谢谢")
happenings = st.lists(
    st.tuples(
        st.sampled_from(["say", "say", "say", "say", "recall", "join", "restart"]),
        st.integers(2, 5),
        st.sampled_from(WORDS),
        st.integers(0, 150),
        st.integers(0, 25),
    ),
    max_size=25,
)


def events_of(drawn: list[tuple[str, int, str, int, int]]) -> list[Event | None]:
    """None is a restart. Times jump back and forth over midnight."""
    made: list[Event | None] = []
    for n, (what, member, words, minute, other) in enumerate(drawn, 1):
        match what:
            case "say":
                made.append(says(n, member, words, minute, other))
            case "recall":
                made.append(recalls(other, minute))
            case "join":
                made.append(joins(n, member, minute))
            case _:
                made.append(None)
    return made


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=happenings, size=st.integers(1, 6), is_sorted=st.booleans())
def test_counted_as_it_arrives_is_counted_from_the_log(
    database: Database, drawn: list[tuple[str, int, str, int, int]], size: int, is_sorted: bool
) -> None:
    """In order and out of order, in batches of any size, each delivered twice, with restarts in between."""
    with database.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
    log = Log(database)
    try:
        made = events_of(sorted(drawn, key=lambda each: each[3]) if is_sorted else drawn)
        for start in range(0, len(made), size):
            batch = [event for event in made[start : start + size] if event is not None]
            log.takes(*batch, *batch[:2])
            if None in made[start : start + size]:
                log.restart()
            assert log.counters() == log.folded()
    finally:
        log.close()


def test_a_failed_transaction_leaves_no_trace_in_memory(log: Log) -> None:
    """The group's tally is made anew after a rollback: nothing is taken for a repeat of what never was."""
    log.takes(says(1, 2, "早上好", 0))
    failpoints.arm("commit.before=raise@1")
    try:
        log.takes(says(2, 2, "今天读完了", 1), says(3, 3, "我也是", 2))
    finally:
        failpoints.arm("")
    log.takes(says(4, 2, "明天继续", 3))
    assert log.counters() == log.folded() == {("2026-03-02", 2): [3, 12, 0, 0, 0], ("2026-03-02", 3): [1, 3, 0, 0, 0]}


def test_a_recall_takes_the_points_back(log: Log) -> None:
    """The answer was recalled: it counts for neither."""
    log.takes(says(1, 2, "有人知道在哪买吗", 0), says(2, 3, "书店就有", 1, 1))
    assert log.counters() == {("2026-03-02", 2): [1, 8, 0, 1, 0], ("2026-03-02", 3): [1, 4, 1, 0, 0]}
    log.takes(recalls(2, 2))
    assert log.counters() == {("2026-03-02", 2): [1, 8, 0, 0, 0]}


def test_a_cut_log_keeps_its_counters(log: Log) -> None:
    """Retention took yesterday's messages: a late one does not make the day smaller."""
    log.takes(says(1, 2, "早上好", 0), says(2, 2, "今天读完了", 1), says(3, 2, "明天见", 90))
    with log._connection.begin():
        log._connection.execute(text("DELETE FROM message WHERE platform_id IN ('m1', 'm2')"))
    before = log.counters()
    log.takes(says(4, 3, "迟到的一句", 2))
    assert {key: value for key, value in log.counters().items() if key[1] == 2} == before


def test_the_hot_path_asks_nothing_of_the_log(log: Log) -> None:
    """After the first message of a group no message reads anything: statements per batch stay the same."""
    from sqlalchemy import event as hook

    statements: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        statements.append(statement)

    log.takes(says(1, 2, "早上好", 0), says(2, 3, "早", 1))
    hook.listen(log._connection, "before_cursor_execute", note)
    log.takes(says(3, 2, "今天读完了", 2))
    one = len(statements)
    log.takes(*(says(n, 2 + n % 2, f"第 {n} 句", n, n - 1) for n in range(4, 30)))
    assert len(statements) - one == one


def test_a_member_asks_why(database: Database) -> None:
    """The lines sum up to the day, the days to the week, what has not been written yet included; alone and out of the blue
    「为什么」 is chat."""
    from bot.playbook.load import with_desk
    from bot.playbook.model import GroupPlan, plan_of
    from tests.engine.test_kernel import NOW, Bench, plan_for
    from tests.engine.test_kernel import says as said

    def plan(chat: str) -> GroupPlan:
        found = plan_for(chat)
        assert found is not None
        (checkin,) = found.plays.values()
        checkin = replace(checkin, definition={"header": {"playbook": "营"}})
        return plan_of(chat, with_desk([checkin]))

    bench = Bench(database, plan_for=plan)
    minute = timedelta(minutes=1)
    asked = said(7, "有人知道在哪买吗", at=NOW)
    answer = MessageReceived(
        id="a", account=BOT, chat=GROUP, member="qq:8", at=NOW + minute, message_id="a", text="书店就有", name="成员8",
        reply_to=asked.message_id,
    )  # fmt: skip
    assert bench.hears(asked, answer, said(7, "为什么", n=2, at=NOW + 2 * minute)) == []
    assert "打卡成功" in bench.hears(said(7, "打卡", n=3, at=NOW + 3 * minute))[0]
    (told,) = bench.hears(said(7, "活跃明细", n=4, at=NOW + 4 * minute))
    assert told.splitlines() == [
        "🔍 成员7 本周活跃 10.085 分：今天 10.085",
        "3月2日 10.085 分是这样来的：",
        "08:00　有人知道在哪买吗　+1.04（发言 1、字数 0.04）",
        "08:00　打卡　+5",
        "08:01　成员8 回复：书店就有　+1",
        "08:02　为什么　+1.015（发言 1、字数 0.015）",
        "08:03　打卡　+1.01（发言 1、字数 0.01）",
        "08:04　活跃明细　+1.02（发言 1、字数 0.02）",
    ]
    assert len(bench.hears(said(7, "为什么 昨天", n=5, at=NOW + 5 * minute))) == 1
    bench.connection.close()
