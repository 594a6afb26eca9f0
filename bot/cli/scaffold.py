"""What `qunops new` writes."""

from __future__ import annotations

_PLAY = '''"""KIND: say in one sentence what this play does for a group.

States, events, rules: write the theory here before the code.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from bot.core.effects import Say, Template
from bot.core.events import Event, MessageReceived
from bot.core.play import CommandSpec, Context, Frozen, Play, PlayParams, Step


class Params(PlayParams):
    command: str = Field(default="KIND", description="口令 · the command")


class State(Frozen):
    times: int = 0


def start(ctx: Context[Params]) -> Step[State]:
    return Step(State())


def step(state: State, event: Event, ctx: Context[Params]) -> Step[State]:
    if ctx.command is None:
        return Step(state)
    said = Say(words=Template("KIND/hello", {"times": state.times + 1}))
    return Step(State(times=state.times + 1), (said,), why={"command": ctx.command.name})


def commands(params: Params) -> tuple[CommandSpec, ...]:
    return (CommandSpec(name=params.command, help="试一试"),)


PLAY: Play[Any, Any] = Play(
    kind="KIND",
    version=1,
    title="KIND",
    Params=Params,
    State=State,
    start=start,
    step=step,
    listens=frozenset({MessageReceived}),
    commands=commands,
)
'''

_PLAY_TEST = '''"""KIND in a group, as chat."""

from tests.stage import Stage


def test_KIND_answers_its_command() -> None:
    """Say here what a member sees."""
    stage = Stage("KIND", {}).members("小明")
    stage.says("小明", "KIND")
    assert stage.bot() == ["写下群友应该看到的回应"]
'''

_TRANSPORT = '''"""NAME: what is odd about this network ends here."""

from __future__ import annotations

from datetime import datetime

from bot.core.errors import SendRefused, SendUnknown
from bot.core.play import Capability
from bot.transports.base import Message, Outgoing, Receipt, Sink


class Transport:
    """One connection to NAME. See `bot.transports.base.Transport` for what each method promises."""

    platform = "NAME"

    async def run(self, sink: Sink) -> None:
        await sink.connected(f"{self.platform}:me")

    async def send(self, account: str, chat: str, outgoing: Outgoing) -> Receipt:
        raise SendRefused("not written yet")

    def capabilities(self, account: str, chat: str) -> frozenset[Capability]:
        return frozenset()

    async def find_sent(self, account: str, chat: str, message: Message, since: datetime) -> Receipt | None:
        raise SendUnknown("this network keeps no history")
'''

_TRANSPORT_TEST = '''"""NAME under the contract that every network keeps: derive from `tests.contract.transport` and give it a live pair."""

from bot.transports.NAME import Transport


def test_NAME_declares_what_it_can() -> None:
    """A network that can do nothing is not finished."""
    assert Transport().capabilities("NAME:me", "NAME:group")
'''

PLAYBOOK = """# yaml-language-server: $schema=./schema.json
playbook: NAME
title: 我们的社群
purpose:
  audience: 谁在这个群里
  scene: 在什么场景
  action: 我们做什么
  goal: 为了什么,怎样算做成
  north_star: checkin.daily
groups: [tag:NAME]          # 在 groups.yaml 里给群加上这个标签,或写 "qq:群号"
timezone: Asia/Shanghai
quiet_hours: 23:00-07:00

plays:
  每日打卡:
    kind: checkin
    metric: checkin.daily
    commands: [打卡, 签到]
    window: 05:00-23:59
    points: 5
"""


def play_files(kind: str) -> dict[str, str]:
    """Path → text of a new kind of play."""
    return {
        f"bot/plays/{kind}.py": _PLAY.replace("KIND", kind),
        f"templates/plays/{kind}/hello.j2": "这是第 {{ times }} 次。\n",
        f"tests/plays/test_{kind}.py": _PLAY_TEST.replace("KIND", kind),
    }


def transport_files(name: str) -> dict[str, str]:
    """Path → text of a new network."""
    return {
        f"bot/transports/{name}.py": _TRANSPORT.replace("NAME", name),
        f"tests/transports/test_{name}.py": _TRANSPORT_TEST.replace("NAME", name),
    }
