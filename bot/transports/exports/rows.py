"""One message as an object with named fields → `Entry`, for every tool that writes JSON or CSV."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from bot.transports.exports.entry import Entry, Item, Unread, moment, shown, words

Row: TypeAlias = Mapping[str, Any]
Reading: TypeAlias = Callable[[int, Row, ZoneInfo], Item]

_TITLE = re.compile(r"<title>(?:<!\[CDATA\[)?(.*?)(?:\]\]>)?</title>", re.DOTALL)
_QUOTE = re.compile(r"\n+\[引用\]\(.*", re.DOTALL)


def qce(place: int, row: Row, zone: ZoneInfo) -> Item:
    """QQChatExporter (NapCat-QCE), its versions 4 and 5: `sender.uin` is the QQ number, `sender.uid` NT's own id."""
    sender, content, raw = _object(row, "sender"), _object(row, "content"), _object(row, "rawMessage")
    at = moment(row.get("timestamp"), zone) or moment(row.get("time"), zone)
    text, kind, reply = _elements(content)
    uin = next((u for u in (_id(sender.get("uin")), _id(raw.get("senderUin"))) if u.isdigit() and u != "0"), "")
    is_notice = bool(row.get("system") or row.get("isSystemMessage") or row.get("type") == "system")
    name = str(raw.get("sendMemberName") or sender.get("name") or raw.get("sendNickName") or "")
    return _entry(
        place, row, at, member=uin or _id(sender.get("uid")), name=name, text=text, kind=kind,
        message_id=_id(row.get("id") or row.get("messageId")), reply_to=reply, is_notice=is_notice,
    )  # fmt: skip


def chatlab(place: int, row: Row, zone: ZoneInfo) -> Item:
    """ChatLab's exchange format: type 0 is text, 80 and above the network's own notices."""
    type_ = row.get("type")
    text, kind = words(str(row.get("content") or ""))
    return _entry(
        place, row, moment(row.get("timestamp"), zone), member=_id(row.get("sender")),
        name=str(row.get("groupNickname") or row.get("accountName") or ""), text=text,
        kind=kind if type_ in (0, 25) else {1: "image", 2: "voice", 3: "video", 4: "file", 5: "face"}.get(_int(type_), kind),
        message_id=_id(row.get("platformMessageId")), reply_to=_id(row.get("replyToMessageId")),
        is_notice=_int(type_) in (80, 81),
    )  # fmt: skip


_TYPES_BY_NAME = {
    "图片": "image", "语音": "voice", "视频": "video", "动画表情": "face", "表情包": "face", "表情": "face", "文件": "file",
}  # fmt: skip


def weflow(place: int, row: Row, zone: ZoneInfo) -> Item:
    """WeFlow and EchoTrace: Chinese type names, `localType` is not to be trusted."""
    type_ = str(row.get("type") or "").removesuffix("消息")
    kind = _TYPES_BY_NAME.get(type_, "text")
    text, guessed = words(str(row.get("content") or ""))
    member = _id(row.get("senderUsername"))
    return _entry(
        place, row, moment(row.get("createTime"), zone), member=member,
        name=str(row.get("senderDisplayName") or ""), text="" if kind != "text" else text,
        kind=guessed if kind == "text" else kind, message_id=_id(row.get("serverId") or row.get("platformMessageId")),
        is_own=not member and row.get("isSend") == 1, is_notice=type_ == "系统",
    )  # fmt: skip


def pywxdump(place: int, row: Row, zone: ZoneInfo) -> Item:
    """PyWxDump, CSV and JSON: `talker` is the wxid, 我 for the exporter; a quoted message follows the words."""
    talker, type_ = str(row.get("talker") or ""), str(row.get("type_name") or "")
    kind = next((kind for name, kind in _TYPES_BY_NAME.items() if type_.startswith(name)), "text")
    text, guessed = words(_QUOTE.sub("", str(row.get("msg") or "")))
    is_own = talker == "我" or (not talker and _int(row.get("is_sender")) == 1)
    return _entry(
        place, row, moment(row.get("CreateTime"), zone), member="" if is_own else talker, name=talker,
        text="" if kind != "text" else text, kind=guessed if kind == "text" else kind,
        message_id=_id(row.get("MsgSvrID")), is_own=is_own, is_notice=talker == "系统" or type_.startswith("系统"),
    )  # fmt: skip


