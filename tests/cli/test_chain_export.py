"""`qunops chain list` and `chain export`: what an operator gets from the database of a bot."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from pathlib import Path

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner, Result

from bot.cli import build
from bot.sim.deeds import Says
from bot.sim.plans import ZONE, stage
from bot.sim.scenario import Guest, Scene, Setting
from bot.sim.tryout import opened
from storage.database import Database

_PLAYBOOK = """\
playbook: street
title: 邻里
groups: ["sim:*"]
plays:
  团购: {kind: chain, metric: chain.entries, type: group_buy, debounce: 0s}
"""


def call(*arguments: str) -> Result:
    return CliRunner().invoke(build(), list(arguments))


@pytest.fixture
def url(database_url: str, tmp_path: Path) -> str:
    """A group with two chains, one of them with money."""
    (tmp_path / "street.yaml").write_text(_PLAYBOOK, "utf-8")
    setting = Setting(
        group=Scene(name="邻里"), start="2026-03-02 19:30", limits=False, operators=("老陈",),
        members=(Guest(name="老陈", role="owner"), Guest(name="小明"), Guest(name="小红")),
    )  # fmt: skip
    staged = stage([tmp_path / "street.yaml"], setting.group, setting.begins(ZONE))
    with opened(staged, setting, database=Database(database_url)) as simulation:
        for name, text in (
            ("小明", "#接龙\n团水果\nA. 车厘子 69元/箱\nB. 芒果 39.5元\n\n1. 小明 A1 B2\n2. 小红 芒果3箱"),
            ("老陈", "已付 1"),
            ("小红", "#接龙\n周六徒步\n\n1. 小红"),
        ):
            simulation.do(Says(name, text))
            simulation.until(simulation.now + timedelta(seconds=1))
    return database_url


def test_chains_are_listed(url: str) -> None:
    """Group, play, number, title; as text and as JSON."""
    said = call("chain", "list", "--db", url)
    assert said.exit_code == 0
    assert "sim:邻里  street/团购  #1  团水果  进行中  2 条  2026-03-02 19:30" in said.stdout
    rows = json.loads(call("chain", "list", "--db", url, "--format", "json").stdout)
    assert [(row["id"], row["entries"], row["is_open"]) for row in rows] == [(1, 2, True), (2, 1, True)]
    assert call("chain", "list", "--group", "qq:1", "--db", url).exit_code == 1


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_chain_is_written_in_the_format_of_its_name(url: str, tmp_path: Path, form: str) -> None:
    """With goods, amounts, payments and names of members; the sum is the sum of the rows."""
    file = tmp_path / f"团.{form}"
    said = call("chain", "export", "水果", "--out", str(file), "--db", url)
    assert (said.exit_code, said.stdout) == (0, f"{file}：团水果，2 条 · written\n")
    if form == "csv":
        rows = [list(row) for row in csv.reader(io.StringIO(file.read_text("utf-8-sig"), newline=""))]
    else:
        sheet = load_workbook(file).active
        rows = [["" if cell is None else str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
    assert rows[0] == ["序号", "内容", "接龙人", "归属", "车厘子", "芒果", "金额", "收款"]
    assert rows[1] == ["1", "小明 A1 B2", "小明", "小明", "1", "2", "148" if form == "xlsx" else "148.0", "已付"]
    assert rows[2][1:4] == ["小红 芒果3箱", "小明", "小红"]
    assert float(rows[3][6]) == 266.5


def test_which_chain_is_meant_must_be_clear(url: str, tmp_path: Path) -> None:
    """Two that fit are listed, none that fits is said; a number and the screen will do as well."""
    several = call("chain", "export", "--db", url)
    assert several.exit_code == 2
    assert several.stderr.count("street/团购") == 2
    assert call("chain", "export", "火锅", "--db", url).exit_code == 1
    shown = call("chain", "export", "2", "--db", url)
    assert shown.stdout.splitlines()[1] == "1,小红,小红,小红,1"
    assert call("chain", "export", "2", "--format", "xlsx", "--db", url).exit_code == 2
    assert call("chain", "export", "2", "--out", str(tmp_path / "no" / "a.csv"), "--db", url).exit_code == 2


def test_a_chain_is_shown_with_its_money_and_its_history(url: str) -> None:
    """Lines with who pays what, who is missing, and each step with its number; as JSON the same as in the console."""
    said = call("chain", "show", "水果", "--db", url)
    assert said.exit_code == 0
    assert "1. 小明 A1 B2  148.00 元  已付 148.00" in said.stdout
    assert "2. 小红 芒果3箱（小明 替报）  118.50 元  未付" in said.stdout
    assert "还没接 missing: 老陈" in said.stdout
    assert "  1  03-02 19:30  小明  +小明 A1 B2；+小红 芒果3箱" in said.stdout
    board = json.loads(call("chain", "show", "水果", "--db", url, "--format", "json").stdout)
    assert (board["unpaid"], board["paid_amount"], board["amount"]) == (1, 148.0, 266.5)
    assert call("chain", "show", "--db", url).exit_code == 2
