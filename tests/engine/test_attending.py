"""A play that attends to chat only while something is on: nothing is stepped in between, and nothing is missed at the edges."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bot.core.events import Event, MessageReceived
from bot.core.play import CommandSpec, Context, Frozen, Needs, Play, PlayParams, Step
from bot.core.segments import Text
from bot.engine.kernel import Kernel
from bot.engine.render import Renderer
from bot.engine.traffic import Inbound
from bot.playbook.model import ActivePlay, Header, plan_of
from storage.database import Database

NOW = datetime(2026, 3, 2, tzinfo=UTC)
GROUP, BOT = "qq:600", "qq:1"
_TEMPLATES = Path(__file__).parents[2] / "templates"


class Round(Frozen):
    is_on: bool = False


class Heard(Frozen):
    """What one member said while it was on."""

    words: tuple[str, ...] = ()


class Ear:
    """The bot with one play that keeps what is said between 开始 and 结束; `stepped` is what reached it."""

    def __init__(self, database: Database) -> None:
        self.stepped: list[str] = []
        self.connection = database.engine.connect()
        play: Play[Any, Any] = Play(
            kind="ear", version=1, title="听", Params=PlayParams, State=Round, Slot=Heard, start=lambda ctx: Step(Round()),
            step=self._step, listens=frozenset({MessageReceived}), hears=lambda params, event: True,
            attends=lambda state: state.is_on, needs=lambda params, event: Needs(slots=(event.member,)),
            commands=lambda params: (CommandSpec(name="开始"), CommandSpec(name="结束")),
        )  # fmt: skip
        active = ActivePlay(name="听", play=play, params=PlayParams(), version="1", header=Header(playbook="营"))
        self.kernel = Kernel(
            self.connection, plan_for=lambda chat: plan_of(chat, [active]), renderer=Renderer(_TEMPLATES)
        )
        self.kernel.open(NOW)

    def _step(self, state: Round, event: Event, ctx: Context[Any]) -> Step[Round]:
        assert isinstance(event, MessageReceived)
        self.stepped.append(event.text)
        if ctx.command is not None:
            return Step(Round(is_on=ctx.command.name == "开始"))
        before = ctx.slots.get(event.member) or Heard()
        return Step(state, slots={event.member: Heard(words=(*before.words, event.text))})

    def hears(self, *words: str) -> None:
        """All in one batch."""
        with self.connection.begin():
            count = self.connection.execute(text("SELECT count(*) FROM message")).scalar() or 0
        said = [
            MessageReceived(
                id=f"m{number}", account=BOT, chat=GROUP, member="qq:7", at=NOW, message_id=f"m{number}", text=each,
                segments=(Text(each),),
            )
            for number, each in enumerate(words, count)
        ]  # fmt: skip
        self.kernel.cycle(NOW, [Inbound(event, NOW) for event in said])

    def kept(self) -> list[str]:
        with self.connection.begin():
            rows = self.connection.execute(text("SELECT data FROM slot")).scalars().all()
        return [word for row in rows for word in Heard.model_validate_json(row).words]


@pytest.fixture
def ear(database: Database) -> Iterator[Ear]:
    made = Ear(database)
    yield made
    made.connection.close()


def test_chat_is_stepped_only_while_it_matters(ear: Ear) -> None:
    """Commands always; chat between them."""
    ear.hears("早", "开始", "我在听", "结束", "晚安")
    assert ear.stepped == ["开始", "我在听", "结束"]
    assert ear.kept() == ["我在听"]


def test_what_was_kept_is_read_again_by_the_message_behind_the_command(database: Database, ear: Ear) -> None:
    """After a restart the batch begins deaf, so nothing is read ahead for the chat in it; it is read when it is needed."""
    ear.hears("开始", "一", "结束")
    ear.connection.close()
    again = Ear(database)
    again.hears("没人听", "开始", "二", "三")
    assert again.kept() == ["一", "二", "三"]
    assert again.stepped == ["开始", "二", "三"]
    again.connection.close()
