"""The cards: nothing runs out of its box or into another, whatever people are called and however many they are."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import zxingcpp
from PIL import Image

from bot.insight.pictures.canvas import Canvas
from bot.insight.pictures.studio import CardRefused, Studio, kinds

HOSTILE = (
    "", " ", "\u3164", "长" * 400, "W" * 400, "<img src=x onerror=alert(1)>", "\u202e反过来\x00\x1b[31m", "a" + "\u0301" * 60,
    "👨‍👩‍👧‍👦🇨🇳👍🏽" * 20, "𠮷㐂龘", "العربية 한국어 ไทย", "{name}{title}", "꧁༺小༒明༻꧂", "一\n二\n三",
)  # fmt: skip


def poster(count: int, name: str, own: bool = True) -> dict[str, Any]:
    rows = [
        {"place": n + 1, "name": f"{name}{n}" if name.strip() else name, "total": 10.0**9 / (n + 1)}
        for n in range(count)
    ]
    data: dict[str, Any] = {
        "board": "points",
        "window": "week",
        "unit": "points",
        "group": name,
        "first": "2026-11-16",
        "last": "2026-12-31",
        "rows": rows,
    }
    if own and count > 10:
        data["own"] = {"place": 487, "name": name, "total": 1.5, "note": "连续 365"}
    return {**data, "ranked": count}


def hostile(kind: str) -> Iterator[dict[str, Any]]:
    for text in HOSTILE:
        match kind:
            case "leaderboard":
                yield from (poster(count, text) for count in (0, 1, 3, 500))
                yield {**poster(3, text), "board": text, "window": text, "unit": text[:300]}
            case "letter":
                yield {**kinds()[kind].sample, "name": text, "title": text, "verify": text[:8], "text": text}
                yield {**kinds()[kind].sample, "name": text, "title": text, "number": text, "code": ""}
            case "certificate":
                for form in ("completion", "award", "honour", text or "空"):
                    yield {**kinds()[kind].sample, "kind": form, "name": text, "title": text, "reason": text}
            case "calendar":
                for month in (2, 3, 8):
                    yield {"name": text, "word": text, "title": text, "year": 2027, "month": month, "marks": ["o"] * 28,
                           "streak": 99999, "best": 10**9, "total": 10**12, "today": 28}  # fmt: skip
            case "wordcloud":
                yield {
                    "words": [{"text": text or "空", "count": 3}, {"text": "词", "count": 1}],
                    "group": text,
                    "first": "2026-01-01",
                }
                yield {"words": [{"text": f"{text or '空'}{n}", "count": 1 + n} for n in range(500)], "messages": 10**9}
            case "report":
                yield {
                    "kind": text or "weekly", "group": text, "last": "2026-01-01", "footer": text,
                    "figures": [{"label": text, "value": text, "change": text, "trend": "bad"}] * 9,
                    "course": {"label": text, "points": [None, 0, 1, 10**9] * 15, "labels": [text] * 60},
                    "lists": [{"label": text, "items": [{"name": text, "value": text}] * 500}] * 3,
                    "remarks": [text] * 9,
                }  # fmt: skip


def assert_tidy(canvas: Canvas) -> None:
    """Everything inside its bounds, the bounds inside the picture, no two things on each other."""
    wide, tall = canvas.image.size
    for each in canvas.placed:
        left, top, right, bottom = each.ink
        assert -1 <= left <= right <= wide + 1, each
        assert -1 <= top <= bottom <= tall + 1, each
        assert left >= each.within[0] - 8, each
        assert right <= each.within[2] + 8, each
        assert top >= each.within[1] - 2, each
        assert bottom <= each.within[3] + 2, each
    for nth, one in enumerate(canvas.placed):
        for other in canvas.placed[nth + 1 :]:
            across = min(one.ink[2], other.ink[2]) - max(one.ink[0], other.ink[0])
            down = min(one.ink[3], other.ink[3]) - max(one.ink[1], other.ink[1])
            assert across <= 2 or down <= 2, (one, other)


@pytest.mark.parametrize("kind", sorted(kinds()))
def test_a_card_is_tidy_with_its_sample(studio: Studio, kind: str) -> None:
    canvas = studio.canvas(kind, kinds()[kind].sample)
    assert_tidy(canvas)
    assert sum(each.missing for each in canvas.placed) == 0


@pytest.mark.parametrize("kind", sorted(kinds()))
def test_a_card_is_tidy_with_anything(studio: Studio, kind: str) -> None:
    """Long, empty, invisible, foreign and piled-up names; none, one and five hundred people."""
    for data in hostile(kind):
        assert_tidy(studio.canvas(kind, data))


@pytest.mark.parametrize("kind", sorted(kinds()))
def test_the_same_data_gives_the_same_bytes(studio: Studio, kind: str) -> None:
    sample = kinds()[kind].sample
    first, again = studio.draw(kind, sample), studio.draw(kind, sample)
    assert first.png == again.png
    with Image.open(io.BytesIO(first.png)) as picture:
        assert picture.size == (first.width, first.height)
        assert len(picture.getcolors(1 << 24) or ()) > 50
        assert not picture.info.keys() - {"dpi"}


@pytest.mark.parametrize("kind", ["letter", "certificate"])
def test_the_code_can_be_scanned(studio: Studio, kind: str) -> None:
    """A phone reads the very command that verifies the paper."""
    sample = kinds()[kind].sample
    with Image.open(io.BytesIO(studio.draw(kind, sample).png)) as picture:
        (code,) = zxingcpp.read_barcodes(picture)
    assert code.text == f"{sample['verify']} {sample['code']}"


def test_the_poster_shows_ten_and_the_own_place(studio: Studio) -> None:
    """Of five hundred, ten and the one who asked."""
    said = texts(studio.canvas("leaderboard", poster(500, "人")))
    assert "人9" in said
    assert "人10" not in said
    assert "#487" in said
    assert "共 500 人上榜" in said


def test_html_and_placeholders_in_a_name_are_text(studio: Studio) -> None:
    said = texts(studio.canvas("letter", {**kinds()["letter"].sample, "name": "<b>{title}</b>"}))
    assert "<b>{title}</b>：" in said


def test_a_rare_sign_that_no_font_has_is_counted(studio: Studio) -> None:
    drawn = studio.draw("letter", {**kinds()["letter"].sample, "name": "甲\U0001312f"})
    assert drawn.missing == 1


def test_words_of_a_cloud_do_not_depend_on_their_order(studio: Studio) -> None:
    sample: Mapping[str, Any] = kinds()["wordcloud"].sample
    turned = {**sample, "words": list(reversed(sample["words"]))}
    assert studio.draw("wordcloud", sample).png == studio.draw("wordcloud", turned).png


def test_data_that_a_card_cannot_show_is_refused_by_name(studio: Studio) -> None:
    with pytest.raises(CardRefused, match=r"rows.0.place"):
        studio.draw("leaderboard", {"board": "points", "rows": [{"place": 0, "name": "甲", "total": 1}]})
    with pytest.raises(CardRefused, match="no card 'nothing'"):
        studio.draw("nothing", {})


def texts(canvas: Canvas) -> list[str]:
    return [each.what for each in canvas.placed]
