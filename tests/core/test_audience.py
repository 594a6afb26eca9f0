"""Audiences: what a term means, what it refuses, and that nobody unknown is ever in one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.audience import includes, parse
from bot.core.play import Member

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)
CORE = Member(
    uid="qq:1",
    name="小明",
    joined_at=NOW - 90 * DAY,
    spoke_at=NOW - DAY,
    labels=frozenset({"tier:核心", "tag:营员", "营员"}),
)
FADING = Member(uid="qq:2", name="小红", joined_at=NOW - 90 * DAY, spoke_at=NOW - 14 * DAY)
LURKER = Member(uid="qq:3", name="潜水", joined_at=NOW - 90 * DAY)
NEW = Member(uid="qq:4", name="新人", role="admin", joined_at=NOW - 2 * DAY)
UNKNOWN = Member(uid="qq:5", name="不知道何时来的")
ALL = {"core": CORE, "fading": FADING, "lurker": LURKER, "new": NEW, "unknown": UNKNOWN}


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        (("all",), set(ALL)), (("所有人",), set(ALL)), ((), set()),
        (("tier:核心",), {"core"}), (("tier:core",), {"core"}), (("tag:营员",), {"core"}), (("营员",), {"core"}),
        (("id:qq:4",), {"new"}), (("role:admin",), {"new"}), (("!role:admin",), set(ALL) - {"new"}),
        (("silent:14d",), {"fading", "lurker"}), (("silent:15d",), {"lurker"}), (("silent:1d",), {"core", "fading", "lurker", "new"}),
        (("silent:never",), {"lurker", "new", "unknown"}), (("silent:14d & !silent:never",), {"fading"}),
        (("new:7d",), {"new"}), (("!new:7d",), set(ALL) - {"new"}), (("new:1d",), set()),
        (("tier:核心", "new:7d"), {"core", "new"}), (("!tier:核心 & !new:7d",), {"fading", "lurker", "unknown"}),
        (("\uff01tier\uff1a核心 \uff06 silent:14d",), {"fading", "lurker"}),
    ],
)  # fmt: skip
def test_whom_a_term_means(terms: tuple[str, ...], expected: set[str]) -> None:
    """Labels, spans, not, both and any; full-width signs as Chinese keyboards type them."""
    assert {name for name, member in ALL.items() if includes(terms, member, NOW)} == expected


def test_nobody_is_in_no_audience() -> None:
    """Somebody whom the engine doesn't know fits nothing, not even everybody."""
    assert not includes(("all",), None, NOW)


@pytest.mark.parametrize(
    ("term", "zh", "en", "hint"),
    [
        ("slient:14d", "没有「slient:」这种人群", "there is no audience `slient:`", "silent:14d"),
        ("silent:十四天", "后面要写多久", "needs a span", "silent:14d"),
        ("silent:0d", "是零", "no time at all", "silent:14d"),
        ("new:never", "后面要写多久", "needs a span", "new:14d"),
        ("tier:", "没有写完", "not complete", "tier:核心"),
        ("tier:核心 &", "没有写完", "not complete", "tier:核心"),
        ("", "没有写完", "not complete", "tier:核心"),
    ],
)
def test_what_is_refused(term: str, zh: str, en: str, hint: str) -> None:
    """Each with what is wrong in both languages and how to write it."""
    with pytest.raises(ValueError, match=r"^PB214\|") as refused:
        parse(term)
    words, _, hints = str(refused.value).removeprefix("PB214|").partition("|")
    assert zh in words
    assert en in words
    assert hint in hints


@given(st.text(alphabet="tiersilentnewag:!& 0123456789dhm核心营员", max_size=30))
def test_any_text_is_understood_or_refused(term: str) -> None:
    """Nothing else than `ValueError` comes of any text; what is understood splits the members in two."""
    try:
        parse(term)
    except ValueError:
        return
    negated = [f"!{term}"] if "&" not in term and not term.strip().startswith("!") else []
    for member in ALL.values():
        fits = includes((term,), member, NOW)
        assert all(includes((each,), member, NOW) is not fits for each in negated)
