"""Exports of one object or row per message: JSON (an array, or one object a line) and CSV."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import ijson

from bot.transports.exports.entry import Entry, Item, Title, Unread, shown
from bot.transports.exports.rows import Reading
from bot.transports.exports.source import Source

csv.field_size_limit(16 * 1024 * 1024)


def read_json(source: Source, zone: ZoneInfo, reading: Reading, prefix: str, title: str = "") -> Iterator[Item]:
    """The objects at `prefix` (`messages.item`; `item` for a bare array). Places count messages."""
    if title:
        yield Title(title)
    names = names_beside(source)
    place = 0
    with source.bytes() as file:
        try:
            for row in ijson.items(file, prefix, use_float=True):
                place += 1
                yield _named(_of(place, row, zone, reading), names)
        except (ijson.JSONError, UnicodeDecodeError) as error:
            yield Unread(place + 1, "json", shown(error))


def read_json_lines(source: Source, zone: ZoneInfo, reading: Reading) -> Iterator[Item]:
    """One object a line; a broken line costs no other."""
    for place, line in source.lines():
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError:
            yield Unread(place, "shape", shown(line))
            continue
        if isinstance(row, Mapping) and row.get("_type") in ("header", "member"):
            continue
        yield _of(place, row, zone, reading)


def read_csv(source: Source, zone: ZoneInfo, reading: Reading, group: str = "") -> Iterator[Item]:
    """Rows under a head. `group`: rows whose `room_name` is another room are not of this group."""
    names = names_beside(source)
    with source.text() as file:
        rows = csv.reader(file)
        head = [name.strip().lstrip("\ufeff") for name in next(rows, [])]
        needed = len(head) - 3 if "Sender" in head else len(head)
        while True:
            try:
                cells = next(rows, None)
            except csv.Error as error:
                yield Unread(rows.line_num, "shape", shown(error))
                continue
            if cells is None:
                return
            place = rows.line_num
            if not cells:
                continue
            if any("\ufffd" in cell for cell in cells):
                yield Unread(place, "bytes", shown(",".join(cells)))
            if len(cells) < needed:
                yield Unread(place, "columns", shown(",".join(cells)))
                continue
            row = dict(zip(head, cells, strict=False))
            if group and row.get("room_name", "").endswith("@chatroom") and row["room_name"] != group:
                yield Unread(place, "room", row["room_name"])
                continue
            yield _named(_of(place, row, zone, reading), names)


def names_beside(source: Source) -> dict[str, str]:
    """wxid → name, from the `users.json` that PyWxDump writes beside its files."""
    beside = source.path.with_name("users.json")
    if not beside.is_file() or beside == source.path:
        return {}
    try:
        users: Any = json.loads(beside.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(users, Mapping):
        return {}
    return {
        str(wxid): str(about.get("remark") or about.get("nickname") or wxid)
        for wxid, about in users.items()
        if isinstance(about, Mapping)
    }


def _of(place: int, row: Any, zone: ZoneInfo, reading: Reading) -> Item:
    if not isinstance(row, Mapping):
        return Unread(place, "shape", shown(row))
    return reading(place, row, zone)


def _named(item: Item, names: Mapping[str, str]) -> Item:
    if isinstance(item, Entry) and item.member in names:
        return replace(item, name=names[item.member])
    return item
