"""Outgoing actions become calls, and answers become receipts or the right kind of error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.core.effects import Approve, Forward, Kick, Mute, MuteAll, Recall, Rename, SetCard, SetRemark, SetTitle
from bot.core.errors import SendDeferred, SendRefused, SendUnknown
from bot.core.play import Capability
from bot.core.segments import EVERYONE, Card, Image, Mention, Text
from bot.transports.base import Announcement, FileMessage, Message, Outgoing, Receipt
from bot.transports.onebot11.answers import receipt_of
from bot.transports.onebot11.dialect import GENERIC, LAGRANGE, LLBOT, NAPCAT, Dialect, dialect_of
from bot.transports.onebot11.encode import Call, encode
from bot.transports.onebot11.wire import Answer

CHAT, MEMBER = "qq:600000001", "qq:2900000001"
FIXTURES = Path(__file__).parent.parent / "fixtures" / "onebot"
CALLS = [json.loads(line) for line in (FIXTURES / "calls.jsonl").read_text(encoding="utf-8").splitlines()]
GROUP = {"group_id": 600000001}
HIM = {**GROUP, "user_id": 2900000001}
TEXT = [{"type": "text", "data": {"text": "早"}}]

GOLDEN: list[tuple[str, Outgoing, str, dict[str, Any]]] = [
    ("text", Message(segments=(Text("早"),)), "send_group_msg", {**GROUP, "message": TEXT}),
    (
        "hostile text",
        Message(segments=(Text("[CQ:at,qq=all]"),)),
        "send_group_msg",
        {**GROUP, "message": [{"type": "text", "data": {"text": "[CQ:at,qq=all]"}}]},
    ),
    (
        "mention and quote",
        Message(segments=(Mention(MEMBER), Text("签到成功")), reply_to="1734738688"),
        "send_group_msg",
        {
            **GROUP,
            "message": [
                {"type": "reply", "data": {"id": "1734738688"}},
                {"type": "at", "data": {"qq": "2900000001"}},
                {"type": "text", "data": {"text": " 签到成功"}},
            ],
        },
    ),
    (
        "picture and card",
        Message(segments=(Image("base64://iVBORw0K"), Card("share", "文章", "https://x.example"))),
        "send_group_msg",
        {
            **GROUP,
            "message": [
                {"type": "image", "data": {"file": "base64://iVBORw0K"}},
                {"type": "text", "data": {"text": "文章 https://x.example"}},
            ],
        },
    ),
    (
        "private through the group",
        Message(segments=(Text("早"),), to=MEMBER),
        "send_private_msg",
        {**HIM, "message": TEXT},
    ),
    ("recall", Recall(message_id="-62010234"), "delete_msg", {"message_id": -62010234}),
    ("mute", Mute(member=MEMBER, for_s=600), "set_group_ban", {**HIM, "duration": 600}),
    ("lift a mute", Mute(member=MEMBER, for_s=0), "set_group_ban", {**HIM, "duration": 0}),
    ("mute all", MuteAll(on=True), "set_group_whole_ban", {**GROUP, "enable": True}),
    ("kick", Kick(member=MEMBER), "set_group_kick", {**HIM, "reject_add_request": False}),
    ("kick for good", Kick(member=MEMBER, is_banned=True), "set_group_kick", {**HIM, "reject_add_request": True}),
    ("card", SetCard(member=MEMBER, card=""), "set_group_card", {**HIM, "card": ""}),
    (
        "title",
        SetTitle(member=MEMBER, title="元老"),
        "set_group_special_title",
        {**HIM, "special_title": "元老", "duration": -1},
    ),
    ("rename", Rename(name="二期"), "set_group_name", {**GROUP, "group_name": "二期"}),
    (
        "forward",
        Forward(message_id="7", into="qq:600000002"),
        "forward_group_single_msg",
        {"group_id": 600000002, "message_id": 7},
    ),
    ("remark", SetRemark(member=MEMBER, remark="组长"), "set_friend_remark", {"user_id": 2900000001, "remark": "组长"}),
    (
        "approve",
        Approve(flag="1749736849151114", is_approved=True, reason="欢迎"),
        "set_group_add_request",
        {"flag": "1749736849151114", "sub_type": "add", "approve": True},
    ),
    (
        "reject",
        Approve(flag="600000001|5|1|0", is_approved=False, reason="暗号不对"),
        "set_group_add_request",
        {"flag": "600000001|5|1|0", "sub_type": "add", "approve": False, "reason": "暗号不对"},
    ),
    (
        "accept an invitation",
        Approve(flag="invite:1734738688386176", is_approved=True),
        "set_group_add_request",
        {"flag": "1734738688386176", "sub_type": "invite", "approve": True},
    ),
]


@pytest.mark.parametrize("dialect", [NAPCAT, LLBOT, LAGRANGE, GENERIC], ids=lambda dialect: dialect.name)
@pytest.mark.parametrize(("outgoing", "action", "params"), [row[1:] for row in GOLDEN], ids=[row[0] for row in GOLDEN])
def test_calls(outgoing: Outgoing, action: str, params: dict[str, Any], dialect: Dialect) -> None:
    """Each action is this call, the same on every implementation: arrays, numbers, durations always there."""
    call = encode(CHAT, outgoing, dialect=dialect)
    assert (call.action, call.params) == (action, params)


@pytest.mark.parametrize(
    ("dialect", "extra"), [(NAPCAT, {"confirm_required": 0}), (LLBOT, {}), (LAGRANGE, {}), (GENERIC, {})]
)
def test_notices(dialect: Dialect, extra: dict[str, Any]) -> None:
    """A group notice must not ask every member for a confirmation, which is NapCat's default."""
    call = encode(CHAT, Announcement(text="群规"), dialect=dialect)
    assert (call.action, call.params) == ("_send_group_notice", {**GROUP, "content": "群规", **extra})


