"""Gateways that are down, killed, frozen, taken by somebody else, or want another token: every account comes back by itself."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Iterator

import pytest

from bot.core.errors import SendDeferred, SendUnknown
from bot.core.events import MessageReceived
from bot.core.segments import Text
from bot.transports.base import Announcement, Message
from bot.transports.wechat import WeChat
from tests.peers.wechat_gateway import Gateway
from tests.wechat.certificates import authority
from tests.wechat.conftest import BOT, ROOM, Connect, running, settings, until

HELLO = Message(segments=(Text("在吗"),))


def say(gateway: Gateway, text: str) -> None:
    gateway.do("say", room="room1@chatroom", **{"from": "wxid_alice"}, text=text)


async def test_down_at_the_start(gateway: Gateway) -> None:
    """Nobody is there yet: sends wait, and the account comes online when the gateway does."""
    gateway.kill()
    wechat = WeChat([settings(gateway)])
    async with running(wechat) as sink:
        await _phase(wechat, "down")
        with pytest.raises(SendDeferred):
            await wechat.send(BOT, ROOM, HELLO)
        gateway.start()
        await sink.logged(f"members {ROOM}")
        assert (await wechat.send(BOT, ROOM, HELLO)).message_id


async def test_killed_and_back(gateway: Gateway, connected: Connect) -> None:
    """kill -9 is noticed at once and told; the restarted gateway is used within seconds, and the gap is marked."""
    async with connected() as (wechat, sink):
        say(gateway, "之前")
        await sink.next(MessageReceived)
        gateway.kill()
        await sink.logged("disconnected")
        with pytest.raises(SendDeferred):
            await wechat.send(BOT, ROOM, HELLO)
        gateway.start()
        await sink.logged(f"connected {BOT}", 2)
        await sink.logged(f"backfilled {ROOM}")
        say(gateway, "之后")
        await sink.next(MessageReceived, 2)
        assert sink.texts() == ["之前", "之后"]
        ((chat, since, until, reached),) = sink.gaps
        assert (chat, since < until, reached) == (ROOM, True, None)
        assert wechat.states()[gateway.endpoint].losses == 1


async def test_frozen(gateway: Gateway, connected: Connect) -> None:
    """A gateway that only stops answering, as behind a half-open connection, is given up; thawed it is used again."""
    async with connected(ping_s=0.3, ping_timeout_s=0.3, call_timeout_s=1, hello_timeout_s=0.3) as (wechat, sink):
        gateway.freeze()
        try:
            with pytest.raises((SendUnknown, SendDeferred)):
                await wechat.send(BOT, ROOM, HELLO)
            await sink.logged("disconnected")
        finally:
            gateway.thaw()
        await sink.logged(f"connected {BOT}", 2)
        say(gateway, "醒了")
        await sink.next(MessageReceived)


async def test_a_killed_gateway_ends_calls_as_unknown(gateway: Gateway, connected: Connect) -> None:
    """Whether the message went out before the gateway died, nobody knows."""
    async with connected() as (wechat, sink):
        gateway.do("hang", methods=["messageSendText"])
        sending = asyncio.create_task(wechat.send(BOT, ROOM, HELLO))
        # The call is with the gateway once a later one has been answered.
        await wechat.send(BOT, ROOM, Announcement(text="群规"))
        gateway.kill()
        with pytest.raises(SendUnknown):
            await sending
        await sink.logged("disconnected")


async def test_wrong_token(gateway: Gateway, caplog: pytest.LogCaptureFixture) -> None:
    """It is said plainly, without the token, and neither account nor process suffers."""
    wechat = WeChat([settings(gateway, token="some-wrong-secret")])
    with caplog.at_level(logging.DEBUG):
        async with running(wechat):
            await _reason(wechat, "the gateway refuses the token")
    assert "some-wrong-secret" not in "\n".join(record.getMessage() for record in caplog.records)


async def test_second_client(gateway: Gateway, connected: Connect) -> None:
    """Whoever takes the stream away is named; when they leave, or after a while, the account is back."""
    async with connected() as (wechat, sink):
        other = WeChat([settings(gateway, takeover_s=0.1)])
        async with running(other) as others:
            await others.logged(f"connected {BOT}")
            await sink.logged("disconnected")
            await _reason(wechat, "another client")
        await sink.logged(f"connected {BOT}", 2)
        say(gateway, "回来了")
        await sink.next(MessageReceived)


async def test_logged_out_and_in_again(gateway: Gateway, connected: Connect) -> None:
    """The connection lives, the account does not: its outbox waits, the QR code is shown, then everything goes on."""
    async with connected() as (wechat, sink):
        gateway.do("logout")
        await sink.logged("disconnected")
        with pytest.raises(SendDeferred):
            await wechat.send(BOT, ROOM, HELLO)
        gateway.do("scan", qrcode="http://weixin.qq.com/x/abc")
        await _phase(wechat, "waiting_scan")
        assert "http://weixin.qq.com/x/abc" in str(wechat.states()[gateway.endpoint])
        gateway.do("login")
        await sink.logged(f"connected {BOT}", 2)
        say(gateway, "又在了")
        await sink.next(MessageReceived)


async def test_waiting_for_a_scan_at_the_start(gateway: Gateway, caplog: pytest.LogCaptureFixture) -> None:
    """Without a login there is a QR code in the log, as text and drawn, and no account."""
    gateway.start(login=False)
    wechat = WeChat([settings(gateway)])
    with caplog.at_level(logging.INFO):
        async with running(wechat) as sink:
            await _phase(wechat, "connecting")
            gateway.do("scan", qrcode="http://weixin.qq.com/x/abc")
            await _phase(wechat, "waiting_scan")
            assert sink.log == []
            gateway.do("login")
            await sink.logged(f"connected {BOT}")
    assert "http://weixin.qq.com/x/abc" in caplog.text
    assert "▀" in caplog.text


async def test_messages_under_way_survive_a_lost_stream(gateway: Gateway, connected: Connect) -> None:
    """What the stream had named already is fetched over the next connection, in order."""
    async with connected(call_timeout_s=1) as (wechat, sink):
        gateway.do("hang", methods=["messagePayload"])
        for text in ("一", "二", "三"):
            say(gateway, text)
        other = WeChat([settings(gateway, takeover_s=0.1)])
        async with running(other) as others:
            await others.logged(f"connected {BOT}")
            gateway.do("hang", methods=[])
        await sink.next(MessageReceived, 3)
        assert sink.texts() == ["一", "二", "三"]
        assert wechat.states()[gateway.endpoint].losses == 1


async def test_several_accounts(gateway: Gateway) -> None:
    """Two gateways in one process: each account speaks through its own, and one that dies leaves the other alone."""
    second = Gateway()
    try:
        second.start(account="wxid_second", rooms=["room2@chatroom"])
        wechat = WeChat([settings(gateway), settings(second)])
        async with running(wechat) as sink:
            await sink.logged(f"members {ROOM}")
            await sink.logged("members wechat:room2@chatroom")
            await wechat.send("wechat:wxid_second", "wechat:room2@chatroom", HELLO)
            assert [message["to"] for message in second.do("sent")] == ["room2@chatroom"]
            assert gateway.do("sent") == []
            second.kill()
            await sink.logged("disconnected wechat:wxid_second")
            say(gateway, "我还在")
            await sink.next(MessageReceived)
            assert wechat.states()[gateway.endpoint].phase == "online"
    finally:
        second.end()


async def test_tls_as_published() -> None:
    """A gateway as it is published speaks TLS with its own certificate, which is not checked."""
    secure = Gateway(tls=True)
    try:
        secure.start()
        async with running(WeChat([settings(secure, tls="builtin")])) as sink:
            await sink.logged(f"members {ROOM}")
    finally:
        secure.end()


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gateway, str]]:
    """A gateway with a certificate for gateway.example of our own CA, and the CA's file."""
    own = authority(tmp_path_factory.mktemp("ca"), "gateway.example")
    secure = Gateway(tls=True, certificate=own.certificate)
    try:
        secure.start()
        yield secure, str(own.file)
    finally:
        secure.end()


