"""What leaves as a file: tables that a spreadsheet shows as text, never runs as a formula; pictures of the playbooks."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from pathlib import Path

from bot.core.effects import SendFile
from bot.core.errors import SendRefused
from bot.core.segments import Image, Segment
from bot.transports.base import FileMessage, Message

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|[\ud800-\udfff]")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_table(table: SendFile) -> FileMessage:
    """`table` as the file that the network gets."""
    content = _csv(table) if table.format == "csv" else _xlsx(table)
    name = table.name if table.name.endswith(f".{table.format}") else f"{table.name}.{table.format}"
    return FileMessage(name=name, content=content, to=table.to)


def with_pictures(message: Message, folder: Path) -> Message:
    """`message` with pictures that a play names by their path in `folder` where they are on this machine.

    Raises `SendRefused` for a path that leads out of the folder.
    """
    if not any(isinstance(segment, Image) for segment in message.segments):
        return message
    return replace(message, segments=tuple(_located(segment, folder.resolve()) for segment in message.segments))


def _located(segment: Segment, folder: Path) -> Segment:
    if not isinstance(segment, Image) or not segment.url or "://" in segment.url:
        return segment
    path = (folder / segment.url).resolve()
    if not path.is_relative_to(folder):
        raise SendRefused(f"the picture {segment.url} is not in the folder of playbooks")
    return replace(segment, url=str(path), name=segment.name or path.name)


def harmless(value: str | int | float) -> str | int | float:
    """Text that a spreadsheet would take for a formula gets a leading apostrophe (OWASP, CSV injection)."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _csv(table: SendFile) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerows([_cell(value) for value in row] for row in (table.columns, *table.rows))
    return out.getvalue().encode("utf-8-sig")


def _cell(value: str | int | float) -> str | int | float:
    """Harmless, and without the control characters that no spreadsheet file can hold: members paste them unseen."""
    return harmless(_CONTROL.sub("", value)) if isinstance(value, str) else value


def _xlsx(table: SendFile) -> bytes:
    from openpyxl import Workbook  # takes 9 MB and 0.1 s that most processes never need
    from openpyxl.styles import Font

    book = Workbook()
    sheet = book.active
    sheet.append([_cell(name) for name in table.columns])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for row in table.rows:
        sheet.append([_cell(value) for value in row])
    sheet.freeze_panes = "A2"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
