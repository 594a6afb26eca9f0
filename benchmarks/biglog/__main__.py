"""The command line of `benchmarks.biglog`; see there."""

from __future__ import annotations

import argparse
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy import Connection, create_engine, select
from sqlalchemy.engine import make_url

from benchmarks.biglog import originals
from benchmarks.biglog.copies import mark, multiply, tables
from storage.database import Database
from storage.schema import upgrade
from storage.search_index import index_next

_PLAYBOOK = """playbook: big
title: 大群压测
purpose: {audience: 压测, scene: 1000 个读书群, action: 每日打卡, goal: 每条打卡都有回应, north_star: checkin.rate}
groups: [tag:big]
plays:
  打卡: {kind: checkin, metric: checkin.rate, commands: [打卡, 签到], points: 5, streak: {3: 10, 7: 30}}
  推送:
    kind: campaign
    metric: campaign.replies_per_post
    slots: {早: "07:30-08:30", 晚: "20:00-21:00"}
    calendar:
      - {day: [mon, wed, fri], slot: 早, topic: 导读, text: 今天读下一章, source: pgc}
      - {day: [tue, sat], slot: 晚, topic: 讨论, text: 说说你划的那一句, source: ugc}
  入群欢迎:
    kind: welcome
    metric: welcome.introduced_d7
    text: 欢迎 {{ mentions }}
"""


def write_playbooks(folder: Path, copies: int) -> None:
    """What runs in the groups, the originals included."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "big.yaml").write_text(_PLAYBOOK, encoding="utf-8")
    uids = [originals.group_uid(number) for number in range(len(originals.SIZES))]
    uids += [originals.group_uid(n, mark(copy)) for copy in range(copies) for n in range(len(originals.SIZES))]
    lines = "".join(f'  "{uid}": {{tags: [big]}}\n' for uid in uids)
    (folder / "groups.yaml").write_text(f"tags: {{big: {{}}}}\ngroups:\n{lines}", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", required=True, help="URL of an empty database")
    parser.add_argument("--copies", type=int, default=100, help="of 10 groups, 2,000 members, 100,000 messages each")
    parser.add_argument("--messages", type=int, default=100_000, help="of the originals")
    parser.add_argument("--original", type=Path, help="SQLite file of the originals to keep; made when it is not there")
    parser.add_argument("--playbooks", type=Path, help="folder to write the groups' playbooks to")
    parser.add_argument("--until", type=date.fromisoformat, default=date.today(), help="the day on which the log ends")
    parser.add_argument("--search", action="store_true", help="build the search index, too")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="qunops-biglog-") as name:
        folder = given.playbooks or Path(name) / "playbooks"
        write_playbooks(folder, given.copies)
        original = given.original or Path(name) / "original.db"
        if not original.exists():
            with Database(f"sqlite:///{original}") as database:
                originals.live(database, folder, given.until, given.messages)
        with Database(given.database) as database:
            upgrade(database, now=datetime.now(UTC))
        # Closed: a SQLite file that is open elsewhere keeps its journal.
        _fill(database, original, given.copies)
        if given.search:
            with Database(given.database) as database:
                _index(database)


def _fill(database: Database, original: Path, copies: int) -> None:
    # In autocommit: a database cannot be attached, nor its journal turned off, within a transaction.
    engine = create_engine(database.url, isolation_level="AUTOCOMMIT")
    began = time.perf_counter()
    with engine.connect() as connection:
        if database.is_sqlite:
            for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-1500000", "foreign_keys=OFF"):
                connection.exec_driver_sql(f"PRAGMA {pragma}")
            connection.exec_driver_sql(f"ATTACH '{original}' AS src")
        else:
            _carry_over(connection, original)
        for table, rows, seconds in multiply(connection, copies):
            if rows > 0:
                print(f"  {table:20} {rows:12,} rows {seconds:8.1f} s", flush=True)
        if database.is_sqlite:
            connection.exec_driver_sql("DETACH src")
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        else:
            _finish_server(connection)
    engine.dispose()
    print(f"  {time.perf_counter() - began:.0f} s in all")


def _carry_over(connection: Connection, original: Path) -> None:
    """The originals on the server, in a schema of their own; nothing is checked or flushed for them or for the copies."""
    connection.exec_driver_sql("SET session_replication_role = replica")
    connection.exec_driver_sql("SET synchronous_commit = off")
    connection.exec_driver_sql("SET work_mem = '256MB'")
    connection.exec_driver_sql("DROP SCHEMA IF EXISTS src CASCADE")
    connection.exec_driver_sql("CREATE SCHEMA src")
    source = create_engine(make_url(f"sqlite:///{original}"))
    driver = connection.connection.dbapi_connection
    assert driver is not None
    with source.connect() as reading:
        for table in tables():
            connection.exec_driver_sql(f"CREATE TABLE src.{table.name} (LIKE public.{table.name})")
            listed = ", ".join(f'"{column.name}"' for column in table.columns)
            with driver.cursor().copy(f"COPY src.{table.name} ({listed}) FROM STDIN") as copy:
                for row in reading.execute(select(table)):
                    copy.write_row(tuple(row))
    source.dispose()


def _finish_server(connection: Connection) -> None:
    connection.exec_driver_sql("DROP SCHEMA src CASCADE")
    for table in tables():
        if "id" in table.c and not table.c["id"].foreign_keys:
            connection.exec_driver_sql(
                f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), coalesce(max(id), 1)) FROM {table.name}"
            )
    connection.exec_driver_sql("VACUUM ANALYZE")


def _index(database: Database) -> None:
    began, seen = time.perf_counter(), 1
    while seen:
        with database.begin() as connection:
            seen = index_next(connection, 20_000)
    print(f"  search index in {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
