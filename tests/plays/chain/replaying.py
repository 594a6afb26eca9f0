"""Cases written as chat → the replay format, so that fixtures read as people talk."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import yaml

from bot.core.jielong import replay

HERE = Path(__file__).parent
MEMBERS = ("小美", "阿杰", "张三", "李四")
OPERATOR = "老陈"
_ZONE = timezone(timedelta(hours=8))
_AT = re.compile(r"\((\d\d:\d\d)\)")


def cases(name: str) -> Any:
    text = (HERE / name).read_text(encoding="utf-8")
    return json.loads(text) if name.endswith(".json") else yaml.safe_load(text)


def case_of(chat: Sequence[Mapping[str, Any]], config: Mapping[str, Any], now: str | None = None) -> dict[str, Any]:
    """A case in the replay format; ids of members are their names, messages are numbered from 1."""
    at = datetime(2025, 3, 3, 9, 0, tzinfo=_ZONE)
    messages = []
    for number, line in enumerate(chat, start=1):
        who, text = next((key, value) for key, value in line.items() if key not in ("reply", "authors"))
        at += timedelta(minutes=1)
        message: dict[str, Any] = {"id": str(number), "from": who.split()[0], "type": "text"}
        if who.endswith("撤回"):
            message |= {"type": "recall", "of": str(text)}
        elif clock := _AT.match(text):
            at = datetime.combine(at.date(), datetime.strptime(clock[1], "%H:%M").time(), _ZONE)
            message["text"] = text[clock.end() :]
        else:
            message["text"] = text
        if "reply" in line:
            message["reply_to"] = str(line["reply"])
        if "authors" in line:
            message["line_authors"] = line["authors"]
        messages.append(message | {"t": at.isoformat()})
    names = dict.fromkeys((*MEMBERS, OPERATOR, *(message["from"] for message in messages)))
    return {
        "config": {"operators": [OPERATOR], **config},
        "members": {name: {"name": name} for name in names},
        "messages": messages,
        **({"now": now} if now else {}),
    }


def outcome(chat: Sequence[Mapping[str, Any]], **config: Any) -> dict[str, Any]:
    return replay(case_of(chat, config))


def texts(result: Mapping[str, Any], chain: int = 0) -> list[str]:
    return [entry["text"] for entry in result["chains"][chain]["entries"]]
