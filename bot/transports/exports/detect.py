"""Which tool wrote a file, told from how it begins."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bot.transports.exports import labelled, pages, qq_text, rows, tables
from bot.transports.exports.entry import Item
from bot.transports.exports.source import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """`id` is what `--format` takes. `unit`: what `Entry.place` counts. `has_ids`: whether it names members by the
    network's own ids, not by names alone."""

    id: str
    title: str
    platform: str
    unit: str
    has_ids: bool
    fits: Callable[[str], bool]
    read: Callable[[Source, ZoneInfo, str], Iterator[Item]]
    """(file, zone of its clocks, the group's own id) → what is in it."""


def detect(source: Source) -> Format | None:
    """The first format that fits; None when none does."""
    return next((each for each in FORMATS if each.fits(source.head)), None)


def read(source: Source, form: Format, zone: ZoneInfo, group: str = "") -> Iterator[Item]:
    """Everything in the file, in its order. `group` is the group's own id, where rows say theirs."""
    return form.read(source, zone, group)


def _begins(*patterns: str) -> Callable[[str], bool]:
    found = [re.compile(pattern) for pattern in patterns]
    return lambda head: all(each.search(head) for each in found)


def _columns(*names: str) -> Callable[[str], bool]:
    def fits(head: str) -> bool:
        first = [cell.strip().strip('"') for cell in head.partition("\n")[0].split(",")]
        return all(name in first for name in names)

    return fits


_TITLE = re.compile(r'"(?:chatInfo|session|meta)"\s*:\s*\{[^{}]*?"(?:displayName|name)"\s*:\s*"((?:[^"\\]|\\.)*)"')


def _title(source: Source) -> str:
    found = _TITLE.search(source.head)
    return found.group(1) if found else ""


def _json(reading: rows.Reading, prefix: str) -> Callable[[Source, ZoneInfo, str], Iterator[Item]]:
    return lambda source, zone, group: tables.read_json(source, zone, reading, prefix, _title(source))


def _lines(reading: rows.Reading) -> Callable[[Source, ZoneInfo, str], Iterator[Item]]:
    return lambda source, zone, group: tables.read_json_lines(source, zone, reading)


def _csv(reading: rows.Reading) -> Callable[[Source, ZoneInfo, str], Iterator[Item]]:
    return lambda source, zone, group: tables.read_csv(source, zone, reading, group)


FORMATS: tuple[Format, ...] = (
    Format(
        id="qq-text", title="QQ 消息管理器文本", platform="qq", unit="行", has_ids=True, fits=qq_text.is_qq_text,
        read=lambda source, zone, group: qq_text.read_qq_text(source, zone),
    ),
    Format(
        id="qce-text", title="QQChatExporter 文本", platform="qq", unit="行", has_ids=False, fits=labelled.is_qce_text,
        read=lambda source, zone, group: labelled.read_qce_text(source, zone),
    ),
    Format(
        id="qce-json-parts", title="QQChatExporter JSON（分块）", platform="qq", unit="条", has_ids=True,
        fits=_begins(r'^\s*\{\s*"metadata"', r"QQChatExporter", r'"chunkInfo"'),
        read=_json(rows.qce, "chunks.item.messages.item"),
    ),
    Format(
        id="qce-json", title="QQChatExporter JSON", platform="qq", unit="条", has_ids=True,
        fits=_begins(r'^\s*\{\s*"metadata"', r"QQChatExporter"), read=_json(rows.qce, "messages.item"),
    ),
    Format(
        id="qce-jsonl", title="QQChatExporter JSONL", platform="qq", unit="行", has_ids=True,
        fits=_begins(r'^\s*\{[^\n]*"sender"\s*:\s*\{[^\n]*"content"\s*:\s*\{'), read=_lines(rows.qce),
    ),
    Format(
        id="qce-html", title="QQChatExporter HTML", platform="qq", unit="行", has_ids=True,
        fits=_begins(r"(?i)^\s*<!doctype html", r"QQ Chat Exporter|qq-chat-exporter"),
        read=lambda source, zone, group: pages.read_qce_html(source, zone),
    ),
    Format(
        id="weflow-json", title="WeFlow / EchoTrace JSON", platform="wechat", unit="条", has_ids=True,
        fits=_begins(r'^\s*\{\s*"(?:weflow|session)"', r'"session"\s*:\s*\{'), read=_json(rows.weflow, "messages.item"),
    ),
    Format(
        id="chatlab-json", title="ChatLab JSON", platform="", unit="条", has_ids=True,
        fits=_begins(r'^\s*\{\s*"chatlab"\s*:\s*\{', r'"messages"\s*:\s*\['), read=_json(rows.chatlab, "messages.item"),
    ),
    Format(
        id="chatlab-jsonl", title="ChatLab JSONL", platform="", unit="行", has_ids=True,
        fits=_begins(r'^\s*\{"_type"\s*:\s*"header"'), read=_lines(rows.chatlab),
    ),
    Format(
        id="pywxdump-json", title="PyWxDump JSON", platform="wechat", unit="条", has_ids=True,
        fits=_begins(r"^\s*\[\s*\{", r'"MsgSvrID"', r'"talker"'), read=_json(rows.pywxdump, "item"),
    ),
    Format(
        id="pywxdump-csv", title="PyWxDump CSV", platform="wechat", unit="行", has_ids=True,
        fits=_columns("MsgSvrID", "type_name", "talker", "CreateTime"), read=_csv(rows.pywxdump),
    ),
    Format(
        id="memotrace-csv", title="留痕 MemoTrace CSV", platform="wechat", unit="行", has_ids=True,
        fits=_columns("localId", "StrContent", "CreateTime", "Sender"), read=_csv(rows.memotrace),
    ),
    Format(
        id="memotrace-names-csv", title="留痕 MemoTrace 2 CSV", platform="wechat", unit="行", has_ids=False,
        fits=_columns("消息ID", "类型", "发送人", "时间", "内容"), read=_csv(rows.memotrace_names),
    ),
    Format(
        id="wechatexporter-html", title="WechatExporter HTML", platform="wechat", unit="行", has_ids=True,
        fits=_begins(r"(?i)^\s*<!doctype html", r"dspname|chat-notice"),
        read=lambda source, zone, group: pages.read_wechat_exporter(source, zone),
    ),
    Format(
        id="memotrace-html", title="留痕 MemoTrace HTML", platform="wechat", unit="条", has_ids=False,
        fits=_begins(r"(?i)^\s*<!doctype html", r"is_chatroom|chatMessages|displayname"),
        read=lambda source, zone, group: pages.read_memotrace_html(source, zone),
    ),
)  # fmt: skip
