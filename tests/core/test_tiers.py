"""Rules that place a member: each from counts, each explained, fair in young and small groups."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.influence import ranks
from bot.core.tiers import LADDER, PYRAMID, RFM, Facts, at_risk, ladder, place, pyramid, shortlist

_counts = st.integers(0, 60)
_people = st.builds(
    Facts,
    id=st.integers(1, 10_000),
    joined_days=st.none() | _counts,
    silent_days=st.none() | _counts,
    days=st.integers(0, 30),
    given=_counts,
    plays=_counts,
    received_from=_counts,
    helped_people=_counts,
    answers=_counts,
    days_before=st.integers(0, 28),
    days_now=st.integers(0, 14),
    rank=st.floats(0, 1),
)


@pytest.mark.parametrize(
    ("facts", "tier"),
    [
        ({"days": 12, "given": 3}, "核心"), ({"days": 30, "given": 2}, "激活"), ({"days": 4}, "激活"), ({"days": 3, "given": 50}, "基础"),
        ({}, "基础"),
    ],
)  # fmt: skip
def test_the_pyramid_by_what_people_do(facts: dict[str, int], tier: str) -> None:
    """Twelve days and help for others make the core; once a week is activated; talk alone is not core."""
    assert pyramid(Facts(id=1, silent_days=0, **facts))[0] == tier


def test_a_young_group_needs_fewer_days() -> None:
    """After ten days of a group, four active days are what twelve of thirty are later."""
    assert pyramid(Facts(id=1, silent_days=0, days=4, given=3), share=1 / 3)[0] == "核心"
    assert place([Facts(id=1, silent_days=0, days=4, given=3)], observed=10)[0].pyramid == "核心"
    assert place([Facts(id=1, silent_days=0, days=4, given=3)], observed=30)[0].pyramid == "激活"


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ({"joined_days": 3}, "新人"), ({"joined_days": 8}, "潜在"), ({}, "潜在"), ({"silent_days": 0, "days": 1}, "尝试"),
        ({"silent_days": 1, "days": 6}, "常客"), ({"silent_days": 1, "days": 6, "given": 3}, "活跃贡献"),
        ({"silent_days": 14, "days": 12, "given": 9}, "沉默"), ({"silent_days": 31}, "流失"),
    ],
)  # fmt: skip
def test_the_ladder(facts: dict[str, int], state: str) -> None:
    """Who never spoke is new or potential; silence outweighs what somebody once was."""
    found = Facts(id=1, **facts)
    assert ladder(found, pyramid(found)[0]) == state


def test_the_shortlist_says_why() -> None:
    """Whoever draws answers is KOL, whoever answers many is KOC; the silent are neither; the words name the figures."""
    star = Facts(id=1, uid="a", silent_days=0, days=20, received_from=9, rank=0.4)
    helper = Facts(id=2, uid="b", silent_days=1, days=15, answers=7, helped_people=5)
    gone = replace(helper, id=3, uid="c", silent_days=20)
    quiet = [Facts(id=n, uid=f"x{n}") for n in range(4, 40)]
    found = shortlist([star, helper, gone, *quiet])
    assert [(each.facts.id, each.title) for each in found] == [(1, "KOL"), (2, "KOC")]
    assert found[1].because == ("回答了 7 个提问,回应过 5 个人;最近 30 天活跃 15 天", "answered 7 questions and 5 people; active on 15 days")  # fmt: skip


def test_at_risk_is_a_drop_of_a_regular() -> None:
    """Twelve days in four weeks and now two in two weeks is a drop; nobody who was rarely there is at risk."""
    assert at_risk(Facts(id=1, days_before=12, days_now=2)) == (
        "之前四周活跃 12 天,最近两周只有 2 天",
        "active on 12 days of the four weeks before, on 2 of the last two weeks",
    )
    assert at_risk(Facts(id=1, days_before=12, days_now=3)) is None
    assert at_risk(Facts(id=1, days_before=4, days_now=0)) is None


@given(st.lists(_people, max_size=40, unique_by=lambda facts: facts.id), st.integers(0, 90))
def test_everybody_is_placed_once(people: list[Facts], observed: int) -> None:
    """Whatever the counts, each has one known place in each scheme, and the order of people doesn't matter."""
    placed = place(people, observed)
    assert [each.facts for each in placed] == people
    assert all(p.pyramid in PYRAMID and p.ladder in LADDER and p.rfm in RFM.values() for p in placed)
    again = {each.facts.id: (each.pyramid, each.rfm) for each in place(people[::-1], observed)}
    assert {each.facts.id: (each.pyramid, each.rfm) for each in placed} == again


def test_ranks_of_a_known_graph() -> None:
    """A star whom all answer leads; two who answer only each other are equal; all shares add up to one."""
    star = ranks({(n, 1): 1.0 for n in range(2, 6)})
    assert max(star, key=lambda who: star[who]) == 1
    # Four who answer the star and are answered by nobody: x = 0.15/5 + 0.85 s/5, s = x + 0.85 · 4x.
    assert star[1] == pytest.approx(4.4 * star[2], abs=1e-6)
    pair = ranks({(1, 2): 3.0, (2, 1): 3.0})
    assert pair == pytest.approx({1: 0.5, 2: 0.5})
    assert ranks({}) == {}


@given(st.dictionaries(st.tuples(st.integers(1, 12), st.integers(1, 12)), st.floats(0.5, 20), max_size=40))
def test_ranks_are_shares(links: dict[tuple[int, int], float]) -> None:
    """They add up to one, nobody has less than nothing, and the order of the links doesn't matter."""
    found = ranks(links)
    assert found == ranks(dict(reversed(links.items())))
    if links:
        assert sum(found.values()) == pytest.approx(1.0)
        assert all(share > 0 for share in found.values())
