"""Connections as they really are: replaced, refused, half dead, too fast, full of rubbish."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from pydantic import ValidationError
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from bot.core.effects import Mute
from bot.core.errors import SendDeferred, SendRefused, SendUnknown
from bot.core.events import MemberJoined, MessageReceived
from bot.core.play import Capability
from bot.core.segments import EVERYONE, Image, Mention, Text
from bot.transports.base import Message
from bot.transports.onebot11 import ForwardEndpoint, OneBot, OneBotSettings
from bot.transports.onebot11.client import backoff_s
from tests.contract.sink import RecordingSink
from tests.peers.onebot_impl import OneBotImplementation
from tests.peers.onebot_world import OneBotWorld

ACCOUNT, CHAT, GROUP, MEMBER = "qq:3000000001", "qq:600000001", 600_000_001, 2_900_000_001
HELLO = Message(segments=(Text("大家好"),))
FIXTURES = Path(__file__).parent.parent / "fixtures" / "onebot" / "events.jsonl"


class Bot:
    """A running transport and what it heard."""

    def __init__(self, transport: OneBot, sink: RecordingSink) -> None:
        self.transport, self.sink = transport, sink

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.transport.port}/onebot/v11/ws"

    async def ready(self, times: int = 1) -> None:
        """Announced, and everything listed."""
        await self.sink.logged(f"connected {ACCOUNT}", times)
        await self.sink.logged(f"members {CHAT}", times)


@contextlib.asynccontextmanager
async def running(**given: Any) -> AsyncIterator[Bot]:
    """A transport that runs; whatever it started has ended when this ends."""
    settings = OneBotSettings(**({"port": 0, "pace_s": 0, "backoff_min_s": 0.02, "backoff_max_s": 0.1} | given))
    transport, sink = OneBot(settings), RecordingSink()
    task = asyncio.create_task(transport.run(sink))
    await transport.is_listening.wait()
    yield Bot(transport, sink)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not [left.get_name() for left in asyncio.all_tasks() if left.get_name().startswith("onebot")]


def peer(style: str = "napcat", token: str = "", bot_role: str = "admin") -> OneBotImplementation:
    world = OneBotWorld(style=style)
    world.found(GROUP, "测试群一", bot_role=bot_role)
    return OneBotImplementation(world, token=token)


# -- who may come in ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/ws", "/onebot/v11/ws", "/onebot/v11/ws/", "/mine"])
async def test_paths(path: str) -> None:
    """The usual paths and the configured one are served."""
    async with running(path="/mine") as bot, peer().reverse(f"ws://127.0.0.1:{bot.transport.port}{path}"):
        await bot.ready()


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/elsewhere", {"Authorization": "Bearer geheim"}, 404),
        ("/ws", {}, 401),
        ("/ws", {"Authorization": "Bearer "}, 403),
        ("/ws", {"Authorization": "Bearer falsch"}, 403),
        ("/ws?access_token=falsch", {}, 403),
    ],
)
async def test_wrong_token_is_refused(path: str, headers: dict[str, str], status: int) -> None:
    """Without the right token nobody gets a WebSocket, and the account is never announced."""
    async with running(token="geheim") as bot:
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"ws://127.0.0.1:{bot.transport.port}{path}", additional_headers=headers, proxy=None)
        assert refused.value.response.status_code == status
        assert bot.sink.log == []


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("", {"Authorization": "Bearer geheim"}),
        ("", {"Authorization": "Token geheim"}),
        ("?access_token=geheim", {"Authorization": "Bearer "}),
    ],
)
async def test_token_places(query: str, headers: dict[str, str]) -> None:
    """The token comes by header or by query, with an empty bearer beside it or not."""
    async with running(token="geheim") as bot, peer().reverse(f"{bot.url}{query}", **headers):
        await bot.ready()


async def test_web_pages_stay_outside() -> None:
    """On loopback without a token a web page in the operator's browser cannot play an implementation."""
    async with running() as bot:
        with pytest.raises(InvalidStatus):
            await connect(bot.url, origin="https://evil.example", proxy=None)  # type: ignore[arg-type]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "bot.example"])
