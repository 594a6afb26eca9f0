"""A question to operators: told in private, answered once, by operators only."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bot.core.effects import AskOperator, Literally, Say
from bot.core.events import Event, MessageReceived, OperatorDecided
from bot.core.play import CommandSpec, Context, NoState, Play, PlayParams, Step
from bot.core.segments import Text
from bot.engine.kernel import Kernel
from bot.engine.render import Renderer
from bot.engine.traffic import Inbound, Settled
from bot.playbook.model import ActivePlay, GroupPlan, Header, plan_of
from bot.transports.base import Message
from storage.database import Database

NOW = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
GROUP, BOT, OWNER = "qq:600", "qq:1", "qq:9"
_TEMPLATES = Path(__file__).parents[2] / "templates"


def _step(state: NoState, event: Event, ctx: Context[Any]) -> Step[NoState]:
    if isinstance(event, OperatorDecided):
        return Step(state, (Say(words=Literally(f"{event.choice}了:{event.text}")),))
    ask = AskOperator(key="leave", words=Literally("小明想请假一周"), choices=("同意", "拒绝"), member=event.member)
    return Step(state, (ask,) if ctx.command else ())


ASKS: Play[Any, Any] = Play(
    kind="asks", version=1, title="问运营", Params=PlayParams, State=NoState, start=lambda ctx: Step(NoState()), step=_step,
    listens=frozenset({OperatorDecided}), commands=lambda params: (CommandSpec(name="我要请假"),),
)  # fmt: skip


def plan_for(chat: str) -> GroupPlan | None:
    return plan_of(
        chat, [ActivePlay(name="请假", play=ASKS, params=PlayParams(), version="1", header=Header(playbook="营"))]
    )


class Talk:
    """Messages in, what the bot said out, as `to: text`."""

    def __init__(self, database: Database) -> None:
        self.connection = database.engine.connect()
        self.kernel = Kernel(self.connection, plan_for=plan_for, renderer=Renderer(_TEMPLATES))
        self.kernel.open(NOW)
        self.kernel.outbox.set_online(BOT, True)
        self._count = 0
        self.says(OWNER, "早", role="owner")

    def says(self, who: str, words: str, *, private: bool = False, role: Any = "member") -> list[str]:
        self._count += 1
        event = MessageReceived(
            id=f"m{self._count}", account=BOT, chat=f"qq:@{who[3:]}" if private else GROUP, member=who, at=NOW,
            message_id=f"m{self._count}", text=words, segments=(Text(words),), name=who, role=role, is_private=private,
        )  # fmt: skip
        sends = self.kernel.cycle(NOW, [Inbound(event, NOW)])
        said = []
        while sends:
            for send in sends:
                assert isinstance(send.outgoing, Message)
                said.append(
                    f"{send.outgoing.to or send.chat}: "
                    + "".join(p.text for p in send.outgoing.segments if isinstance(p, Text))
                )
            sends = self.kernel.cycle(NOW, settled=[Settled(id=send.id, outcome="done") for send in sends])
        return said


@pytest.fixture
def talk(database: Database) -> Iterator[Talk]:
    made = Talk(database)
    yield made
    made.connection.close()


def test_the_owner_is_asked_in_private_and_answers_there(talk: Talk) -> None:
    """The question names its number and the choices; the answer reaches the play and is confirmed."""
    assert talk.says("qq:7", "我要请假") == [f"{OWNER}: 📌 qq:600 #1\n小明想请假一周\n回复「#1 同意」或「#1 拒绝」"]
    said = talk.says(OWNER, "#1 同意 好好休息", private=True)
    assert sorted(said) == sorted(["qq:600: 同意了:好好休息", f"{OWNER}: #1 已按「同意」处理。"])
    with talk.connection.begin():
        row = talk.connection.execute(text("select status, choice, decided_by from task")).one()
    assert tuple(row) == ("done", "同意", OWNER)


def test_members_cannot_decide(talk: Talk) -> None:
    """Somebody without the role writes the same words: chat, nothing happens."""
    talk.says("qq:7", "我要请假")
    assert talk.says("qq:7", "#1 同意") == []


def test_a_wrong_choice_is_told_the_right_ones(talk: Talk) -> None:
    """A typo loses nothing: the question stays open."""
    talk.says("qq:7", "我要请假")
    assert talk.says(OWNER, "#1 同义", role="owner") == ["qq:600: #1 可以选:同意、拒绝。例如「#1 同意」"]
    assert talk.says(OWNER, "＃1拒绝", role="owner") != []


def test_a_question_is_decided_once(talk: Talk) -> None:
    """The second answer is told so, and the play hears nothing."""
    talk.says("qq:7", "我要请假")
    talk.says(OWNER, "#1 同意", role="owner")
    assert talk.says(OWNER, "#1 拒绝", role="owner") == ["qq:600: #1 已经处理过了。"]


def test_the_console_answers_the_same_row(talk: Talk) -> None:
    """`decide` goes the same way, and a closed question is refused."""
    talk.says("qq:7", "我要请假")
    talk.kernel.decide(1, "拒绝", "console:老陈", NOW)
    with pytest.raises(LookupError):
        talk.kernel.decide(1, "同意", "console:老陈", NOW)
