"""Messages by their words, on both databases: found whatever the index has seen, gone when they should be gone."""

from __future__ import annotations

import contextlib
import random
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text, update

from storage import tables as t
from storage.backup import back_up, verify
from storage.database import Database
from storage.privacy import erase_member
from storage.retention import Cut, delete_chunk
from storage.search import Query, folded, search, terms
from storage.search_index import MOST, Reach, index_next, reach
from tests.storage.rows import MONDAY_MS, Rows, add

MINUTE = 60_000
SAID = (
    "大家早上好，今天开始打卡",
    "打卡成功了吗",
    "红楼梦第三回：林黛玉进贾府",
    "NapCat 掉线了怎么办",
    "ＮａｐＣａｔ又掉线",
    "100% 的 a_b",
    "她说 hello world 了",
)


def found(connection: Connection, words: str, **query: Any) -> list[str]:
    return [hit.text for hit in search(connection, Query(words=words, **query)).hits]


def index_all(connection: Connection) -> int:
    """In as many steps as it takes."""
    total = 0
    while seen := index_next(connection, 3):
        total += seen
    return total


@pytest.fixture
def rows(database: Database) -> Rows:
    with database.begin() as connection:
        rows = Rows(connection)
        assert index_next(connection) == 0
        who = rows.member("小明")
        for minute, words in enumerate(SAID):
            rows.says(who, words, MONDAY_MS + minute * MINUTE)
    return rows


@pytest.fixture(params=["indexed", "half indexed", "not indexed"])
def state(request: pytest.FixtureRequest, database: Database, rows: Rows) -> str:
    """Whatever the index has seen, the answers are the same."""
    with database.begin() as connection:
        if request.param == "indexed":
            assert index_all(connection) == len(SAID)
        elif request.param == "half indexed":
            assert index_next(connection, 4) == 4
    return str(request.param)


@pytest.mark.parametrize(
    ("words", "texts"),
    [
        ("打卡", ["打卡成功了吗", "大家早上好，今天开始打卡"]),
        ("卡", ["打卡成功了吗", "大家早上好，今天开始打卡"]),
        ("林黛玉", ["红楼梦第三回：林黛玉进贾府"]),
        ("贾府 红楼梦", ["红楼梦第三回：林黛玉进贾府"]),
        ("napcat 掉线", ["ＮａｐＣａｔ又掉线", "NapCat 掉线了怎么办"]),
        ('"hello world"', ["她说 hello world 了"]),
        ("“hello world”", ["她说 hello world 了"]),
        ('"hello  WORLD"', ["她说 hello world 了"]),
        ("%", ["100% 的 a_b"]),
        ("a_b", ["100% 的 a_b"]),
        ("卡打", []),
        ('NEAR( OR "', []),
        ("*", []),
        ("   ", []),
    ],
)
def test_words_find_messages(database: Database, state: str, words: str, texts: list[str]) -> None:
    """One sign, two, several words, phrases, signs that mean something to a database: newest first."""
    with database.reading() as connection:
        assert found(connection, words) == texts


def test_in_a_group_by_a_member_in_a_span(database: Database, state: str, rows: Rows) -> None:
    """Each narrows; what is not known finds nothing."""
    with database.begin() as connection:
        rows.connection = connection
        other = rows.member("小红")
        away = add(connection, t.chat, uid="qq:200", platform="qq", name="别的群")
        rows.says(other, "我也打卡", MONDAY_MS + 60 * MINUTE)
        rows.says(other, "在别的群打卡", MONDAY_MS + 61 * MINUTE, chat_id=away)
        assert found(connection, "打卡", chat="qq:200") == ["在别的群打卡"]
        assert found(connection, "打卡", chat="qq:100", member="qq:小红") == ["我也打卡"]
        assert found(connection, "打卡", member="qq:小红") == ["在别的群打卡", "我也打卡"]
        assert found(connection, "打卡", since_ms=MONDAY_MS + 61 * MINUTE) == ["在别的群打卡"]
        assert found(connection, "打卡", until_ms=MONDAY_MS + MINUTE) == ["大家早上好，今天开始打卡"]
        assert found(connection, "打卡", since_ms=MONDAY_MS + MINUTE, until_ms=MONDAY_MS + 2 * MINUTE) == [
            "打卡成功了吗"
        ]
        assert found(connection, "打卡", chat="qq:999") == []
        first = search(connection, Query(words="打卡", limit=3))
        assert [hit.text for hit in first.hits] == ["在别的群打卡", "我也打卡", "打卡成功了吗"]
        rest = found(connection, "打卡", before=first.hits[-1].id)
        assert rest == ["大家早上好，今天开始打卡"]


def test_where_the_words_stand(database: Database, state: str) -> None:
    """Places in the text as it was written, and a line around them."""
    with database.reading() as connection:
        (hit,) = search(connection, Query(words="林黛玉 第三")).hits
    assert [hit.text[begin:end] for begin, end in hit.places] == ["第三", "林黛玉"]
    assert hit.snippet(2) == "…楼梦第三回：…"
    assert (hit.chat, hit.chat_name, hit.member, hit.name) == ("qq:100", "读书群", "qq:小明", "小明")


