"""The fonts that come with the project: whole, licensed, and telling the truth about what they have."""

from __future__ import annotations

import unicodedata
from hashlib import sha256

import pytest
from PIL import ImageFont

from bot.insight.pictures.fonts import Coverage
from bot.insight.pictures.studio import Studio
from bot.insight.pictures.text import missing
from tests.insight.pictures.conftest import TEMPLATES

FOLDER = TEMPLATES / "fonts"


def test_every_font_is_the_one_that_was_made(studio: Studio) -> None:
    """Name, hash and licence of each stand in the manifest; nothing else lies in the folder."""
    for entry in studio.fonts.entries:
        assert sha256((FOLDER / entry["file"]).read_bytes()).hexdigest() == entry["sha256"]
        assert entry["licence"]
        assert entry["file"] in (FOLDER / "LICENSES.txt").read_text("utf-8")
    files = {entry["file"] for entry in studio.fonts.entries} | {"fonts.json", "LICENSES.txt"}
    assert {path.name for path in FOLDER.iterdir()} == files


@pytest.mark.parametrize("name", ["sans", "bold", "serif", "symbols"])
def test_the_coverage_is_true(studio: Studio, name: str) -> None:
    """What a font claims to have is not drawn as its box for what it lacks: every 37th sign."""
    font: ImageFont.FreeTypeFont = studio.fonts.load(name, 24)
    box = font.getmask("\U0010fffd").getbbox(), bytes(font.getmask("\U0010fffd"))
    codes = [code for code in studio.fonts.coverage(name) if unicodedata.category(chr(code))[0] in "LNPS"][::37]
    assert len(codes) > 50
    for code in codes:
        mask = font.getmask(chr(code))
        assert (mask.getbbox(), bytes(mask)) != box, f"U+{code:04X}"


def test_chinese_names_are_covered(studio: Studio) -> None:
    """GB 2312 in all three faces; rare and traditional characters, kana, Korean and Cyrillic in one of them."""
    common = "".join(
        bytes((high, low)).decode("gb2312", "ignore") for high in range(0xB0, 0xF8) for low in range(0xA1, 0xFF)
    )
    for name in ("sans", "bold", "serif"):
        assert all(char in studio.fonts.coverage(name) for char in common)
    assert missing("𠮷㐂龘㙓鱻燚 葉鋒 さくら 김철수 Дима Ünal ★☆♪ღ①Ⅷ", studio.fonts) == ""


def test_emoji_sequences_are_one_sign(studio: Studio) -> None:
    """Families, flags, skin tones and keycaps are as wide as one emoji."""
    font = studio.fonts.load("emoji", 40)
    for sign in ("👍🏽", "🇨🇳", "🏳️‍🌈", "👨‍👩‍👧‍👦", "👩🏿‍🚀", "1️⃣", "❤️‍🔥", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"):
        assert font.getlength(sign) == font.getlength("😀"), sign


def test_coverage_reads_intervals() -> None:
    """`20-22 a0` are four code points."""
    coverage = Coverage("20-22 a0")
    assert list(coverage) == [0x20, 0x21, 0x22, 0xA0]
    assert " " in coverage
    assert "#" not in coverage
