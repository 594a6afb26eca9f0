"""What the real gateway brings and does: messages of all kinds, members and rooms, files both ways, acts and refusals."""

from __future__ import annotations

import hashlib
import logging
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.effects import Approve, Forward, Invite, Kick, Mute, Recall, Rename, SetRemark
from bot.core.errors import SendDeferred, SendRefused, SendUnknown
from bot.core.events import (
    BotInvited,
    GroupRenamed,
    MemberJoined,
    MemberLeft,
    MessageRecalled,
    MessageReceived,
    UnknownReceived,
)
from bot.core.play import Capability
from bot.core.segments import Card, File, Image, Mention, Other, Text
from bot.transports.base import Announcement, FileMessage, Message
from tests.peers.wechat_gateway import TOKEN, Gateway
from tests.wechat.conftest import ALICE, BOT, CAROL, ROOM, Connect

SOLITAIRE = """wxid_alice:
<?xml version="1.0"?><msg><appmsg appid="" sdkver="0"><title>#接龙
周六徒步

1. 小明 1人
2. 小红 2人</title><type>53</type><extinfo><solitaire_info><![CDATA[<solitaire><tt>0-8</tt><s>.</s><au>wxid_alice</au><hrt>1</hrt>
<loss>0</loss><content><s>2</s><i><u>wxid_carol</u><h>0</h><s>.</s><t>1687787631</t><r>22-5</r></i><i><u>wxid_alice</u><h>0</h>
<s>.</s><t>1687786648</t><r>13-5</r></i></content></solitaire>]]></solitaire_info></extinfo></appmsg></msg>"""


def say(gateway: Gateway, text: str = "", **more: object) -> str:
    message = {"room": "room1@chatroom", "from": "wxid_alice", "text": text} | more
    return str(gateway.do("say", **message))


async def test_mentions_become_segments(gateway: Gateway, connected: Connect) -> None:
    """Whom a message means comes as uids, the bot's own mention is left out of the text, room aliases count."""
    gateway.do("alias", room="room1@chatroom", member="wxid_carol", alias="红姐 (北京)")
    async with connected() as (_, sink):
        say(gateway, "@小群\u2005@红姐 (北京)\u2005 你们好", mentions=["wxid_carol", "wxid_bot"])
        say(gateway, "@改名了\u2005 在吗", mentions=["wxid_carol"])
        say(gateway, "大家好", mentions=["notify@all"])
        first, second, third = await sink.next(MessageReceived, 3)
    assert (first.text, first.is_to_bot, first.mentions) == ("@红姐 (北京)  你们好", True, (BOT, CAROL))
    assert second.segments == (Mention(CAROL, "改名了"), Text(" 在吗"))
    assert not second.is_to_bot
    assert third.mentions_all
    assert third.mentions == ()


async def test_reply_with_mention(gateway: Gateway, connected: Connect) -> None:
    """A mention goes out as ids and as the name that the member has in this room."""
    gateway.do("alias", room="room1@chatroom", member="wxid_alice", alias="小明 学委")
    async with connected() as (wechat, _):
        message = Message(segments=(Mention(ALICE), Text("打卡成功"), Mention(CAROL)))
        receipt = await wechat.send(BOT, ROOM, message)
        (sent,) = gateway.do("sent")
    assert (sent["text"], sent["mentions"]) == ("@小明 学委\u2005打卡成功@小红\u2005", ["wxid_alice", "wxid_carol"])
    assert receipt.message_id == sent["id"]


async def test_every_type_of_message_arrives(gateway: Gateway, connected: Connect) -> None:
    """All types that gateways send, and numbers beyond them, are kept by what they are; none ends the stream."""
    async with connected() as (_, sink):
        for number in (*range(16), 16, 22, 27):
            say(gateway, "内容", type=number, filename="图.png")
        heard = await sink.next(MessageReceived, 18)
        (recalled,) = await sink.next(MessageRecalled)
    kinds = {event.segments[0].__class__.__name__ for event in heard}
    assert kinds == {"Text", "Image", "File", "Voice", "Video", "Face", "Card", "Other"}
    assert [event.segments[0] for event in heard[-3:]] == [Other(f"type {n}", "内容") for n in (16, 22, 27)]
    assert Image(name="图.png") in [event.segments[0] for event in heard]
    assert Card("link", f"mock title for {heard[13].message_id}", "https://mock.url") == heard[13].segments[0]
    assert recalled.message_id == "内容"
    assert not sink.bad


