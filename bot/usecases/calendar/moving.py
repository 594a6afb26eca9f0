"""Moving a post in the text of its playbook, purely: the few characters that say when, everything else as it was.

The reader's nodes know where each value stands, so comments, order and quoting of the rest are not touched. What can't be
said by changing one day, slot or time is refused with a code; the operator then changes it in the editor.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from bot.playbook.nodes import Node, plain, resolve
from bot.plays.campaign.agenda import Item
from bot.plays.campaign.params import EVERY, WEEKDAYS, Params

_CRON = re.compile(r"(\d{1,2}) (\d{1,2}) (\*) (\*) ([a-z,*-]+)")
_CHINESE = "一二三四五六日"
_PLAIN = re.compile(r"\w[\w-]*(?:[ :][\w*][\w*-]*)*")
"""What needs no quotes anywhere in YAML; times and crons among it."""


class Unmovable(Exception):
    """`code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where to: a day, and a slot of the matrix or a time; what is not given stays."""

    day: date
    slot: str = ""
    clock: time | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """The new text. `with_it`: the other days of the same row, which go along."""

    text: str
    with_it: tuple[str, ...] = ()


def move(tree: Node, play: str, params: Params, item: Item, day: date, target: Target) -> Moved:
    """The playbook's text with the occurrence of `item` on `day` at another place. `tree` is the file's own, not merged
    with the base. Raises `Unmovable`."""
    node = tree.get("plays", play, *item.place)
    if not item.place or node is None or node.kind != "map":
        raise Unmovable("written_elsewhere")
    match item.place[0]:
        case "calendar":
            return _row(node, params, item, day, target)
        case "posts":
            return Moved(_post(node, day, target))
        case _:
            if target.day != day:
                raise Unmovable("every_day")
            return Moved(_edited([_clock(node, "at", target)]))


def _row(node: Node, params: Params, item: Item, day: date, target: Target) -> Moved:
    row = params.calendar[int(item.place[1])]
    days, slot = node.get("day"), node.get("slot")
    if days is None or slot is None or plain(slot) != row.slot:
        raise Unmovable("written_elsewhere")
    edits: list[tuple[Node, str]] = []
    with_it: tuple[str, ...] = ()
    if target.day != day:
        edits.append(_day(days, params, day, target.day))
    if target.slot and target.slot != row.slot:
        if target.slot not in params.slots:
            raise Unmovable("no_such_slot")
        edits.append((slot, target.slot))
        tokens = days.elements if days.kind == "list" else [days]
        with_it = tuple(str(each.value) for each in tokens if not _means(str(each.value), params, day))
    if not edits:
        raise Unmovable("same_place")
    return Moved(_edited(edits), with_it)


def _day(days: Node, params: Params, day: date, to: date) -> tuple[Node, str]:
    tokens = days.elements if days.kind == "list" else [days]
    meant = next((each for each in tokens if _means(str(each.value), params, day)), None)
    if meant is None:
        raise Unmovable("every_day" if any(_is_every(str(each.value)) for each in tokens) else "written_elsewhere")
    new = _renamed(str(meant.value).strip(), day, to)
    if any(_same(new, str(each.value)) for each in tokens if each is not meant):
        raise Unmovable("already_there")
    return meant, new


def _means(token: str, params: Params, day: date) -> bool:
    """Whether this word of `day:` is the one that stands for that day; every-day words stand for no single one."""
    token = token.strip().lower()
    if (weekday := _weekday(token)) is not None:
        return day.weekday() == weekday
    if token.isdecimal():
        return params.start is not None and params.start + timedelta(days=int(token) - 1) == day
    try:
        return date.fromisoformat(token) == day
    except ValueError:
        return False


def _renamed(token: str, day: date, to: date) -> str:
    """The word for the new day, in the manner of the old one."""
    if _weekday(token.lower()) is not None:
        if abs((to - day).days) > 6 or to.isocalendar()[:2] != day.isocalendar()[:2]:
            raise Unmovable("same_week_only")
        return token[:-1] + _CHINESE[to.weekday()] if token.lower() not in WEEKDAYS else WEEKDAYS[to.weekday()]
    if token.isdecimal():
        number = int(token) + (to - day).days
        if number < 1:
            raise Unmovable("before_the_start")
        return str(number)
    return to.isoformat()


def _post(node: Node, day: date, target: Target) -> str:
    if (once := node.get("at")) is not None:
        before = str(once.value)
        clock = target.clock or time.fromisoformat(before.replace("T", " ").split(" ")[-1])
        when = datetime.combine(target.day, clock)
        return _changed(once, f"{when:%Y-%m-%d %H:%M}")
    if node.get("daily") is not None:
        if target.day != day:
            raise Unmovable("every_day")
        return _edited([_clock(node, "daily", target)])
    cron = node.get("cron")
    if cron is None:
        raise Unmovable("written_elsewhere")
    return _changed(cron, _cron(str(cron.value), day, target))


def _cron(cron: str, day: date, target: Target) -> str:
    """Only crons that name an hour, a minute and weekdays one by one."""
    found = _CRON.fullmatch(" ".join(cron.split()))
    if found is None or "-" in found[5]:
        raise Unmovable("cron_by_hand")
    minute, hour, names = found[1], found[2], found[5].split(",")
    if target.clock is not None:
        minute, hour = str(target.clock.minute), str(target.clock.hour)
    if target.day != day:
        old, new = WEEKDAYS[day.weekday()], WEEKDAYS[target.day.weekday()]
        if names == ["*"]:
            raise Unmovable("every_day")
        if target.day.isocalendar()[:2] != day.isocalendar()[:2]:
            raise Unmovable("same_week_only")
        if old not in names or new in names:
            raise Unmovable("already_there" if new in names else "cron_by_hand")
        names = [new if name == old else name for name in names]
    return f"{minute} {hour} * * {','.join(names)}"


def _clock(node: Node, key: str, target: Target) -> tuple[Node, str]:
    at = node.get(key)
    if at is None:
        raise Unmovable("written_elsewhere")
    if target.clock is None:
        raise Unmovable("needs_a_time")
    return at, f"{target.clock:%H:%M}"


def _changed(node: Node, new: str) -> str:
    if " ".join(str(node.value).split()) == new:
        raise Unmovable("same_place")
    return _edited([(node, new)])


def _edited(edits: list[tuple[Node, str]]) -> str:
    """The text of the nodes' file with new values in their places, in the quotes that they had."""
    source = edits[0][0].source
    lines = list(source.lines)
    for node, value in sorted(edits, key=lambda edit: (edit[0].line, edit[0].col), reverse=True):
        if node.line != node.end_line or node.kind in ("map", "list") or node.style in ("|", ">"):
            raise Unmovable("written_elsewhere")
        line = lines[node.line - 1]
        lines[node.line - 1] = line[: node.col - 1] + _quoted(value, node) + line[node.end_col - 1 :]
    return "\n".join(lines)


def _quoted(value: str, node: Node) -> str:
    """In the quotes of the old value; without any only what is read as the same text, or the same number, again."""
    if node.style == "'":
        return "'" + value.replace("'", "''") + "'"
    is_plain = _PLAIN.fullmatch(value) is not None and resolve(value)[0] in ("text", node.kind)
    if node.style == "" and is_plain:
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _weekday(token: str) -> int | None:
    if token in WEEKDAYS:
        return WEEKDAYS.index(token)
    if token[:-1] in ("周", "星期", "礼拜"):
        last = "日" if token[-1] == "天" else token[-1]
        return _CHINESE.index(last) if last in _CHINESE else None
    return None


def _is_every(token: str) -> bool:
    return token.strip().lower() in EVERY


def _same(one: str, other: str) -> bool:
    first, second = _weekday(one.lower()), _weekday(other.strip().lower())
    return one == other.strip() or (first is not None and first == second)