def test_no_open_port_without_token(host: str) -> None:
    """Listening beyond loopback without a token is a mistake in the settings."""
    with pytest.raises(ValidationError, match="needs a token"):
        OneBotSettings(host=host)
    assert OneBotSettings(host=host, token="x").port == 6701


async def test_several_accounts_share_the_listener() -> None:
    """Each account is its own: its groups, its events, its sends."""
    first, second = peer(), OneBotImplementation(OneBotWorld(self_id=3_000_000_002))
    second.world.found(GROUP + 1, "测试群二")
    async with running() as bot, first.reverse(bot.url), second.reverse(bot.url):
        await bot.ready()
        await bot.sink.logged("members qq:600000002")
        assert [group.name for group in bot.sink.listed["qq:3000000002"]] == ["测试群二"]
        await bot.transport.send("qq:3000000002", "qq:600000002", HELLO)
        assert (first.said(GROUP), second.said(GROUP + 1)) == ([], ["大家好"])


@pytest.mark.parametrize("self_id", ["", "0", "not a number at all " * 20])
async def test_account_without_header(self_id: str) -> None:
    """Without a usable X-Self-ID the account is known by its first event, lifecycle or not."""
    there = peer()
    async with running() as bot, there.reverse(bot.url, role="Event", **{"X-Self-ID": self_id}):
        await there.emit(there.world.says(GROUP, MEMBER, "早"))
        (heard,) = await bot.sink.next(MessageReceived)
        assert heard.account == ACCOUNT


# -- replaced, lost, half dead -------------------------------------------------------------------------------------------


async def test_newest_connection_wins() -> None:
    """A second connection of the account takes over while the first one lingers: events and sends go by the new one, the
    old one is closed, and its end changes nothing."""
    old, new = peer(), peer()
    async with running() as bot, old.reverse(bot.url) as lingering:
        await bot.ready()
        async with new.reverse(bot.url):
            await lingering.wait_closed()
            await bot.ready(2)
            await bot.transport.send(ACCOUNT, CHAT, HELLO)
            assert (old.said(GROUP), new.said(GROUP)) == ([], ["大家好"])
            await new.emit(new.world.says(GROUP, MEMBER, "新连接"))
            await bot.sink.next(MessageReceived)
            states = [line for line in bot.sink.log if "connected" in line]
            assert states == [
                f"connected {ACCOUNT} NapCat.Onebot 4.18.13",
                f"disconnected {ACCOUNT}: replaced by a newer connection",
                f"connected {ACCOUNT} NapCat.Onebot 4.18.13",
            ]


async def test_accepts_at_once_while_the_engine_is_full() -> None:
    """Implementations give up an upgrade after two seconds: it is accepted although nothing is taken in."""
    async with running(queue_limit=5) as bot, peer().reverse(bot.url):
        await bot.ready()
        bot.sink.gate.clear()
        async with asyncio.timeout(2), OneBotImplementation(OneBotWorld(self_id=3_000_000_002)).reverse(bot.url):
            pass


async def test_pending_calls_of_a_lost_connection_are_unknown() -> None:
    """A send whose connection goes away before the answer is unknown; the next one waits for a connection."""
    there = peer()
    there.faults["send_group_msg"] = ["late"]
    async with running() as bot:
        async with there.reverse(bot.url) as connection:
            await bot.ready()
            sending = asyncio.create_task(bot.transport.send(ACCOUNT, CHAT, HELLO))
            await there.called("send_group_msg")
            connection.transport.abort()
            with pytest.raises(SendUnknown):
                await sending
        await bot.sink.logged("disconnected")
        with pytest.raises(SendDeferred):
            await bot.transport.send(ACCOUNT, CHAT, HELLO)
        with pytest.raises(SendUnknown):
            await bot.transport.find_sent(ACCOUNT, CHAT, Message(segments=(Text("另一句"),)), bot_time(there))


def bot_time(there: OneBotImplementation) -> datetime:
    return datetime.fromtimestamp(there.world.clock, UTC)


async def test_pending_calls_of_a_replaced_connection_are_unknown() -> None:
    """The same when a newer connection takes over."""
    old, new = peer(), peer()
    old.faults["send_group_msg"] = [None]
    async with running() as bot, old.reverse(bot.url):
        await bot.ready()
        sending = asyncio.create_task(bot.transport.send(ACCOUNT, CHAT, HELLO))
        await old.called("send_group_msg")
        async with new.reverse(bot.url):
            with pytest.raises(SendUnknown):
                await sending


