"""An order from the console: one transaction over the groups, a row of the log, one audit row, and never twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from bot.core.effects import Literally, Say
from bot.core.events import Event, MessageReceived, OperatorOrdered
from bot.core.play import Context, NoState, Play, PlayParams, Step
from bot.engine.kernel import Kernel
from bot.engine.orders import Order
from bot.engine.render import Renderer
from bot.engine.traffic import Inbound
from bot.playbook.model import ActivePlay, GroupPlan, Header, plan_of
from storage.database import Database

NOW = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
BOT, ONE, TWO, ELSEWHERE = "qq:1", "qq:600", "qq:601", "qq:602"


def _step(state: NoState, event: Event, ctx: Context[Any]) -> Step[NoState]:
    assert isinstance(event, OperatorOrdered)
    if event.order == "refuse":
        return Step(state, refused=event.data["why"])
    if event.order == "break":
        raise ValueError(event.about)
    return Step(state, (Say(words=Literally(f"{event.order} {event.about}")),))


OBEYS: Play[Any, Any] = Play(
    kind="obeys", version=1, title="听令", Params=PlayParams, State=NoState, start=lambda ctx: Step(NoState()), step=_step,
    listens=frozenset({OperatorOrdered}),
)  # fmt: skip


def plan_for(chat: str) -> GroupPlan | None:
    if chat == ELSEWHERE:
        return None
    return plan_of(
        chat, [ActivePlay(name="推送", play=OBEYS, params=PlayParams(), version="1", header=Header(playbook="营"))]
    )


@pytest.fixture
def kernel(database: Database) -> Iterator[Kernel]:
    connection = database.engine.connect()
    made = Kernel(connection, plan_for=plan_for, renderer=Renderer(Path(__file__).parents[2] / "templates"))
    made.open(NOW)
    made.outbox.set_online(BOT, True)
    heard = [
        MessageReceived(id=chat, account=BOT, chat=chat, member="qq:9", at=NOW, message_id=chat, text="早")
        for chat in (ONE, TWO, ELSEWHERE)
    ]
    made.cycle(NOW, [Inbound(each, NOW) for each in heard])
    yield made
    connection.close()


def order(*chats: str, key: str = "k1") -> Order:
    return Order(
        key=key, play="营/推送", order="pause", about="早安", chats=chats, by="console:老陈", action="calendar.pause"
    )


def said(kernel: Kernel) -> list[tuple[str, str]]:
    return [(send.chat, send.outgoing.segments[0].text) for send in kernel.cycle(NOW)]  # type: ignore[union-attr]


def rows(kernel: Kernel, query: str) -> list[Any]:
    return list(kernel.in_transaction(lambda connection: connection.execute(text(query)).all()))


def test_an_order_reaches_each_group_that_has_the_play(kernel: Kernel) -> None:
    """Groups that are unknown or run something else are left out; who did it where is one audit row."""
    assert kernel.order(order(ONE, TWO, ELSEWHERE, "qq:nowhere"), NOW) == [ONE, TWO]
    assert sorted(said(kernel)) == [(ONE, "pause 早安"), (TWO, "pause 早安")]
    [(actor, action, target, detail)] = rows(kernel, "select actor, action, target, detail from audit")
    assert (actor, action, target) == ("console:老陈", "calendar.pause", "营/推送")
    assert orjson.loads(detail)["groups"] == [ONE, TWO]
    assert len(rows(kernel, "select 1 from event where kind = 'OperatorOrdered'")) == 2


def test_the_same_key_is_taken_once(kernel: Kernel) -> None:
    """Pressed twice, or sent again after a restart: nothing is stepped, logged or audited again. A group that was not
    among the first time's is reached."""
    kernel.order(order(ONE), NOW)
    said(kernel)
    assert kernel.order(order(ONE), NOW) == []
    assert said(kernel) == []
    assert len(rows(kernel, "select 1 from audit")) == 1
    assert kernel.order(order(ONE, TWO), NOW) == [TWO]
    assert kernel.order(order(ONE, key="k2"), NOW) == [ONE]


def test_a_refusal_leaves_nothing_and_its_key_is_as_good_as_new(kernel: Kernel) -> None:
    """The play's own code comes back; what was pressed too early can be pressed again with the same form."""
    refused = replace(order(ONE), order="refuse", data={"why": "just_reminded"})
    assert kernel.order_one(refused, NOW) == "just_reminded"
    assert (rows(kernel, "select 1 from audit"), said(kernel)) == ([], [])
    assert kernel.order_one(order(ONE), NOW) == ""
    assert kernel.order_one(order(ONE), NOW) == ""
    assert (len(rows(kernel, "select 1 from audit")), said(kernel)) == (1, [(ONE, "pause 早安")])


def test_an_order_that_nobody_can_obey_is_refused(kernel: Kernel) -> None:
    """An unknown group, a group without the play; a step that fails is told, too, and lies among the dead."""
    for chat in (ELSEWHERE, "qq:404"):
        assert kernel.order_one(order(chat), NOW) == "not_running"
    assert kernel.order_one(replace(order(ONE), order="break"), NOW) == "step_failed"
    assert rows(kernel, "select ref from dead_event") == [("营/推送",)]
    assert rows(kernel, "select 1 from audit") == []
