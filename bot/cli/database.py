"""How commands reach the database: the one of the settings unless `--db` names another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from sqlalchemy import Connection

from bot.cli import UNUSABLE, USAGE
from bot.config import load_settings
from bot.core.errors import OperatorMistake, StorageError
from storage.database import Database, Mode
from storage.schema import require_current

Url = Annotated[
    str,
    typer.Option(
        "--db",
        envvar="QUNOPS_DB",
        help="数据库地址，默认用 config.yaml 里的 · database URL, else the settings'",
        show_default=False,
    ),
]


@contextmanager
def spoken() -> Iterator[None]:
    """Errors become one line and an exit code: 3 for the database, 2 for wrong settings."""
    try:
        yield
    except OperatorMistake as mistake:
        typer.echo(f"{mistake.message}\n{mistake.hint}".rstrip(), err=True)
        raise typer.Exit(USAGE) from None
    except StorageError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(UNUSABLE) from None


@contextmanager
def opened(url: str, mode: Mode = "read") -> Iterator[Database]:
    """The database, closed at the end; its errors are spoken."""
    with spoken(), Database(url or load_settings().database, mode=mode) as database:
        yield database


@contextmanager
def reading(url: str) -> Iterator[Connection]:
    """One read-only snapshot of a database of the current schema."""
    with opened(url) as database, database.reading() as connection:
        require_current(connection)
        yield connection