async def test_half_open_connection_is_given_up() -> None:
    """Events still come but no call is answered: after three in a row the connection is closed, and the next one works."""
    there = peer()
    async with running(call_timeout_s=0.05) as bot:
        async with there.reverse(bot.url) as connection:
            await bot.ready()
            there.is_deaf = True
            for _ in range(3):
                with pytest.raises(SendUnknown):
                    await bot.transport.send(ACCOUNT, CHAT, HELLO)
            await connection.wait_closed()
            await bot.sink.logged(f"disconnected {ACCOUNT}: 3 calls in a row went unanswered")
        there.is_deaf = False
        async with there.reverse(bot.url):
            await bot.ready(2)


async def test_answers_find_their_calls() -> None:
    """Answers that come in the opposite order go to the calls that they answer."""
    there = peer()
    there.faults["send_group_msg"] = ["held"] * 5
    async with running() as bot, there.reverse(bot.url):
        await bot.ready()
        words = [f"第{number}句" for number in range(5)]
        sends = [bot.transport.send(ACCOUNT, CHAT, Message(segments=(Text(text),))) for text in words]
        sending = asyncio.gather(*sends)
        await there.called("send_group_msg", 5)
        await there.release()
        said = {
            str(frame["message_id"]): frame["message"][0]["data"]["text"] for frame in there.world.rooms[GROUP].history
        }
        assert [said[receipt.message_id] for receipt in await sending] == words


async def test_replaced_connection_no_longer_speaks_for_the_account() -> None:
    """What the old connection had already said is still heard, but not its word that the account is offline."""
    old, new = peer(), peer()
    async with running(queue_limit=5) as bot, old.reverse(bot.url):
        await bot.ready()
        bot.sink.gate.clear()
        await old.emit(*(old.world.says(GROUP, MEMBER, f"{number}") for number in range(20)))
        await old.emit(old.world.heartbeat(30_000, is_online=False))
        async with new.reverse(bot.url):
            await new.called("get_version_info")
            bot.sink.gate.set()
            await bot.sink.next(MessageReceived, 20)
            await bot.transport.send(ACCOUNT, CHAT, HELLO)
            await new.emit(new.world.says(GROUP, MEMBER, "新"))
            await bot.sink.next(MessageReceived, 21)
        assert not [line for line in bot.sink.log if "account is offline" in line]


async def test_full_engine_is_no_lost_heartbeat() -> None:
    """While the engine takes nothing the socket is not read: that silence does not end the connection."""
    there = peer()
    async with running(queue_limit=5, silence_floor_s=0.02) as bot, there.reverse(bot.url) as connection:
        await bot.ready()
        bot.sink.gate.clear()
        await there.emit(there.world.heartbeat(5), *(there.world.says(GROUP, MEMBER, f"{n}") for n in range(20)))
        closed, _ = await asyncio.wait([asyncio.create_task(connection.wait_closed())], timeout=0.2)
        assert not closed
        bot.sink.gate.set()
        await bot.sink.next(MessageReceived, 20)
        assert bot.sink.texts() == [f"{n}" for n in range(20)]


async def test_late_answer_is_found() -> None:
    """An answer after the timeout is not lost: `find_sent` knows the message then."""
    there = peer()
    there.reports_own = False
    there.faults["send_group_msg"] = ["late"]
    async with running(call_timeout_s=0.05) as bot, there.reverse(bot.url):
        await bot.ready()
        with pytest.raises(SendUnknown):
            await bot.transport.send(ACCOUNT, CHAT, HELLO)
        message_id = there.world.rooms[GROUP].history[-1]["message_id"]
        since = bot_time(there)
        receipt = await bot.transport.find_sent(ACCOUNT, CHAT, HELLO, since)
        assert receipt is not None
        assert receipt.message_id == str(message_id)


