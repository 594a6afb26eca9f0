"""The `database` fixture: every storage test runs on SQLite and on PostgreSQL.

PostgreSQL is the server that `QUNOPS_TEST_POSTGRES` names, or one that answers at 127.0.0.1:5432 for the user postgres
without a password. Without it that half is left out and the summary says so; where `CI` is set it fails instead. The same
holds for the WeChat gateway, which needs Node, and for the console's pages, which need Chromium.

Properties are tried with the same examples each time where `CI` is set, so that a change is judged by what it changes;
elsewhere with fresh ones, which is how new mistakes are found. None has to be done within a time: machines are shared.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from psycopg import sql
from sqlalchemy import make_url, text

from storage import search_index
from storage.database import Database
from storage.schema import upgrade
from storage.tables import metadata
from tests.browser import left_out as browser_left_out
from tests.peers.wechat_gateway import left_out

settings.register_profile(
    "project", derandomize=bool(os.environ.get("CI")), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("project")

NOW = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
_GIVEN = os.environ.get("QUNOPS_TEST_POSTGRES", "")
_SERVER = make_url(_GIVEN or "postgresql://postgres@127.0.0.1:5432/postgres").set(drivername="postgresql")


def _connect() -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(_SERVER.render_as_string(hide_password=False), autocommit=True, connect_timeout=3)


def _is_there() -> bool:
    try:
        _connect().close()
    except psycopg.OperationalError:
        return False
    return True


_HAS_POSTGRES = _is_there()
BACKENDS = ["sqlite", "postgresql"] if _HAS_POSTGRES or _GIVEN or os.environ.get("CI") else ["sqlite"]


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Two for each processor: half of the time goes by waiting for bots, gateways and browsers in processes of their own."""
    return 2 * (os.cpu_count() or 1)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not _HAS_POSTGRES:
        terminalreporter.write_line(
            f"PostgreSQL: NOT TESTED, nothing answers at {_SERVER.host}:{_SERVER.port}"
            " (start one, or set QUNOPS_TEST_POSTGRES)",
            yellow=True,
        )
    if reason := left_out():
        terminalreporter.write_line(f"WeChat gateway: NOT TESTED, {reason}", yellow=True)
    if reason := browser_left_out():
        terminalreporter.write_line(f"Console in a browser: NOT TESTED, {reason}", yellow=True)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of a fresh, migrated database of this test process."""
    if not _HAS_POSTGRES:
        pytest.fail("PostgreSQL is required here (CI or QUNOPS_TEST_POSTGRES is set) and does not answer")
    name = f"qunops_test_{os.getpid()}"
    with _connect() as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            url = _SERVER.set(database=name).render_as_string(hide_password=False)
            with Database(url) as made:
                upgrade(made, now=NOW)
            yield url
        finally:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file to copy: cheaper than a migration for each test."""
    path = tmp_path_factory.mktemp("template") / "empty.db"
    with Database(f"sqlite:///{path}") as made:
        upgrade(made, now=NOW)
    return path


@pytest.fixture(params=BACKENDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty, migrated database; nobody has it open."""
    if request.param == "sqlite":
        path = tmp_path / "qunops.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        return f"sqlite:///{path}"
    url = str(request.getfixturevalue("postgres_url"))
    names = ", ".join(f'"{table.name}"' for table in metadata.sorted_tables)
    with Database(url) as made, made.begin() as connection:
        connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
        connection.execute(text(f"DROP TABLE IF EXISTS {', '.join(search_index.TABLES)}"))
    return url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An empty, migrated database, open for writing."""
    opened = Database(database_url)
    yield opened
    await opened.aclose()


@pytest.fixture
async def sqlite_database(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Database]:
    """The same on SQLite only, for what concerns its file."""
    path = tmp_path / "qunops.db"
    shutil.copyfile(sqlite_template, path)
    opened = Database(f"sqlite:///{path}")
    yield opened
    await opened.aclose()