async def test_native_chain_tells_its_authors(gateway: Gateway, connected: Connect) -> None:
    """A native 接龙 is its list as text, with who wrote each line, in the order of the lines."""
    async with connected() as (_, sink):
        say(gateway, SOLITAIRE, type=10)
        (heard,) = await sink.next(MessageReceived)
    assert heard.text.startswith("#接龙\n周六徒步\n\n1. 小明 1人\n2. 小红")
    assert heard.line_authors == (ALICE, CAROL)
    assert heard.kind == "text"


async def test_seconds_and_milliseconds(gateway: Gateway, connected: Connect) -> None:
    """Gateways give either; an event has one aware time. Times that are none are reported, not guessed."""
    async with connected() as (_, sink):
        say(gateway, "秒", timestamp=1_767_225_600)
        say(gateway, "毫秒", timestamp=1_767_225_600_123)
        say(gateway, "零", timestamp=0)
        say(gateway, "之后")
        seconds, milliseconds, _ = await sink.next(MessageReceived, 3)
    assert seconds.at == datetime(2026, 1, 1, tzinfo=UTC)
    assert milliseconds.at - seconds.at == timedelta(milliseconds=123)
    assert [error for _, error in sink.bad] == ["not a time: 0"]


async def test_the_same_message_comes_once(gateway: Gateway, connected: Connect) -> None:
    """A gateway that tells of a message three times brings one event."""
    async with connected() as (_, sink):
        for _ in range(3):
            say(gateway, "早", id="same")
        say(gateway, "之后")
        await sink.until(lambda: "之后" in sink.texts())
    assert sink.texts() == ["早", "之后"]


async def test_long_messages_arrive_whole(gateway: Gateway, connected: Connect) -> None:
    """Answers beyond the window of a call are taken as they come: several of 180 KB at once, in order."""
    async with connected() as (_, sink):
        for number in range(6):
            say(gateway, f"{number}:" + "长" * 60_000)
        heard = await sink.next(MessageReceived, 6)
    assert [event.text for event in heard] == [f"{number}:" + "长" * 60_000 for number in range(6)]


async def test_members_and_topics(gateway: Gateway, connected: Connect) -> None:
    """Joins with and without an inviter, leaves with and without a remover, a new topic; names are fresh."""
    async with connected() as (_, sink):
        gateway.do("join", room="room1@chatroom", members=["wxid_x", "wxid_y"], inviter="wxid_alice")
        gateway.do("join", room="room1@chatroom", members=["wxid_z"])
        gateway.do("leave", room="room1@chatroom", members=["wxid_x"], remover="wxid_owner")
        gateway.do("leave", room="room1@chatroom", members=["wxid_y"])
        topic = {
            "roomId": "room1@chatroom",
            "newTopic": "新群名",
            "changerId": "wxid_alice",
            "timestamp": 1_767_225_600,
        }
        gateway.do("emit", event="room-topic", payload=topic)
        (renamed,) = await sink.next(GroupRenamed)
    first, _, third = sink.of(MemberJoined)
    assert (first.by, first.how, first.name) == (ALICE, "invited", "wxid_x")
    assert (third.by, third.how) == ("", "unknown")
    kicked, left = sink.of(MemberLeft)
    assert (kicked.was_kicked, kicked.by) == (True, "wechat:wxid_owner")
    assert (left.was_kicked, left.by) == (False, "")
    assert (renamed.name, renamed.at) == ("新群名", datetime(2026, 1, 1, tzinfo=UTC))


async def test_invitations_and_friends(gateway: Gateway, connected: Connect) -> None:
    """An invitation to a room can be accepted; a friend's request is kept by its name."""
    async with connected() as (wechat, sink):
        gateway.do("emit", event="room-invite", payload={"roomInvitationId": "inv1"})
        gateway.do("emit", event="friendship", payload={"friendshipId": "f1"})
        (invited,) = await sink.next(BotInvited)
        (other,) = await sink.next(UnknownReceived)
        await wechat.send(BOT, invited.chat, Approve(flag=invited.flag, is_approved=True))
        assert ["roomInvitationAccept", "inv1"] in gateway.do("calls")
    assert (invited.member, other.what) == (ALICE, "friendship")