async def test_lost_heartbeat_ends_the_connection() -> None:
    """A connection that falls silent for three heartbeats is closed, and the account is offline."""
    there = peer()
    async with running(silence_floor_s=0.05) as bot, there.reverse(bot.url) as connection:
        await bot.ready()
        await there.emit(there.world.heartbeat(30))
        await connection.wait_closed()
        await bot.sink.logged(f"disconnected {ACCOUNT}: no heartbeat")


async def test_silence_without_heartbeats_is_probed() -> None:
    """Where no heartbeat comes, a silent connection is asked; it lives as long as it answers."""
    there = peer()
    async with running(idle_probe_s=0.03, silence_floor_s=0.03, call_timeout_s=0.2) as bot:
        async with there.reverse(bot.url) as connection:
            await there.called("get_status", 3)
            assert connection.close_code is None
            there.is_deaf = True
            await connection.wait_closed()
        await bot.sink.logged(f"disconnected {ACCOUNT}: silent")


async def test_account_offline_while_the_connection_lives() -> None:
    """`online: false` and `bot_offline` close the outbox; the next good heartbeat opens it and fills the gap."""
    there = peer()
    async with running() as bot, there.reverse(bot.url):
        await bot.ready()
        await there.emit(there.world.heartbeat(30_000, is_online=None), there.world.heartbeat(30_000, is_online=False))
        await bot.sink.logged(f"disconnected {ACCOUNT}: the account is offline")
        with pytest.raises(SendDeferred):
            await bot.transport.send(ACCOUNT, CHAT, HELLO)
        await there.emit(there.world.heartbeat(30_000))
        await bot.ready(2)
        await there.emit(there.world.event("notice", notice_type="bot_offline", message="登录已失效"))
        await bot.sink.logged(f"disconnected {ACCOUNT}: the account was logged out: 登录已失效")


# -- forward ---------------------------------------------------------------------------------------------------------------


async def test_forward_comes_back_after_a_loss() -> None:
    """We connect again by ourselves, and need no lifecycle frame to know the account."""
    there = peer(token="geheim")
    async with there.forward() as url:
        endpoint = ForwardEndpoint(url=url, token="geheim")
        async with running(listen=False, forward=(endpoint,)) as bot:
            await bot.ready()
            next(iter(there.connections)).transport.abort()
            await bot.ready(2)
            await bot.transport.send(ACCOUNT, CHAT, HELLO)
            assert there.said(GROUP) == ["大家好"]


async def test_forward_with_a_wrong_token() -> None:
    """Refused after an accepted handshake (frame 1403): the account is never announced, and nothing storms."""
    there = peer(token="geheim")
    async with there.forward() as url:
        endpoint = ForwardEndpoint(url=url, token="falsch")
        given = {"listen": False, "forward": (endpoint,), "backoff_min_s": 0.01, "backoff_max_s": 0.02}
        async with running(**given) as bot:
            for _ in range(3):
                await asyncio.wait_for(there.refused.acquire(), 5)
            assert bot.sink.log == []
            assert bot.sink.bad == []


def test_backoff_grows_with_jitter() -> None:
    """The pause doubles up to its bound and is spread over its upper half."""
    settings = OneBotSettings(backoff_min_s=1, backoff_max_s=60)
    assert [backoff_s(failures, settings, 0.9999) for failures in (0, 1, 2, 9, 500)] == pytest.approx(
        [1, 2, 4, 60, 60], rel=0.01
    )
    assert backoff_s(3, settings, 0.0) == 4


# -- too much, and rubbish ---------------------------------------------------------------------------------------------------


async def test_slow_engine_slows_the_sender_down() -> None:
    """While the engine takes nothing, only a bounded number of messages is read; the rest stays in the network, nothing is lost,
    and what waited travels in large batches."""
    there = peer()
    async with running(queue_limit=50) as bot, there.reverse(bot.url) as connection:
        await bot.ready()
        bot.sink.gate.clear()
        words, count = "很长的话" * 1000, 2000
        frames = [orjson.dumps(there.world.says(GROUP, MEMBER, f"{number} {words}")) for number in range(count)]
        sending = asyncio.create_task(send_all(connection, frames))
        done, _ = await asyncio.wait([sending], timeout=0.3)
        assert not done, "24 MB cannot fit into the buffers: the sender must be waiting"
        bot.sink.gate.set()
        await sending
        heard = await bot.sink.next(MessageReceived, count)
        assert [int(event.text.split()[0]) for event in heard] == list(range(count))
        assert max(bot.sink.batches) <= 51
        assert len(bot.sink.batches) < count / 4


