"""A script: lines that read as chat → deeds.

    周一 07:31 小明: 打卡 今天读了第三章      07:32 小红(私聊): 我的积分        小刚(回复 小明): 写得真好
    08:00 小刚 进群                        小刚、小美 进群 由 小明            小刚 退群
    小刚 申请进群: 答案是长安                小明 撤回 「打卡」                 老陈 撤回 小明 「加我微信」
    老陈 踢出 小刚                          老陈 禁言 小刚 10m               老陈 全员禁言 开
    小明 改名片 小明-北京                    小明 戳 群小助                   老陈 决定 补卡 同意
    群小助 当管理员                         过 2h                          到 21:00

A line that is indented further belongs to the message above it. `#` begins a comment. `pass`, `until` also work.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from bot.core.errors import OperatorMistake
from bot.core.events import Role
from bot.core.units import parse_duration
from bot.sim import deeds as d
from bot.sim import moments

_NAME = r"(?P<name>[^\s:：()（）、]+)"
_SAYS = re.compile(_NAME + r"(?:\s*[(（](?P<how>[^)）]*)[)）])?\s*[:：]\s?(?P<text>.*)", re.DOTALL)
_ROLES: dict[str, Role] = {"群主": "owner", "管理员": "admin", "成员": "member", "普通成员": "member"}


class ScriptMistake(OperatorMistake):
    """A line that nobody can play."""

    def __init__(self, message: str, *, place: str = "", hint: str = "") -> None:
        super().__init__(message, code="script-line", place=place, hint=hint)


def _joins(found: re.Match[str]) -> d.Deed:
    return d.Joins(tuple(part for part in re.split(r"[、,，\s]+", found["names"]) if part), found["by"] or "")


def _recalls(found: re.Match[str]) -> d.Deed:
    return d.Recalls(found["name"], found["of"] or found["name"], found["text"] or "")


_VERBS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], d.Deed]], ...] = tuple(
    (re.compile(pattern), make)
    for pattern, make in (
        (r"(?:过|pass)\s*(?P<span>\S+)", lambda m: d.Passes(parse_duration(m["span"]))),
        (r"→?\s*(?P<names>\S.*?)\s+进群(?:\s+由\s*(?P<by>\S+?)(?:\s*邀请)?)?", _joins),
        (r"←?\s*" + _NAME + r"\s+退群", lambda m: d.Leaves(m["name"])),
        (
            _NAME + r"\s+(?:申请进群|申请入群)(?:\s*[:：]\s*(?P<comment>.*))?",
            lambda m: d.AsksToJoin(m["name"], m["comment"] or ""),
        ),
        (r"(?P<by>\S+)\s+(?:踢出|踢)\s+" + _NAME, lambda m: d.Leaves(m["name"], m["by"])),
        (_NAME + r"\s+撤回(?:\s+(?P<of>[^\s「]+))?(?:\s*「(?P<text>.*)」)?", _recalls),
        (_NAME + r"\s+(?:改名片|改群名片)\s*(?P<card>.*)", lambda m: d.Renames(m["name"], m["card"])),
        (_NAME + r"\s+(?:戳|拍)\s*(?P<target>\S+)", lambda m: d.Pokes(m["name"], m["target"])),
        (
            _NAME + r"\s+禁言\s+(?P<target>\S+)\s+(?P<span>\S+)",
            lambda m: d.Mutes(m["name"], m["target"], int(parse_duration(m["span"]).total_seconds())),
        ),
        (_NAME + r"\s+解除禁言\s+(?P<target>\S+)", lambda m: d.Mutes(m["name"], m["target"], 0)),
        (_NAME + r"\s+全员禁言\s*(?P<on>开|关)", lambda m: d.MutesAll(m["name"], m["on"] == "开")),
        (
            _NAME + r"\s+(?:当|成为)\s*(?P<role>群主|管理员|普通成员|成员)",
            lambda m: d.Promotes(m["name"], _ROLES[m["role"]]),
        ),
        (
            _NAME + r"\s+(?:决定|选择)\s+(?:(?P<key>\S+)\s+)?(?P<choice>[^\s:：]+)(?:\s*[:：]\s*(?P<text>.*))?",
            lambda m: d.Decides(m["name"], m["key"] or "", m["choice"], m["text"] or ""),
        ),
    )
)


def parse_line(source: str, number: int = 1) -> d.Line:
    """One line. Raises `ScriptMistake`."""
    text = source.strip()
    when, rest = moments.split(text)
    waits = re.fullmatch(r"(?:到|until)\s+(.+)", text)
    if waits is not None:
        try:
            return d.Line(number, text, moments.parse(waits[1]), d.Waits())
        except ValueError as error:
            raise ScriptMistake(str(error), place=str(number)) from None
    if when is not None and not rest:
        return d.Line(number, text, when, d.Waits())
    try:
        return d.Line(number, text, when, _deed(rest if when is not None else text))
    except ValueError as error:
        raise ScriptMistake(str(error), place=str(number)) from None


def _deed(text: str) -> d.Deed:
    says = _SAYS.fullmatch(text)
    if says is None:
        for pattern, make in _VERBS:
            if (found := pattern.fullmatch(text)) is not None:
                return make(found)
        raise ValueError(f"不懂这一行: {text!r};写成「小明: 打卡」「小刚 进群」「过 2h」这样 · not a line of chat")
    how = (says["how"] or "").strip()
    reply = re.fullmatch(r"(?:回复|引用)\s*(\S+)", how)
    if how and how not in ("私聊", "private") and reply is None:
        raise ValueError(f"不懂括号里的 {how!r};可以写 私聊 或 回复 小明 · unknown manner")
    return d.Says(
        says["name"], says["text"].strip(), is_private=how in ("私聊", "private"), reply_to=reply[1] if reply else ""
    )


def parse_script(text: str, first_line: int = 1) -> list[d.Line]:
    """All lines of a script. Raises `ScriptMistake` with the line's number as its place."""
    return [parse_line(source, number) for number, source in joined_lines(text, first_line)]


def joined_lines(text: str, first_line: int = 1) -> Iterator[tuple[int, str]]:
    """(number, line) with comments left out and indented lines joined to the one above."""
    held: tuple[int, str] | None = None
    for number, line in enumerate(text.splitlines(), first_line):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if line[0].isspace() and held is not None:
            held = (held[0], held[1] + "\n" + line.strip())
            continue
        if held is not None:
            yield held
        held = (number, line.strip())
    if held is not None:
        yield held
