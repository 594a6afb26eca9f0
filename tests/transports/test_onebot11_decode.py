"""Frames become events: every recorded payload one by one, then what is odd about ids, times, text and markup."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.events import Event, MemberJoined, MemberMuted, MessageReceived, ReactionAdded, UnknownReceived
from bot.core.segments import EVERYONE, Card, Face, File, Image, Mention, Other, Reply, Segment, Text, Video, Voice
from bot.transports.onebot11 import cq
from bot.transports.onebot11.decode import decode
from bot.transports.onebot11.segments import decode_segments, encode_segments
from bot.transports.onebot11.wire import Malformed, as_id, loads, moment, uid

FIXTURES = Path(__file__).parent.parent / "fixtures" / "onebot"
EVENTS = [json.loads(line) for line in (FIXTURES / "events.jsonl").read_text(encoding="utf-8").splitlines()]
FRAMES: dict[str, dict[str, Any]] = {record["name"]: record["frame"] for record in EVENTS}


def facts(event: Event, names: set[str]) -> dict[str, Any]:
    found = {name: getattr(event, name) for name in names - {"event"}}
    return {"event": type(event).__name__} | {
        name: list(value) if isinstance(value, tuple) else value for name, value in found.items()
    }


@pytest.mark.parametrize("record", EVENTS, ids=lambda record: record["name"])
def test_every_recorded_frame(record: dict[str, Any]) -> None:
    """Each recorded payload decodes to the events, with the fields, that stand beside it."""
    events = decode(record["frame"])
    assert [facts(event, set(expected)) for event, expected in zip(events, record["expected"], strict=True)] == record[
        "expected"
    ]
    for event in events:
        assert event.account == "qq:3000000001"
        assert event.at.isoformat() == "2025-06-15T15:06:40+00:00"


def test_there_are_forty_five() -> None:
    """No recorded payload is left out."""
    assert len(EVENTS) == 45


def only(frame: dict[str, Any], account: str = "") -> Any:
    (event,) = decode(frame, account)
    return event


def group_message(message: Any, **fields: Any) -> MessageReceived:
    event = only({**FRAMES["msg-group-napcat-array"], "message": message, **fields})
    assert isinstance(event, MessageReceived)
    return event


def test_ids_as_text_and_as_numbers_are_the_same() -> None:
    """A frame whose ids are text decodes to what the same frame with numbers decodes to."""
    frame = copy.deepcopy(FRAMES["msg-group-napcat-array"])
    text = {
        **frame,
        **{key: str(frame[key]) for key in ("self_id", "user_id", "group_id", "message_id", "message_seq")},
    }
    assert only(text) == only(frame)


def test_milliseconds_are_settled() -> None:
    """A time in milliseconds or as text is the same moment as in seconds."""
    assert moment(1_750_000_000_000) == moment(1_750_000_000) == moment("1750000000")


@pytest.mark.parametrize("value", [0, -1, None, True, "soon", [], 1e300, 10**400, float("nan"), float("inf")])
def test_no_time_no_event(value: Any) -> None:
    """A frame without a usable time is malformed: an id made from now would make it new each time it comes."""
    with pytest.raises(Malformed):
        decode({**FRAMES["msg-group-napcat-array"], "time": value})


def test_message_id_repeats() -> None:
    """The same message id at another time, or with another sequence, is another message; delivered again it is the same."""
    first = group_message([], time=1_750_000_000)
    assert group_message([], time=1_750_000_000).id == first.id
    assert group_message([], time=1_750_000_001).id != first.id
    assert group_message([], time=1_750_000_000, real_seq="20539").id != first.id


def test_nul_and_lone_surrogates_are_replaced() -> None:
    """What no database can keep is replaced at the border: in text, in names, in comments."""
    raw = json.dumps(
        {
            **FRAMES["msg-group-napcat-array"],
            "message": [{"type": "text", "data": {"text": "a\x00b\ud800c"}}],
            "sender": {"user_id": 2900000001, "card": "\udfff名"},
        }
    ).encode()
    event = only(loads(raw))
    assert (event.text, event.name) == ("a�b�c", "�名")
    comment = only({**FRAMES["request-add-napcat"], "comment": "x\x00y\ud83d"}).comment
    assert comment == "x�y�"


def test_bad_utf8_is_read_with_replacement() -> None:
    """A frame with a broken byte is still read."""
    raw = (
        json.dumps(FRAMES["msg-group-napcat-array"], ensure_ascii=False).encode().replace("签到".encode(), b"\xff\xfe")
    )
    assert only(loads(raw)).text == "��"


@pytest.mark.parametrize(
    ("raw", "what"),
    [(b"", "not JSON"), (b"[]", "must be an object"), (b"[" * 100_000, "not JSON"), (b'{"a":' * 5000, "not JSON")],
)
def test_no_frame_at_all(raw: bytes, what: str) -> None:
    """What is no JSON object is malformed, however deep it is."""
    with pytest.raises(Malformed, match=what):
        loads(raw)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, ""),
        ("0", ""),
        (None, ""),
        ("", ""),
        (5, "qq:5"),
        (" 5 ", "qq:5"),
        (5.0, "qq:5"),
        (2**63 - 1, f"qq:{2**63 - 1}"),
    ],
)
def test_uids(value: Any, expected: str) -> None:
    """Numbers, numeric text and whole floats name somebody; 0 and nothing name nobody."""
    assert uid(value) == expected


@pytest.mark.parametrize("value", [True, [], {}, 1.5, 10**30, "x" * 201])
def test_no_id(value: Any) -> None:
    """What cannot be an id is malformed, not turned into one."""
    with pytest.raises(Malformed):
        as_id(value)


def test_mention_of_the_bot_is_left_out() -> None:
    """The bot's own mention is not part of the text, others are; both are known."""
    event = group_message(
        [
            {"type": "at", "data": {"qq": "3000000001"}},
            {"type": "text", "data": {"text": " 给 "}},
            {"type": "at", "data": {"qq": 2900000002, "name": "@小红"}},
            {"type": "text", "data": {"text": " 加分 "}},
        ]
    )
    assert (event.text, event.is_to_bot, event.mentions) == ("给 @小红 加分", True, ("qq:2900000002",))


