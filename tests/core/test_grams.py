"""What a text is found by."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.text.grams import chat_gram, folded, grams, member_gram, places, wanted

TEXTS = st.text(st.characters(codec="utf-8"), max_size=40)


def gram(signs: str) -> int:
    return ord(signs[0]) << 16 | (ord(signs[1]) if len(signs) > 1 else 0)


def test_signs_and_pairs_but_none_across_a_blank() -> None:
    """A text of three signs has three single ones and two pairs."""
    assert grams("打卡吧") == {gram("打"), gram("卡"), gram("吧"), gram("打卡"), gram("卡吧")}
    assert gram("卡签") not in grams("打卡 签到")
    assert grams("  \n") == set()


def test_folded_alike() -> None:
    """Full-width and half-width, capitals and small ones, every blank."""
    assert folded("ＱＱ　群\x00A") == "qq 群 a"
    assert grams("NapCat") == grams("ｎａｐｃａｔ")


@given(TEXTS, st.integers(0, 40), st.integers(1, 10))
def test_a_part_of_a_text_finds_it(text: str, begin: int, length: int) -> None:
    """Whatever is cut out of a text: all that it wants is there, and its place is found."""
    plain = folded(text)
    word = plain[begin : begin + length].strip()
    if word and " " not in word:
        assert wanted([word]) <= grams(text)
        assert places(text, [word])


@given(TEXTS)
def test_grams_are_32_bits_and_no_place_or_person(text: str) -> None:
    """No text is taken for a group or a member, and no group for a member."""
    found = grams(text)
    assert all(0 < each < 1 << 32 or each == 0 for each in found)
    assert not found & {chat_gram(1), member_gram(1), chat_gram(1 << 25), member_gram(1 << 25)}
    assert chat_gram(7) != member_gram(7)


@pytest.mark.parametrize(
    ("text", "words", "found"),
    [
        ("我今天打卡了，明天再打卡", ["打卡"], ["打卡", "打卡"]),
        ("ＮａｐＣａｔ 掉线", ["napcat", "掉线"], ["ＮａｐＣａｔ", "掉线"]),
        ("㎏多少", ["kg"], ["㎏"]),
        ("啊啊啊", ["啊啊"], ["啊啊"]),
        ("打卡签到", ["打卡", "卡签"], ["打卡签"]),
        ("没有", ["打卡"], []),
    ],
)
def test_places_are_those_of_the_text_as_written(text: str, words: list[str], found: list[str]) -> None:
    """Also where folding makes one sign two."""
    assert [text[begin:end] for begin, end in places(text, words)] == found
