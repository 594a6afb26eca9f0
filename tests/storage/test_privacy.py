"""One member's data is handed over whole and erased whole; what is counted stays counted."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, text

from bot.core.errors import StorageError
from storage import tables as t
from storage.boards import board
from storage.database import Database
from storage.invariants import violations
from storage.privacy import erase_member, export_member
from tests.storage.rows import MONDAY_MS, Rows, add

NOW = datetime(2026, 3, 5, tzinfo=UTC)


def _scene(database: Database) -> Rows:
    with database.begin() as connection:
        rows = Rows(connection)
        ming, other = rows.member("1"), rows.member("12")
        rows.says(ming, "我的电话是13800000000", segments='[{"text": "照片"}]')
        rows.says(other, "谢谢", mentions='["qq:1", "qq:12"]')
        rows.day(ming, msgs=1, counted=1, checkins=1)
        rows.day(other, msgs=1, counted=1)
        rows.points(ming, 5)
        rows.points(other, 5)
        for uid, what in (("qq:1", "王小明的秘密"), ("qq:12", "别人的话")):
            who = ming if uid == "qq:1" else other
            data = json.dumps({"day": "2026-03-02", "text": what}, ensure_ascii=False)
            key = f"{uid}|2026-03-02"
            add(
                connection,
                t.note,
                run_id=rows.run,
                chat_id=rows.chat,
                member_id=who,
                what="checkin",
                key=key,
                data=data,
                at=MONDAY_MS,
            )
            add(connection, t.slot, run_id=rows.run, key=uid, data=json.dumps({"works": [what]}, ensure_ascii=False))
        line = {"entry": {"id": 1, "text": "王小明 2份", "author": "qq:1"}, "paid": "20"}
        add(connection, t.slot, run_id=rows.run, key="c1/e1", data=json.dumps(line, ensure_ascii=False))
        rows.outbox("o1", body='{"to": "qq:1", "text": "王小明 打卡成功"}')
        rows.outbox("o2", "dead", body='{"to": "qq:1", "text": "王小明 打卡成功"}')
        rows.outbox("o3", body='{"to": "qq:12", "text": "别人的话"}')
    return rows


def test_the_export_holds_every_table(database: Database) -> None:
    """Messages, points, notes, slots: with chats and accounts by their uids, ready for JSON."""
    _scene(database)
    with database.reading() as connection:
        data = json.loads(json.dumps(export_member(connection, "qq:1"), ensure_ascii=False))
    assert data["member"] == {"uid": "qq:1", "name": "1的昵称"}
    assert data["message"][0]["text"] == "我的电话是13800000000"
    assert data["message"][0]["chat"] == "qq:100"
    assert [entry["delta"] for entry in data["ledger"]] == [5]
    assert "王小明的秘密" in json.dumps(data, ensure_ascii=False)
    assert [slot["key"] for slot in data["slot"] if slot["key"] != "c1/e1"] == ["qq:1"]


def test_nothing_of_the_person_is_left_and_all_sums_stay(database: Database) -> None:
    """After an erasure no table holds the uid, the name or a word; rollup, points and invariants are as before."""
    rows = _scene(database)
    with database.begin() as connection:
        changed = erase_member(connection, "qq:1", actor="cli", now=NOW)
    assert changed["message"] >= 1
    with database.reading() as connection:
        dump = ""
        for table in t.metadata.sorted_tables:
            dump += "\n".join(str(tuple(row)) for row in connection.execute(select(table))) + "\n"
        for gone in ("'qq:1'", '"qq:1"', "qq:1|", "王小明", "138000", "照片", "1的昵称"):
            assert gone not in dump, gone
        assert '{"to": "qq:12", "text": "别人的话"}' in dump
        assert "qq:12|2026-03-02" in dump
        assert '"erased:1", "qq:12"' in dump
        assert [(s.member, s.total) for s in board(connection, rows.chat, "points", None)] == [
            ("erased:1", 5),
            ("qq:12", 5),
        ]
        assert violations(connection) == []
        audit = connection.execute(select(t.audit.c.actor, t.audit.c.action, t.audit.c.target)).all()
        assert audit == [("cli", "erase", "erased:1")]


def test_erasing_again_finds_nobody(database: Database) -> None:
    """The second time there is nobody of that uid; a newcomer of the same uid is a new person."""
    rows = _scene(database)
    with database.begin() as connection:
        erase_member(connection, "qq:1", actor="cli", now=NOW)
    with database.begin() as connection, pytest.raises(StorageError, match="没有成员"):
        erase_member(connection, "qq:1", actor="cli", now=NOW)
    with database.begin() as connection:
        rows.connection = connection
        rows.says(rows.member("1"), "我回来了", received_at=MONDAY_MS + 1)
        erase_member(connection, "qq:1", actor="cli", now=NOW)
    with database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM member WHERE uid LIKE 'erased:%'")).scalar() == 2


def test_what_waits_to_be_sent_is_not_sent(database: Database) -> None:
    """A message to them that waits goes; one that is with the network only remembers that it was."""
    rows = _scene(database)
    body = '{"seg": [["Text", "提醒"]], "to": "qq:1"}'
    with database.begin() as connection:
        rows.connection = connection
        rows.outbox("waits", "ready", body=body)
        rows.outbox("under way", "sending", body=body)
        rows.outbox("another's", "ready", body='{"seg": [["Text", "提醒"]], "to": "qq:12"}')
        erase_member(connection, "qq:1", actor="cli", now=NOW)
    with database.reading() as connection:
        o = t.outbox.c
        found = connection.execute(select(o.idem, o.status, o.body).where(o.idem.not_like("o_"))).all()
        assert sorted(tuple(row) for row in found) == [
            ("another's", "ready", '{"seg": [["Text", "提醒"]], "to": "qq:12"}'),
            ("under way", "stopped", "{}"),
        ]


def test_the_name_goes_from_what_the_bot_said_to_others(database: Database) -> None:
    """A ranking keeps its other lines; answers to them go by their cause; ids and the kinds of segments are no names."""
    with database.begin() as connection:
        rows = Rows(connection)
        text_, other = rows.member("Text"), rows.member("12")
        key = "77@1"
        rows.says(text_, "打卡", key=key)
        rows.points(other, 1)
        ranking = '{"seg": [["Text", "1. Text的昵称 5 分\\n2. Text 4 分"], ["Mention", {"target": "qq:Textile"}]]}'
        rows.outbox("ranking", body=ranking)
        rows.outbox("answer", cause=key, body='{"seg": [["Text", "好的"]]}')
        add(connection, t.trace, chat_id=rows.chat, ref="共读/打卡", cause=key, event="MessageReceived", version="v",
            why="{}", before="", after="", effects="[]", at=MONDAY_MS)  # fmt: skip
        erase_member(connection, "qq:Text", actor="cli", now=NOW)
    with database.reading() as connection:
        bodies = {row.idem: row.body for row in connection.execute(select(t.outbox.c.idem, t.outbox.c.body))}
        assert bodies["answer"] == "{}"
        assert json.loads(bodies["ranking"])["seg"] == [
            ["Text", "1. （已删除） 5 分\n2. （已删除） 4 分"],
            ["Mention", {"target": "qq:Textile"}],
        ]
        assert connection.execute(text("SELECT count(*) FROM trace")).scalar() == 0
