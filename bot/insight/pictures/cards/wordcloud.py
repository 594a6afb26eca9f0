"""词云: what a group talked about, the most frequent words largest.

The layout is the usual one (Wordle): words from large to small, each from the middle outwards to the first spot where it
touches no other. Nothing is left to chance: the same words give the same picture.
"""

from __future__ import annotations

from datetime import date
from math import cos, pi, sin, sqrt
from typing import Any

from pydantic import Field

from bot.insight.pictures.canvas import Box, Canvas, mixed
from bot.insight.pictures.cards.base import MARGIN, CardKind, Inks
from bot.insight.pictures.fonts import Face, Fonts
from bot.insight.pictures.template import Color, DatedTemplate, Part, fill, phrase

_TALL, _TOP, _FOOT = 1240.0, 268.0, 96.0
_LARGEST, _SMALLEST, _PAD = 168.0, 26.0, 5.0
_MOST_WORDS, _MOST_STEPS, _GRAIN = 90, 3_200, 10.0
_FILLED = 0.5
"""The share of the field that the words may cover; more could not be placed."""
_GOLDEN = pi * (3 - sqrt(5))

Point = tuple[float, float]


class Word(Part):
    text: str = Field(min_length=1)
    count: float = Field(gt=0)


class Data(Part):
    """`group`, `first`, `last`: whose words and of when. `messages`: how many they come from, 0: not said."""

    words: tuple[Word, ...]
    group: str = ""
    first: date | None = None
    last: date | None = None
    messages: int = Field(0, ge=0)


class Texts(Part):
    title: str
    below: phrase("group", "day", "messages")  # type: ignore[valid-type]
    below_uncounted: phrase("group", "day")  # type: ignore[valid-type]
    empty: str


class Template(DatedTemplate):
    """`palette`: the colours of the words, in turn. `hidden`: words that are not counted."""

    palette: tuple[Color, ...] = Field(min_length=1, max_length=8)
    hidden: tuple[str, ...] = ()
    texts: Texts


def draw(data: Data, template: Template, fonts: Fonts) -> Canvas:
    texts, colors, ink = template.texts, template.colors, Inks(template)
    canvas = Canvas((1080, _TALL), colors.paper, fonts, template.width)
    wide = 1080 - 2 * MARGIN
    canvas.text((MARGIN, 72), texts.title, ink("ink", 72, "serif", 0.04), width=wide, least=44)
    day = template.dates.of(data.first, data.last)
    below = texts.below if data.messages else texts.below_uncounted
    said = fill(below, group=data.group, day=day, messages=f"{data.messages:,}")
    if data.group or day:
        canvas.text((MARGIN, 176), said.strip(" ·"), ink("soft", 30), width=wide)
    words = sorted(data.words, key=lambda word: (-word.count, word.text))[:_MOST_WORDS]
    if not words:
        canvas.text((MARGIN, _TALL / 2), texts.empty, ink("soft", 38), width=wide, align="center")
    _scatter(canvas, words, template)
    return canvas


def _scatter(canvas: Canvas, words: list[Word], template: Template) -> None:
    ink, places, taken = Inks(template), _places(), list[Box]()
    most = words[0].count if words else 1.0
    asked = sum(max(1, len(word.text)) * word.count / most for word in words) or 1.0
    largest = min(_LARGEST, sqrt(_FILLED * (1080 - 2 * MARGIN) * (_TALL - _FOOT - _TOP) / asked))
    for nth, word in enumerate(words):
        share = sqrt(word.count / most)
        face: Face = "bold" if share > 0.3 else "sans"
        style = ink(
            mixed(template.palette[nth % len(template.palette)], template.colors.paper, 0.22 * (1 - share)),
            max(_SMALLEST, largest * share),
            face,
        )
        width = canvas.width_of(word.text, style)
        if width > 1080 - 2 * MARGIN:
            style = ink(style.color, style.size * (1080 - 2 * MARGIN) / width, face)
            width = canvas.width_of(word.text, style)
        at = _free((width, style.size), places, taken)
        if at is not None:
            taken.append((at[0] - _PAD, at[1] - _PAD, at[0] + width + _PAD, at[1] + style.size + _PAD))
            canvas.text(at, word.text, style, width=width + 4)


