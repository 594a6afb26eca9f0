"""Every metric equals a plain count of the raw log; hand-made logs with known answers; what gaps and small numbers do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import Connection

from bot.core.metrics import METRICS, TargetRefused, check_target
from bot.core.tiers import place
from bot.insight.catalogue import Value, measure
from storage import people, standings
from storage import tables as t
from storage.database import Database
from tests.insight.plain import PLAIN, read
from tests.insight.scene import DAY_MS, HOUR_MS, MONDAY_MS, Scene, forty_days, name_of
from tests.storage.rows import add


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    with database.begin() as opened:
        yield opened


def place_all(connection: Connection, scene: Scene) -> None:
    facts, observed = people.month(connection, scene.chat, name_of(39))
    placed = place(facts, observed)
    for scheme in ("pyramid", "rfm", "ladder"):
        values = {each.facts.id: getattr(each, scheme) for each in placed}
        standings.write(connection, scene.chat, scheme, name_of(39), values)


@pytest.mark.parametrize("seed", [11, 12])
def test_every_metric_is_a_plain_count_of_the_log(connection: Connection, seed: int) -> None:
    """All fifty, over forty made-up days, against loops over the raw rows."""
    scene = forty_days(connection, seed)
    place_all(connection, scene)
    assert PLAIN.keys() == METRICS.keys()
    log = read(connection)
    found = {value.metric.id: value.value for value in measure(connection, scene.scope)}
    expected = {id: compute(log) for id, compute in PLAIN.items()}
    assert found == pytest.approx(expected)
    assert None not in found.values()
    for chats in (None, (scene.chat,), (scene.chat, scene.chat + 999)):
        several = measure(
            connection, replace(scene.scope, chat=chats), [id for id in METRICS if id != "activity.decay"]
        )
        assert {v.metric.id: v.value for v in several} == pytest.approx({v.metric.id: expected[v.metric.id] for v in several})  # fmt: skip


def test_values_lie_in_their_intervals_and_ranges(connection: Connection) -> None:
    """Every value within what can be, every interval around its value and within the range, proxies named."""
    scene = forty_days(connection)
    place_all(connection, scene)
    for value in measure(connection, scene.scope):
        low, high = value.metric.bounds
        assert value.value is not None
        assert low <= value.value <= high
        if value.low is not None and value.high is not None:
            assert low <= value.low <= value.value <= value.high <= high, value.metric.id
        assert ("proxy" in value.reasons) == value.metric.is_proxy


def small(connection: Connection) -> Scene:
    """Ten people speak on the first day, five of them on the next, two a week later."""
    scene = Scene(connection)
    for number in range(10):
        who = scene.member(f"成员{number}")
        for day in (0, *((1,) if number < 5 else ()), *((7,) if number < 2 else ())):
            scene.tell(who, "早", MONDAY_MS + day * DAY_MS + number)
    scene.count()
    return scene


def of(connection: Connection, scene: Scene, *ids: str) -> list[Value]:
    return list(measure(connection, replace(scene.scope, first=scene.scope.first.replace(day=2, month=3)), ids))


def test_a_known_answer(connection: Connection) -> None:
    """Half come back the next day, two of ten on the seventh; Wilson's interval, and a mark that ten are few."""
    scene = small(connection)
    d1, d7, d30 = of(connection, scene, "retention.d1", "retention.d7", "retention.d30")
    assert (d1.value, d1.n, d1.reasons) == (0.5, 10, ("small",))
    assert (round(d1.low or 0, 3), round(d1.high or 0, 3)) == (0.237, 0.763)
    assert d7.value == 0.2
    assert d30.value == 0


def test_days_that_are_not_over_say_so(connection: Connection) -> None:
    """On the third day nobody can know D7; nothing is guessed."""
    scene = small(connection)
    early = replace(
        scene.scope, first=scene.scope.first.replace(day=2, month=3), last=scene.scope.first.replace(day=4, month=3)
    )
    d1, d7 = measure(connection, replace(early, today=early.last), ["retention.d1", "retention.d7"])
    assert (d1.value, d7.value, d7.reasons) == (0.5, None, ("too_early",))