@pytest.mark.parametrize(
    ("segment", "expected", "kind"),
    [
        (
            {"type": "image", "data": {"file": "a.png", "url": "https://x/a", "file_size": "12"}},
            Image("https://x/a", "a.png", 12),
            "image",
        ),
        (
            {"type": "image", "data": {"file": "file:///etc/passwd", "url": "file:///etc/passwd"}},
            Image("", "file:///etc/passwd"),
            "image",
        ),
        (
            {"type": "image", "data": {"file": "base64://aGk=", "url": "", "summary": "[图片]"}},
            Image("base64://aGk=", ""),
            "image",
        ),
        (
            {"type": "image", "data": {"file": "base64://aGk=", "url": "https://x/a"}},
            Image("https://x/a", ""),
            "image",
        ),
        ({"type": "mface", "data": {"url": "https://x/m", "summary": "[哈]"}}, Image("https://x/m", "[哈]"), "image"),
        ({"type": "record", "data": {"file": "a.amr", "url": "https://x/v"}}, Voice("https://x/v", "a.amr"), "voice"),
        ({"type": "video", "data": {"file": "a.mp4"}}, Video("", "a.mp4"), "video"),
        ({"type": "file", "data": {"file": "表.xlsx", "file_size": 9}}, File("表.xlsx", "", 9), "file"),
        ({"type": "face", "data": {"id": 178}}, Face("178"), "face"),
        ({"type": "share", "data": {"url": "https://x", "title": "文"}}, Card("share", "文", "https://x"), "card"),
        (
            {"type": "json", "data": {"data": '{"prompt":"[分享]","meta":{"n":{"jumpUrl":"https://x"}}}'}},
            Card("json", "[分享]", "https://x"),
            "card",
        ),
        ({"type": "json", "data": {"data": "{{{"}}, Card("json"), "card"),
        ({"type": "dice", "data": {"result": 3}}, Other("dice", "{'result': 3}"), "other"),
        ({"type": 7, "data": None}, Other("7", "{}"), "other"),
    ],
)
def test_segments(segment: dict[str, Any], expected: Segment, kind: str) -> None:
    """Each kind of segment becomes ours; an unknown one is kept by name."""
    event = group_message([segment])
    assert (event.segments, event.kind, event.text) == ((expected,), kind, "")


def test_picture_with_words_is_text() -> None:
    """A picture with words is a text message, its picture a segment."""
    event = group_message([{"type": "image", "data": {}}, {"type": "text", "data": {"text": "看"}}])
    assert (event.kind, event.text) == ("text", "看")


def test_cq_and_array_mean_the_same() -> None:
    """A message as text with CQ codes decodes to what the array form decodes to, escapes included."""
    wire = [
        {"type": "reply", "data": {"id": "5"}},
        {"type": "at", "data": {"qq": "2900000002"}},
        {"type": "text", "data": {"text": " [CQ:at,qq=all] & <, "}},
        {"type": "image", "data": {"file": "a,b.png", "url": "https://x/?a=1&b=[2]"}},
    ]
    text = cq.render(wire)
    assert cq.parse(text) == wire
    assert group_message(text).segments == group_message(wire).segments
    assert not group_message(text).mentions_all


@given(st.lists(st.text(min_size=1, max_size=20), max_size=4))
@settings(max_examples=60)
def test_no_text_becomes_a_code(parts: list[str]) -> None:
    """Whatever members type, written as CQ text it is read back as that text."""
    joined = "".join(parts)
    wire = [{"type": "text", "data": {"text": part}} for part in parts]
    assert "".join(one["data"]["text"] for one in cq.parse(cq.render(wire))) == joined
    assert encode_segments([Text(joined)]) == ([{"type": "text", "data": {"text": joined}}] if joined else [])