def test_files() -> None:
    """A file travels inside the call; where only a path of the implementation would do, it is refused."""
    file = FileMessage(name="接龙.xlsx", content=b"PK")
    call = encode(CHAT, file, dialect=NAPCAT)
    assert (call.action, call.params) == ("upload_group_file", {**GROUP, "file": "base64://UEs=", "name": "接龙.xlsx"})
    private = encode(CHAT, FileMessage(name="a", content=b"", to=MEMBER), dialect=LLBOT)
    assert (private.action, private.params["user_id"]) == ("upload_private_file", 2900000001)
    with pytest.raises(SendRefused) as refused:
        encode(CHAT, file, dialect=LAGRANGE)
    assert refused.value.capability == Capability.FILE


def test_private_conversation() -> None:
    """In a conversation with one member there is no group to name."""
    call = encode("qq:@2900000001", Message(segments=(Text("早"),)))
    assert (call.action, call.params) == ("send_private_msg", {"user_id": 2900000001, "message": TEXT})


def test_mention_all_needs_the_right() -> None:
    """@all goes out only where the account has it, and only as a segment."""
    message = Message(segments=(Mention(EVERYONE), Text("开会")))
    with pytest.raises(SendRefused) as refused:
        encode(CHAT, message)
    assert refused.value.capability == Capability.MENTION_ALL
    sent = encode(CHAT, message, may_mention_all=True).params["message"]
    assert sent[0] == {"type": "at", "data": {"qq": "all"}}


@pytest.mark.parametrize("segments", [(), (Text(""),), (Card("json"),)])
def test_empty_messages(segments: Any) -> None:
    """A message without content is not sent, even where it quotes another."""
    with pytest.raises(SendRefused):
        encode(CHAT, Message(segments=segments, reply_to="5"))


def outcome(answer: Answer, call: Call, dialect: Dialect) -> tuple[str, str]:
    try:
        return "receipt", receipt_of(answer, call, dialect).message_id
    except SendRefused as error:
        return "refused", error.capability
    except SendDeferred:
        return "deferred", ""
    except SendUnknown:
        return "unknown", ""


@pytest.mark.parametrize("record", CALLS, ids=lambda record: record["name"])
def test_every_recorded_answer(record: dict[str, Any]) -> None:
    """Each recorded answer means what stands beside it."""
    capability = {"set_group_ban": Capability.MUTE}.get(record["request"]["action"])
    is_message = record["request"]["action"].startswith("send_")
    call = Call(record["request"]["action"], record["request"]["params"], capability, is_message=is_message)
    answer = Answer.model_validate(record["response"])
    assert outcome(answer, call, dialect_of(record["implementation"])) == (record["outcome"], record["detail"])


def test_there_are_eight() -> None:
    """No recorded call is left out."""
    assert len(CALLS) == 8


SEND = Call("send_group_msg", {}, is_message=True)
BAN = Call("set_group_ban", {}, Capability.MUTE)


@pytest.mark.parametrize(
    ("call", "dialect", "answer", "expected"),
    [
        (SEND, NAPCAT, {"retcode": 0, "status": "ok", "data": {"message_id": "77"}}, ("receipt", "77")),
        (SEND, GENERIC, {"retcode": 0, "status": "ok", "data": None}, ("receipt", "")),
        (SEND, LAGRANGE, {"retcode": 0, "status": "任意的文字", "data": {}}, ("receipt", "")),
        (SEND, GENERIC, {"retcode": 1, "status": "async"}, ("receipt", "")),
        (SEND, LAGRANGE, {"retcode": 200, "status": "failed"}, ("unknown", "")),
        (SEND, LLBOT, {"retcode": 1200, "message": "发送超时"}, ("unknown", "")),
        (
            SEND,
            NAPCAT,
            {"retcode": 1200, "message": 'EventChecker Failed: NTEvent … Timeout … "result": 120'},
            ("refused", ""),
        ),
        (SEND, NAPCAT, {"retcode": 1200, "message": "操作过于频繁"}, ("deferred", "")),
        (SEND, NAPCAT, {"retcode": 1400, "message": "$.user_id missing required value"}, ("refused", "")),
        (BAN, NAPCAT, {"retcode": 1200, "message": "cannot ban owner"}, ("refused", "")),
        (BAN, NAPCAT, {"retcode": 1200, "message": "user not in group"}, ("refused", "")),
        (BAN, LLBOT, {"retcode": 1200, "message": "没有权限"}, ("refused", "mute")),
        (BAN, NAPCAT, {"retcode": 1404, "message": "不支持的Api"}, ("refused", "mute")),
        (BAN, LAGRANGE, {"retcode": 404}, ("refused", "mute")),
    ],
)
def test_answers(call: Call, dialect: Dialect, answer: dict[str, Any], expected: tuple[str, str]) -> None:
    """Judged by retcode; timeouts are unknown; a lack of rights names the capability, a bad target does not."""
    assert outcome(Answer.model_validate(answer), call, dialect) == expected


@pytest.mark.parametrize(
    ("app", "dialect"),
    [
        ("NapCat.Onebot", NAPCAT),
        ("LLOneBot", LLBOT),
        ("LuckyLilliaBot", LLBOT),
        ("Lagrange.OneBot", LAGRANGE),
        ("go-cqhttp", GENERIC),
        ("", GENERIC),
    ],
)
def test_dialects(app: str, dialect: Dialect) -> None:
    """The implementation is known by its name."""
    assert dialect_of(app) is dialect


def test_receipt_without_id() -> None:
    """Actions other than messages have no id to give."""
    assert receipt_of(Answer(retcode=0), BAN, NAPCAT) == Receipt("")
