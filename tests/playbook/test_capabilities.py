"""What `check` says of a network is what its transport does."""

from __future__ import annotations

from bot.core.play import ALL_CAPABILITIES, Capability
from bot.playbook.capabilities import LACKING, NAMES, NEEDS_ROLE, Want, capability_problems
from bot.playbook.problems import NOTHING, Place
from bot.transports.wechat.standing import Standing
from bot.transports.wechat.wire import RawRoom


def _standing(owner: str) -> frozenset[Capability]:
    standing = Standing("wechat:wxid_bot")
    standing.learn(RawRoom("1@chatroom", "群", owner, (), ("wxid_bot",)))
    return standing.capabilities("wechat:1@chatroom")


def test_wechat_lacks_what_its_transport_refuses() -> None:
    """What the owner's account cannot do is lacking; what only a leader can do needs the role; the rest is neither."""
    leader, member = _standing("wxid_bot"), _standing("wxid_owner")
    assert LACKING["wechat"] == ALL_CAPABILITIES - leader
    assert set(NEEDS_ROLE["wechat"]) == leader - member


def test_everybody_and_requests_have_no_way_on_wechat() -> None:
    """@全体成员 and join requests are said to be impossible, each with its line, not to need a role."""
    wants = [
        Want("播报", Capability.MENTION_ALL, Place("camp.yaml", 9), NOTHING),
        Want("欢迎", Capability.APPROVE, Place("camp.yaml", 14), NOTHING),
    ]
    found = list(capability_problems(wants, ["wechat"]))
    assert [(each.code, each.place.line, each.message.zh) for each in found] == [
        ("PB401", 9, "微信不支持@全体成员"),
        ("PB401", 14, "微信不支持审批入群"),
    ]
    assert {each.code for each in capability_problems(wants, ["qq"])} == {"PB402"}


def test_every_capability_has_a_name() -> None:
    """A capability without one could not be named in a warning."""
    assert set(NAMES) == ALL_CAPABILITIES