def test_one_segment_is_a_message() -> None:
    """The standard allows a single segment instead of an array."""
    assert decode_segments({"type": "text", "data": {"text": "早"}}) == (Text("早"),)


def test_encoding_puts_reply_first_and_space_after_mentions() -> None:
    """The quote leads, a mention is followed by a space, an unknown segment is left out."""
    wire = encode_segments(
        [Mention("qq:2900000001", "小明"), Text("签到成功"), Other("dice"), Reply("5"), Mention(EVERYONE)]
    )
    assert cq.render(wire) == "[CQ:reply,id=5][CQ:at,qq=2900000001] 签到成功[CQ:at,qq=all]"


def test_pictures_are_never_named() -> None:
    """A picture without an address is left out: by its name the implementation would open a file of its own disk."""
    received = group_message([{"type": "image", "data": {"file": "file:///etc/passwd"}}])
    assert encode_segments(received.segments) == []


def test_private_messages_know_their_place() -> None:
    """A friend's message belongs to the conversation with them, a temporary session to the group it came through."""
    friend = {**FRAMES["msg-group-string-ids"], "message_type": "private", "sub_type": "friend", "group_id": None}
    event = only(friend)
    assert (event.chat, event.is_private, event.member) == ("qq:@2900000001", True, "qq:2900000001")
    through = {**friend, "sub_type": "group", "sender": {"group_id": 600000001}}
    assert only(through).chat == "qq:600000001"


def test_private_poke_and_reactions() -> None:
    """A poke without a group is private; several emoji in one notice are several events; taking one back is none."""
    assert only({**FRAMES["poke-napcat"], "group_id": None}).chat == "qq:@2900000001"
    likes = [{"emoji_id": "76", "count": 1}, {"emoji_id": 128, "count": "2"}]
    events = decode({**FRAMES["emoji-like"], "likes": likes})
    assert [(event.emoji, event.count) for event in events if isinstance(event, ReactionAdded)] == [
        ("76", 1),
        ("128", 2),
    ]
    assert isinstance(only({**FRAMES["emoji-like"], "is_add": False}), UnknownReceived)


def test_second_report_of_an_invited_member_is_the_same_event() -> None:
    """The two reports of one join differ in the operator only: their ids are the same."""
    first, second = only(FRAMES["increase-invite"]), only({**FRAMES["increase-invite"], "operator_id": 2900000002})
    assert isinstance(first, MemberJoined)
    assert first.id == second.id


@pytest.mark.parametrize(
    ("frame", "what"),
    [
        ({"post_type": "notice", "notice_type": "gray_tip", "sub_type": "x", "group_id": 1}, "notice.gray_tip.x"),
        (
            {"post_type": "notice", "notice_type": "notify", "sub_type": "input_status", "user_id": 5},
            "notice.notify.input_status",
        ),
        ({"post_type": "request", "request_type": "friend", "user_id": 5, "flag": "f"}, "request.friend"),
        ({"post_type": "guild", "anything": [1]}, "guild"),
        ({"post_type": "message", "message_type": "group", "sub_type": "notice", "message_id": 5}, "message.notice"),
    ],
)
def test_the_unknown_is_kept_by_name(frame: dict[str, Any], what: str) -> None:
    """A kind that this version does not know is logged by name, with an id made from its content."""
    full = {"time": 1_750_000_000, "self_id": 3_000_000_001, **frame}
    event = only(full)
    assert (type(event), event.what) == (UnknownReceived, what)
    assert only(full).id == event.id
    assert only({**full, "more": 1, "flag": "g"}).id != event.id
    assert event.chat


def test_absurd_durations_are_bounded() -> None:
    """A mute of a thousand years does not break the calendar."""
    event = only({**FRAMES["ban"], "duration": 2**52})
    assert isinstance(event, MemberMuted)
    assert event.for_s == 400 * 86_400


WRONG = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.just([]),
    st.just({}),
    st.just([[]]),
    st.just([{"type": "at", "data": {"qq": []}}]),
    st.just({"data": {"data": "["}}),
    st.just("[CQ:at,qq=]"),
)


@given(st.sampled_from(EVENTS), st.data())
@settings(max_examples=60)
def test_any_wrong_field_is_an_event_or_malformed(record: dict[str, Any], data: st.DataObject) -> None:
    """A field of a wrong type gives an event or `Malformed`, nothing else."""
    frame = copy.deepcopy(record["frame"])
    for key in data.draw(st.lists(st.sampled_from(sorted(frame)), min_size=1, max_size=3)):
        frame[key] = data.draw(WRONG)
    try:
        events = decode(frame, "qq:3000000001")
    except Malformed:
        return
    for event in events:
        assert event.id
        assert event.at.utcoffset() is not None