async def send_all(connection: Any, frames: list[bytes]) -> None:
    for frame in frames:
        await connection.send(frame, text=True)


def mutate(raw: bytes, rng: random.Random) -> bytes:
    """A recorded frame with bytes flipped, cut, doubled, or fields of wrong types."""
    match rng.randrange(6):
        case 0:
            return raw[: rng.randrange(len(raw))]
        case 1:
            place = rng.randrange(len(raw))
            return raw[:place] + bytes([rng.randrange(256)]) + raw[place + 1 :]
        case 2:
            place = rng.randrange(len(raw))
            return raw[:place] + raw[place : place + 20] * rng.randrange(2, 50) + raw[place:]
        case 3:
            return b"[" * rng.randrange(1, 3000)
        case 4:
            frame = json.loads(raw)
            frame[rng.choice(list(frame))] = rng.choice([None, [], {}, "", -1, 2**70, 1e308, "\ud800", [[1]], True])
            return json.dumps(frame).encode(errors="replace")
        case _:
            frame = json.loads(raw)
            del frame[rng.choice(list(frame))]
            return json.dumps(frame).encode(errors="replace")


@pytest.mark.filterwarnings("error")
async def test_ten_thousand_bad_frames(caplog: pytest.LogCaptureFixture) -> None:
    """10,000 mutated frames on one connection: it lives, every good frame in between arrives, in order, and every bad one
    is either counted or an event; nothing is an unexpected error."""
    rng = random.Random(20260301)
    recorded = [json.dumps(json.loads(line)["frame"]).encode() for line in FIXTURES.read_text("utf-8").splitlines()]
    # A frame that says the account went offline is no rubbish: it would rightly end the test.
    recorded = [raw for raw in recorded if b"bot_offline" not in raw and b"heartbeat" not in raw]
    there = peer()
    async with running() as bot, there.reverse(bot.url) as connection:
        await bot.ready()
        for number in range(10_000):
            await connection.send(mutate(rng.choice(recorded), rng), text=True)
            if number % 100 == 0:
                await there.emit(there.world.says(GROUP, 2_777_777_777, f"好 {number}"))
        await there.emit(there.world.says(GROUP, 2_777_777_777, "好了"))
        await bot.sink.until(lambda: getattr(bot.sink.heard[-1], "text", "") == "好了", 60)
        assert good(bot) == [*(f"好 {number}" for number in range(0, 10_000, 100)), "好了"]
        assert len(bot.sink.bad) > 3_000
        assert connection.close_code is None
        assert sum(line.startswith("disconnected") for line in bot.sink.log) == 0
    assert not [record for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")]


def good(bot: Bot) -> list[str]:
    return [event.text for event in bot.sink.of(MessageReceived) if event.member == "qq:2777777777"]


async def test_oversized_frame_is_counted() -> None:
    """A frame above the limit ends the connection, is counted, and the implementation may come again."""
    there = peer()
    async with running(frame_limit_bytes=20_000) as bot:
        async with there.reverse(bot.url) as connection:
            await bot.ready()
            await there.emit(there.world.says(GROUP, MEMBER, "长" * 20_000))
            await connection.wait_closed()
            await bot.sink.logged("disconnected")
        assert [error for _, error in bot.sink.bad] == ["a frame of more than 20000 bytes"]
        async with there.reverse(bot.url):
            await bot.ready(2)


@pytest.mark.parametrize(("is_on", "frames"), [(True, 2), (False, 0)])
async def test_raw_frames_only_when_wanted(is_on: bool, frames: int) -> None:
    """Raw frames reach the debug ring only where the operator asked for them."""
    there = peer()
    async with running(debug_frames=is_on) as bot, there.reverse(bot.url):
        await there.emit(there.world.says(GROUP, MEMBER, "早"))
        await bot.sink.next(MessageReceived)
        assert bot.sink.frames == frames


async def test_foreign_self_id_is_malformed() -> None:
    """Events of another account on this account's connection are refused."""
    there = peer()
    async with running() as bot, there.reverse(bot.url):
        await bot.ready()
        await there.emit(
            {**there.world.says(GROUP, MEMBER, "冒名"), "self_id": 5}, there.world.says(GROUP, MEMBER, "真")
        )
        await bot.sink.next(MessageReceived)
        assert bot.sink.texts() == ["真"]
        assert len(bot.sink.bad) == 1


# -- duplicates ------------------------------------------------------------------------------------------------------------------


async def test_duplicates_keep_their_ids() -> None:
    """The same frame twice, late and out of order, is the same event; a join reported twice, seconds apart, too; leaving and
    coming back is not."""
    there = peer()
    world = there.world
    async with running() as bot, there.reverse(bot.url):
        await bot.ready()
        first, second = world.says(GROUP, MEMBER, "一"), world.says(GROUP, MEMBER, "二")
        await there.emit(second, first, second, first)
        heard = await bot.sink.next(MessageReceived, 4)
        assert len({event.id for event in heard}) == 2
        await there.emit(world.joins(GROUP, 2_910_000_001, sub_type="invite"))
        world.clock += 3
        await there.emit(world.joins(GROUP, 2_910_000_001, by=MEMBER, sub_type="invite"))
        world.clock += 3
        await there.emit(world.leaves(GROUP, 2_910_000_001), world.joins(GROUP, 2_910_000_001))
        joins = await bot.sink.next(MemberJoined, 3)
        assert joins[0].id == joins[1].id != joins[2].id
        assert joins[0].at == joins[1].at


# -- what the account may do --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("style", "role", "has", "lacks"),
    [
        ("napcat", "owner", {Capability.SET_TITLE, Capability.MENTION_ALL, Capability.FILE}, set()),
        ("napcat", "admin", {Capability.MUTE, Capability.SET_CARD, Capability.HISTORY}, {Capability.SET_TITLE}),
        ("llbot", "member", {Capability.RECALL_OWN, Capability.PRIVATE}, {Capability.MUTE, Capability.APPROVE}),
        ("lagrange", "admin", {Capability.KICK}, {Capability.FILE, Capability.SET_TITLE}),
    ],
)
async def test_capabilities(style: str, role: str, has: set[Capability], lacks: set[Capability]) -> None:
    """What is possible follows from the account's role in the group and from the implementation."""
    async with running() as bot, peer(style, bot_role=role).reverse(bot.url):
        await bot.ready()
        found = bot.transport.capabilities(ACCOUNT, CHAT)
        assert found >= has
        assert not found & lacks


