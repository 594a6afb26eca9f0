"""What WeChat's gateway writes and reads, without one: the wire format, mentions, XML, files, refusals, states, own echoes."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.core.effects import Approve, Kick, Mute, MuteAll, Recall, SetCard, SetTitle
from bot.core.errors import SendDeferred, SendRefused, SendUnknown
from bot.core.events import Event, MessageRecalled, MessageReceived, UnknownReceived
from bot.core.segments import EVERYONE, Card, Image, Mention, Reply, Text
from bot.transports.base import Announcement, FileMessage, Message
from bot.transports.wechat import WeChatSettings, protobuf
from bot.transports.wechat.answers import error_of
from bot.transports.wechat.appmsg import app_message, recalled_id
from bot.transports.wechat.decode import Known, decode_message
from bot.transports.wechat.encode import encode
from bot.transports.wechat.filebox import FileBox, dump, load
from bot.transports.wechat.mentions import join_mentions, split_mentions
from bot.transports.wechat.names import Answers
from bot.transports.wechat.own import OwnMessages
from bot.transports.wechat.prefetch import Prefetch
from bot.transports.wechat.state import State
from bot.transports.wechat.wire import Malformed, RawMessage, chat_of, is_private, private_chat, raw_id, uid

NOW = datetime(2026, 3, 2, tzinfo=UTC)
ROOM, BOT, ALICE = "wechat:room1@chatroom", "wechat:wxid_bot", "wechat:wxid_alice"
_WORDS = st.text(max_size=40)


def raw(text: str = "", type: int = 7, **more: object) -> RawMessage:
    fields = {
        "id": "m1", "type": type, "text": text, "talker": "wxid_alice", "room": "room1@chatroom", "listener": "",
        "filename": "", "at": NOW, "mentions": (),
    }  # fmt: skip
    return RawMessage(**(fields | more))  # type: ignore[arg-type]


# -- the wire format ----------------------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(st.dictionaries(st.integers(1, 3000), st.one_of(_WORDS, st.binary(max_size=300), st.integers(0, 2**63 - 1))))
def test_protobuf_reads_what_it_writes(fields: dict[int, str | bytes | int]) -> None:
    """Every field comes back as it was, text as its bytes."""
    read = protobuf.decode(protobuf.encode(fields))
    assert read == {key: [each.encode() if isinstance(each, str) else each] for key, each in fields.items()}


@settings(max_examples=60)
@given(st.binary(max_size=60))
def test_protobuf_refuses_or_reads_any_bytes(data: bytes) -> None:
    """Nonsense is a ValueError or some message, never anything else."""
    with contextlib.suppress(ValueError):
        protobuf.decode(data)


def test_ids() -> None:
    """Rooms, members and private conversations have uids that lead back; rooms of the web protocol look private to nobody."""
    assert (uid(""), uid("wxid_a")) == ("", "wechat:wxid_a")
    for room in ("123@chatroom", "@@0f"):
        assert raw_id(chat_of(room)) == room
        assert not is_private(chat_of(room))
    assert is_private(private_chat("wxid_a"))
    assert raw_id(private_chat("wxid_a")) == "wxid_a"


# -- mentions -----------------------------------------------------------------------------------------------------------


def test_mentions_are_found_by_name_then_by_place() -> None:
    """Names with spaces and names that begin alike are told apart; whoever is not found by name takes the place left."""
    names = {"a": ["小明"], "b": ["小明 明"], "c": ["没人这么叫"]}
    found = split_mentions("@小明 明\u2005@小明\u2005@老师\u2005早", ["a", "b", "c"], names)
    assert found == (Mention(uid("b"), "小明 明"), Mention(uid("a"), "小明"), Mention(uid("c"), "老师"), Text("早"))


def test_who_stands_nowhere_is_mentioned_at_the_end() -> None:
    """An id without a place in the text is not lost, and the text is left as it is."""
    assert split_mentions("早", ["a"], {}) == (Text("早"), Mention(uid("a")))
    assert split_mentions("@小明 早", [], {}) == (Text("@小明 早"),)


@settings(max_examples=60)
@given(_WORDS, st.lists(st.sampled_from("abc"), max_size=4), st.lists(_WORDS, max_size=3))
def test_no_text_is_lost_to_mentions(text: str, ids: list[str], names: list[str]) -> None:
    """Whatever the text and the names are: each mentioned is there once, and words outside mentions stay in order."""
    found = split_mentions(text, ids, dict.fromkeys("abc", names))
    targets = [each.target for each in found if isinstance(each, Mention)]
    assert sorted(targets) == sorted({uid(each) for each in ids})
    at = 0
    for each in found:
        if isinstance(each, Text):
            assert each.text in text[at:]
            at = text.index(each.text, at) + len(each.text)


def test_a_mention_goes_out_and_comes_back() -> None:
    """What is sent as a mention reads as the same mention."""
    text, ids = join_mentions((Mention(ALICE), Text("早")), {ALICE: "小明"})
    assert (text, ids) == ("@小明\u2005早", ("wxid_alice",))
    assert split_mentions(text, ids, {"wxid_alice": ["小明"]}) == (Mention(ALICE, "小明"), Text("早"))


# -- XML ----------------------------------------------------------------------------------------------------------------


def test_a_quote_is_an_answer() -> None:
    """Type 57: the words, and which message they answer."""
    text = "<msg><appmsg><title>+1</title><type>57</type><refermsg><svrid>560303</svrid></refermsg></appmsg></msg>"
    event = decode_message(raw(text, type=0), Known(BOT))
    assert isinstance(event, MessageReceived)
    assert (event.text, event.reply_to) == ("+1", "560303")
    assert event.segments == (Reply("560303"), Text("+1"))


def test_links_and_mini_programs_are_cards() -> None:
    """Type 5 and 33, with title and address."""
    text = "<msg><appmsg><title>书单</title><type>{}</type><url>https://example.org</url></appmsg></msg>"
    link, program = (decode_message(raw(text.format(number), type=14), Known(BOT)) for number in (5, 33))
    assert isinstance(link, MessageReceived)
    assert isinstance(program, MessageReceived)
    assert link.segments == (Card("link", "书单", "https://example.org"),)
    assert program.segments == (Card("miniprogram", "书单", "https://example.org"),)


@pytest.mark.parametrize(
    "text",
    [
        "<appmsg", "<msg><appmsg></msg>", "<appmsg/>" * 90_000, "&lt;appmsg>",
        '<!DOCTYPE m [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><msg><appmsg><title>&b;</title></appmsg></msg>',
        "说到 <appmsg> 这个标签", "",
    ],
)  # fmt: skip
def test_hostile_xml_is_text(text: str) -> None:
    """Broken, huge, and entity-ridden documents are no documents; the message is kept as its text."""
    assert app_message(text) is None
    event = decode_message(raw(text), Known(BOT))
    assert isinstance(event, MessageReceived)
    assert event.text == text


@settings(max_examples=60)
@given(st.text(max_size=80), st.integers(0, 40), st.booleans())
def test_any_message_decodes(text: str, number: int, in_room: bool) -> None:
    """Whatever type and text: one event of this account, with an aware time."""
    event: Event = decode_message(raw(text, type=number, room="r@chatroom" if in_room else ""), Known(BOT))
    assert event.account == BOT
    assert event.at == NOW
    assert not isinstance(event, UnknownReceived)


def test_recalls_name_their_message() -> None:
    """As an id, or as the document that some gateways pass on."""
    text = '<sysmsg type="revokemsg"><revokemsg><msgid>1</msgid><newmsgid>77</newmsgid></revokemsg></sysmsg>'
    assert [recalled_id(each) for each in ("8841", text, "你撤回了 一条消息", "<x")] == ["8841", "77", "", ""]
    event = decode_message(raw("8841", type=13), Known(BOT))
    assert isinstance(event, MessageRecalled)
    assert event.message_id == "8841"


def test_private_messages_belong_to_the_other_side() -> None:
    """Also those that the account itself wrote."""
    heard = decode_message(raw("嗨", room="", listener="wxid_bot"), Known(BOT))
    own = decode_message(raw("嗨", room="", talker="wxid_bot", listener="wxid_alice"), Known(BOT))
    assert heard.chat == own.chat == private_chat("wxid_alice")


# -- sending ------------------------------------------------------------------------------------------------------------


def test_one_message_may_be_several_calls() -> None:
    """Words that stand together are one text; pictures and cards go alone, in order."""
    message = Message(segments=(Text("看"), Mention(ALICE), Image(url="base64://aGk=", name="a.png"), Text("完")))
    calls = encode(ROOM, message, {ALICE: "小明"})
    assert [call.method for call in calls] == ["MessageSendText", "MessageSendFile", "MessageSendText"]
    assert calls[0].fields == {1: "room1@chatroom", 2: "看@小明\u2005", 3: ("wxid_alice",)}
    assert calls[1].file == FileBox("a.png", content=b"hi")


@pytest.mark.parametrize(
    ("outgoing", "capability"),
    [
        (Mute(member=ALICE, for_s=60), "mute"), (MuteAll(on=True), "mute_all"), (SetCard(member=ALICE, card="x"), "set_card"),
        (SetTitle(member=ALICE, title="x"), "set_title"), (Approve(flag="join:1", is_approved=True), "approve"),
        (Message(segments=(Mention(EVERYONE), Text("开会"))), "mention_all"), (Message(segments=(Text(" "),)), ""),
    ],
)  # fmt: skip
def test_what_wechat_cannot_do_is_refused(outgoing: Message, capability: str) -> None:
    """Before anything is sent, with the capability that is missing."""
    with pytest.raises(SendRefused) as refused:
        encode(ROOM, outgoing, {})
    assert refused.value.capability == capability


def test_acts_name_room_and_member() -> None:
    """The gateway's own ids, and the fields that today's gateways read."""
    assert encode(ROOM, Kick(member=ALICE), {})[0].fields == {1: "room1@chatroom", 2: "wxid_alice"}
    assert encode(ROOM, Announcement(text="群规"), {})[0].fields == {1: "room1@chatroom", 3: "群规"}
    assert encode(ROOM, Recall(message_id="m"), {})[0].fields == {1: "m"}
    assert encode(ROOM, FileMessage(name="a", content=b"x", to=ALICE), {})[0].fields == {1: "wxid_alice"}
    assert encode(ROOM, Approve(flag="invite:1", is_approved=False), {}) == []


@pytest.mark.parametrize(
    ("status", "message", "error"),
    [
        (16, 'Invalid Wechaty TOKEN "secret"', SendDeferred), (2, "Error: not logged in", SendDeferred), (14, "gone", SendUnknown),
        (4, "", SendUnknown), (2, "Error: timeout of 15000ms", SendUnknown), (12, "", SendRefused), (7, "", SendRefused),
        (2, "操作频繁", SendDeferred), (8, "Received message larger than max (5 vs. 4)", SendRefused), (2, "boom", SendRefused),
    ],
)  # fmt: skip
def test_what_a_failure_means(status: int, message: str, error: type[Exception]) -> None:
    """Refused, later or unknown; the token and paths are never repeated."""
    found = error_of(status, message, "MessageSendText", "kick")
    assert type(found) is error
    assert "secret" not in str(found)
    stack = error_of(2, "Error: x\n    at /srv/gateway/index.js:1", "MessageSendText")
    assert "/srv" not in str(stack)


@settings(max_examples=40)
@given(st.text(min_size=1, max_size=20), st.binary(min_size=1, max_size=200))
def test_files_read_as_written(name: str, content: bytes) -> None:
    """Inline, by uuid and by address."""
    for box in (FileBox(name, content=content), FileBox(name, uuid="u1"), FileBox(name, url="https://example.org")):
        assert load(dump(box)) == box


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"type": 9}', '{"type": 2}', '{"type": 1, "base64": "a"}'])
def test_files_that_are_none(text: str) -> None:
    """Malformed, never a KeyError."""
    with pytest.raises(Malformed):
        load(text)


# -- order, caches, states ----------------------------------------------------------------------------------------------


async def test_prefetch_keeps_order_and_bounds() -> None:
    """Answers that come the wrong way round leave in order; no more than allowed are under way; a full queue waits."""
    gates = [asyncio.Event() for _ in range(6)]
    running, most, out = 0, 0, list[str]()

    async def work(number: int) -> list[Event]:
        nonlocal running, most
        running, most = running + 1, max(most, running + 1)
        await gates[number].wait()
        running -= 1
        return [UnknownReceived(id=str(number), account=BOT, chat=ROOM, at=NOW, what="")]

    async def deliver(events: object) -> None:
        out.extend(event.id for event in events)  # type: ignore[attr-defined]
        if len(out) == 6:
            done.set()

    done = asyncio.Event()
    prefetch = Prefetch(at_once=3, limit=6)
    pumping = asyncio.create_task(prefetch.pump(deliver))
    prefetch.open()

    async def fill() -> None:
        for number in range(6):
            await prefetch.put(lambda settle, number=number: prefetch.work(work(number), settle))

    filling = asyncio.create_task(fill())
    for number in (2, 1, 0, 5, 4, 3):
        gates[number].set()
    await asyncio.wait_for(done.wait(), 5)
    await filling
    assert out == ["0", "1", "2", "3", "4", "5"]
    assert most <= 3
    pumping.cancel()
    await asyncio.gather(pumping, return_exceptions=True)


async def test_a_name_is_asked_for_once() -> None:
    """However many wait; again when it is old or known to be stale; a failure is not kept."""
    asked, clock, is_broken = list[str](), 0.0, False

    async def ask(key: str) -> str:
        asked.append(key)
        await asyncio.sleep(0)
        if is_broken:
            raise SendUnknown("down")
        return f"name of {key} {len(asked)}"

    answers: Answers[str, str] = Answers(ask, keep_s=10, limit=2, now=lambda: clock)
    assert await asyncio.gather(*(answers.get("a") for _ in range(5))) == ["name of a 1"] * 5
    clock = 11
    assert await answers.get("a") == "name of a 2"
    answers.drop(lambda key: key == "a")
    assert answers.fresh("a") is None
    is_broken = True
    with pytest.raises(SendUnknown):
        await answers.get("a")
    is_broken = False
    assert await answers.get("a") == "name of a 4"
    for key in "bc":
        await answers.get(key)
    assert answers.fresh("a") is None


async def test_an_echo_proves_one_send() -> None:
    """The oldest fitting message since then, once; spaces don't count, other rooms and earlier times do."""
    own = OwnMessages()
    own.heard(ROOM, "old", "早", NOW - timedelta(minutes=1))
    own.heard("wechat:other@chatroom", "elsewhere", "早", NOW)
    own.heard(ROOM, "m1", "早 ", NOW)
    assert own.find(ROOM, "早", NOW) == ("m1", NOW)
    assert own.find(ROOM, "早", NOW) is None
    waiting = asyncio.create_task(own.id_of(ROOM, "晚安", NOW, 5))
    await asyncio.sleep(0)
    own.heard(ROOM, "m2", "晚安", NOW)
    assert await waiting == "m2"
    assert own.find(ROOM, "晚安", NOW) is None
    assert await own.id_of(ROOM, "没发过", NOW, 0.01) == ""


def test_states() -> None:
    """A QR code is shown until it is scanned; only what was up can be lost."""
    state = State(phase="down", since=NOW).connecting(NOW).down("nobody listens there", NOW)
    assert (state.losses, str(state)) == (0, "down nobody listens there")
    state = state.connecting(NOW).scan("http://weixin.qq.com/x/1", NOW)
    assert str(state) == "waiting_scan QR http://weixin.qq.com/x/1"
    state = state.online(BOT, NOW)
    assert (state.qr, state.down("killed", NOW).losses) == ("", 1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"endpoint": "gateway"},
        {"endpoint": "http://gateway:1"},
        {"token": ""},
        {"token": "口令"},
        {"tls": "yes"},
        {"x": 1},
    ],
)
def test_settings_are_checked(wrong: dict[str, object]) -> None:
    """An address without a port, a missing token, unknown keys; and the token is in no text of them."""
    with pytest.raises(ValidationError):
        WeChatSettings.model_validate({"endpoint": "127.0.0.1:8788", "token": "secret"} | wrong)
    good = WeChatSettings.model_validate({"endpoint": "127.0.0.1:8788", "token": "secret"})
    assert "secret" not in f"{good!r} {good}"