async def test_tls_with_an_own_ca(certified: tuple[Gateway, str]) -> None:
    """A certificate of our own CA is accepted where the CA is named, also under another name that is named."""
    secure, ca = certified
    more = {"tls": "verified", "tls_ca": ca, "tls_name": "gateway.example"}
    async with running(WeChat([settings(secure, **more)])) as sink:
        await sink.logged(f"members {ROOM}")


@pytest.mark.parametrize(("knows_ca", "name"), [(False, "gateway.example"), (True, "another.example"), (True, "")])
async def test_a_certificate_that_proves_nothing_is_refused(
    certified: tuple[Gateway, str], knows_ca: bool, name: str
) -> None:
    """An unknown CA, or a certificate for somebody else: no connection, and the token never leaves."""
    secure, ca = certified
    # One attempt, or the end of the test would fall into the middle of the next one.
    more = {"tls": "verified", "tls_ca": ca if knows_ca else "", "backoff_min_s": 60, "backoff_max_s": 60}
    wechat = WeChat([settings(secure, tls_name=name, **more)])
    async with running(wechat) as sink:
        await _reason(wechat, "certificate verify failed")
        assert sink.log == []


@pytest.mark.skipif(not os.environ.get("CI"), reason="takes more than a minute; runs where CI is set")
async def test_away_for_more_than_a_minute(gateway: Gateway, connected: Connect) -> None:
    """The published client gives up after a minute; this one is back within its longest pause, and marks the gap."""
    async with connected() as (_, sink):
        say(gateway, "之前")
        await sink.next(MessageReceived)
        gateway.kill()
        await sink.logged("disconnected")
        await asyncio.sleep(65)
        gateway.start()
        await sink.logged(f"connected {BOT}", 2)
        await sink.logged(f"backfilled {ROOM}")
        say(gateway, "之后")
        await sink.next(MessageReceived, 2)
        ((_, since, until_, _),) = sink.gaps
        assert (until_ - since).total_seconds() > 60
        assert sink.texts() == ["之前", "之后"]


async def test_one_outage_after_the_other(gateway: Gateway, connected: Connect) -> None:
    """Killed again and again, also while it is just coming back: every time the account is online again."""
    async with connected() as (wechat, sink):
        for times in range(2, 4):
            gateway.kill()
            gateway.start()
            gateway.kill()
            gateway.start()
            await sink.logged(f"connected {BOT}", times)
        assert wechat.states()[gateway.endpoint].phase == "online"


async def _phase(wechat: WeChat, phase: str) -> None:
    await until(lambda: any(state.phase == phase for state in wechat.states().values()))


async def _reason(wechat: WeChat, words: str) -> None:
    await until(lambda: any(words in state.reason for state in wechat.states().values()))
