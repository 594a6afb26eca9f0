"""Titles and cards: ours may change and go, a person's never."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from bot.core.effects import SetCard, SetTitle
from bot.core.marks import Mark, marking, refused
from bot.core.play import Capability, Member

NOW = datetime(2026, 3, 2, tzinfo=UTC)
ALL = frozenset({Capability.SET_TITLE, Capability.SET_CARD})


def asks(
    mark: Mark,
    title: str,
    has: str | None = "",
    *,
    card: str = "",
    name: str = "小明",
    caps: frozenset[Capability] = ALL,
) -> tuple[Mark, list[str]]:
    """The mark afterwards and what the network was told."""
    found = marking(mark, Member(uid="qq:1", name=name, title=has), title, card, caps, NOW, title_key="t")
    told = [
        each.title if isinstance(each, SetTitle) else each.card
        for each in found.effects
        if isinstance(each, SetTitle | SetCard)
    ]
    return found.mark, told


def test_a_refused_change_leaves_the_title_before() -> None:
    """And it is still known as ours, so that the next try is no quarrel with a person."""
    silver, told = asks(Mark(), "白银")
    assert told == ["白银"]
    gold, told = asks(silver, "黄金", "白银")
    assert told == ["黄金"]
    back = refused(gold)
    assert back.title == "白银"
    again, told = asks(back, "黄金", "白银")
    assert told == ["黄金"]
    assert again.kept == ""


def test_nothing_is_tried_twice_or_blindly() -> None:
    """The same wish again, an unknown title, a missing right: silence."""
    gold, _ = asks(Mark(), "黄金")
    assert asks(gold, "黄金") == (gold, [])
    assert asks(Mark(), "黄金", None) == (Mark(), [])
    assert asks(Mark(), "黄金", caps=frozenset()) == (Mark(), [])
    assert marking(Mark(), Member(uid="a", name="a", title=""), "黄金", "", frozenset(), NOW, title_key="t").missing


def test_a_card_that_would_be_too_long_is_left_alone() -> None:
    long_name = "长" * 19
    mark, told = asks(Mark(), "", card="{name}·黄金", name=long_name)
    assert told == []
    assert asks(mark, "", card="{name}·黄金", name=long_name)[1] == []


TITLES = st.sampled_from(["", "白银", "黄金"])
MOVES = st.lists(st.tuples(TITLES, st.sampled_from(["", "took", "refused", "human"])), max_size=12)


@given(moves=MOVES)
def test_a_title_from_a_persons_hand_is_never_changed(moves: list[tuple[str, str]]) -> None:
    """Whatever is wished, refused and given by people in between: once a person's title stands, the bot tells nothing."""
    mark, has = Mark(), ""
    for wanted, then in moves:
        if then == "human":
            has = "镇群之宝"
        mark, told = asks(mark, wanted, has)
        if has == "镇群之宝":
            assert told == []
        elif told and then == "refused":
            mark = refused(mark)
        elif told:
            has = told[0]
