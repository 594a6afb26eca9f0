"""Cron expressions as operators may write them: five fields, weekdays by name only."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.playbook.nodes import Node
from bot.playbook.problems import Problem, Wording
from bot.playbook.spelling import nearest

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FIELDS = (
    ("分钟", "minute", 0, 59),
    ("小时", "hour", 0, 23),
    ("日", "day", 1, 31),
    ("月", "month", 1, 12),
    ("星期", "weekday", 0, 6),
)
_PART = re.compile(r"(\*|[0-9]+|[a-z]+)(?:-([0-9]+|[a-z]+))?(?:/([0-9]+))?")
_FULL = {
    "monday": "mon", "tuesday": "tue", "wednesday": "wed", "thursday": "thu", "friday": "fri", "saturday": "sat",
    "sunday": "sun", "周一": "mon", "周二": "tue", "周三": "wed", "周四": "thu", "周五": "fri", "周六": "sat", "周日": "sun",
}  # fmt: skip


def check_cron(node: Node, key: str) -> Iterator[Problem]:
    """What is wrong with the cron text in `node`, each field at its column."""
    text = str(node.value)
    fields = list(re.finditer(r"\S+", text))
    if len(fields) != 5:
        message = Wording(f"cron 要有五段,这里是 {len(fields)} 段", f"cron has five fields, here are {len(fields)}")
        hint = Wording(
            '依次是 分 时 日 月 星期,例如每周二、四晚八点:"0 20 * * tue,thu"',
            'minute hour day month weekday: "0 20 * * tue,thu"',
        )
        yield Problem(code="PB213", place=node.place(), message=message, hint=hint, key=key)
        return
    for index, field in enumerate(fields):
        start = node.col + field.start() + (1 if node.style in ("'", '"') else 0)
        place = node.source.place(node.line, start, len(field[0])) if node.style not in ("|", ">") else node.place()
        fault = _fault(index, field[0].lower())
        if fault is not None:
            message, suggestion, hint = fault
            yield Problem(code="PB213", place=place, message=message, suggestion=suggestion, hint=hint, key=key)


def _fault(index: int, field: str) -> tuple[Wording, str, Wording] | None:
    zh, en, low, high = _FIELDS[index]
    for part in field.split(","):
        if index == 4 and re.search(r"(?<!/)\d", part):
            return (
                Wording(f"星期要写英文缩写,不能写数字「{part}」", f"weekdays by name, not by number: `{part}`"),
                _weekday_names(part),
                Wording(
                    "数字在不同软件里差一天:有的 0 是周日,有的 0 是周一",
                    "a number means different days in different programs",
                ),
            )
        match = _PART.fullmatch(part)
        if match is None:
            return (
                Wording(
                    f"第 {index + 1} 段({zh})看不懂「{part}」", f"field {index + 1} ({en}): `{part}` is not understood"
                ),
                _FULL.get(part, ""),
                Wording("可以写 *、数字、a-b、a,b、*/n", "allowed are *, numbers, a-b, a,b and */n"),
            )
        for value in (match[1], match[2]):
            if value is None or value == "*":
                continue
            names = WEEKDAYS if index == 4 else _MONTHS if index == 3 else ()
            if value.isdigit():
                if not low <= int(value) <= high:
                    return (
                        Wording(
                            f"{zh}只能是 {low} 到 {high},不能是 {value}", f"the {en} is {low} to {high}, not {value}"
                        ),
                        "",
                        Wording("", ""),
                    )
            elif value not in names:
                allowed = "、".join(names) if names else f"{low} 到 {high} 的数字"
                return (
                    Wording(f"{zh}里没有「{value}」", f"`{value}` is no {en}"),
                    _FULL.get(value) or nearest(value, names),
                    Wording(f"可以写 {allowed}", f"allowed: {', '.join(names) or f'{low} to {high}'}"),
                )
        order = _order(index, match[1], match[2])
        if order is not None and order[0] > order[1]:
            return (
                Wording(f"范围「{part}」的开头比结尾大", f"the range `{part}` ends before it begins"),
                "",
                Wording(
                    f"拆成两段写,例如 {match[1]},{match[2]}" if index != 4 else "跨周的范围逐个写:sat,sun,mon",
                    "write the parts one by one",
                ),
            )
        if match[3] is not None and int(match[3]) == 0:
            return Wording("步长不能是 0", "the step can't be 0"), "", Wording("例如 */15 是每 15 分钟", "e.g. */15")
    return None


def _order(index: int, first: str, last: str | None) -> tuple[int, int] | None:
    """A range as numbers, None when it is none."""
    if last is None or first == "*":
        return None
    names = WEEKDAYS if index == 4 else _MONTHS
    low, high = (int(value) if value.isdigit() else names.index(value) + 1 for value in (first, last))
    return low, high


def _weekday_names(part: str) -> str:
    """What `1-5` most often means: Monday is 1, Sunday 0 or 7."""
    return (
        re.sub(r"\d", lambda digit: WEEKDAYS[(int(digit[0]) + 6) % 7], part)
        if re.fullmatch(r"[0-7](-[0-7])?", part)
        else ""
    )


_LONGEST = {1: 31, 2: 29, 3: 31, 4: 30, 5: 31, 6: 30, 7: 31, 8: 31, 9: 30, 10: 31, 11: 30, 12: 31}


def is_impossible(cron: str) -> bool:
    """Whether the named days exist in none of the named months: the 30th of February."""
    fields = cron.lower().split()
    if len(fields) != 5 or not re.fullmatch(r"[0-9]+(,[0-9]+)*", fields[2]):
        return False
    names = {name: number for number, name in enumerate(_MONTHS, 1)}
    months = [names.get(part, int(part) if part.isdigit() else 0) for part in fields[3].split(",")]
    if not all(1 <= month <= 12 for month in months):
        return False
    first = min(int(day) for day in fields[2].split(","))
    return all(_LONGEST[month] < first for month in months)
