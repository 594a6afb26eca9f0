"""`qunops export`: the log, the points or one member's data as a file."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Literal
from zoneinfo import ZoneInfo

import typer
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from bot.cli import USAGE
from bot.cli.database import Url, reading
from bot.engine.clock import from_ms, to_ms
from bot.engine.files import harmless
from storage.extracts import Span, columns, rows
from storage.privacy import export_member

Row = tuple[Any, ...]


def register(app: typer.Typer) -> None:
    app.command("export", help="导出消息、积分、流水、每日汇总、分层或一个成员的数据 · export as CSV, JSON or XLSX")(
        export
    )


def export(
    what: Annotated[
        Literal["messages", "points", "ledger", "days", "groups", "tiers", "member"],
        typer.Argument(help="导出什么 · what to export"),
    ],
    group: Annotated[str, typer.Option(help="只导出这个群，如 qq:123456 · only this group")] = "",
    member: Annotated[str, typer.Option(help="成员，如 qq:10001（what=member）· whose data")] = "",
    since: Annotated[datetime | None, typer.Option(help="从这天起 · from", formats=["%Y-%m-%d"])] = None,
    until: Annotated[datetime | None, typer.Option(help="到这天为止（不含）· before", formats=["%Y-%m-%d"])] = None,
    timezone: Annotated[str, typer.Option(help="时间按哪个时区写 · zone of the times")] = "Asia/Shanghai",
    format: Annotated[
        Literal["csv", "json", "xlsx"] | None, typer.Option(help="默认看文件名 · else by the name")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="文件，默认写到屏幕 · file, else stdout")] = None,
    db: Url = "",
) -> None:
    """A text that a spreadsheet would run as a formula gets an apostrophe in front (CSV and XLSX, not JSON)."""
    zone = ZoneInfo(timezone)
    form = format or {".json": "json", ".xlsx": "xlsx"}.get(out.suffix if out else "", "csv")
    if what == "member":
        if not member:
            typer.echo("要导出谁？加上 --member qq:10001 · whose data? add --member", err=True)
            raise typer.Exit(USAGE)
        with reading(db) as connection:
            text = json.dumps(export_member(connection, member), ensure_ascii=False, indent=2)
        _write(out, (text + "\n").encode())
        return
    if form == "xlsx" and out is None:
        typer.echo("XLSX 要写到文件：加上 --out 文件.xlsx · XLSX needs --out", err=True)
        raise typer.Exit(USAGE)
    span = Span(group, _ms(since, zone), _ms(until, zone))
    names = columns(what)
    with reading(db) as connection:
        found = (_readable(names, row, zone) for row in rows(connection, what, span))
        if form == "xlsx" and out is not None:
            _xlsx(out, names, found)
        elif out is not None:
            with out.open("wb") as file:
                # So that Excel sees UTF-8.
                file.write(b"\xef\xbb\xbf" if form == "csv" else b"")
                _stream(file, form, names, found)
        else:
            _stream(sys.stdout.buffer, form, names, found)


def _ms(day: datetime | None, zone: ZoneInfo) -> int:
    return to_ms(day.replace(tzinfo=zone)) if day else 0


def _readable(names: tuple[str, ...], row: Row, zone: ZoneInfo) -> Row:
    return tuple(
        from_ms(value).astimezone(zone).isoformat(sep=" ", timespec="seconds")
        if value is not None and (name == "at" or name.endswith("_at"))
        else value
        for name, value in zip(names, row, strict=True)
    )


def _stream(file: BinaryIO, form: str, names: tuple[str, ...], found: Iterator[Row]) -> None:
    """CSV, or JSON with one object a line."""
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    if form == "json":
        for row in found:
            text.write(json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) + "\n")
    else:
        writer = csv.writer(text)
        writer.writerow(names)
        writer.writerows([harmless(value) if value is not None else "" for value in row] for row in found)
    text.detach()


def _xlsx(path: Path, names: tuple[str, ...], found: Iterator[Row]) -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("群运")
    sheet.append(names)
    for row in found:
        sheet.append([ILLEGAL_CHARACTERS_RE.sub("", v) if isinstance(v, str) else v for v in map(_cell, row)])
    book.save(path)


def _cell(value: Any) -> Any:
    return harmless(value) if value is not None else None


def _write(path: Path | None, content: bytes) -> None:
    if path is None:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    else:
        path.write_bytes(content)