def test_an_empty_group_has_no_figures(database: Database) -> None:
    """No days, no division: every metric is None or a count of a group without anybody, and says why."""
    with database.begin() as connection:
        scene = Scene(connection)
        for value in measure(connection, scene.scope):
            assert value.value is None
            assert {"no_data", "too_early"} & set(value.reasons)


def gap(connection: Connection, scene: Scene, begin: int, end: int, status: str = "partial") -> None:
    """The account was offline, and the group's history was not there afterwards."""
    times = {"from_at": MONDAY_MS + begin * DAY_MS, "to_at": MONDAY_MS + end * DAY_MS}
    add(connection, t.gap, account_id=scene.account, status="ended", **times)
    earlier = {**times, "from_at": times["from_at"] - HOUR_MS}
    add(connection, t.gap, account_id=scene.account, chat_id=scene.chat, status=status, **earlier)


def test_a_gap_widens_and_a_long_one_voids(connection: Connection) -> None:
    """Three of thirty days unseen: worst-case bounds; a backfilled gap is none; twenty of thirty days: no figure."""
    scene = forty_days(connection)
    ids = ("activity.dau_mau", "activity.dau", "retention.d7", "nps.score")
    before = measure(connection, scene.scope, ids)
    gap(connection, scene, 20, 23, "backfilled")
    assert measure(connection, scene.scope, ids) == before
    gap(connection, scene, 20, 23)
    ratio, daily, kept, nps = measure(connection, scene.scope, ids)
    assert ratio.value == before[0].value
    assert ratio.value is not None
    assert "gap" in ratio.reasons
    assert (ratio.low, ratio.high) == pytest.approx((0.9 * ratio.value, 0.9 * ratio.value + 0.1))
    assert (daily.low, daily.high) == pytest.approx((before[1].value, (before[1].value or 0) / 0.9))
    assert (kept.low, kept.high) == pytest.approx((0.9 * (before[2].low or 0), 0.9 * (before[2].high or 0) + 0.1))
    assert nps == before[3]
    gap(connection, scene, 15, 35)
    voided = measure(connection, scene.scope, ids)
    assert [(v.value, "gap" in v.reasons) for v in voided[:3]] == [(None, True)] * 3
    assert voided[3].value == before[3].value


def test_targets_are_range_checked() -> None:
    """A DAU/MAU above 1 is refused with the reason; percent and fractions are one; NPS goes to 100, counts to any height."""
    refused = check_target(METRICS["activity.dau_mau"], "120%")
    assert isinstance(refused, TargetRefused)
    assert "不可能超过 1" in refused.zh
    assert "is above 1" in refused.en
    assert check_target(METRICS["activity.dau_mau"], "40%") == check_target(METRICS["activity.dau_mau"], 0.4) == 0.4
    assert check_target(METRICS["nps.score"], 40) == 40
    assert isinstance(check_target(METRICS["nps.score"], 101), TargetRefused)
    assert check_target(METRICS["activity.dau"], 5000) == 5000
    assert isinstance(check_target(METRICS["activity.dau"], -1), TargetRefused)
    assert check_target(METRICS["growth.net"], -5) == -5
    assert isinstance(check_target(METRICS["checkin.rate"], "很多"), TargetRefused)


def test_the_catalogue_is_twelve_and_thirty_eight() -> None:
    """Each second-level metric explains one of the first; names in both languages, a formula, an owner; ids are unique."""
    levels = [metric.level for metric in METRICS.values()]
    assert (levels.count(1), levels.count(2)) == (12, 38)
    for metric in METRICS.values():
        assert (metric.of == "") == (metric.level == 1)
        assert not metric.of or METRICS[metric.of].level == 1
        assert all((metric.zh, metric.en, *metric.formula, *metric.owner, *metric.caveat))
        assert metric.norm is None or metric.bounds[0] <= metric.norm <= metric.bounds[1]
