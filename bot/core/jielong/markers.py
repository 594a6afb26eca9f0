"""What begins a numbered line: `1.` `1、` `(1)` `①` `1️⃣` and a dozen more."""

from __future__ import annotations

import re
from typing import NamedTuple

_D = "[0-9０-９]"
_DIGITS = "0123456789０１２３４５６７８９"
_PAREN = re.compile(rf" *(?:[(（] *({_D}{{1,3}}) *[)）]|[\[【] *({_D}{{1,3}}) *[\]】])")
_KEYCAP = re.compile("^ *((?:[0-9]\ufe0f?\u20e3)+|\U0001f51f)\ufe0f?[.、．,，:：]?")
_CIRCLED = re.compile("^ *([①-⑳㉑-㉟㊱-㊿⑴-⒇⒈-⒛❶-❿])[.、．,，:：]?")
_SEPARATED = re.compile(rf" *({_D}{{1,3}})([、)）】\].．。:：,，])")
_BARE = re.compile(rf" *({_D}{{1,3}}) +(?!{_D})(\S.*)")
_COUNTED = re.compile("公斤|kg|[份个件箱盒斤袋包瓶只条套位人名提桶串杯支双罐枚点月日号楼栋元块]", re.IGNORECASE)
_ROOM = re.compile(rf"{_D}+[-—#]{_D}+|{_D}{{1,3}}(?:号楼|栋|幢|楼|单元|室|#)|{_D}{{3}}")
_STYLES = {"、": "dun", ")": "rpar", "）": "rpar", "】": "rbr", "]": "rbr"} | {
    mark: style for marks, style in ((".．。", "dot"), (":：", "colon"), (",，", "comma")) for mark in marks
}
_FIRST_OF_RANGE = (("①", 1), ("㉑", 21), ("㊱", 36), ("⑴", 1), ("⒈", 1), ("❶", 1))


class Marker(NamedTuple):
    """`text` is what follows it on the line, as typed."""

    number: int
    style: str
    text: str


def read_marker(line: str, last: int) -> Marker | None:
    """The marker that `line` begins with. `last` is the number of the previous accepted line, 0 before the first."""
    if found := _SEPARATED.match(line):
        number, style, rest = int(found[1]), _STYLES[found[2]], line[found.end() :]
        if style in ("dot", "colon", "comma") and rest[:1] in _DIGITS and rest:
            is_compact = style == "dot" and number == last + 1 and _ROOM.match(rest)
            return Marker(number, style, rest) if is_compact and number else None
    elif found := _BARE.match(line):
        number, style, rest = int(found[1]), "bare", found[2]
        if number != last + 1 or _COUNTED.match(rest):
            return None
    elif found := _PAREN.match(line):
        number, style, rest = int(found[1] or found[2]), "paren", line[found.end() :]
    elif found := _CIRCLED.match(line):
        number, style, rest = _circled(found[1]), "circ", line[found.end() :]
    elif found := _KEYCAP.match(line):
        digits = re.sub("[^0-9]", "", found[1])
        number, style, rest = int(digits) if digits else 10, "keycap", line[found.end() :]
    else:
        return None
    return Marker(number, style, rest) if 1 <= number <= 999 else None


def _circled(char: str) -> int:
    start, first = max((pair for pair in _FIRST_OF_RANGE if pair[0] <= char), key=lambda pair: pair[0])
    return ord(char) - ord(start) + first
