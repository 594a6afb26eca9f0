"""Text in pictures: what is dropped, what belongs together, where lines break."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.insight.pictures.studio import Studio
from bot.insight.pictures.text import MISSING, Measure, clean, clusters, missing
from tests.insight.pictures.conftest import TEMPLATES

STUDIO = Studio(TEMPLATES)
MEASURE = Measure(STUDIO.fonts)


def signs(text: str) -> list[str]:
    return [each.text for each in clusters(clean(text), "sans", STUDIO.fonts)]


def lines(text: str, width: float, most: int = 99) -> list[str]:
    broken = MEASURE.wrap(clusters(clean(text), "sans", STUDIO.fonts), 20, width, most)
    return ["".join(each.text for each in line) for line in broken]


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("小\x00明\x07", "小明"),
        ("\u202e反\u2066过来\u2069", "反过来"),
        ("  多\t空\n格  ", "多 空 格"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("\u3164\u115f\ufeff", ""),
        ("e\u0301", "é"),
        ("\ue000私用", "私用"),
    ],
)
def test_what_acts_is_dropped_and_what_shows_stays(typed: str, shown: str) -> None:
    assert clean(typed) == shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("家👨‍👩‍👧‍👦人", ["家", "👨‍👩‍👧‍👦", "人"]),
        ("🇨🇳🇭🇰", ["🇨🇳", "🇭🇰"]),
        ("👍🏽好", ["👍🏽", "好"]),
        ("1️⃣2", ["1️⃣", "2"]),
        ("❤️", ["❤️"]),
        ("☀☀️", ["☀", "☀️"]),
    ],
)
def test_a_sign_is_never_cut(text: str, expected: list[str]) -> None:
    assert signs(text) == expected


def test_piled_up_accents_are_bounded() -> None:
    """A name of fifty accents on one letter keeps two of them at most."""
    assert all(len(sign) <= 3 for sign in signs("a" + "\u0301\u0302\u0303" * 50 + "b"))


def test_what_no_font_has_is_the_printers_sign_and_is_told() -> None:
    text = "甲\U0001312f乙"
    assert signs(text) == ["甲", MISSING, "乙"]
    assert missing(text, STUDIO.fonts) == "\U0001312f"


def test_no_closing_punctuation_begins_a_line() -> None:
    """The character before goes down with it."""
    assert lines("一二三四五，六七八九十。", 100) == ["一二三四", "五，六七八", "九十。"]


def test_no_opening_bracket_ends_a_line() -> None:
    assert lines("一二三四《活着》", 100) == ["一二三四", "《活着》"]


def test_latin_words_stay_whole_while_they_fit() -> None:
    assert lines("我在读 Kindle 上的书", 110) == ["我在读", "Kindle 上的", "书"]
    assert all(lines("x" * 100, 60))


def test_what_does_not_fit_ends_in_an_ellipsis() -> None:
    assert lines("一二三四五六七八九十", 80, 2) == ["一二三四", "五六七…"]


ODD = "家a👨👩🇨🇳🏽1⃣\ufe0f\ufe0e\u200d\u200c\u0301\U000e0067\U000e007f❤☀ ，《\U0001312fع"


@settings(max_examples=150)
@given(st.text(st.sampled_from(ODD), max_size=12))
def test_loose_parts_of_emoji_break_nothing(text: str) -> None:
    """Half flags, joiners that join nothing, tones of no hand: every cluster can be measured and is something."""
    for cluster in clusters(clean(text), "sans", STUDIO.fonts):
        assert cluster.text
        assert MEASURE.one(cluster, 20) >= 0


@settings(max_examples=60)
@given(st.text(max_size=60), st.integers(60, 400), st.integers(1, 5))
def test_any_text_fits_its_lines(text: str, width: int, most: int) -> None:
    """No line is wider than it may be, there are not too many, and nothing of a whole text is lost."""
    prepared = clusters(clean(text), "sans", STUDIO.fonts)
    broken = MEASURE.wrap(prepared, 20, width, most)
    assert len(broken) <= most
    assert all(MEASURE.width(line, 20) <= width + 2 for line in broken)
    if "…" not in "".join(each.text for line in broken for each in line):
        said = [each.text for line in broken for each in line if each.text != " "]
        assert said == [each.text for each in prepared if each.text != " "]
