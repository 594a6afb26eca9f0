"""Queries that are composed once, on both databases."""

from __future__ import annotations

from sqlalchemy import bindparam, select, text

from storage import tables as t
from storage.database import Database
from storage.prepared import Prepared

_NAMED = Prepared(
    select(t.member.c.id, t.member.c.name.label("called")).where(
        (t.member.c.uid == bindparam("uid")) | (t.member.c.name == bindparam("uid")), t.member.c.is_bot == 0
    )
)
_COUNT = Prepared(text("SELECT count(*) FROM member WHERE name LIKE '%' || :part || '%'"))
_RENAME = Prepared(text("UPDATE member SET name = :name WHERE uid = :uid"))


def test_values_go_where_their_names_stand(database: Database) -> None:
    """A name that stands twice, a constant of the query's own, and text with a percent sign in it."""
    with database.begin() as connection:
        connection.execute(t.member.insert(), [{"uid": "qq:1", "name": "小明"}, {"uid": "qq:2", "name": "qq:1"}])
        assert [row.called for row in _NAMED.run(connection, uid="qq:1")] == ["小明", "qq:1"]
        assert _NAMED.run(connection, uid="qq:9") == []
        assert _COUNT.first(connection, part="明") == 1


def test_a_statement_without_rows(database: Database) -> None:
    """`do` changes and gives nothing back."""
    with database.begin() as connection:
        connection.execute(t.member.insert(), [{"uid": "qq:1", "name": "小明"}])
        _RENAME.do(connection, uid="qq:1", name="小红")
        assert [row.called for row in _NAMED.run(connection, uid="qq:1")] == ["小红"]


def test_the_first_of_nothing_is_none(database: Database) -> None:
    """Without rows there is no first value."""
    with database.begin() as connection:
        assert _NAMED.first(connection, uid="qq:1") is None
