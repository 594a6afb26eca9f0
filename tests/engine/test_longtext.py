"""Long texts go out in numbered parts that read well."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.segments import Image, Mention, Segment, Text
from bot.engine.longtext import split_text


def _read(part: tuple[Segment, ...]) -> str:
    return "".join(s.text if isinstance(s, Text) else f"@{s.name} " if isinstance(s, Mention) else "[图]" for s in part)


def test_a_short_text_stays_one() -> None:
    """What fits is sent as it is, without a number."""
    parts = (Text("大家早上好"), Image(name="a.png"))
    assert split_text(parts, 20) == [parts]


def test_lines_are_kept_whole_and_parts_are_numbered() -> None:
    """A list is cut between its lines; each part says which of how many it is."""
    text = "今日打卡榜\n" + "\n".join(f"{n}. 书友{n} 连续 {n} 天" for n in range(1, 7))
    assert [_read(part) for part in split_text([Text(text)], 50)] == [
        "今日打卡榜\n1. 书友1 连续 1 天\n2. 书友2 连续 2 天\n(1/3)",
        "3. 书友3 连续 3 天\n4. 书友4 连续 4 天\n5. 书友5 连续 5 天\n(2/3)",
        "6. 书友6 连续 6 天\n(3/3)",
    ]


def test_a_line_with_a_mention_is_not_torn() -> None:
    """A mention stays with the words of its line."""
    line: list[Segment] = [Text("还没打卡:"), Mention("qq:1", "小明"), Text("记得今天来哦\n")]
    parts = split_text(line * 3, 26)
    assert [_read(part) for part in parts] == [f"还没打卡:@小明 记得今天来哦\n({n}/3)" for n in (1, 2, 3)]


def test_a_paragraph_is_cut_after_a_sentence() -> None:
    """Without line ends the cut is after a full stop."""
    text = "今天我们读第一章。作者讲了地方政府的钱从哪里来。明天继续读第二章，欢迎大家早点来打卡。"
    assert [_read(part) for part in split_text([Text(text)], 40)] == [
        "今天我们读第一章。作者讲了地方政府的钱从哪里来。\n(1/2)",
        "明天继续读第二章，欢迎大家早点来打卡。\n(2/2)",
    ]


def test_an_emoji_is_not_taken_apart() -> None:
    """A family of four is one sign."""
    family = "👨‍👩‍👧‍👦"
    for part in split_text([Text("好" * 12 + family * 6)], 30):
        assert not _read(part).removesuffix("\n").strip().startswith("\u200d")
        assert "\u200d\n" not in _read(part)


def test_a_limit_without_room_is_a_bug() -> None:
    """The number itself needs room."""
    with pytest.raises(ValueError, match="at least 20"):
        split_text([Text("x" * 50)], 19)


segments = st.lists(
    st.one_of(
        st.text(alphabet="好天气。，\nab 👍", max_size=80).map(Text),
        st.text(alphabet="明红ab", min_size=1, max_size=8).map(lambda name: Mention(f"qq:{name}", name)),
        st.just(Image(name="a.png")),
    ),
    max_size=8,
)


@settings(max_examples=60)
@given(segments, st.integers(20, 60))
def test_nothing_is_lost_and_no_part_is_too_long(whole: list[Segment], limit: int) -> None:
    """Every character but line ends at a cut is sent, in order; every mention whole; no part above the limit."""
    parts = split_text(whole, limit)
    count = len(parts)
    together = "".join(_read(part).removesuffix(f"\n({n}/{count})") for n, part in enumerate(parts, 1))
    if count > 1:
        assert all(len(_read(part).replace("[图]", "")) <= limit for part in parts)
        assert together.replace("\n", "") == _read(tuple(whole)).replace("\n", "")
    assert [s for part in parts for s in part if not isinstance(s, Text)] == [
        s for s in whole if not isinstance(s, Text)
    ]
