"""Chats of many hands on one list, and the list that must come of them."""

from __future__ import annotations

from typing import Any

import pytest

from bot.core.jielong import replay
from tests.plays.chain.replaying import case_of, cases, outcome, texts


@pytest.mark.parametrize("case", cases("chats.yaml"), ids=lambda case: case["about"])
def test_a_chat_gives_its_list(case: dict[str, Any]) -> None:
    """Concurrent pastes, edits, cancellations, recalls, closing: the list, and what was refused."""
    result = replay(case_of(case["chat"], case.get("config", {}), case.get("now")))
    lists = case["lists"] if "lists" in case else [case["list"]]
    assert [[entry["text"] for entry in chain["entries"]] for chain in result["chains"]] == lists
    assert [f"{message} {code}" for message, code in result["events"]] == case.get("events", [])
    if "posts" in case:
        assert [int(message) for message in result["posts_due"]] == case["posts"]
    if "open" in case:
        assert [chain["status"] for chain in result["chains"]] == ["open" if case["open"] else "closed"]
    if "closed" in case:
        closed = [number for number, chain in enumerate(result["chains"], 1) if chain["status"] == "closed"]
        assert closed == case["closed"]
    if "title" in case:
        assert result["chains"][0]["title"] == case["title"]
    if "waiting" in case:
        waiting = [entry["text"] for entry in result["chains"][0]["entries"] if entry.get("waitlist")]
        assert waiting == case["waiting"]
    if "sum" in case:
        assert result["chains"][0]["total_qty"] == case["sum"]


def test_the_five_hundred_and_first_is_refused() -> None:
    """A list holds 500 entries; whoever comes later is told that it is full."""
    long = "#接龙\n徒步\n\n" + "\n".join(f"{number}. 队员{number}号甲" for number in range(1, 501))
    result = outcome([{"小美": long}, {"阿杰": "+1"}, {"小美": "取消 队员3号甲"}, {"阿杰": "+1"}])
    assert result["events"] == [["2", "full"]]
    assert len(texts(result)) == 500
    assert texts(result)[-1] == "阿杰"


def test_the_same_message_twice_counts_once() -> None:
    """A network that delivers again changes nothing."""
    case = case_of([{"小美": "#接龙\n徒步\n\n1. 小美"}, {"阿杰": "+1"}], {})
    case["messages"].append(dict(case["messages"][1]))
    assert replay(case)["events"] == []


def test_configured_goods_and_deadline_win_over_the_header() -> None:
    """What the operator set is not changed by what a list says."""
    goods = [{"name": "橙子", "price": "9.9", "key": "A"}]
    config = {"goods": goods, "deadline": "2025-03-03T09:30:00+08:00"}
    chat = [{"小美": "#接龙\n团橙 3月9日10:00截止\nA. 苹果 5元\n\n1. 小美 A2"}, {"阿杰": "(09:31)+1"}]
    result = replay(case_of(chat, config))
    assert result["chains"][0]["amount"] == "19.80"
    assert result["chains"][0]["status"] == "closed"
    assert result["events"] == [["2", "closed_rejected"]]


def test_an_unclear_order_is_shown_as_such() -> None:
    """Nothing is guessed: no items, no amount, marked for a person."""
    result = outcome([{"小美": "#接龙\n团果\nA. 苹果 5元\nB. 梨 6元\n\n1. 小美 都要\n2. 阿杰 A2"}])
    first, second = result["chains"][0]["entries"]
    assert first == {"text": "小美 都要", "author": "小美", "items": {}, "amount": "0.00", "unparsed": True}
    assert second["items"] == {"苹果": 2}
    assert result["chains"][0]["totals"] == {"苹果": 2}


def test_an_alias_names_its_owner() -> None:
    """Who is known by another name can change the line that carries it."""
    case = case_of([{"小美": "#接龙\n徒步\n\n1. 大杰 2人"}, {"阿杰": "不来了"}], {})
    case["members"]["阿杰"]["aliases"] = ["大杰"]
    assert replay(case)["chains"][0]["entries"] == []


def test_a_quiet_chain_takes_no_fragments() -> None:
    """A day later a numbered line is chat again."""
    case = case_of([{"小美": "#接龙\n徒步\n\n1. 小美"}, {"阿杰": "2. 阿杰"}], {})
    case["messages"][1]["t"] = "2025-03-04T09:30:00+08:00"
    assert [entry["text"] for entry in replay(case)["chains"][0]["entries"]] == ["小美"]


def test_an_entry_of_thousands_of_lines_is_refused_quickly() -> None:
    """Looking for somebody else's line in it is bounded, whatever it holds."""
    long = "#接龙\n徒步\n\n1. 小美\n" + "x\n" * 30000
    result = outcome([{"小美": "#接龙\n徒步\n\n1. 小美"}, {"阿杰": long}])
    assert texts(result) == ["小美"]
    assert result["events"] == [["2", "too_long"]]
