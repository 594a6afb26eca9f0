"""What plays see of the messages before: each once, in order, nothing from after; floods and repeats are judged by it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.events import Event, MessageReceived
from bot.core.play import MOST_RECENT, Context, Needs, NoState, Play, PlayParams, Recent, Step
from bot.core.segments import Text
from bot.engine.kernel import Kernel
from bot.engine.recent import RecentMessages
from bot.engine.render import Renderer
from bot.engine.traffic import Inbound
from bot.playbook.model import ActivePlay, Header, plan_of
from storage.database import Database

NOW = datetime(2026, 3, 2, tzinfo=UTC)
GROUP, BOT, OTHER_BOT = "qq:600", "qq:1", "qq:2"
_TEMPLATES = Path(__file__).parents[2] / "templates"


class Ear:
    """The bot with one play that looks back ten minutes; `saw` is message → what it saw before it."""

    def __init__(self, database: Database) -> None:
        self.saw: dict[str, list[str]] = {}
        self.connection = database.engine.connect()
        play: Play[Any, Any] = Play(
            kind="ear", version=1, title="听", Params=PlayParams, State=NoState, start=lambda ctx: Step(NoState()),
            step=self._step, listens=frozenset({MessageReceived}), hears=lambda params, event: True,
            needs=lambda params, event: Needs(recent_s=600),
        )  # fmt: skip
        active = ActivePlay(name="听", play=play, params=PlayParams(), version="1", header=Header(playbook="营"))
        self.kernel = Kernel(
            self.connection, plan_for=lambda chat: plan_of(chat, [active]), renderer=Renderer(_TEMPLATES)
        )
        self.kernel.open(NOW)

    def _step(self, state: NoState, event: Event, ctx: Context[Any]) -> Step[NoState]:
        assert isinstance(event, MessageReceived)
        self.saw[event.text] = [one.text for one in ctx.recent]
        return Step(state)

    def hears(self, *said: tuple[str, float], account: str = BOT) -> None:
        """(text, seconds after `NOW`) of one member, all in one batch. Each account has message ids of its own."""
        inbound = []
        for words, after_s in said:
            at = NOW + timedelta(seconds=after_s)
            mark = f"{account}-{words}"
            event = MessageReceived(
                id=mark, account=account, chat=GROUP, member="qq:7", at=at, message_id=mark, text=words,
                segments=(Text(words),),
            )  # fmt: skip
            inbound.append(Inbound(event, at))
        self.kernel.cycle(max(item.arrived_at for item in inbound), inbound)


@pytest.fixture
def ear(database: Database) -> Iterator[Ear]:
    made = Ear(database)
    yield made
    made.connection.close()


def test_the_first_batch_after_a_start_counts_each_message_once(database: Database, ear: Ear) -> None:
    """The log holds the whole batch by then; a message that comes later in it was not said yet."""
    ear.hears(("一", 0), ("二", 0), ("三", 0))
    assert ear.saw == {"一": [], "二": ["一"], "三": ["一", "二"]}
    ear.connection.close()
    again = Ear(database)
    again.hears(("四", 1), ("五", 1))
    assert again.saw == {"四": ["一", "二", "三"], "五": ["一", "二", "三", "四"]}
    again.connection.close()


def test_what_a_second_bot_in_the_group_hears_too_counts_once(database: Database, ear: Ear) -> None:
    """Otherwise who speaks half as often as is too often would be reminded."""
    ear.hears(("一", 0))
    ear.hears(("一", 0), account=OTHER_BOT)
    ear.hears(("二", 1))
    assert ear.saw["二"] == ["一"]
    ear.connection.close()
    again = Ear(database)
    again.hears(("三", 2))
    assert again.saw["三"] == ["一", "二"]
    again.connection.close()


def test_messages_that_overtake_each_other_stand_in_the_order_of_their_times(ear: Ear) -> None:
    """Whoever was overtaken sees only what was said before it."""
    ear.hears(("一", 0))
    ear.hears(("三", 2))
    ear.hears(("二", 1))
    ear.hears(("四", 3))
    assert ear.saw["二"] == ["一"]
    assert ear.saw["四"] == ["一", "二", "三"]


def test_what_is_older_than_asked_for_is_left_out(ear: Ear) -> None:
    """Ten minutes, both ends included."""
    ear.hears(("一", 0), ("二", 1))
    ear.hears(("三", 601))
    assert ear.saw["三"] == ["二"]


@given(st.lists(st.integers(0, 900), max_size=3 * MOST_RECENT), st.integers(0, 900), st.integers(0, 900))
def test_it_holds_what_a_sorted_list_would(times: list[int], since: int, until: int) -> None:
    """Against the plain meaning, however the times come. (What came in 200 messages late may be gone from memory.)"""
    messages = [Recent("qq:7", NOW + timedelta(seconds=s), str(n), str(n)) for n, s in enumerate(times)]
    kept = RecentMessages(())
    for one in messages:
        kept.add(one)
    begin, end = NOW + timedelta(seconds=since), NOW + timedelta(seconds=until)
    wanted = sorted((one for one in messages if begin <= one.at <= end), key=lambda one: one.at)[-MOST_RECENT:]
    found = kept.between(begin, end)
    assert len(found) <= MOST_RECENT
    if len(messages) < 2 * MOST_RECENT:
        assert list(found) == wanted
    else:
        assert set(found) <= set(messages)
        assert list(found) == sorted(found, key=lambda one: one.at)
