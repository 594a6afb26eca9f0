"""The field's own practice as advice: never an error, always with the reason."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import time, timedelta
from typing import Any

from pydantic import BaseModel

from bot.core.play import Schedule
from bot.core.units import ClockWindow, TemplateText, parse_clock, parse_duration, parse_window
from bot.playbook.assets import Asset
from bot.playbook.header import Common
from bot.playbook.marks import marks
from bot.playbook.model import Header
from bot.playbook.nodes import Node, Source, text_position
from bot.playbook.problems import Problem, Wording

MOST_MESSAGES = 35
MOST_DURATION = timedelta(minutes=25)
_YOU = "你们"
_RANDOM = ("闲聊", "随机", "灌水", "破冰", "唠嗑", "摸鱼", "轻松一刻", "自由聊")
_FORMAL = ("专业", "正式", "讨论", "复盘", "主题", "共读", "导读", "分享", "答疑")
_RATIO = re.compile(r"DAU\s*/\s*MAU\D{0,8}?(\d+(?:\.\d+)?)\s*(%?)", re.IGNORECASE)
_CHOICES = ("single", "multi", "truefalse", "choice")


def head_advice(tree: Node, plays: Sequence[tuple[str, Node, Common]]) -> Iterator[Problem]:
    """Advice on the playbook as a whole."""
    silent = [name for name, _, common in plays if common.enabled and not common.metric]
    if silent:
        parent = tree.children["plays"]
        names = "、".join(silent)
        yield Problem(
            code="PB505",
            place=parent.key_place(silent[0]),
            message=Wording(f"没有写 metric 的玩法:{names}", f"plays that name no metric: {', '.join(silent)}"),
            hint=Wording("每个玩法写一个,例如 metric: checkin.rate", "one per play, e.g. metric: checkin.rate"),
            key="plays",
        )
    yield from _ratios(tree)


def _ratios(tree: Node) -> Iterator[Problem]:
    purpose = tree.get("purpose")
    for path, scalar in purpose.scalars(("purpose",)) if purpose is not None and purpose.kind == "map" else ():
        if "targets" in path:
            continue
        ratio = _ratio(scalar)
        if ratio is not None and ratio > 1:
            yield Problem(
                code="PB507",
                place=scalar.place(),
                message=Wording(f"DAU/MAU 目标是 {ratio:g},不可能超过 1", f"a DAU/MAU target of {ratio:g} is above 1"),
                hint=Wording("活跃的群一般在 0.2 到 0.5", "lively groups reach 0.2 to 0.5"),
                key=".".join(map(str, path)),
            )


def _ratio(scalar: Node) -> float | None:
    """A DAU/MAU that a sentence promises."""
    found = _RATIO.search(str(scalar.value)) if scalar.kind == "text" else None
    if found is None:
        return None
    return float(found[1]) / (100 if found[2] else 1)


def play_advice(
    name: str,
    kind: str,
    node: Node,
    params: BaseModel,
    assets: Mapping[str, Asset],
    header: Header,
    schedules: Sequence[Schedule],
) -> Iterator[Problem]:
    """Advice on one play."""
    prefix = f"plays.{name}"
    yield from _you(node, params, assets, prefix)
    yield from _pacing(node, prefix)
    yield from _not_multiple_choice(kind, node, assets, prefix)
    if kind == "campaign":
        yield from _talk(node, prefix)
        yield from _key_points(node, prefix)
    if header.quiet_hours is not None:
        yield from _quiet(node, header.quiet_hours, schedules, prefix)


def _you(node: Node, params: BaseModel, assets: Mapping[str, Asset], prefix: str) -> Iterator[Problem]:
    message = Wording("这里写「我们」会比「你们」亲近", "我们 reads warmer than 你们 here")
    for path, text, mark in marks(params):
        if isinstance(mark, TemplateText) and _YOU in text:
            scalar = node.get(*path)
            if scalar is None or scalar.kind != "text" or _YOU not in str(scalar.value):
                continue
            before = str(scalar.value)[: str(scalar.value).index(_YOU)]
            place = text_position(scalar, before.count("\n") + 1, len(before) - before.rfind("\n"))
            place = scalar.source.place(place.line, place.col, 2)
            yield Problem(code="PB509", place=place, message=message, key=".".join(map(str, (prefix, *path))))
    for asset in assets.values():
        if asset.kind == "text" and _YOU in asset.text:
            source = Source(asset.file, asset.text)
            before = asset.text[: asset.text.index(_YOU)]
            place = source.place(before.count("\n") + 1, len(before) - before.rfind("\n"), 2)
            yield Problem(code="PB509", place=place, message=message, key=prefix)


def _pacing(node: Node, prefix: str) -> Iterator[Problem]:
    most = node.get("pacing", "max_messages") if node.get("pacing") else None
    if most is not None and most.kind == "int" and most.value > MOST_MESSAGES:
        yield Problem(
            code="PB501",
            place=most.place(),
            message=Wording(
                f"一次推送 {most.value} 条,超过 {MOST_MESSAGES} 条", f"{most.value} messages in one broadcast"
            ),
            key=f"{prefix}.pacing.max_messages",
        )
    span = node.get("pacing", "max_duration") if node.get("pacing") else None
    if span is not None and span.kind == "text":
        try:
            is_long = parse_duration(span.value) > MOST_DURATION
        except ValueError:
            return
        if is_long:
            yield Problem(
                code="PB502",
                place=span.place(),
                message=Wording(f"一次推送 {span.value},超过 25 分钟", f"a broadcast of {span.value}"),
                key=f"{prefix}.pacing.max_duration",
            )


def _not_multiple_choice(kind: str, node: Node, assets: Mapping[str, Asset], prefix: str) -> Iterator[Problem]:
    if kind != "quiz":
        return
    for path, asset in assets.items():
        questions = list(getattr(asset.value, "questions", ()) or ())
        kinds = [str(getattr(question, "type", "single")) for question in questions]
        open_ones = sum(each not in _CHOICES for each in kinds)
        if open_ones:
            scalar = next((each for _, each in node.scalars() if str(each.value) == path), node)
            yield Problem(
                code="PB503",
                place=scalar.place(),
                message=Wording(
                    f"题库里 {len(questions)} 题有 {open_ones} 题不是选择题",
                    f"{open_ones} of {len(questions)} questions are not multiple choice",
                ),
                key=prefix,
            )


def _entries(node: Node) -> Iterator[tuple[str, Node]]:
    for name in ("calendar", "posts"):
        below = node.children.get(name)
        for entry in below.elements if below is not None and below.kind == "list" else ():
            if entry.kind == "map":
                yield name, entry


def _talk(node: Node, prefix: str) -> Iterator[Problem]:
    entries = [
        (entry.children["topic"], str(entry.children["topic"].value))
        for _, entry in _entries(node)
        if "topic" in entry.children
    ]
    for index, (scalar, topic) in enumerate(entries):
        is_random = any(word in topic for word in _RANDOM) and not any(word in topic for word in _FORMAL[:3])
        if is_random and not any(word in later for _, later in entries[index + 1 :] for word in _FORMAL):
            yield Problem(
                code="PB504",
                place=scalar.place(),
                message=Wording(
                    f"「{topic[:20]}」之后没有安排正式讨论", f"no formal discussion follows `{topic[:20]}`"
                ),
                hint=Wording("在日历里它的后面加一条专业话题", "add a serious topic after it in the calendar"),
                key=f"{prefix}.calendar",
            )


def _key_points(node: Node, prefix: str) -> Iterator[Problem]:
    for name, entry in _entries(node):
        for key in ("points", "key_points"):
            points = entry.children.get(key)
            if points is not None and points.kind == "list" and not 2 <= len(points.elements) <= 3:
                count = len(points.elements)
                yield Problem(
                    code="PB506",
                    place=entry.key_place(key),
                    message=Wording(
                        f"这条内容有 {count} 个要点,两到三个最好", f"{count} key points; two or three are best"
                    ),
                    key=f"{prefix}.{name}.{key}",
                )


def _quiet(node: Node, quiet: ClockWindow, schedules: Sequence[Schedule], prefix: str) -> Iterator[Problem]:
    clocks: dict[str, tuple[Node, time]] = {}
    wanted = {schedule.at for schedule in schedules if schedule.at is not None}
    crons = {schedule.cron for schedule in schedules if schedule.cron}
    for path, scalar in node.scalars():
        if scalar.kind != "text":
            continue
        clock = _clock(path, scalar.value, wanted, crons)
        if clock is not None and _is_quiet(quiet, clock):
            clocks[".".join(map(str, path))] = (scalar, clock)
    for path_text, (scalar, clock) in clocks.items():
        yield Problem(
            code="PB508",
            place=scalar.place(),
            message=Wording(
                f"{clock:%H:%M} 在安静时段 {quiet} 里,消息会被推迟", f"{clock:%H:%M} lies in the quiet hours {quiet}"
            ),
            hint=Wording(f"挪到 {quiet.start:%H:%M} 之前或 {quiet.end:%H:%M} 之后", "move it outside"),
            key=f"{prefix}.{path_text}",
        )


def _clock(path: tuple[Any, ...], text: str, wanted: set[time], crons: set[str]) -> time | None:
    try:
        if text in crons:
            minute, hour = text.split()[:2]
            return time(int(hour.split(",")[0]), int(minute) if minute.isdigit() else 0)
        if path[0] == "slots":
            return parse_window(text).start
        if path[-1] in ("window", "cron") or len(text) > 5:
            return None
        clock = parse_clock(text)
    except (ValueError, IndexError):
        return None
    return clock if clock in wanted else None


def _is_quiet(quiet: ClockWindow, clock: time) -> bool:
    if quiet.start <= quiet.end:
        return quiet.start <= clock < quiet.end
    return clock >= quiet.start or clock < quiet.end
