"""How long the figures take on a large log: 10 million messages, 1,000 groups, 200,000 members, ninety days.

    python -m benchmarks.analytics --messages 1000000                     # 10000000 takes half an hour and 4 GB
    python -m benchmarks.analytics --database postgresql://postgres@/bench --messages 10000000
    python -m benchmarks.analytics --keep /tmp/big.db --messages 10000000  # a second run finds the log there

Fills an empty database with a made-up log, counts every day behind it as the bot does, and asks for what pages and commands
ask. Prints milliseconds, the best of three. Targets: DAU/MAU and cohorts over everything 5 s, a group's week 2 s.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, text

from bot.core.metrics import METRICS
from bot.insight.catalogue import Scope, measure, scope_of, value_of
from bot.insight.cohorts import retention
from bot.insight.figures import Figures
from bot.insight.funnel import newcomers
from bot.insight.life import series
from bot.insight.tiers import tiers_of
from storage import figures as group_figures
from storage import rollups
from storage.database import Database
from storage.schema import upgrade

_DAYS = 90
_DAY_MS = 86_400_000
_TODAY = date(2026, 3, 2)
_SHANGHAI_MS = 8 * 3_600_000
_FIRST_MS = int(datetime(2026, 3, 2, tzinfo=UTC).timestamp() * 1000) - _SHANGHAI_MS - _DAYS * _DAY_MS
_NOW_MS = _FIRST_MS + _DAYS * _DAY_MS + 3_600_000
_PHRASES = (
    "早上好",
    "今天读到第三十页,很有意思",
    "请问怎么打卡?",
    "哈哈哈哈",
    "收到",
    "谢谢分享",
    "有人知道几点集合吗",
)


def fill(database: Database, messages: int, groups: int, members: int, seed: int = 5) -> None:
    """The log and its rollup per member. Few talk much, many little; newcomers keep coming."""
    chance = random.Random(seed)
    each = members // groups
    with database.begin() as connection:
        connection.execute(text("INSERT INTO account (id, uid, platform) VALUES (1, 'qq:1', 'qq')"))
        chats = [{"i": n + 1, "u": f"qq:{600000001 + n}"} for n in range(groups)]
        connection.execute(
            text("INSERT INTO chat (id, uid, platform, kind, primary_account_id) VALUES (:i, :u, 'qq', 'group', 1)"),
            chats,
        )
        people = [{"i": n + 1, "u": f"qq:{2900000001 + n}", "m": f"员{n}号"} for n in range(members)]
        connection.execute(text("INSERT INTO member (id, uid, name) VALUES (:i, :u, :m)"), people)
        came = [
            {"c": n // each + 1, "m": n + 1, "j": _FIRST_MS + chance.randrange(-30, _DAYS) * _DAY_MS}
            for n in range(groups * each)
        ]
        connection.execute(text("INSERT INTO membership (chat_id, member_id, joined_at) VALUES (:c, :m, :j)"), came)
    insert = text(
        "INSERT INTO message (account_id, chat_id, member_id, key, platform_id, sent_at, received_at, kind, text, reply_to, flags)"
        " VALUES (1, :c, :m, :k, :k, :t, :t, 'text', :w, :r, 0)"
    )
    span = _DAYS * _DAY_MS
    for start in range(0, messages, 100_000):
        rows = []
        for n in range(start, min(messages, start + 100_000)):
            chat, at = n % groups, n * span // messages
            # Of those who are there by then, the first ones talk most.
            there = max(3, round(each * (0.3 + 0.7 * at / span)))
            who = chat * each + int(there * chance.random() ** 2)
            reply = str(n - groups) if chance.random() < 0.15 and n >= groups else None
            words = _PHRASES[chance.randrange(len(_PHRASES))]
            rows.append({"c": chat + 1, "m": who + 1, "k": str(n), "t": _FIRST_MS + at, "w": words, "r": reply})
        with database.begin() as connection:
            connection.execute(insert, rows)
        print(f"\r  {min(messages, start + 100_000):,} messages", end="", flush=True)
    day = (
        f"date((sent_at + {_SHANGHAI_MS}) / 1000, 'unixepoch')"
        if database.is_sqlite
        else f"to_char(to_timestamp((sent_at + {_SHANGHAI_MS}) / 1000) AT TIME ZONE 'UTC', 'YYYY-MM-DD')"
    )
    with database.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO member_day (chat_id, day, member_id, msgs, counted, chars, replies, checkins, last_at)"
                f" SELECT chat_id, {day} AS d, member_id, count(*), count(*), sum(length(text)),"
                " sum(CASE WHEN reply_to IS NULL THEN 0 ELSE 1 END), CASE WHEN member_id % 3 = 0 THEN 1 ELSE 0 END, max(sent_at)"
                " FROM message GROUP BY chat_id, d, member_id"
            )
        )
        connection.execute(text("INSERT INTO stale_day (chat_id, day) SELECT DISTINCT chat_id, day FROM member_day"))
        if not database.is_sqlite:
            connection.execute(text("ANALYZE"))
    print()


def count(database: Database) -> tuple[int, float]:
    """Every stale day, as the bot counts it but without its pauses; (days, seconds)."""
    began, counted = time.perf_counter(), 0
    waiting = True
    while waiting:
        with database.begin() as connection:
            waiting = bool(found := rollups.stale(connection, 500))
            for chat, day in found:
                if day == rollups.LIVES:
                    rollups.rebuild_lives(connection, chat)
                else:
                    number = (date.fromisoformat(day) - _TODAY).days + _DAYS
                    begin = _FIRST_MS + number * _DAY_MS
                    rollups.refresh(connection, rollups.Day(chat, day, begin, begin + _DAY_MS))
            counted += len(found)
        print(f"\r  {counted:,} days counted", end="", flush=True)
    print()
    return counted, time.perf_counter() - began


def questions(scope: Scope, everything: Scope) -> dict[str, Callable[[Connection], object]]:
    """What is asked, by the name it is printed under."""
    week = scope_of(scope.chat, _TODAY, _NOW_MS, days=7)
    yesterday = _TODAY - timedelta(days=1)
    return {
        "all groups: DAU/MAU": lambda c: measure(c, everything, ["activity.dau_mau"]),
        "all groups: D1, D7, D30 cohorts": lambda c: measure(c, everything, ["retention.d1", "retention.d7", "retention.d30"]),
        "all groups: first level": lambda c: measure(c, everything, [m.id for m in METRICS.values() if m.level == 1]),
        "all groups: fifty metrics": lambda c: measure(c, everything),
        "a group's week: fifty metrics": lambda c: measure(c, week),
        "a group's week: days and gaps": lambda c: series(Figures(c, week)),
        "a group's month: fifty metrics": lambda c: measure(c, scope),
        "a group's tiers": lambda c: tiers_of(c, scope.chat or 0, yesterday),
        "a group's cohorts by play": lambda c: retention(c, scope, "play"),
        "a group's newcomers": lambda c: newcomers(Figures(c, scope)),
        "stats of a group": lambda c: group_figures.groups(c, _TODAY, uid="qq:600000001"),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--groups", type=int, default=1_000)
    parser.add_argument("--members", type=int, default=200_000)
    parser.add_argument(
        "--database", default="", help="URL of an empty database; else a SQLite file that is thrown away"
    )
    parser.add_argument("--keep", type=Path, help="SQLite file to keep; filled only when it is not there")
    parser.add_argument("--each", action="store_true", help="every metric over all groups by itself")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="qunops-analytics-") as folder:
        url = given.database or f"sqlite:///{given.keep or Path(folder) / 'log.db'}"
        is_there = given.keep is not None and given.keep.exists()
        with Database(url) as database:
            if not is_there:
                upgrade(database, now=datetime.now(UTC))
                fill(database, given.messages, given.groups, given.members)
                days, seconds = count(database)
                print(f"{'counting a day of a group':36} {1000 * seconds / max(1, days):10.2f} ms   ({days:,} days)")
            report(database, given.each)


def report(database: Database, each: bool) -> None:
    scope, everything = (scope_of(chat, _TODAY, _NOW_MS) for chat in (1, None))
    asked = questions(scope, everything)
    if each:
        asked = {metric.id: _alone(everything, metric.id) for metric in METRICS.values()}
    for name, ask in asked.items():
        taken = []
        for _ in range(3):
            with database.reading() as connection:
                began = time.perf_counter()
                ask(connection)
                taken.append(time.perf_counter() - began)
        print(f"{name:36} {1000 * min(taken):10.1f} ms   (first {1000 * taken[0]:.1f})", flush=True)


def _alone(scope: Scope, id: str) -> Callable[[Connection], object]:
    return lambda connection: value_of(Figures(connection, scope), METRICS[id])


if __name__ == "__main__":
    main()