async def test_no_event_ends_the_stream(gateway: Gateway, connected: Connect) -> None:
    """Errors, unknown events, and payloads that lack everything are reported; the next message still comes."""
    async with connected() as (_, sink):
        error = {"gerror": '{"message": "boom", "stack": "at /root/secret.js"}'}
        for event, payload in (
            ("error", error), ("heartbeat", {}), ("ready", {}), ("scan", {"status": 99, "qrcode": ""}),
            ("room-join", {"roomId": ""}), ("room-leave", {}), ("room-topic", {}), ("message", {}), ("dirty", {"payloadType": 3, "payloadId": ""}),
            ("message", {"messageId": "nobody-has-it"}), ("post", {"postId": "1"}),
        ):  # fmt: skip
            gateway.do("emit", event=event, payload=payload)
        say(gateway, "还在")
        await sink.next(MessageReceived)
    assert sink.texts() == ["还在"]
    assert len(sink.bad) >= 4


async def test_acts(gateway: Gateway, connected: Connect) -> None:
    """Kick, notice, recall of the own message, and a link have arrived at the gateway when the receipt is there."""
    async with connected() as (wechat, _):
        await wechat.send(BOT, ROOM, Kick(member=CAROL))
        await wechat.send(BOT, ROOM, Announcement(text="周六下雨改期"))
        said = await wechat.send(BOT, ROOM, Message(segments=(Text("说错了"),)))
        await wechat.send(BOT, ROOM, Recall(message_id=said.message_id))
        await wechat.send(BOT, ROOM, Message(segments=(Text("看这个"), Card("link", "书单", "https://example.org/a"))))
        assert "wxid_carol" not in gateway.do("members", room="room1@chatroom")
        assert gateway.do("notice", room="room1@chatroom") == "周六下雨改期"
        text, link = gateway.do("sent")
        assert (text["text"], link["link"]["title"], link["link"]["url"]) == ("看这个", "书单", "https://example.org/a")
        with pytest.raises(SendRefused):
            await wechat.send(BOT, ROOM, Recall(message_id=said.message_id))
        with pytest.raises(SendRefused) as muted:
            await wechat.send(BOT, ROOM, Mute(member=ALICE, for_s=60))
        assert muted.value.capability == Capability.MUTE


async def test_the_room_itself(gateway: Gateway, connected: Connect) -> None:
    """A new topic, somebody added, a message forwarded, a friend's remark: each is with the gateway, none is a question."""
    gateway.start(rooms=["room1@chatroom", "room2@chatroom"], contacts={"wxid_new": "新人"})
    async with connected() as (wechat, sink):
        heard = say(gateway, "大家好")
        await sink.next(MessageReceived)
        gateway.do("leave", room="room1@chatroom", members=["wxid_new"])
        await wechat.send(BOT, ROOM, Rename(name="共读营二期"))
        await wechat.send(BOT, ROOM, Invite(member="wechat:wxid_new"))
        await wechat.send(BOT, ROOM, SetRemark(member=CAROL, remark="小红 组长"))
        forwarded = await wechat.send(BOT, ROOM, Forward(message_id=heard, into="wechat:room2@chatroom"))
        assert gateway.do("topic", room="room1@chatroom") == "共读营二期"
        assert "wxid_new" in gateway.do("members", room="room1@chatroom")
        assert gateway.do("contactAlias", id="wxid_carol") == "小红 组长"
        (sent,) = gateway.do("sent")
        assert (sent["to"], sent["text"], sent["id"]) == ("room2@chatroom", "大家好", forwarded.message_id)


async def test_a_send_without_an_id_gets_it_from_its_echo(gateway: Gateway, connected: Connect) -> None:
    """The published mock answers without an id; the message comes back with one."""
    gateway.start(stock=True)
    async with connected() as (wechat, _):
        receipt = await wechat.send(BOT, ROOM, Message(segments=(Text("早上好"),)))
        assert receipt.message_id


