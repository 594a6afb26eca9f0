"""What was seen: chat as people read it, with what the bot did besides talking."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from hashlib import blake2b
from typing import Any, Literal
from zoneinfo import ZoneInfo

from bot.core.effects import Approve, Forward, Invite, Kick, Mute, MuteAll, Recall, Rename, SetCard, SetRemark, SetTitle
from bot.core.units import format_duration
from bot.transports.base import Announcement, FileMessage, Message, Outgoing
from bot.transports.simulator import Room
from bot.transports.simulator.spoken import show

Who = Literal["member", "bot", "event", "refused"]
_WEEKDAY = "一二三四五六日"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that was seen. `line` is it without its time; `play` is the run that a bot's entry came from."""

    at: datetime
    who: Who
    line: str
    play: str = ""
    to: str = ""
    kind: str = "message"


@dataclass(slots=True)
class Transcript:
    """Entries in the order they happened; times are shown in `zone`."""

    zone: ZoneInfo
    entries: list[Entry] = field(default_factory=list)

    def add(self, entry: Entry) -> Entry:
        self.entries.append(entry)
        return entry

    def text(self, entries: Iterable[Entry] | None = None, *, with_days: bool = True) -> str:
        """As chat, with a heading where a day begins."""
        return "\n".join(self.lines(entries, with_days=with_days))

    def lines(self, entries: Iterable[Entry] | None = None, *, with_days: bool = True) -> Iterator[str]:
        day: date | None = None
        first: date | None = None
        for entry in self.entries if entries is None else entries:
            local = entry.at.astimezone(self.zone)
            first = first or local.date()
            if with_days and local.date() != day:
                day = local.date()
                nth = (day - first).days + 1
                yield f"── 第 {nth} 天 · {local.month}月{local.day}日 周{_WEEKDAY[local.weekday()]} ──"
            yield self.line(entry)

    def line(self, entry: Entry) -> str:
        """`07:31 小明: 打卡`; further lines of a message are indented below their first."""
        return f"{entry.at.astimezone(self.zone):%H:%M} " + entry.line.replace("\n", "\n      ")

    def rows(self) -> list[dict[str, Any]]:
        """For JSON."""
        return [
            {
                "at": entry.at.astimezone(self.zone).isoformat(timespec="seconds"),
                "who": entry.who,
                "line": entry.line,
                "kind": entry.kind,
                "play": entry.play,
                "to": entry.to,
            }
            for entry in self.entries
        ]

    def digest(self) -> str:
        """The same for the same history."""
        whole = blake2b(digest_size=8)
        for entry in self.entries:
            whole.update(f"{entry.at.isoformat()} {entry.who} {entry.line}\n".encode())
        return whole.hexdigest()


def bot_line(bot: str, room: Room | None, outgoing: Outgoing) -> str:
    """What the bot did, as the group (or the member it wrote to) sees it."""

    def name(uid: str) -> str:
        person = room.people.get(uid) if room is not None else None
        return person.shown if person is not None else uid.partition(":")[2]

    match outgoing:
        case Message(segments=segments, to=to):
            return f"{bot}{f'(私聊 {name(to)})' if to else ''}: {show(segments)}"
        case FileMessage(name=file, content=content, to=to):
            return f"{bot}{f'(私聊 {name(to)})' if to else ''}: [文件 {file} {len(content)} 字节]"
        case Announcement(text=text):
            return f"{bot}(公告): {text}"
        case Recall(message_id=message_id):
            said = room.messages.get(message_id) if room is not None else None
            return f"{bot} 撤回 {name(said.member)}: {said.text}" if said is not None else f"{bot} 撤回 {message_id}"
        case Mute(member=member, for_s=0):
            return f"{bot} 解除禁言 {name(member)}"
        case Mute(member=member, for_s=for_s):
            return f"{bot} 禁言 {name(member)} {format_duration(timedelta(seconds=for_s))}"
        case MuteAll(on=on):
            return f"{bot} 全员禁言 {'开' if on else '关'}"
        case Kick(member=member):
            return f"{bot} 踢出 {name(member)}"
        case Approve(flag=flag, is_approved=is_approved, reason=reason):
            request = room.requests.get(flag) if room is not None else None
            who = request.name if request is not None else flag
            return f"{bot} {'同意' if is_approved else '谢绝'} {who} 进群" + (f": {reason}" if reason else "")
        case SetCard(member=member, card=card):
            return f"{bot} 改名片 {name(member)} → {card}"
        case SetTitle(member=member, title=title):
            return f"{bot} 给头衔 {name(member)} → {title}"
        case Invite(member=member):
            return f"{bot} 拉人 {name(member)}"
        case Rename(name=named):
            return f"{bot} 改群名 → {named}"
        case Forward(message_id=message_id, into=into):
            return f"{bot} 转发 {message_id} → {into}"
        case SetRemark(member=member, remark=remark):
            return f"{bot} 备注 {name(member)} → {remark}"
