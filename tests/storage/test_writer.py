"""What the writer's statements find, and by which way."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import orjson
import pytest
from sqlalchemy import text

from bot.core.events import Event, MessageEdited, MessageRecalled
from storage import writer
from storage.bulk import BulkUpdate
from storage.database import Database
from tests.engine.test_kernel import BOT, GROUP, NOW, Bench, says

LATER = NOW + timedelta(minutes=1)


def _taken_back(what: type[Event], message_id: str) -> Event:
    fields = {"id": f"x:{message_id}", "account": BOT, "chat": GROUP, "member": "qq:7", "at": LATER}
    return what(**fields, message_id=message_id, **({"text": "新"} if what is MessageEdited else {}))


@pytest.mark.parametrize(("what", "column"), [(MessageRecalled, "recalled_at"), (MessageEdited, "edited_at")])
@pytest.mark.parametrize("key", ["{id}", "{id}:1772409600", "{id}:1772409600:20001"])
def test_a_recall_marks_exactly_the_message(database: Database, what: type[Event], column: str, key: str) -> None:
    """Whatever a network adds to the platform's id in its keys; neighbours in the index stay unmarked."""
    bench = Bench(database)
    ids = ("-77", "77", "777", "7", "78")
    bench.hears(*(replace(says(7, "早"), id=key.format(id=one), message_id=one) for one in ids))
    bench.hears(_taken_back(what, "77"))
    with bench.connection.begin():
        rows = bench.connection.execute(text(f"SELECT platform_id, {column} FROM message"))
        marked = {row[0]: row[1] for row in rows}
    bench.connection.close()
    assert {one for one, at in marked.items() if at is not None} == {"77"}
    assert marked["77"] == LATER.timestamp() * 1000


@pytest.mark.parametrize("statement", [writer._RECALLED, writer._EDITED])
def test_a_recall_is_found_by_the_unique_index(database: Database, statement: BulkUpdate) -> None:
    """A recall in a group of a million messages must not read them all."""
    rows = orjson.dumps([[1, 1, "77", 5]]).decode()
    with database.begin() as connection:
        statement.run(connection, [[1, 1, "77", 5]])
        sql = str(statement._statements[connection.dialect.name])
        if database.is_sqlite:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", (rows,)).all()
        else:
            connection.execute(text("SET LOCAL enable_seqscan = off"))
            plan = connection.exec_driver_sql(f"EXPLAIN {sql}", (rows,)).all()
    said = "\n".join(str(line) for line in plan)
    wanted = ("chat_id=? AND sent_at>? AND sent_at<?",) if database.is_sqlite else ("message_once", "sent_at > ")
    assert all(part in said for part in wanted), said
