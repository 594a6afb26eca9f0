"""A message that is to be a picture: drawn after the commit, sent in its words when anything goes wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bot.core.effects import Drawing
from bot.core.errors import SendRefused
from bot.core.play import ALL_CAPABILITIES, Capability
from bot.core.segments import Image, Mention, Text
from bot.engine import codec
from bot.engine.clock import WallClock
from bot.engine.drawings import DrawnMessage, NotDrawn
from bot.engine.kernel import Kernel
from bot.engine.live import LiveEngine
from bot.engine.render import Renderer
from bot.playbook.model import ActivePlay, GroupPlan, Header, plan_of
from bot.plays import all_plays
from bot.transports.base import Message, Outgoing, Receipt, Sink
from storage.database import Database
from tests.engine.test_kernel import BOT, says

_TEMPLATES = Path(__file__).parents[2] / "templates"
PATIENCE_S = 30


def plan_for(chat: str) -> GroupPlan | None:
    play = all_plays()["checkin"]
    params = play.Params.model_validate({"pictures": ["calendar"]})
    header = Header(playbook="营", title="共读营")
    return plan_of(chat, [ActivePlay(name="打卡", play=play, params=params, version="v1", header=header)])


@dataclass
class Draws:
    """Draws into `folder`, or fails with `why`."""

    folder: Path
    why: str = ""
    asked: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    async def draw(self, name: str, data: Mapping[str, Any]) -> Path:
        self.asked.append((name, data))
        if self.why:
            raise NotDrawn(self.why)
        return self.folder / f"{name}.png"

    async def close(self) -> None:
        self.asked.append(("closed", {}))


class Network:
    """Takes everything, or no pictures."""

    platform = "qq"
    reads_history = False

    def __init__(self, *, takes_pictures: bool = True, caps: frozenset[Capability] = ALL_CAPABILITIES) -> None:
        self.takes_pictures, self.caps = takes_pictures, caps
        self.got: asyncio.Queue[Message] = asyncio.Queue()
        self.sink: Sink | None = None
        self.is_online = asyncio.Event()

    async def run(self, sink: Sink) -> None:
        self.sink = sink
        await sink.connected(BOT, app="test")
        self.is_online.set()
        await asyncio.Event().wait()

    async def send(self, account: str, chat: str, outgoing: Outgoing) -> Receipt:
        assert isinstance(outgoing, Message)
        if not self.takes_pictures and any(isinstance(part, Image) for part in outgoing.segments):
            raise SendRefused("rich media transfer failed")
        self.got.put_nowait(outgoing)
        return Receipt(f"m{self.got.qsize()}")

    def capabilities(self, account: str, chat: str) -> frozenset[Capability]:
        return self.caps

    async def find_sent(self, account: str, chat: str, message: Message, since: datetime) -> Receipt | None:
        return None


class Site:
    """The engine with one network; `ask` is a member asking for the calendar, answered with what reached the network."""

    def __init__(self, database: Database, network: Network, draws: Draws | None) -> None:
        self.network, self.connection = network, database.engine.connect()
        caps: Callable[[str, str], frozenset[Capability]] = network.capabilities
        self.kernel = Kernel(self.connection, plan_for=plan_for, renderer=Renderer(_TEMPLATES), caps_of=caps)
        self.kernel.open(WallClock().now())
        self.engine = LiveEngine(self.kernel, {"qq": network}, WallClock(), draws=draws)
        self.stop = asyncio.Event()

    async def __aenter__(self) -> Site:
        self.running = asyncio.create_task(self.engine.run(self.stop))
        async with asyncio.timeout(PATIENCE_S):
            await self.network.is_online.wait()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.stop.set()
        async with asyncio.timeout(PATIENCE_S):
            await self.running
        self.connection.close()

    async def ask(self) -> Message:
        assert self.network.sink is not None
        await self.network.sink.events([says(7, "我的打卡", at=WallClock().now())])
        async with asyncio.timeout(PATIENCE_S):
            return await self.network.got.get()


def outcome(database: Database) -> tuple[str, str]:
    """(status, error) of the only row, after the engine has stopped."""
    with database.engine.connect() as connection:
        row = connection.execute(text("select status, error from outbox")).one()
    return row.status, row.error


@pytest.fixture
def draws(tmp_path: Path) -> Draws:
    return Draws(tmp_path)


async def test_the_picture_goes_in_the_place_of_the_words(database: Database, draws: Draws) -> None:
    """What reaches the network is the file; the card got the member's month."""
    async with Site(database, Network(), draws) as site:
        said = await site.ask()
    assert outcome(database) == ("done", "")
    assert said.segments == (Image(url=(draws.folder / "calendar.png").as_uri(), name="calendar.png"),)
    name, data = draws.asked[0]
    assert (name, data["word"], data["title"]) == ("calendar", "打卡", "共读营")
    assert draws.asked[-1] == ("closed", {})


async def test_what_cannot_be_drawn_is_said_and_the_row_tells_why(database: Database, draws: Draws) -> None:
    draws.why = "too slow"
    async with Site(database, Network(), draws) as site:
        said = await site.ask()
    assert outcome(database) == ("done", "sent as text: too slow")
    assert "连续 0 天" in text_of(said)


async def test_a_network_that_refuses_the_picture_gets_the_words(database: Database, draws: Draws) -> None:
    async with Site(database, Network(takes_pictures=False), draws) as site:
        said = await site.ask()
    assert outcome(database) == ("done", "sent as text: rich media transfer failed")
    assert "连续 0 天" in text_of(said)


async def test_where_no_picture_may_be_sent_none_is_drawn(database: Database, draws: Draws) -> None:
    async with Site(database, Network(caps=ALL_CAPABILITIES - {Capability.PICTURE}), draws) as site:
        said = await site.ask()
    assert outcome(database) == ("done", "")
    assert "连续 0 天" in text_of(said)
    assert [name for name, _ in draws.asked] == ["closed"]


def test_the_row_holds_data_and_words_no_bytes() -> None:
    """What waits in the outbox decodes to what was decided, and is one readable line."""
    message = Message(segments=(Mention("qq:7", "小明"), Text("你的日历")), to="qq:7", reply_to="9")
    drawn = DrawnMessage(message=message, drawing=Drawing("calendar", {"marks": ["o"], "name": "小明"}))
    kind, body = codec.encode(drawn)
    assert codec.decode(kind, body) == drawn
    assert codec.plain(kind, body) == "[calendar] @小明你的日历"
    assert drawn.with_picture("file:///a.png").segments == (
        Mention("qq:7", "小明"), Text(" "), Image(url="file:///a.png", name="calendar.png"),
    )  # fmt: skip


def text_of(message: Message) -> str:
    return "".join(part.text for part in message.segments if isinstance(part, Text))
