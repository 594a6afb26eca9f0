"""The four stages of a group's life: 启动 成长 成熟 扩张, told from its figures, and what each is for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

SETTLED_DAYS, GROWN_DAYS = 14, 90
SEED_CORE = 3
GROWING = 0.10
LIVELY = 0.20


@dataclass(frozen=True, slots=True)
class Stage:
    """`because`: the rule that told it; `aim`: what counts now. Both in Chinese and English."""

    zh: str
    en: str
    because: tuple[str, str]
    aim: tuple[str, str]


_AIMS: Mapping[str, tuple[str, str]] = {
    "启动": ("找到至少三个愿意常来、愿意帮人的核心成员,定下每天一件固定的事", "find three people who come and help, and one fixed thing a day"),
    "成长": ("盯 D7 留存和自我介绍,新人来得快,要有人接", "watch D7 retention and introductions: newcomers need a welcome"),
    "成熟": ("KOC 占核心 30% 以上,内容 PGC:UGC:OGC 约 60:35:5,每周约 3.8 篇", "KOC above 30 % of the core, PGC:UGC:OGC about 60:35:5, about 3.8 posts a week"),
    "扩张": ("把做法复制到新群,核心带新人,别稀释老群", "copy what works to new groups with core members, without thinning the old one"),
}  # fmt: skip
_ENGLISH = {"启动": "start", "成长": "growth", "成熟": "maturity", "扩张": "expansion"}


def stage_of(*, age_days: int, members: int, net_growth: int, core: int, dau_mau: float | None) -> Stage:
    """`age_days` since the first message heard; `net_growth` of the last 30 days; `core` people of the pyramid."""
    grown = net_growth / max(1, members - net_growth)
    if age_days < SETTLED_DAYS:
        return _stage("启动", f"开群 {age_days} 天", f"{age_days} days old")
    if core < SEED_CORE:
        return _stage("启动", f"核心成员只有 {core} 人", f"{core} core members only")
    if grown >= GROWING and age_days >= GROWN_DAYS and (dau_mau or 0) >= LIVELY:
        words = f"开群 {age_days} 天,DAU/MAU {dau_mau:.2f},30 天还净增 {grown:.0%}"
        return _stage(
            "扩张", words, f"{age_days} days old, DAU/MAU {dau_mau:.2f}, still growing by {grown:.0%} a month"
        )
    if grown >= GROWING:
        return _stage("成长", f"30 天净增 {grown:.0%}", f"grew by {grown:.0%} in 30 days")
    return _stage(
        "成熟", f"30 天净增 {grown:.0%},核心 {core} 人", f"grew by {grown:.0%} in 30 days, {core} core members"
    )


def _stage(name: str, zh: str, en: str) -> Stage:
    return Stage(name, _ENGLISH[name], (zh, en), _AIMS[name])
