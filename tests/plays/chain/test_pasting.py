"""Reading what people paste and type: lists, quantities, orders, deadlines, short replies."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from bot.core.jielong import parse_list, parse_reply
from bot.core.jielong.deadline import ZONE, find_deadline
from bot.core.jielong.goods import Good, goods_in, order_of
from bot.core.jielong.keys import cancelled_name, comparison_key, name_key
from bot.core.jielong.numerals import plain
from bot.core.jielong.quantity import quantity_of
from tests.plays.chain.replaying import cases

_OFFER = (
    Good(name="车厘子", price=Decimal("69"), key="A"),
    Good(name="芒果", price=Decimal("39.5"), key="B", aliases=("大芒",)),
    Good(name="牛奶", price=Decimal("5"), key="C"),
)


@pytest.mark.parametrize("case", cases("pasted_lists.yaml"), ids=lambda case: case["about"])
def test_a_list_is_read_as_people_mean_it(case: dict[str, Any]) -> None:
    """Each way of numbering, heading and spacing a list gives the entries that a reader sees."""
    found = parse_list(case["said"])
    assert (None if found is None else [entry.text for entry in found.entries]) == case["list"]
    for part in ("title", "example", "tail"):
        if part in case and found is not None:
            assert getattr(found, part) == case[part]
    if found is not None:
        assert found.has_header is case.get("header", not case["said"][:1].isdigit() and "@群运 3" not in case["said"])


@pytest.mark.parametrize(("text", "count"), cases("quantities.yaml").items())
def test_a_line_counts_what_it_says(text: str, count: float) -> None:
    """Units, numerals, 各, 大小, x2, +2 and a last number; names and rooms are no quantities."""
    assert plain(quantity_of(text)) == count


def test_guests_are_added_to_the_member() -> None:
    """With guests, +2 is the member and two more; other quantities stay as they are."""
    assert quantity_of("小美 +2", counts_guests=True) == 3
    assert quantity_of("小美 2人", counts_guests=True) == 2


@pytest.mark.parametrize(("text", "items"), cases("orders.yaml").items())
def test_an_order_is_read_from_a_line(text: str, items: dict[str, float]) -> None:
    """Keys, names, aliases, numbers on either side; what names no good is left to a person."""
    order = order_of(text, _OFFER)
    assert {name: plain(count) for name, count in order.items.items()} == items
    assert order.is_unparsed == (not items)
    prices = {good.name: good.price for good in _OFFER}
    assert order.amount == sum((Decimal(str(count)) * prices[name] for name, count in items.items()), Decimal("0.00"))


def test_one_good_on_offer_needs_no_name() -> None:
    """Where one thing is sold, the quantity is enough."""
    assert order_of("小美 3箱", _OFFER[:1]).items == {"车厘子": 3}
    assert order_of("小美", _OFFER[:1]).amount == 69


def test_products_are_rounded_half_up() -> None:
    """0.5 of 0.01 is a cent, as every shop rounds."""
    assert order_of("小美 糖0.5斤", [Good(name="糖", price=Decimal("0.01"))]).amount == Decimal("0.01")


@pytest.mark.parametrize(
    ("line", "good"),
    [
        ("A. 车厘子 69元/箱", ("车厘子", "69", "A")),
        ("b、芒果：¥39.5", ("芒果", "39.5", "B")),
        ("牛奶 5元", ("牛奶", "5", "")),
        ("C) 鸡蛋 ￥18.8元/板", ("鸡蛋", "18.8", "C")),
        ("1. 车厘子 69元/箱", ("车厘子", "69", "")),
        ("人均大概六七十", None),
        ("满50元包邮哦", None),
    ],
)
def test_goods_are_read_from_the_header(line: str, good: tuple[str, str, str] | None) -> None:
    """A line with a name and a price is an offer; anything else is text."""
    found = goods_in(f"团水果\n{line}")
    assert [(each.name, str(each.price), each.key) for each in found] == ([good] if good else [])


@pytest.mark.parametrize(("line", "at"), cases("deadlines.yaml").items())
def test_a_deadline_is_read_from_the_list(line: str, at: str | None) -> None:
    """Dates, parts of the day and half hours; a line without 截止 or without a time says nothing."""
    found = find_deadline(["徒步", line], datetime(2025, 3, 3, 9, 0, tzinfo=ZONE))
    assert (found and f"{found:%Y-%m-%d %H:%M}") == at


def test_next_year_is_meant_in_december() -> None:
    """1月2日 written in December is not eleven months ago."""
    found = find_deadline(["1月2日 10:00截止"], datetime(2025, 12, 30, 9, 0, tzinfo=ZONE))
    assert found is not None
    assert found.year == 2026


@pytest.mark.parametrize(("text", "meaning"), cases("replies.yaml").items())
def test_a_short_reply_is_told_from_chat(text: str, meaning: str | None) -> None:
    """Joins and cancellations in every spelling; ordinary talk that begins alike stays talk."""
    found = parse_reply(text)
    shown = None if found is None else " ".join(map(str, filter(None, (found.kind, found.number, found.text))))
    assert shown == meaning


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("李四1份", "李四"),
        ("李四两份", "李四"),
        ("3-502 王姐 2份", "3-502王姐"),
        ("张三-2份", "张三"),
        ("三个和尚", "三个和尚"),
        ("@小美 +1", "小美"),
        ("🌸小美🌸", "小美"),
        ("🌸", "🌸"),
        ("小美（宝妈）2人", "小美"),
        ("A12 王姐", "a12王姐"),
        ("小美/2份", "小美"),
        ("Ｂｏｂ", "bob"),
        ("两份", "两份"),
        ("(小美)", "(小美)"),
    ],
)
def test_the_name_of_a_line(text: str, name: str) -> None:
    """Quantity, brackets, emoji and width are not part of a name; a room number is."""
    assert name_key(text) == name


def test_lines_are_equal_but_for_width_case_and_punctuation() -> None:
    """What a phone changes on its own makes no other line."""
    assert comparison_key("小美 １人！") == comparison_key("小美1人") == comparison_key("小美 1人 。")
    assert comparison_key("Amy") == comparison_key("ＡＭＹ~")
    assert comparison_key("小美1人") != comparison_key("小美2人")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("张三 取消", "张三"),
        ("张三（取消）", "张三"),
        ("张三已取消。", "张三"),
        ("张三不来了！", "张三"),
        ("张三 退", "张三"),
        ("张三(已退)", "张三"),
        ("取消", ""),
        ("张三 早退", None),
        ("张三退", None),
        ("张三 不取消", None),
        ("张三 别退出", None),
        ("取消了再说", None),
    ],
)
def test_a_cancel_mark(text: str, name: str | None) -> None:
    """Only an ending that takes the line back is one."""
    assert cancelled_name(text) == name


def test_a_list_longer_than_any_list_is_chat() -> None:
    """Thousands of lines are an attack or an accident: nobody's list, and read in no time."""
    assert parse_list("#接龙\n徒步\n\n" + "1. a\n" * 5000) is None
    assert parse_list("#接龙\n徒步\n\n1. a\n" + "x\n" * 60000) is None
    assert parse_list("#接龙\n徒步\n\n1. a\n" + "x\n" * 20000) is not None