def test_new_messages_first_then_back_into_the_past(database: Database, rows: Rows) -> None:
    """An index that begins beside a full log finds today's words at once; what it has not come to is said."""
    with database.begin() as connection:
        connection.execute(text("DELETE FROM message_gram_state"))
        index_next(connection, 1)
        assert reach(connection) == Reach(len(SAID), len(SAID))
        rows.connection = connection
        rows.says(None, "最新的一句", MONDAY_MS + 90 * MINUTE)
        index_next(connection, 1)
        assert reach(connection) == Reach(len(SAID) + 1, len(SAID))
        answer = search(connection, Query(words="最新"))
        assert ([hit.text for hit in answer.hits], answer.unseen) == (["最新的一句"], len(SAID) - 1)
        index_all(connection)
        assert search(connection, Query(words="没有这句")).unseen == 0
        assert index_next(connection) == 0


def test_an_index_of_another_version_is_made_anew(database: Database, rows: Rows) -> None:
    """Its entries would not be found, nor taken out."""
    with database.begin() as connection:
        index_all(connection)
        connection.execute(text("UPDATE message_gram_state SET version = 0"))
        assert reach(connection) is None
        assert found(connection, "林黛玉") == ["红楼梦第三回：林黛玉进贾府"]
        assert index_all(connection) == len(SAID)
        assert len(found(connection, "打卡")) == 2


def test_a_crash_indexes_nothing_twice(database: Database, rows: Rows) -> None:
    """Entries and position stand or fall together."""
    with contextlib.suppress(ZeroDivisionError), database.begin() as connection:
        index_next(connection, MOST)
        raise ZeroDivisionError
    with database.begin() as connection:
        assert reach(connection) == Reach(0, 1)
        index_all(connection)
        assert len(found(connection, "打卡")) == 2


def _entries(connection: Connection, gram: str) -> int:
    """How many messages the index itself has under a pair of signs, whatever the log says."""
    from storage.search_index import tokens

    code = {ord(gram[0]) << 16 | ord(gram[1])}
    dialect = connection.dialect.name
    if dialect == "sqlite":
        query = text("SELECT count(*) FROM message_gram WHERE message_gram MATCH :wants")
    else:
        query = text("SELECT count(*) FROM message_gram WHERE grams @> CAST(:wants AS integer[])")
    return int(connection.execute(query, {"wants": tokens(dialect, code)}).scalar() or 0)


def test_what_was_taken_back_is_not_found(database: Database, state: str) -> None:
    """A recall hides a message."""
    with database.begin() as connection:
        connection.execute(update(t.message).where(t.message.c.text.contains("林黛玉")).values(recalled_at=MONDAY_MS))
        assert found(connection, "林黛玉") == []


def test_retention_and_erasure_reach_the_index(database: Database, rows: Rows) -> None:
    """What the log forgets, the index forgets, entry by entry; the others are still found."""
    with database.begin() as connection:
        rows.connection = connection
        other = rows.member("小红")
        rows.says(other, "小红也打卡", MONDAY_MS + 60 * MINUTE)
        index_all(connection)
        assert (_entries(connection, "打卡"), _entries(connection, "今天")) == (3, 1)
        delete_chunk(connection, Cut(t.message, rows.chat, MONDAY_MS + 1))
        assert (_entries(connection, "打卡"), _entries(connection, "今天")) == (2, 0)
        erase_member(connection, "qq:小明", actor="cli", now=datetime(2026, 3, 5, tzinfo=UTC))
        assert (_entries(connection, "打卡"), _entries(connection, "掉线")) == (1, 0)
        assert found(connection, "打卡") == ["小红也打卡"]
        assert index_next(connection) == 0


def test_a_backup_holds_the_index(sqlite_database: Database, tmp_path: Any) -> None:
    """Copied, counted and verified like any table."""
    with sqlite_database.begin() as connection:
        rows = Rows(connection)
        rows.says(rows.member("小明"), "打卡")
        index_all(connection)
    made = back_up(sqlite_database, tmp_path / "a.backup", now=datetime(2026, 3, 5, tzinfo=UTC))
    assert verify(made.path).rows["message_gram"] == 1
    with Database(f"sqlite:///{made.path}", mode="read") as copy, copy.reading() as connection:
        assert found(connection, "打卡") == ["打卡"]


WORDS = st.text(st.sampled_from("打卡签到红楼ABc 1，"), min_size=1, max_size=6)


@settings(max_examples=25)
@given(data=st.data())
def test_the_index_finds_what_a_scan_finds(data: st.DataObject) -> None:
    """Random texts, random words, an index that has seen any part of them: exactly the messages that contain all words."""
    texts = data.draw(st.lists(st.text(st.sampled_from("打卡签到红楼abＡＢ 1，"), max_size=12), max_size=12))
    words = data.draw(WORDS)
    with Database("sqlite://") as database:
        from storage.schema import upgrade

        upgrade(database, now=datetime(2026, 3, 5, tzinfo=UTC))
        with database.begin() as connection:
            rows = Rows(connection)
            who = rows.member("小明")
            dice = random.Random(len(texts))
            for minute, words_said in enumerate(texts):
                rows.says(who, words_said, MONDAY_MS + minute)
                if dice.random() < 0.5:
                    index_next(connection, dice.randint(1, 4))
            asked = terms(words)
            there = [each for each in texts if asked and all(w in " ".join(folded(each).split()) for w in asked)]
            index_all(connection)
            assert found(connection, words) == there[::-1]
