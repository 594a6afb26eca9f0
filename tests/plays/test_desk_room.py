"""Operators act on the group from the chat, and are told what became of it."""

from __future__ import annotations

import pytest

from bot.core.effects import Effect, Forward, Invite, Outward, Recall, Rename, Say, SetRemark
from bot.core.events import EffectSettled, MessageReceived, Outcome
from bot.core.segments import Mention, Text
from tests.stage import ACCOUNT, CHAT, Stage


def desk(**params: object) -> Stage:
    return Stage("desk", params).members("小明", op="老陈").start()


def acts(stage: Stage) -> list[Effect]:
    return [effect for effect in stage.effects if isinstance(effect, Outward) and not isinstance(effect, Say)]


@pytest.mark.parametrize(
    ("text", "more", "kind", "fields"),
    [
        ("改群名 共读营二期", {}, Rename, {"name": "共读营二期"}),
        ("撤回消息", {"reply_to": "m9"}, Recall, {"message_id": "m9"}),
        ("转发到 二群", {"reply_to": "m9"}, Forward, {"message_id": "m9", "into": "sim:二群"}),
        ("拉人 小红", {}, Invite, {"member": "sim:小红"}),
        ("拉人 sim:小红", {}, Invite, {"member": "sim:小红"}),
    ],
)
def test_an_operators_command_is_one_effect(
    text: str, more: dict[str, str], kind: type[Effect], fields: dict[str, str]
) -> None:
    """And the operator hears that it is done when the network has said so."""
    stage = desk()
    stage.says("老陈", text, **more)
    (done,) = acts(stage)
    assert isinstance(done, kind)
    assert {name: getattr(done, name) for name in fields} == fields
    assert stage.bot() == [f"✅ {text.split()[0]}：办好了"]


def test_a_notice_is_announced() -> None:
    """群公告 and its text, as written: nothing in it is a template."""
    stage = desk()
    stage.says("老陈", "群公告 周六 {{ 下雨 }} 改期")
    assert any("周六 {{ 下雨 }} 改期" in line for line in stage.lines)


def test_a_remark_is_for_whom_is_mentioned() -> None:
    """备注 @小明 组长: the mention says who, the rest is the remark."""
    stage = desk()
    stage.happens(
        MessageReceived(
            id="m1",
            account=ACCOUNT,
            chat=CHAT,
            member="sim:老陈",
            at=stage.now,
            message_id="m1",
            text="备注 @小明 组长",
            segments=(Text("备注 "), Mention("sim:小明", "小明"), Text(" 组长")),
            mentions=("sim:小明",),
            role="owner",
        )
    )
    (done,) = acts(stage)
    assert done == SetRemark(member="sim:小明", remark="组长", key=done.key)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "text",
    ["群公告", "改群名", "改群名 " + "长" * 31, "撤回消息", "转发到 二群", "拉人 小红 小刚", "拉人 qq:1", "备注 组长"],
)
def test_what_is_incomplete_is_told_how(text: str) -> None:
    """One line says how it is written; nothing is done."""
    stage = desk()
    stage.says("老陈", text)
    assert acts(stage) == []
    assert stage.bot()[0].startswith("这样写：")


def test_members_are_not_answered() -> None:
    """The same words from a member are chat; and switched off, the commands are nobody's."""
    stage = desk()
    stage.says("小明", "改群名 我的群")
    assert acts(stage) == []
    assert stage.bot() == []
    quiet = desk(room=False)
    quiet.says("老陈", "改群名 我的群")
    assert acts(quiet) == []


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        ("done", "✅ 改群名：办好了"),
        ("failed", "❌ 改群名：没办成（not the owner）"),
        ("unknown", "❓ 改群名：没等到结果，请看一眼群里"),
    ],
)
def test_the_operator_is_told_what_became_of_it(outcome: Outcome, said: str) -> None:
    """As the network answered, where it was asked."""
    stage = desk()
    error = "not the owner" if outcome == "failed" else ""
    stage.happens(
        EffectSettled(
            id="s",
            account=ACCOUNT,
            chat=CHAT,
            at=stage.now,
            play="测试/desk",
            key="改群名||m1",
            outcome=outcome,
            error=error,
        )
    )
    assert stage.bot() == [said]
