"""The life of a run across edits of its playbook and restarts of the bot."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import Field
from sqlalchemy import text

from bot.core.effects import Finish, Literally, Say
from bot.core.events import Event, MessageReceived
from bot.core.play import CommandSpec, Context, Frozen, Play, PlayParams, Step
from bot.core.segments import Text
from bot.engine.codec import encode, plain
from bot.engine.kernel import Kernel
from bot.engine.render import Renderer
from bot.engine.traffic import Inbound, Settled
from bot.playbook.model import ActivePlay, GroupPlan, Header, plan_of
from storage.database import Database

NOW = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
GROUP, BOT = "qq:600", "qq:1"
_TEMPLATES = Path(__file__).parents[2] / "templates"


class Params(PlayParams):
    greeting: str = Field(default="你好", description="说什么 · what to say")


class Round(Frozen):
    said: int = 0
    is_on: bool = False


def _step(state: Round, event: Event, ctx: Context[Params]) -> Step[Round]:
    name = ctx.command.name if ctx.command else ""
    if name == "收工":
        return Step(state, (Finish(),))
    state = state.model_copy(
        update={"said": state.said + 1, "is_on": {"开始": True, "结束": False}.get(name, state.is_on)}
    )
    return Step(state, (Say(words=Literally(f"{ctx.params.greeting} {state.said}")),))


ROUND: Play[Any, Any] = Play(
    kind="round", version=1, title="一轮", Params=Params, State=Round, start=lambda ctx: Step(Round()), step=_step,
    listens=frozenset(), is_busy=lambda state: state.is_on,
    commands=lambda params: tuple(CommandSpec(name=name) for name in ("开始", "结束", "说", "收工")),
)  # fmt: skip


def _active(greeting: str) -> ActivePlay:
    return ActivePlay(
        name="一轮", play=ROUND, params=Params(greeting=greeting), version=greeting, header=Header(playbook="营")
    )


def plan(*greetings: str) -> Callable[[str], GroupPlan | None]:
    return lambda chat: plan_of(chat, [_active(each) for each in greetings]) if greetings else None


class Bot:
    """A process: a kernel on the database, with the playbook as it is."""

    def __init__(self, database: Database, *greetings: str) -> None:
        self.connection = database.engine.connect()
        self.kernel = Kernel(
            self.connection, plan_for=plan(*greetings), renderer=Renderer(_TEMPLATES),
            dump=lambda active: json.dumps(active.params.greeting), restore=lambda source: _active(json.loads(source)),
        )  # fmt: skip
        self.kernel.open(NOW)
        self.kernel.outbox.set_online(BOT, True)
        self.kernel.activate(NOW)
        self._count = 0

    def hears(self, words: str) -> list[str]:
        with self.connection.begin():
            self._count = self.connection.execute(text("select count(*) from message")).scalar() or 0
        event = MessageReceived(
            id=f"m{self._count}", account=BOT, chat=GROUP, member="qq:7", at=NOW, message_id=f"m{self._count}", text=words,
            segments=(Text(words),),
        )  # fmt: skip
        sends = self.kernel.cycle(NOW, [Inbound(event, NOW)])
        said = [plain(*encode(send.outgoing)) for send in sends]
        self.kernel.cycle(NOW, settled=[Settled(id=send.id, outcome="done") for send in sends])
        return said

    def edit(self, *greetings: str) -> None:
        self.kernel.reload(plan(*greetings), NOW)

    def stop(self) -> None:
        self.connection.close()


@pytest.fixture
def start(database: Database) -> Iterator[Callable[..., Bot]]:
    running: list[Bot] = []

    def make(*greetings: str) -> Bot:
        for bot in running:
            bot.stop()
        running.append(Bot(database, *greetings))
        return running[-1]

    yield make
    for bot in running:
        bot.stop()


def test_an_idle_run_takes_the_new_version_at_once(start: Callable[..., Bot]) -> None:
    """The operator saves, the next answer is the new one, the state goes on."""
    bot = start("你好")
    assert bot.hears("说") == ["你好 1"]
    bot.edit("早安")
    assert bot.hears("说") == ["早安 2"]


def test_a_busy_run_stays_on_its_version_until_it_is_idle(start: Callable[..., Bot]) -> None:
    """A round in flight ends as it began, also across a restart; the next one is the new one."""
    bot = start("你好")
    bot.hears("开始")
    bot.edit("早安")
    assert bot.hears("说") == ["你好 2"]
    bot = start("早安")
    assert bot.hears("说") == ["你好 3"]
    assert bot.hears("结束") == ["你好 4"]
    assert bot.hears("说") == ["早安 5"]


def test_a_play_taken_out_and_put_back_goes_on(start: Callable[..., Bot]) -> None:
    """Nobody's streak is lost by an edit: the run is silent meanwhile and keeps its state."""
    bot = start("你好")
    bot.hears("说")
    bot.edit()
    assert bot.hears("说") == []
    bot.edit("你好")
    assert bot.hears("说") == ["你好 2"]
    bot.edit()
    bot = start("你好")
    assert bot.hears("说") == ["你好 3"]


def test_a_finished_run_is_silent_until_its_play_changes(start: Callable[..., Bot]) -> None:
    """After `Finish` nothing; an edited play begins anew, in the same process and in the next."""
    bot = start("你好")
    bot.hears("收工")
    assert bot.hears("说") == []
    bot = start("你好")
    assert bot.hears("说") == []
    bot.edit("早安")
    assert bot.hears("说") == ["早安 1"]
    bot.hears("收工")
    bot = start("晚安")
    assert bot.hears("说") == ["晚安 1"]


def test_an_unreadable_state_stops_only_its_run(start: Callable[..., Bot]) -> None:
    """The row is left as it is for a person to look at; the event is logged."""
    bot = start("你好")
    bot.hears("说")
    with bot.connection.begin():
        bot.connection.execute(text("update run set state = '{\"gone\": 1}'"))
    bot = start("你好")
    assert bot.hears("说") == []
    with bot.connection.begin():
        assert bot.connection.execute(text("select state from run")).scalar() == '{"gone": 1}'
        assert bot.connection.execute(text("select count(*) from dead_event")).scalar() == 1
