"""A scenario file: who is there, when it begins, what happens. Also the `given:` of an operator's test.

scenario: 第一周
group: {name: 共读一群, tags: [共读营], bot: admin, network: qq}
start: 2026-03-02 07:00
members: [小明, 小红, {name: 老陈, role: owner}]
operators: [老陈]
crowd: 20              # synthetic members besides
script: |
  07:31 小明: 打卡 今天读了第三章
  07:40 小刚 进群
  过 2h
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from bot.core.errors import OperatorMistake
from bot.core.events import Role
from bot.core.units import parse_moment
from bot.playbook.nodes import Node, plain
from bot.playbook.reading import read
from bot.sim.deeds import Line
from bot.sim.script import ScriptMistake, parse_script

MONDAY = datetime(2026, 3, 2, 8, 0)
"""When a scenario begins that doesn't say: a Monday morning, local time."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Guest(_Strict):
    """A member of the cast."""

    name: str
    role: Role = "member"
    tags: tuple[str, ...] = ()
    friend: bool = False
    joined: str = ""


class Scene(_Strict):
    """The simulated group. `uid` defaults to `sim:<name>`; `bot` is the bot's own role there."""

    name: str = "演示群"
    uid: str = ""
    tags: tuple[str, ...] = ()
    bot: Role = "admin"
    network: Literal["qq", "wechat"] = "qq"

    @property
    def chat(self) -> str:
        return self.uid or f"sim:{self.name}"


class Setting(_Strict):
    """What is so before anything happens."""

    group: Scene = Scene()
    start: str = ""
    members: tuple[Guest, ...] = ()
    operators: tuple[str, ...] = ()
    crowd: int = Field(default=0, ge=0, le=2000)
    seed: str = "群运"
    limits: bool = True
    """Whether the outbox keeps its rate limits."""

    @field_validator("group", mode="before")
    @classmethod
    def _group(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value

    @field_validator("members", mode="before")
    @classmethod
    def _guests(cls, value: Any) -> Any:
        return (
            [{"name": item} if isinstance(item, str) else item for item in value] if isinstance(value, list) else value
        )

    @field_validator("seed", mode="before")
    @classmethod
    def _seed(cls, value: Any) -> Any:
        return str(value)

    def begins(self, zone: ZoneInfo) -> datetime:
        """The local start."""
        return (parse_moment(self.start) if self.start else MONDAY).replace(tzinfo=zone)


class Scenario(Setting):
    scenario: str = ""
    playbook: str = ""
    """The playbook beside the scenario file, where the command names none."""
    plays: tuple[str, ...] = ()
    """Only these plays; all when empty."""
    days: int = Field(default=0, ge=0, le=400)
    script: str = ""


def load(path: Path) -> tuple[Scenario, list[Line]]:
    """The scenario of a file and its parsed script. Raises `OperatorMistake` with the place."""
    node = tree(path)
    scenario = validated(Scenario, node, path)
    return scenario, script_of(node.get("script"), path)


def tree(path: Path) -> Node:
    """The YAML of a file. Raises `OperatorMistake`."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise OperatorMistake(f"读不了 {path}: {error.strerror}", code="scenario-file", place=str(path)) from None
    except UnicodeDecodeError:
        raise OperatorMistake(f"{path} 不是 UTF-8 文本", code="scenario-file", place=str(path)) from None
    node, problems = read(str(path), text)
    if node is None or problems:
        first = problems[0]
        place = f"{path}:{first.place.line}:{first.place.col}"
        raise OperatorMistake(first.message.zh, code=first.code, place=place, hint=first.hint.zh)
    return node


def validated(model: type[Any], node: Node, path: Path) -> Any:
    """`node` as `model`. Raises `OperatorMistake` that lists what is wrong, each with its line."""
    try:
        return model.model_validate(plain(node))
    except ValidationError as error:
        wrong = []
        for problem in error.errors():
            keys = [key for key in problem["loc"] if isinstance(key, str | int)]
            found: Node | None = node
            while keys and (found := node.get(*keys)) is None:
                keys.pop()
            wrong.append(f"{path}:{(found or node).line}: {'.'.join(map(str, problem['loc']))}: {problem['msg']}")
        raise OperatorMistake("\n".join(wrong), code="scenario-shape", place=str(path)) from None


def script_of(node: Node | None, path: Path) -> list[Line]:
    """The lines of a block of chat. Raises `OperatorMistake` with the line of the file."""
    if node is None or not isinstance(node.value, str):
        return []
    first = node.line + (1 if node.style in ("|", ">") else 0)
    try:
        return parse_script(node.value, first)
    except ScriptMistake as error:
        place = f"{path}:{error.place}" if error.place else str(path)
        raise OperatorMistake(error.message, code=error.code, place=place, hint=error.hint) from None
