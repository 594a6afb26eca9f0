"""`db`, `stats` and `export` do what they say, over both databases, and end with meaning."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from openpyxl import load_workbook
from sqlalchemy import text
from typer.testing import CliRunner, Result

from bot.cli import build
from bot.cli.tables import sparkline
from storage import tables as t
from storage.database import Database
from storage.migrations import HEAD
from tests.storage.rows import DAY_MS, MONDAY_MS, Rows, add


def call(*arguments: str) -> Result:
    return CliRunner().invoke(build(), list(arguments))


@pytest.fixture
def url(database_url: str) -> str:
    """A group with two members who spoke, one of them with a name that is a formula."""
    with Database(database_url) as database, database.begin() as connection:
        rows = Rows(connection)
        ming, evil = rows.member("小明"), rows.member("=cmd|' /C calc'!A0")
        rows.says(ming, "早上好", MONDAY_MS)
        rows.says(evil, "+1 我也来\n第二行", MONDAY_MS + DAY_MS)
        rows.day(ming, "2026-03-02", msgs=1, counted=1, checkins=1)
        rows.day(evil, "2026-03-03", msgs=1, counted=1)
        rows.points(ming, 5)
    return database_url


def test_check_of_a_sound_and_of_a_damaged_database(url: str) -> None:
    """Exit 0 and the schema version; after damage exit 1 and the invariant's code."""
    sound = call("db", "check", "--db", url)
    assert (sound.exit_code, f"结构版本 {HEAD}" in sound.stdout) == (0, True)
    with Database(url) as database, database.begin() as connection:
        connection.execute(text("UPDATE balance SET points = 7"))
    damaged = call("db", "check", "--db", url, "--format", "json")
    assert damaged.exit_code == 1
    assert {each["code"] for each in json.loads(damaged.stdout)["violations"]} == {"I3"}


def test_a_database_that_can_not_be_used(tmp_path: Path) -> None:
    """Exit 3 and one line that says what to do."""
    missing = call("stats", "--db", f"sqlite:///{tmp_path}/none.db")
    assert (missing.exit_code, "先运行一次" in missing.stderr) == (3, True)
    with Database(f"sqlite:///{tmp_path}/a.db"):
        busy = call("db", "upgrade", "--db", f"sqlite:///{tmp_path}/a.db")
    assert (busy.exit_code, "请先停掉那个进程" in busy.stderr) == (3, True)


def test_upgrade_backup_verify_restore(tmp_path: Path) -> None:
    """From nothing to the newest schema; a copy; a restore that brings the copy back."""
    url = f"sqlite:///{tmp_path}/data/qunops.db"
    assert f"空 → {HEAD}" in call("db", "upgrade", "--db", url).stdout
    assert "已经是最新版本" in call("db", "upgrade", "--db", url).stdout
    copy = tmp_path / "a.backup"
    made = call("db", "backup", str(copy), "--db", url, "--format", "json")
    assert json.loads(made.stdout)["rows"]["message"] == 0
    assert "完好" in call("db", "verify", str(copy)).stdout
    with Database(url) as database, database.begin() as connection:
        Rows(connection)
    restored = call("db", "restore", str(copy), "--db", url, "--yes")
    assert (restored.exit_code, "before-restore" in restored.stdout) == (0, True)
    assert call("stats", "--db", url).exit_code == 1
    copy.write_bytes(b"x")
    assert call("db", "restore", str(copy), "--db", url, "--yes").exit_code == 3


def test_retention_counts_first(url: str) -> None:
    """A dry run deletes nothing; days of one group win over the default."""
    assert "会删除 2 行" in call("db", "retention", "--days", "1", "--dry-run", "--db", url).stdout
    assert (
        "会删除 0 行" in call("db", "retention", "--days", "1", "--group", "qq:100=0", "--dry-run", "--db", url).stdout
    )
    assert "删除了 2 行" in call("db", "retention", "--days", "1", "--db", url).stdout
    assert call("db", "check", "--db", url).exit_code == 0
    assert call("db", "retention", "--group", "qq:100", "--db", url).exit_code == 2