async def test_mention_all_runs_out() -> None:
    """After the last @all of the day the capability is gone, and another is refused without asking."""
    there = peer()
    there.world.rooms[GROUP].mentions_all_left = 1
    everyone = Message(segments=(Mention(EVERYONE), Text("开会")))
    async with running() as bot, there.reverse(bot.url):
        await bot.ready()
        asked = there.counts["get_group_at_all_remain"]
        await bot.transport.send(ACCOUNT, CHAT, everyone)
        await there.called("get_group_at_all_remain", asked + 1)
        await answered(bot)
        assert Capability.MENTION_ALL not in bot.transport.capabilities(ACCOUNT, CHAT)
        with pytest.raises(SendRefused):
            await bot.transport.send(ACCOUNT, CHAT, everyone)
        assert there.said(GROUP) == ["@all 开会"]


async def answered(bot: Bot) -> None:
    """Answers come in order: when this one is here, those before it are."""
    await bot.transport.send(ACCOUNT, CHAT, Mute(member=f"qq:{MEMBER}", for_s=0))


async def test_muted_account_waits() -> None:
    """While the account is muted its messages are deferred until the mute ends, without being tried."""
    there = peer(bot_role="member")
    there.world.clock = int(datetime.now(UTC).timestamp())
    async with running() as bot, there.reverse(bot.url):
        await bot.ready()
        await there.emit(there.world.mutes(GROUP, 3_000_000_001, 600), there.world.says(GROUP, MEMBER, "嘘"))
        await bot.sink.next(MessageReceived)
        with pytest.raises(SendDeferred) as deferred:
            await bot.transport.send(ACCOUNT, CHAT, HELLO)
        assert deferred.value.retry_after_s > 500
        await there.emit(there.world.mutes(GROUP, 3_000_000_001, 0), there.world.says(GROUP, MEMBER, "好了"))
        await bot.sink.next(MessageReceived, 2)
        await bot.transport.send(ACCOUNT, CHAT, HELLO)


