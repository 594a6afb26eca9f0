"""QR codes in pictures: judged as links, as words, and as codes."""

from __future__ import annotations

from typing import Any

import pytest

from bot.core.events import ImageRead
from bot.core.segments import Image
from bot.plays.rules import PLAY
from tests.plays.rules.scene import case, scene, sends
from tests.stage import ACCOUNT, CHAT, Stage

CODES: dict[str, Any] = {"id": "二维码", "match": {"image_qr": {"allow": ["qq.com"]}}}


def shows(stage: Stage, name: str, *codes: str, error: str = "") -> None:
    """`name` sends a picture, and the engine reads `codes` in it."""
    sends(stage, name, Image(url="https://pic.example/1.png"))
    reads(stage, name, *codes, error=error)


def reads(stage: Stage, name: str, *codes: str, number: int = 0, error: str = "") -> None:
    sent = stage.heard[-1]
    stage.happens(
        ImageRead(
            id=f"{sent.message_id}#image{number}", account=ACCOUNT, chat=CHAT, at=sent.at, member=f"sim:{name}",
            message_id=sent.message_id, codes=codes, sha256="ab" * 32, error=error,
        )
    )  # fmt: skip


def test_a_code_that_leads_elsewhere_is_a_verdict_with_the_code_as_evidence() -> None:
    """A contact or group invitation counts as a link to its host; the code itself never shows in the group."""
    stage = scene(CODES)
    shows(stage, "小明", "https://u.wechat.com/EAbC")
    assert case(stage, 1).done == ("warn", "delete")
    assert case(stage, 1).text == "https://u.wechat.com/EAbC"
    assert case(stage, 1).hits[0].base == "u.wechat.com"
    assert not any("u.wechat.com" in line for line in stage.bot())


@pytest.mark.parametrize("codes", [(), ("https://mp.weixin.qq.com/s/abc",), ("https://qq.com/a", "https://y.qq.com")])
def test_a_picture_without_a_code_or_with_an_allowed_one_is_nobodys_business(codes: tuple[str, ...]) -> None:
    """No case, not a word."""
    stage = scene(CODES)
    shows(stage, "小明", *codes)
    assert stage.bot() == []
    assert not any(key.startswith("case:") for key in stage.slots["测试/rules"])


@pytest.mark.parametrize(
    "code", ["wxp://f2f0abc", "加我微信号 abc123", "https://evilqq.com/x", "http://10.0.0.1/qq.com"]
)
def test_what_is_no_allowed_address_is_not_allowed(code: str) -> None:
    """Payment codes, plain text, look-alike hosts and bare addresses."""
    stage = scene(CODES)
    shows(stage, "小明", code)
    assert case(stage, 1).rule == "二维码"
    stage.bot()


def test_words_and_links_hold_inside_a_picture_too() -> None:
    """The decoded text goes through the group's lists as if it had been typed."""
    stage = scene(CODES, {"id": "词", "match": {"phrases": ["刷单兼职"]}}, {"id": "外链", "match": {"link": {}}})
    shows(stage, "小明", "刷单兼职 https://bad.example.com")
    assert {hit.rule for hit in case(stage, 1).hits} == {"二维码", "词", "外链"}
    stage.bot()


def test_operators_may_show_codes() -> None:
    """The rule is off for those who run the group."""
    stage = scene(CODES)
    shows(stage, "老陈", "https://u.wechat.com/EAbC")
    assert stage.bot() == []


def test_a_newcomer_may_not_show_a_code() -> None:
    """Even where codes are otherwise nobody's business."""
    stage = scene({"id": "新人", "match": {"newcomer": {}}})
    stage.joins("小明")
    shows(stage, "小明", "加我微信号 abc123")
    assert case(stage, 1).rule == "新人"
    stage.bot()


def test_two_pictures_of_one_message_are_one_verdict() -> None:
    """A rule acts once on a message, however many pictures it has."""
    stage = scene(CODES)
    shows(stage, "小明", "https://u.wechat.com/1")
    reads(stage, "小明", "https://u.wechat.com/2", number=1)
    assert "case:2" not in stage.slots["测试/rules"]
    stage.bot()


def test_the_evidence_holds_the_digest_and_not_the_picture() -> None:
    """Operators can tell which picture it was."""
    stage = scene(CODES)
    shows(stage, "小明", "https://u.wechat.com/EAbC")
    assert case(stage, 1).image == "ab" * 32
    stage.says("老陈", "案件 1", private=True)
    assert "图片：SHA-256 abababababababab…" in stage.bot()[-1]


def test_a_picture_that_was_taken_back_before_it_was_read_is_worth_a_word_at_most() -> None:
    """The record is kept; nothing is deleted, nobody is muted, no points."""
    stage = scene(CODES, ladder=[{"at": 1, "do": "mute"}])
    sends(stage, "小明", Image(url="https://pic.example/1.png"))
    stage.recalls("小明", stage.heard[-1].message_id)
    reads(stage, "小明", "https://u.wechat.com/EAbC")
    assert case(stage, 1).done == ("warn",)
    assert (case(stage, 1).points, stage.effects) == (0, [])
    shows(stage, "小明", "https://u.wechat.com/EAbC")
    assert case(stage, 2).done == ("warn", "delete", "mute")


def test_pictures_are_read_only_where_a_rule_needs_it() -> None:
    """A group without such a rule costs no download."""
    params = PLAY.Params.model_validate
    assert PLAY.reads_images(params({"rules": [CODES]}))
    assert PLAY.reads_images(params({"rules": [{"id": "新", "match": {"newcomer": True}}]}))
    assert not PLAY.reads_images(params({"rules": [{"id": "词", "match": {"phrases": ["刷单"]}}]}))