def test_a_member_is_exported_and_erased(url: str) -> None:
    """The export holds the words; after the erasure there is nobody."""
    exported = call("export", "member", "--member", "qq:小明", "--db", url)
    assert json.loads(exported.stdout)["message"][0]["text"] == "早上好"
    assert call("db", "erase", "qq:小明", "--db", url).exit_code == 1
    assert call("db", "erase", "qq:小明", "--yes", "--db", url).exit_code == 0
    assert call("export", "member", "--member", "qq:小明", "--db", url).exit_code == 3
    assert call("export", "member", "--db", url).exit_code == 2


def test_csv_runs_nothing(url: str, tmp_path: Path) -> None:
    """A name or a text that a spreadsheet would run gets an apostrophe; line ends stay within their cell."""
    out = tmp_path / "messages.csv"
    assert call("export", "messages", "-o", str(out), "--db", url).exit_code == 0
    content = out.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    found = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert [(row["name"], row["text"], row["sent_at"]) for row in found] == [
        ("小明", "早上好", "2026-03-02 00:00:00+08:00"),
        ("'=cmd|' /C calc'!A0", "'+1 我也来\n第二行", "2026-03-03 00:00:00+08:00"),
    ]


def test_xlsx_and_json(url: str, tmp_path: Path) -> None:
    """XLSX holds no formula; JSON holds the text as it was; days and ends narrow it down."""
    out = tmp_path / "messages.xlsx"
    assert call("export", "messages", "-o", str(out), "--db", url).exit_code == 0
    cells = [cell for row in load_workbook(out).active.iter_rows() for cell in row]
    assert all(cell.data_type != "f" for cell in cells)
    assert "'+1 我也来\n第二行" in [cell.value for cell in cells]
    lines = call("export", "messages", "--format", "json", "--since", "2026-03-03", "--db", url).stdout.splitlines()
    assert [json.loads(line)["text"] for line in lines] == ["+1 我也来\n第二行"]
    assert call("export", "messages", "--until", "2026-03-02", "--db", url).stdout.count("\n") == 1
    assert call("export", "messages", "--format", "xlsx", "--db", url).exit_code == 2


@pytest.mark.parametrize("what", ["points", "ledger", "days"])
def test_every_kind_is_exported(url: str, what: str) -> None:
    """Each kind has a header and its rows."""
    found = list(csv.DictReader(io.StringIO(call("export", what, "--group", "qq:100", "--db", url).stdout)))
    assert found[0]["member"] == "qq:小明"
    assert not list(csv.DictReader(io.StringIO(call("export", what, "--group", "qq:9", "--db", url).stdout)))


def test_stats_as_text_and_json(url: str) -> None:
    """Per group: members, messages, activity, the rankings with their parts."""
    shown = call("stats", "--window", "all", "--db", url)
    assert shown.exit_code == 0
    for words in (
        "读书群",
        "成员 2（群内 3）",
        "消息 2",
        "打卡 1",
        "1. 小明 6（发言 1  打卡 5）",
        "1. 小明 5（checkin 5）",
    ):
        assert words in shown.stdout
    figures = json.loads(call("stats", "--window", "all", "--format", "json", "--db", url).stdout)
    assert (figures[0]["messages"], figures[0]["boards"]["points"][0]["total"]) == (2, 5)
    assert call("stats", "--group", "qq:9", "--db", url).exit_code == 1
    assert call("stats", "--timezone", "Nowhere", "--db", url).exit_code == 2


def test_a_name_can_not_colour_the_terminal(url: str) -> None:
    """Markup and control characters in names are shown or dropped, never obeyed."""
    with Database(url) as database, database.begin() as connection:
        connection.execute(t.chat.update().values(name="[red]群\x1b[31m[/nope]"))
        add(connection, t.chat, uid="qq:101", platform="qq", name="")
    shown = call("stats", "--db", url)
    assert (shown.exit_code, "\x1b" in shown.stdout, "[red]群[31m[/nope]" in shown.stdout) == (0, False, True)


def test_a_sparkline() -> None:
    """The highest day is full, an empty one low, nothing at all flat."""
    assert (sparkline((0, 5, 10)), sparkline((0, 0)), sparkline(())) == ("▁▄█", "▁▁", "")
