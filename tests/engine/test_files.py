"""Tables that leave as files: any text of a member's can stand in one, and none of it runs."""

from __future__ import annotations

import csv
import io

from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from bot.core.effects import SendFile
from bot.engine.files import write_table

_COLUMNS = ("序号", "=内容")


def _rows(table: SendFile) -> list[list[object]]:
    content = write_table(table).content
    if table.format == "csv":
        return [list(row) for row in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))]
    sheet = load_workbook(io.BytesIO(content)).active
    return [list(row) for row in sheet.iter_rows(values_only=True)]


@given(st.text(max_size=30) | st.sampled_from(["=1+1", "+1", "-1", "@x", "\t=1", "a\x00\x08b", "\ud800", "多\n行"]))
@settings(max_examples=60)
def test_any_text_is_a_cell_and_never_a_formula(text: str) -> None:
    """In both formats: readable, without control characters, with an apostrophe where it would run."""
    for form in ("csv", "xlsx"):
        table = SendFile(name="表", columns=_COLUMNS, rows=((1, text),), format=form)  # type: ignore[arg-type]
        head, row = _rows(table)
        assert head == ["序号", "'=内容"]
        cell = str(row[1] or "")
        assert cell[:1] not in ("=", "+", "@", "\t", "\r")
        assert str(row[0]) == "1"


def test_the_name_says_the_format() -> None:
    """Once."""
    for form in ("csv", "xlsx"):
        table = SendFile(name="团水果", columns=_COLUMNS, rows=(), format=form)  # type: ignore[arg-type]
        assert write_table(table).name == f"团水果.{form}"
