"""One-line answers to a chain: `+1`, `报名`, `取消`, `取消 张三`, `截止`, `删除 2`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from bot.core.jielong.cleaning import clean_list, fold_width, without_outer_mentions
from bot.core.jielong.numerals import CHINESE, SIZED_UNIT, number_of

LONGEST = 40

ReplyKind = Literal["join", "cancel", "cancel_number", "cancel_name", "less", "close", "remove", "reopen"]

_NUMBER = rf"(?:[0-9]{{1,2}}|(?!半){CHINESE})"
_PLUS = re.compile(rf"我? ?[+➕] ?({_NUMBER})(?:{SIZED_UNIT})?(?: +(\S.{{0,29}}))?")
_JOIN = frozenset({"加1", "加一", "报名", "我报名", "参加", "我参加", "算我一个", "加我一个"})
_CANCEL = "取消接龙|取消报名|取消|退出接龙|退出|退团|退|不来了|不参加了|不要了"
_CANCEL_NUMBER = re.compile(rf"(?:{_CANCEL}) ?第? ?([0-9]{{1,3}})")
_CANCEL_NAME = re.compile(rf"(?:{_CANCEL}) +(\S.*)")
_LESS = re.compile(rf"(?:-|减) ?({_NUMBER})(?:{SIZED_UNIT})?")
_CLOSE = frozenset({"截止", "截止接龙", "结束接龙", "接龙结束", "停止接龙"})
_REMOVE = re.compile(r"(?:删除|移除) ?第? ?([0-9]{1,3})")


@dataclass(frozen=True, slots=True)
class Reply:
    """`number` of persons, or of the entry; `text` is the remark of a join, the name of a cancellation."""

    kind: ReplyKind
    number: int = 0
    text: str = ""

    @property
    def is_join_or_cancel(self) -> bool:
        return self.kind not in ("close", "remove", "reopen")


def parse_reply(text: str) -> Reply | None:
    """The short reply that `text` is; None: ordinary chat."""
    if len(text) > 4 * LONGEST:
        return None
    line = clean_list(text).strip()
    if "\n" in line or not line:
        return None
    line = without_outer_mentions(line)
    if len(line) > LONGEST:
        return None
    line = fold_width(line).rstrip("!~。. ")
    if found := _PLUS.fullmatch(line):
        number = int(number_of(found[1]))
        return Reply("join", number, (found[2] or "").strip()) if number else None
    if line in _JOIN:
        return Reply("join", 1)
    if line in _CLOSE:
        return Reply("close")
    if line == "重开接龙":
        return Reply("reopen")
    if re.fullmatch(_CANCEL, line):
        return Reply("cancel")
    if found := _CANCEL_NUMBER.fullmatch(line):
        return Reply("cancel_number", int(found[1]))
    if found := _CANCEL_NAME.fullmatch(line):
        return Reply("cancel_name", text=found[1])
    if found := _LESS.fullmatch(line):
        return Reply("less", int(number_of(found[1])))
    if found := _REMOVE.fullmatch(line):
        return Reply("remove", int(found[1]))
    return None