async def test_removed_account() -> None:
    """Removed from a group, the account sends nothing there any more and can do nothing; it is still online elsewhere."""
    there = peer()
    there.world.found(GROUP + 1, "测试群二")
    async with running() as bot, there.reverse(bot.url):
        await bot.sink.logged("members qq:600000002")
        await there.emit(there.world.leaves(GROUP, 3_000_000_001, by=MEMBER))
        await there.emit(there.world.says(GROUP + 1, MEMBER, "在"))
        await bot.sink.next(MessageReceived)
        assert bot.transport.capabilities(ACCOUNT, CHAT) == frozenset()
        with pytest.raises(SendRefused):
            await bot.transport.send(ACCOUNT, CHAT, HELLO)
        await bot.transport.send(ACCOUNT, "qq:600000002", HELLO)


async def test_invited_account_learns_the_group() -> None:
    """When the account itself joins a group, the group and its members are listed at once."""
    there = peer()
    async with running() as bot, there.reverse(bot.url):
        await bot.ready()
        there.world.found(GROUP + 1, "新群", bot_role="member")
        await there.emit(there.world.joins(GROUP + 1, 3_000_000_001))
        await bot.sink.logged("members qq:600000002")
        assert {group.name for group in bot.sink.listed[ACCOUNT]} == {"测试群一", "新群"}


async def test_failed_picture_is_tried_once_more() -> None:
    """A picture that cannot be uploaded is deferred once; the second failure takes the capability, so that the words can go."""
    there = peer()
    failure = 'EventChecker Failed: NTEvent EventRet:{"result":-1,"errMsg":"rich media transfer failed"}'
    there.faults["send_group_msg"] = [failure, failure]
    picture = Message(segments=(Text("看"), Image("base64://iVBORw0K")))
    async with running() as bot, there.reverse(bot.url):
        await bot.ready()
        with pytest.raises(SendDeferred):
            await bot.transport.send(ACCOUNT, CHAT, picture)
        with pytest.raises(SendRefused) as refused:
            await bot.transport.send(ACCOUNT, CHAT, picture)
        assert refused.value.capability == Capability.PICTURE


async def test_local_pictures_travel_inside(tmp_path: Path) -> None:
    """A picture of our disk is sent as base64; one that is missing or too large is refused."""
    path = tmp_path / "证书.png"
    path.write_bytes(b"\x89PNG")
    there = peer()
    async with running(picture_limit_bytes=4) as bot, there.reverse(bot.url):
        await bot.ready()
        for url in (str(path), path.as_uri()):
            await bot.transport.send(ACCOUNT, CHAT, Message(segments=(Image(url),)))
        sent = await there.called("send_group_msg", 2)
        assert [params["message"][0]["data"]["file"] for params in sent] == ["base64://iVBORw=="] * 2
        path.write_bytes(b"\x89PNG+")
        for url in (str(path), str(tmp_path / "missing.png")):
            with pytest.raises(SendRefused):
                await bot.transport.send(ACCOUNT, CHAT, Message(segments=(Image(url),)))


async def test_failing_engine_fails_visibly() -> None:
    """If the engine cannot take events at all, the transport ends with its error instead of going deaf."""

    class Broken(RecordingSink):
        async def events(self, *given: Any, **more: Any) -> None:
            raise OSError("disk gone")

    transport, there = OneBot(OneBotSettings(port=0, pace_s=0)), peer()
    task = asyncio.create_task(transport.run(Broken()))
    await transport.is_listening.wait()
    with contextlib.suppress(ConnectionClosed):
        async with there.reverse(f"ws://127.0.0.1:{transport.port}/"):
            await there.called("get_group_member_list")
            await there.emit(there.world.says(GROUP, MEMBER, "早"))
            with pytest.raises(OSError, match="disk gone"):
                await task
