"""How fast is searching, and what does the index cost? By hand, on one database.

    python -m benchmarks.search --messages 1000000
    python -m benchmarks.search --messages 1000000 --database postgresql://postgres@127.0.0.1:5432/postgres

Chinese chatter of 1 to 3 clauses in 100 groups; a common word, a rare one, one that is nowhere; everywhere and in one group. Prints
the index's rate and size, and for each search the median and the worst of some tries beside the scan that it saves.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, text

from benchmarks.faults import database as made
from storage.database import Database
from storage.schema import upgrade
from storage.search import Query, search
from storage.search_index import MOST, index_next
from storage.writer import Writer

_NOW = datetime(2026, 3, 2, tzinfo=UTC)
_CLAUSES = (
    "今天天气不错", "早上好呀大家", "有人一起吃饭吗", "这本书真好看", "哈哈哈哈", "收到", "我觉得可以", "周末去爬山吧", "刚下班好累",
    "谢谢分享", "这个问题我也遇到过", "明天几点集合", "孩子今天考试", "推荐一部电影", "学到了", "加油", "打卡", "第十二页读完了",
)  # fmt: skip
_RARE = "林黛玉进贾府"
_GROUPS, _PART = 100, 5000


def _fill(connection: Connection, count: int, chance: random.Random, first: int) -> None:
    rows = []
    for n in range(first, first + count):
        words = "，".join(chance.choices(_CLAUSES, k=chance.randint(1, 3))) if n % 50_000 != 17 else _RARE
        rows.append([1, n % _GROUPS + 1, n % 997 + 1, str(n), str(n), n, n, "text", words, None, None, None, 0])
    Writer(connection).log_messages(rows)


def _ms(work: Callable[[], object], times: int) -> str:
    took = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        took.append((time.perf_counter() - began) * 1000)
    return f"{statistics.median(took):8.2f} {max(took):8.2f}"


def _size(database: Database, connection: Connection) -> int:
    if database.path is not None:
        return database.path.stat().st_size
    return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar() or 0)


def _run(database: Database, count: int) -> None:
    chance = random.Random(7)
    upgrade(database, now=_NOW)
    with database.begin() as connection:
        writer = Writer(connection)
        writer.ids("account", [["qq:1", "qq"]])
        writer.ids("chat", [[f"qq:{n}", "qq", "group", ""] for n in range(_GROUPS)])
        writer.ids("member", [[f"qq:m{n}", ""] for n in range(997)])
        index_next(connection)
    for first in range(0, count, _PART):
        with database.begin() as connection:
            _fill(connection, _PART, chance, first)
    with database.begin() as connection:
        before = _size(database, connection)
    took, longest = 0.0, 0.0
    while True:
        began = time.perf_counter()
        with database.begin() as connection:
            seen = index_next(connection)
        span = time.perf_counter() - began
        took, longest = took + span, max(longest, span)
        if seen < MOST:
            break
    if not database.is_sqlite:
        # What the server does by itself within a minute.
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE message_gram"))
            connection.execute(text("VACUUM ANALYZE message"))
    with database.begin() as connection:
        after = _size(database, connection)
    print(
        f"{count} messages: indexed at {count / took:.0f}/s in batches of {MOST}, longest transaction {longest * 1000:.1f} ms"
    )
    print(f"database {before / 1e6:.0f} MB, with the index {after / 1e6:.0f} MB")
    with database.reading() as connection:
        print("search, newest 20 (ms)                median    worst")
        for name, query in (
            ("common word of 2 signs", Query(words="打卡")),
            ("the same in one group", Query(words="打卡", chat="qq:7")),
            ("rare word of 2 signs", Query(words="黛玉")),
            ("rare word of 6 signs", Query(words=_RARE)),
            ("common sign", Query(words="好")),
            ("two words", Query(words="爬山 集合")),
            ("nowhere", Query(words="紫禁城")),
            ("pairs everywhere, words nowhere", Query(words="好大家早")),
        ):
            print(f"  {name:34}{_ms(lambda query=query: search(connection, query), 20)}")  # type: ignore[misc]
        scan = text("SELECT id FROM message WHERE text LIKE '%黛玉%' ORDER BY id DESC LIMIT 20")
        print(f"  {'rare word, scanned':34}{_ms(lambda: connection.execute(scan).all(), 3)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", default="sqlite", help="sqlite, postgresql or the URL of a PostgreSQL server")
    parser.add_argument("--messages", type=int, default=200_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, made(given.database, Path(folder)) as url, Database(url) as database:
        _run(database, given.messages)
    sys.exit(0)


if __name__ == "__main__":
    main()