_TYPES = {1: "text", 3: "image", 34: "voice", 42: "card", 43: "video", 47: "face", 48: "card", 49: "card", 50: "card"}


def memotrace(place: int, row: Row, zone: ZoneInfo) -> Item:
    """留痕 MemoTrace (WeChatMsg) before version 2, CSV: WeChat's own type numbers, XML where it is no text."""
    type_ = _int(row.get("Type"))
    kind = _TYPES.get(type_, "card")
    text = str(row.get("StrContent") or "") if kind == "text" or type_ == 10000 else ""
    if type_ == 49 and (title := _TITLE.search(str(row.get("StrContent") or ""))):
        text, kind = title.group(1), "text" if _int(row.get("SubType")) == 57 else "card"
    text, guessed = words(text)
    member = _id(row.get("Sender"))
    return _entry(
        place, row, moment(row.get("CreateTime"), zone) or moment(row.get("StrTime"), zone), member=member,
        name=str(row.get("Remark") or row.get("NickName") or ""), text=text,
        kind=guessed if kind == "text" else kind, is_own=not member and _int(row.get("IsSender")) == 1,
        is_notice=type_ in (10000, 10002),
    )  # fmt: skip


def memotrace_names(place: int, row: Row, zone: ZoneInfo) -> Item:
    """留痕 MemoTrace from version 2 on, CSV: names only, no wxid."""
    type_, name = str(row.get("类型") or ""), str(row.get("发送人") or "")
    kind = next((kind for start, kind in _TYPES_BY_NAME.items() if type_.startswith(start)), "text")
    text, guessed = words(str(row.get("内容") or ""))
    return _entry(
        place, row, moment(row.get("时间"), zone), name=name, text="" if kind != "text" else text,
        kind=guessed if kind == "text" else kind, message_id=_id(row.get("消息ID")), is_own=name == "我",
        is_notice=type_.startswith("系统"),
    )  # fmt: skip


# -- inside ---------------------------------------------------------------------------------------------------------


def _entry(place: int, row: Row, at: Any, **fields: Any) -> Item:
    if at is None:
        return Unread(place, "time", shown(dict(row)))
    if fields.get("is_notice"):
        fields |= {"member": "", "name": "", "kind": "notice", "is_own": False}
    elif not fields.get("member") and not fields.get("name") and not fields.get("is_own"):
        return Unread(place, "sender", shown(dict(row)))
    return Entry(place=place, at=at, **fields)


def _object(row: Row, key: str) -> Row:
    value = row.get(key)
    return value if isinstance(value, Mapping) else {}


def _id(value: Any) -> str:
    return str(value).strip() if value not in (None, "") else ""


def _int(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        return -1


_MEDIA = {"image": "image", "video": "video", "audio": "voice", "file": "file", "market_face": "face", "face": "face"}


def _elements(content: Row) -> tuple[str, str, str]:
    """(text, kind, replied to): from the parts where there are any, else from the text with its placeholders."""
    parts, kind, reply = [], "", ""
    for element in content.get("elements") or ():
        if not isinstance(element, Mapping):
            continue
        type_, data = str(element.get("type")), _object(element, "data")
        if type_ == "text":
            parts.append(str(data.get("text") or ""))
        elif type_ == "at":
            parts.append("@" + str(data.get("name") or data.get("uid") or "").removeprefix("@") + " ")
        elif type_ == "reply":
            reply = _id(data.get("referencedMessageId") or data.get("messageId") or data.get("replyMsgId"))
        elif type_ == "system":
            parts.append(str(data.get("text") or data.get("summary") or ""))
        else:
            kind = kind or _MEDIA.get(type_, "card")
    if parts or kind:
        text = "".join(parts).strip()
        return text, "text" if text else kind or "text", reply
    quoted = _object(content, "reply")
    text, kind = words(str(content.get("text") or ""))
    return text, kind, _id(quoted.get("referencedMessageId") or quoted.get("messageId"))