@pytest.mark.parametrize("size", [1_000, 1_900_000, 2_500_000, 5_000_000])
async def test_files_go_out_whole(gateway: Gateway, connected: Connect, size: int) -> None:
    """Small ones inside the call, those above 2 MB uploaded first, beyond what one call may carry."""
    content = hashlib.sha256(b"x").digest() * (size // 32)
    async with connected() as (wechat, _):
        await wechat.send(BOT, ROOM, FileMessage(name="名单.xlsx", content=content))
        (sent,) = gateway.do("sent")
    assert (sent["name"], sent["sha256"]) == ("名单.xlsx", hashlib.sha256(content).hexdigest())
    assert sent["boxType"] == (1 if size < 2_000_000 else 7)


@pytest.mark.parametrize("size", [1_000, 100_000, 3_000_000])
async def test_files_come_in_whole(gateway: Gateway, connected: Connect, size: int) -> None:
    """The gateway gives small ones inline and larger ones by a uuid; both are fetched."""
    async with connected() as (wechat, sink):
        made = gateway.do("file", room="room1@chatroom", **{"from": "wxid_alice"}, name="作业.pdf", size=size)
        (heard,) = await sink.next(MessageReceived)
        box = await wechat.fetch_file(BOT, heard.message_id)
    assert heard.segments == (File("作业.pdf"),)
    assert box.content is not None
    assert (len(box.content), hashlib.sha256(box.content).hexdigest()) == (size, made["sha256"])


async def test_files_by_address(gateway: Gateway, connected: Connect) -> None:
    """A picture with an address goes out by it, beside its words."""
    async with connected() as (wechat, _):
        await wechat.send(
            BOT, ROOM, Message(segments=(Text("海报"), Image(url="https://example.org/p.png", name="p.png")))
        )
        words, picture = gateway.do("sent")
    assert (words["text"], picture["name"], picture["url"]) == ("海报", "p.png", "https://example.org/p.png")


async def test_refusals_are_told_apart(gateway: Gateway, connected: Connect) -> None:
    """What the gateway's puppet throws is refused, later or unknown, and says nothing of paths and stacks."""
    message = Message(segments=(Text("在吗"),))
    async with connected(call_timeout_s=0.3) as (wechat, _):
        gateway.do("break", method="messageSendText", error="not the owner: no permission")
        with pytest.raises(SendRefused) as refused:
            await wechat.send(BOT, ROOM, message)
        gateway.do("break", method="messageSendText", error="操作过于频繁，请稍后再试")
        with pytest.raises(SendDeferred) as deferred:
            await wechat.send(BOT, ROOM, message)
        gateway.do("break", method="messageSendText", error="")
        gateway.do("hang", methods=["messageSendText"])
        with pytest.raises(SendUnknown) as unknown:
            await wechat.send(BOT, ROOM, message)
    assert "gateway.mjs" not in str(refused.value)
    assert deferred.value.retry_after_s == 60
    assert "0.3 s" in str(unknown.value)


async def test_a_lost_answer_is_found_in_the_echo(gateway: Gateway, connected: Connect) -> None:
    """A send whose answer never came is proven by the message coming back; another one is not taken for it."""
    async with connected() as (wechat, sink):
        begun = datetime.now(UTC)
        say(gateway, "大家早", **{"from": "wxid_bot"})
        say(gateway, "之后")
        await sink.next(MessageReceived)
        found = await wechat.find_sent(BOT, ROOM, Message(segments=(Text("大家早"),)), begun)
        assert found is not None
        with pytest.raises(SendUnknown):
            await wechat.find_sent(BOT, ROOM, Message(segments=(Text("大家早"),)), begun)
    assert sink.texts() == ["之后"]


async def test_the_token_is_in_no_log(gateway: Gateway, connected: Connect, caplog: pytest.LogCaptureFixture) -> None:
    """Neither at the start nor in any refusal, at any level."""
    with caplog.at_level(logging.DEBUG):
        async with connected() as (wechat, _):
            gateway.do("break", method="messageSendText", error="broken")
            with pytest.raises(SendRefused):
                await wechat.send(BOT, ROOM, Message(segments=(Text("在吗"),)))
    logged = "\n".join(record.getMessage() for record in caplog.records)
    assert "online wechat:wxid_bot" in logged
    assert TOKEN not in logged
