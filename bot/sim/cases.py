"""Operators' tests: a playbook, a setting, and cases written as chat.

    test: 每日打卡
    playbook: ../reading-camp.yaml
    given: {members: [小明, 小红], operators: [老陈], start: 2026-03-02 07:00}
    cases:
      一天只记一次: |
        07:31 小明: 打卡 今天读了第三章,作者讲城市为什么要修地铁
        群小助: …打卡成功…
        08:00 小明: 打卡
        群小助: …已经…
      没打卡的会被提醒:
        - when: 到 21:00
          then: |
            21:00 群小助: …
          points: {小明: 0}

A case of text is chat: the bot's lines must be exactly what it says after the lines above them, and where none are
written it must be silent. A case of steps says `when`, then `then` (text to match), `never` (text that must not appear)
and `points`. `沉默` expects silence, a line of `…` alone anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from bot.core.errors import OperatorMistake
from bot.playbook.nodes import Node
from bot.sim.matching import SILENCE, Row, Seen, compare, does_match, expect
from bot.sim.plans import ZONE, Staged, stage
from bot.sim.scenario import Setting, script_of, tree, validated
from bot.sim.script import joined_lines, parse_line
from bot.sim.simulation import Simulation
from bot.sim.transcript import Entry
from bot.sim.tryout import opened
from storage import tables as t

BOT_NAMES = ("群小助", "bot", "Bot", "机器人")


class StepShape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    when: str = ""
    then: str | None = None
    never: str = ""
    points: dict[str, int] = {}


class SuiteShape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    test: str
    playbook: str
    plays: tuple[str, ...] = ()
    given: Setting = Setting()
    cases: dict[str, str | tuple[StepShape, ...]] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Step:
    """`then` is None where the step asserts nothing about what is said."""

    lines: tuple[tuple[int, str], ...]
    then: tuple[str, ...] | None
    never: tuple[str, ...] = ()
    points: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    line: int
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Suite:
    path: Path
    shape: SuiteShape
    cases: tuple[Case, ...]

    @property
    def playbook(self) -> Path:
        return (self.path.parent / self.shape.playbook).resolve()


@dataclass(slots=True)
class Verdict:
    """How a case ended. `chat` is the whole chat as it went, with the rows that differ."""

    suite: str
    case: str
    place: str
    problems: list[str] = field(default_factory=list)
    chat: list[Row] = field(default_factory=list)
    seconds: float = 0.0
    day: date | None = None
    """The day that the chat has come to."""

    @property
    def is_passed(self) -> bool:
        return not self.problems


def load_suite(path: Path) -> Suite:
    """The tests of a file. Raises `OperatorMistake`."""
    node = tree(path)
    shape: SuiteShape = validated(SuiteShape, node, path)
    cases = tuple(_case(name, node.get("cases", name), path) for name in shape.cases)
    return Suite(path, shape, cases)


def _case(name: str, node: Node | None, path: Path) -> Case:
    assert node is not None
    if node.kind == "text":
        first = node.line + (1 if node.style in ("|", ">") else 0)
        return Case(name, node.line, tuple(_chat_steps(str(node.value), first)))
    return Case(name, node.line, tuple(_step(item, path) for item in node.elements))


def _chat_steps(text: str, first: int) -> Iterator[Step]:
    """Chat → steps: people's lines, then the bot's lines that must follow them."""
    lines: list[tuple[int, str]] = []
    then: list[str] = []
    for number, source in joined_lines(text, first):
        if _is_expectation(source):
            then.append(source)
            continue
        if then:
            yield Step(tuple(lines), tuple(then))
            lines, then = [], []
        lines.append((number, source))
    if lines or then:
        yield Step(tuple(lines), tuple(then))


def _is_expectation(source: str) -> bool:
    expected = expect(source, "群小助")
    return (
        expected.is_anything
        or source in SILENCE
        or expected.text.startswith(("群小助:", "群小助：", "群小助 ", "群小助(", "群小助（"))
    )


def _step(node: Node, path: Path) -> Step:
    def block(key: str) -> list[tuple[int, str]]:
        child = node.get(key)
        if child is None or not isinstance(child.value, str):
            return []
        return list(joined_lines(child.value, child.line + (1 if child.style in ("|", ">") else 0)))

    script_of(node.get("when"), path)
    points = node.get("points")
    then = node.get("then")
    return Step(
        tuple(block("when")),
        tuple(source for _, source in block("then")) if then is not None else None,
        tuple(source for _, source in block("never")),
        {name: int(child.value) for name, child in points.children.items()} if points is not None else {},
    )


def staged_for(suite: Suite) -> Staged:
    """What the suite's cases run. Raises `OperatorMistake` when its playbook can't be used."""
    given = suite.shape.given
    return stage([suite.playbook], given.group, given.begins(ZONE), suite.shape.plays)


def run_case(suite: Suite, case: Case, staged: Staged) -> Verdict:
    """Plays one case in a house of its own."""
    verdict = Verdict(suite.shape.test, case.name, f"{suite.path}:{case.line}")
    given = suite.shape.given
    with opened(staged, given) as simulation:
        try:
            for step in case.steps:
                _play(simulation, step, verdict)
        except OperatorMistake as mistake:
            place = f"{suite.path}:{mistake.place}: " if mistake.place else ""
            verdict.problems.append(f"{place}{mistake.message}" + (f" ({mistake.hint})" if mistake.hint else ""))
    return verdict


def _play(simulation: Simulation, step: Step, verdict: Verdict) -> None:
    seen_before = len(simulation.transcript.entries)
    for number, source in step.lines:
        simulation.play_line(parse_line(source, number))
    simulation.settle(timedelta(seconds=10))
    entries = simulation.transcript.entries[seen_before:]
    seen = [Seen(_clock(simulation, entry), entry.line) for entry in entries if entry.who in ("bot", "refused")]
    rows = _judge_words(simulation, step, seen, verdict)
    for entry in entries:
        day = entry.at.astimezone(simulation.zone).date()
        if verdict.day not in (None, day):
            verdict.chat.append(Row("kept", f"── {day.month}月{day.day}日 周{'一二三四五六日'[day.weekday()]} ──"))
        verdict.day = day
        if entry.who not in ("bot", "refused"):
            verdict.chat.append(Row("kept", f"{_clock(simulation, entry)} {entry.line}"))
            continue
        while (row := next(rows)).what == "missing":
            verdict.chat.append(row)
        verdict.chat.append(row)
    verdict.chat += rows
    for pattern in step.never:
        for line in seen:
            if does_match(f"…{pattern}…", line.text):
                verdict.problems.append(f"不该出现「{pattern}」: {line.text}")
    for name, wanted in step.points.items():
        found = _points(simulation, f"sim:{name}")
        if found != wanted:
            verdict.problems.append(f"{name} 的积分应该是 {wanted},实际是 {found}")


def _clock(simulation: Simulation, entry: Entry) -> str:
    return f"{entry.at.astimezone(simulation.zone):%H:%M}"


def _judge_words(simulation: Simulation, step: Step, seen: list[Seen], verdict: Verdict) -> Iterator[Row]:
    """The rows of the difference: each line of `seen` once, and what is missing in between."""
    if step.then is None:
        return iter([Row("kept", f"{line.clock} {line.text}") for line in seen])
    wanted = [expect(source, simulation.people.bot_name) for source in step.then if source not in SILENCE]
    is_same, rows = compare(wanted, seen)
    if not is_same:
        problem = "群小助说的和期望的不一样" if wanted else "这里群小助应该不出声"
        verdict.problems += [problem] if problem not in verdict.problems else []
    return iter(rows)


def _points(simulation: Simulation, uid: str) -> int:
    query: Any = (
        select(t.balance.c.points)
        .join(t.member, t.member.c.id == t.balance.c.member_id)
        .join(t.chat, t.chat.c.id == t.balance.c.chat_id)
        .where(t.member.c.uid == uid, t.chat.c.uid == simulation.chat)
    )
    with simulation.house.connection.begin():
        return int(simulation.house.connection.execute(query).scalar() or 0)