def _places() -> list[tuple[float, float]]:
    """Points evenly spread over the field, from its middle outwards, as the seeds of a sunflower are."""
    middle_y, wide, tall = (_TOP + _TALL - _FOOT) / 2, 1080 - 2 * MARGIN, _TALL - _FOOT - _TOP
    grain = _GRAIN * sqrt(wide * tall / 1_000_000)
    found = []
    for step in range(_MOST_STEPS):
        away, turn = grain * sqrt(step), step * _GOLDEN
        x, y = 540 + away * cos(turn) * sqrt(wide / tall), middle_y + away * sin(turn) * sqrt(tall / wide)
        if MARGIN < x < 1080 - MARGIN and _TOP < y < _TALL - _FOOT:
            found.append((x, y))
    return found


def _free(size: tuple[float, float], places: list[Point], taken: list[Box]) -> Point | None:
    """The left top of the first free spot that `size` has, None when there is none."""
    half_x, half_y = size[0] / 2, size[1] / 2
    hit = 0
    for x, y in places:
        left, top, right, bottom = x - half_x, y - half_y, x + half_x, y + half_y
        if left < MARGIN or right > 1080 - MARGIN or top < _TOP or bottom > _TALL - _FOOT:
            continue
        # What was in the way of the last spot mostly is in the way of the next one.
        for nth in range(-1, len(taken)):
            other = taken[hit if nth < 0 else nth] if taken else (0.0, 0.0, 0.0, 0.0)
            if (
                left - _PAD < other[2]
                and other[0] < right + _PAD
                and top - _PAD < other[3]
                and other[1] < bottom + _PAD
            ):
                hit = hit if nth < 0 else nth
                break
        else:
            return left, top
    return None


_WORDS = [
    "打卡",
    "96",
    "读书",
    "81",
    "早起",
    "66",
    "加油",
    "58",
    "今天",
    "52",
    "晚安",
    "41",
    "故事",
    "39",
    "作者",
    "36",
    "朋友",
    "34",
    "喜欢",
    "33",
    "时间",
    "31",
    "感动",
    "29",
    "孩子",
    "27",
    "坚持",
    "26",
    "笔记",
    "25",
    "生活",
    "24",
    "摘抄",
    "22",
    "分享",
    "21",
    "文字",
    "20",
    "《活着》",
    "19",
    "人物",
    "18",
    "章节",
    "17",
    "命运",
    "16",
    "咖啡",
    "15",
    "跑步",
    "14",
    "周末",
    "14",
    "作业",
    "13",
    "安静",
    "12",
    "老师",
    "12",
    "感谢",
    "11",
    "期待",
    "11",
    "日出",
    "10",
    "习惯",
    "10",
    "问题",
    "9",
    "回忆",
    "9",
    "计划",
    "8",
    "电影",
    "8",
    "音乐",
    "8",
    "春天",
    "7",
    "散步",
    "7",
    "目标",
    "7",
    "书店",
    "6",
    "清晨",
    "6",
    "复盘",
    "6",
    "结尾",
    "5",
    "选择",
    "5",
    "勇气",
    "5",
    "河流",
    "4",
    "自由",
    "4",
    "家珍",
    "4",
    "凤霞",
    "4",
    "有庆",
    "3",
    "福贵",
    "3",
    "平凡",
    "3",
    "苦难",
    "3",
    "温暖",
    "3",
    "OKR",
    "3",
    "podcast",
    "2",
    "Kindle",
    "2",
    "🎉",
    "6",
    "☕",
    "5",
]
_SAMPLE: dict[str, Any] = {
    "group": "晨光共读营", "first": "2026-11-16", "last": "2026-11-22", "messages": 3482,
    "words": [{"text": text, "count": int(count)} for text, count in zip(_WORDS[::2], _WORDS[1::2], strict=True)],
}  # fmt: skip

CARD = CardKind("wordcloud", Data, Template, draw, _SAMPLE)
