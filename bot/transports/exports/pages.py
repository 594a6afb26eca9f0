"""HTML exports: pages that browsers show, read as they stream."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import datetime
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

from bot.transports.exports.entry import Entry, Item, Unread, moment, shown, words
from bot.transports.exports.source import Source

_CHUNK = 256 * 1024
_VOID = frozenset(("img", "br", "meta", "link", "input", "hr", "source", "wbr"))
_AVATAR = re.compile(r"[?&]nk=(\d{4,12})\b")


class _Page(HTMLParser):
    """Collects messages: a block that begins with a class of `starts`, and in it the texts of the parts."""

    def __init__(self, zone: ZoneInfo) -> None:
        super().__init__(convert_charrefs=True)
        self.items: list[Item] = []
        self._zone = zone
        self._depth = 0
        self._since = -1
        self._part = ""
        self._part_depth = 0
        self._texts: dict[str, list[str]] = {}
        self._attrs: dict[str, str] = {}
        self._place = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        classes = found.get("class", "").split()
        if self._since < 0 and self.begins(tag, classes, found):
            self._since, self._attrs, self._texts, self._place = self._depth, {}, {}, self.getpos()[0]
        if self._since >= 0:
            part = self.part_of(tag, classes)
            if part:
                self._part, self._part_depth = part, self._depth
            self.learn(tag, classes, found)
            if tag == "br":
                self._add("\n")
        if tag not in _VOID:
            self._depth += 1

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        self._depth -= 1
        if self._part and self._depth <= self._part_depth:
            self._part = ""
        if 0 <= self._since >= self._depth:
            self._since, self._part = -1, ""
            self.items.append(self.message())

    def handle_data(self, data: str) -> None:
        self._add(data)

    def _add(self, data: str) -> None:
        if self._since >= 0:
            self._texts.setdefault(self._part, []).append(data)

    def text(self, part: str) -> str:
        return "".join(self._texts.get(part, ())).strip()

    # -- what a tool's pages look like --------------------------------------------------------------------------------

    def begins(self, tag: str, classes: list[str], attrs: dict[str, str]) -> bool:
        raise NotImplementedError

    def part_of(self, tag: str, classes: list[str]) -> str:
        raise NotImplementedError

    def learn(self, tag: str, classes: list[str], attrs: dict[str, str]) -> None:
        raise NotImplementedError

    def message(self) -> Item:
        raise NotImplementedError


class _Qce(_Page):
    """QQChatExporter: the number is in the avatar's address, NT's own id in `data-sender-uid`."""

    def begins(self, tag: str, classes: list[str], attrs: dict[str, str]) -> bool:
        return "system-message-container" in classes or (
            "message" in classes and bool({"self", "other"} & set(classes))
        )

    def part_of(self, tag: str, classes: list[str]) -> str:
        return next((name for name in ("sender", "time", "reply-content", "content") if name in classes), "")

    def learn(self, tag: str, classes: list[str], attrs: dict[str, str]) -> None:
        if "system-message-container" in classes:
            self._attrs["notice"] = "1"
        if attrs.get("id", "").startswith("msg-"):
            self._attrs |= {"id": attrs["id"][4:], "uid": attrs.get("data-sender-uid", "")}
        if attrs.get("data-reply-to", "").startswith("msg-"):
            self._attrs["reply"] = attrs["data-reply-to"][4:]
        if tag == "img" and (found := _AVATAR.search(attrs.get("src", ""))):
            self._attrs["uin"] = found.group(1)
        elif tag in ("img", "video", "audio") and "media" not in self._attrs:
            self._attrs["media"] = {"img": "image", "video": "video", "audio": "voice"}[tag]

    def message(self) -> Item:
        if "notice" in self._attrs:
            lines = self.text("").rsplit("\n", 1)
            at = moment(lines[-1].strip(), self._zone)
            if at is None:
                return Unread(self._place, "time", shown(self.text("")))
            return Entry(place=self._place, at=at, text=lines[0].strip(), kind="notice", is_notice=True)
        at = moment(self.text("time"), self._zone)
        if at is None:
            return Unread(self._place, "time", shown(self.text("sender") + " " + self.text("content")))
        text, kind = words(self.text("content"))
        uid = self._attrs.get("uid", "")
        return Entry(
            place=self._place, at=at, member=self._attrs.get("uin", "") or uid, name=self.text("sender"), text=text,
            kind=kind if text else self._attrs.get("media", kind), message_id=self._attrs.get("id", ""),
            reply_to=self._attrs.get("reply", ""),
        )  # fmt: skip


class _WechatExporter(_Page):
    """WechatExporter, from backups of iPhones: `wxId` beside the name, the time behind it. Notices have no time there;
    they take that of the message before."""

    def __init__(self, zone: ZoneInfo) -> None:
        super().__init__(zone)
        self._last: datetime | None = None

    def begins(self, tag: str, classes: list[str], attrs: dict[str, str]) -> bool:
        return "msg" in classes and bool({"chat", "chat-notice"} & set(classes))

    def part_of(self, tag: str, classes: list[str]) -> str:
        if "refermsg" in classes:
            return "quoted"
        return next((name for name in ("dspname", "nt-box", "msg-text", "content-box") if name in classes), "")

    def learn(self, tag: str, classes: list[str], attrs: dict[str, str]) -> None:
        if "msgid" in attrs:
            self._attrs |= {"id": attrs["msgid"], "notice": "1" if "chat-notice" in classes else ""}
        if tag == "img" and not {"avatar", "app-icon"} & set(classes):
            self._attrs["media"] = "image"
        if "dspname" in classes:
            self._attrs["wxid"] = attrs.get("wxid", "")

    def handle_endtag(self, tag: str) -> None:
        was = self._part
        super().handle_endtag(tag)
        if was == "dspname" and not self._part and self._since >= 0:
            self._part, self._part_depth = "nt-box", self._depth - 1

    def message(self) -> Item:
        if self._attrs.get("notice"):
            said = " ".join("".join(part) for part in self._texts.values()).strip()
            if self._last is None:
                return Unread(self._place, "time", shown(said))
            return Entry(place=self._place, at=self._last, text=said, kind="notice", is_notice=True)
        at = moment(self.text("nt-box"), self._zone)
        if at is None:
            return Unread(self._place, "time", shown(self.text("dspname") + " " + self.text("msg-text")))
        self._last = at
        text, kind = words(self.text("msg-text"))
        return Entry(
            place=self._place, at=at, member=self._attrs.get("wxid", ""), name=self.text("dspname"), text=text,
            kind=kind if text else self._attrs.get("media", "card"), message_id=self._attrs.get("id", ""),
        )  # fmt: skip


def read_qce_html(source: Source, zone: ZoneInfo) -> Iterator[Item]:
    yield from _pages(source, _Qce(zone))


def read_wechat_exporter(source: Source, zone: ZoneInfo) -> Iterator[Item]:
    yield from _pages(source, _WechatExporter(zone))


def _pages(source: Source, page: _Page) -> Iterator[Item]:
    with source.text() as file:
        while chunk := file.read(_CHUNK):
            page.feed(chunk)
            yield from page.items
            page.items.clear()
    page.close()
    yield from page.items


_OBJECT = re.compile(r"\{\s*\"?type\"?\s*:(?:[^'\"{}]|'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\")*\}", re.DOTALL)
_FIELD = re.compile(r"\"?(\w+)\"?\s*:\s*(?:'((?:\\.|[^'\\])*)'|\"((?:\\.|[^\"\\])*)\"|(-?\d+))", re.DOTALL)
_MOST_KEPT = 4 * 1024 * 1024


def read_memotrace_html(source: Source, zone: ZoneInfo) -> Iterator[Item]:
    """留痕 MemoTrace: the page draws a JavaScript list. It holds names only, and its own time marks as type 0."""
    place, rest = 0, ""
    with source.text() as file:
        while chunk := file.read(_CHUNK):
            rest += chunk
            end = 0
            for found in _OBJECT.finditer(rest):
                end = found.end()
                place += 1
                yield from _drawn(place, found.group(), zone)
            rest = rest[end:]
            if len(rest) > _MOST_KEPT:
                yield Unread(place + 1, "shape", shown(rest))
                rest = ""


_DRAWN = {3: "image", 34: "voice", 43: "video", 47: "face", 49: "card"}


def _drawn(place: int, source: str, zone: ZoneInfo) -> Iterator[Item]:
    fields = {name: _unescaped(a or b or c) for name, a, b, c in _FIELD.findall(source)}
    at, type_ = moment(fields.get("timestamp"), zone), int(fields.get("type") or 0)
    if at is None:
        yield Unread(place, "time", shown(source))
    elif type_ == 0:
        if moment(fields.get("text"), zone) is None:
            yield Entry(place=place, at=at, text=fields.get("text", ""), kind="notice", is_notice=True)
    else:
        is_words = type_ == 1 or fields.get("sub_type") == "57"
        text, kind = words(fields.get("text", "") if is_words else fields.get("title", ""))
        name, is_own = fields.get("displayname", ""), fields.get("is_send") == "1"
        if not name and not is_own:
            yield Unread(place, "sender", shown(source))
        else:
            yield Entry(
                place=place, at=at, name=name, text=text, kind=kind if is_words else _DRAWN.get(type_, "card"),
                is_own=is_own,
            )  # fmt: skip


def _unescaped(text: str) -> str:
    return html.unescape(re.sub(r"\\(.)", lambda m: {"n": "\n", "t": "\t"}.get(m.group(1), m.group(1)), text))
