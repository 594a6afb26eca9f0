"""Kills the bot again and again under load and proves that nothing was lost or doubled.

    python -m benchmarks.faults --database sqlite --rounds 200
    python -m benchmarks.faults --database postgresql://postgres@127.0.0.1:5432/postgres --rounds 200

Half of the rounds kill at the named failpoints in turn, at varying hits, half at any time. On PostgreSQL a database of its
own is made and dropped. Prints the figures; exit 1 when anything is wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import sys
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from bot.engine.failpoints import POINTS
from tests.faults.storm import RARE, storm

_POSTGRES = "postgresql://postgres@127.0.0.1:5432/postgres"


def rounds(count: int, seed: int) -> Iterator[str]:
    dice = random.Random(seed)
    for number in range(count):
        if number % 2:
            yield ""
            continue
        point = POINTS[number // 2 % len(POINTS)]
        hit = dice.randint(1, 2) if point in RARE else int(2 ** dice.uniform(0, 7))
        yield f"{point}=kill@{1 if point == 'reload.swap' else hit}"


@contextlib.contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """The URL of an empty database."""
    if kind == "sqlite":
        yield f"sqlite:///{folder}/qunops.db"
        return
    server = make_url(_POSTGRES if kind == "postgresql" else kind).set(drivername="postgresql")
    name = f"qunops_faults_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(server.render_as_string(hide_password=False), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield server.set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", default="sqlite", help="sqlite, postgresql or the URL of a PostgreSQL server")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--rate", type=float, default=500, help="messages a second")
    parser.add_argument("--groups", type=int, default=12)
    parser.add_argument("--members", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, database(given.database, Path(folder)) as url:
        done = asyncio.run(
            storm(
                Path(folder) / "site", url, rounds(given.rounds, given.seed), groups=given.groups, rate=given.rate,
                members=given.members, seed=given.seed, posts=90, every_s=max(2.0, given.rounds * 3 / 90),
                report=lambda line: print(line, file=sys.stderr, flush=True),
            )
        )  # fmt: skip
    print(f"{given.database}: {done}")
    sys.exit(1 if done.verdict.wrong else 0)


if __name__ == "__main__":
    main()
