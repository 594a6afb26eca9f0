"""A report holds what the log says: the same bytes again, nothing fetched, gaps shown, small numbers with their intervals."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from sqlalchemy import Connection, text

from bot.insight import reports
from bot.insight.pictures.studio import Studio
from bot.insight.reports import charts
from bot.insight.reports.compare import figure, is_change_of_counts
from bot.insight.reports.model import Bar, DayBar, Purpose
from bot.insight.reports.words import words_of
from storage import tables as t
from storage.database import Database
from tests.insight.scene import MONDAY, NOW_MS, TODAY, Scene, forty_days
from tests.storage.rows import DAY_MS, MONDAY_MS, add

TEMPLATES = Path(__file__).parents[3] / "templates"
NOW = datetime.fromtimestamp(NOW_MS / 1000, UTC)
CAMP = Purpose("共读营", "21 天后 40% 的营员仍在打卡", "上班族", "checkin.rate", {"checkin.rate": 0.4})
_HOUR_MS = 3_600_000


@pytest.fixture
def scene(sqlite_database: Database) -> Iterator[Scene]:
    with sqlite_database.begin() as connection:
        yield forty_days(connection)


def made(scene: Scene, kind: reports.Kind, on: date, *, purpose: Purpose = CAMP, **more: Any) -> reports.Report:
    period = reports.period_of(kind, on, **more)
    return reports.build(reports.gather(scene.connection, scene.chat, period, NOW), purpose)


def one(connection: Connection, sql: str, **data: Any) -> Any:
    return connection.execute(text(sql), data).scalar()


@pytest.mark.parametrize(
    ("kind", "on", "first", "last", "before"),
    [
        ("day", "2026-03-18", "2026-03-18", "2026-03-18", "2026-03-17"),
        ("week", "2026-03-18", "2026-03-16", "2026-03-22", "2026-03-09"),
        ("month", "2026-03-31", "2026-03-01", "2026-03-31", "2026-02-01"),
        ("month", "2028-02-29", "2028-02-01", "2028-02-29", "2028-01-01"),
        ("month", "2026-12-05", "2026-12-01", "2026-12-31", "2026-11-01"),
    ],
)  # fmt: skip
def test_periods(kind: reports.Kind, on: str, first: str, last: str, before: str) -> None:
    period = reports.period_of(kind, date.fromisoformat(on))
    assert (f"{period.first}", f"{period.last}") == (first, last)
    assert period.previous is not None
    assert f"{period.previous.first}" == before
    assert period.previous.last == period.first - timedelta(days=1)


@given(st.sampled_from(("day", "week", "month")), st.dates(date(2001, 1, 1), date(2090, 1, 1)))
def test_every_day_has_its_period(kind: reports.Kind, day: date) -> None:
    """Each day lies in exactly its own span, and the span before ends where it begins."""
    period = reports.period_of(kind, day)
    assert period.first <= day <= period.last
    assert reports.period_of(kind, period.last) == period
    assert period.previous is not None
    assert reports.period_of(kind, period.previous.first) == period.previous


def test_the_numbers_are_the_logs(database: Database) -> None:
    """Messages, speakers, bars and rows recounted by plain SQL, on both databases."""
    with database.begin() as connection:
        recounted(forty_days(connection))


def recounted(scene: Scene) -> None:
    report = made(scene, "week", date(2026, 3, 18))
    days = {"chat": scene.chat, "a": "2026-03-16", "b": "2026-03-22"}
    people = "member_id IN (SELECT id FROM member WHERE is_bot = 0) AND chat_id = :chat AND day >= :a AND day <= :b"
    msgs = one(scene.connection, f"SELECT sum(msgs) FROM member_day WHERE {people}", **days)
    assert report.story[0].data["msgs"] == msgs == sum(bar.msgs for bar in report.course)
    assert report.people[0].msgs == one(
        scene.connection,
        f"SELECT sum(msgs) AS n FROM member_day WHERE {people} GROUP BY member_id ORDER BY n DESC LIMIT 1", **days,
    )  # fmt: skip
    assert sum(map(sum, report.hours)) == msgs
    assert [f"{bar.first}" for bar in report.course] == [f"2026-03-{n}" for n in range(16, 23)]


def test_the_same_bytes(scene: Scene) -> None:
    """A span that is over gives the same report whenever it is made: pages, tables, card and words."""
    for kind, on in (("day", date(2026, 3, 18)), ("week", date(2026, 3, 18)), ("month", date(2026, 3, 1))):
        period = reports.period_of(kind, on)  # type: ignore[arg-type]
        shapes = set()
        for later in (0, 1, 400):
            material = reports.gather(scene.connection, scene.chat, period, NOW + timedelta(days=later))
            report = reports.build(material, CAMP)
            page, book = reports.html(report, TEMPLATES), reports.workbook(report, TEMPLATES)
            card, plain = reports.card(report, TEMPLATES), reports.plain(report, TEMPLATES)
            shapes.add((page, book, json.dumps(card, ensure_ascii=False), plain))
        assert len(shapes) == 1


class _Outside(HTMLParser):
    """Everything in a page that would be fetched or run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "link", "iframe", "img", "object", "embed", "video", "audio", "base", "form"):
            self.found.append(tag)
        for name, value in attrs:
            if name in ("src", "href", "srcset", "poster", "action") or name.startswith("on"):
                self.found.append(f"{name}={value}")
            if name == "style" and re.search(r"url|expression", value or ""):
                self.found.append(f"{name}={value}")

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_what_comes_later_changes_no_report(scene: Scene) -> None:
    """A week that is over, made again after a silent member spoke, somebody left, and a console user and another group wrote
    rows: the same bytes."""

    def bytes_of() -> tuple[str, bytes, str]:
        report = made(scene, "week", date(2026, 3, 18))
        return (
            reports.html(report, TEMPLATES), reports.workbook(report, TEMPLATES),
            json.dumps(reports.card(report, TEMPLATES), ensure_ascii=False),
        )  # fmt: skip

    before = bytes_of()
    late = NOW_MS - DAY_MS
    silent = one(
        scene.connection, "SELECT member_id FROM member_life WHERE chat_id = :chat ORDER BY last_day LIMIT 1", chat=scene.chat
    )  # fmt: skip
    scene.tell(silent, "我也来说一句", late)
    scene.moved("MemberLeft", scene.people[3], late)
    scene.count()
    for table, row in (
        (t.audit, {"actor": "console:主理人", "action": "sign_in", "target": "-", "at": late}),
        (t.playbook_text, {"path": "other.yaml", "source": "playbook: other", "actor": "file", "at": late}),
        (t.chat, {"uid": "qq:999", "platform": "qq", "kind": "group"}),
    ):
        add(scene.connection, table, **row)
    assert bytes_of() == before


def test_a_page_is_one_file(scene: Scene) -> None:
    """Nothing is fetched, nothing runs; names and words that look like markup stay words."""
    who = scene.member("<script>alert(1)</script>&'\"")
    for n in range(60):
        scene.tell(who, "<img src=x onerror=alert(1)> 请问怎么打卡?", MONDAY_MS + 16 * DAY_MS + n * 61_000)
    scene.count()
    purpose = Purpose("营", "<b>目标</b>", "", "nps.score")
    page = reports.html(made(scene, "week", date(2026, 3, 18), purpose=purpose), TEMPLATES)
    outside = _Outside()
    outside.feed(page)
    assert outside.found == []
    assert "@import" not in page
    assert not re.search(r"url\((?!#lost\))", page)
    shown = "".join(outside.texts)
    assert "<script>alert(1)</script>&'\"" in shown
    assert "<b>目标</b>" in shown
    assert "http://www.w3.org/2000/svg" in page
    assert set(re.findall(r"https?://[^\"'\s<]+", page)) == {"http://www.w3.org/2000/svg"}


def test_gaps_are_shaded_and_said(scene: Scene) -> None:
    """Half a day without a connection: the bar is hatched, the sentence names it, the intervals are wider."""
    whole = made(scene, "week", date(2026, 3, 18))
    begin = MONDAY_MS + 16 * DAY_MS + 9 * _HOUR_MS
    for chat, status in ((None, "ended"), (scene.chat, "partial")):
        add(
            scene.connection, t.gap, account_id=scene.account, chat_id=chat, from_at=begin, to_at=begin + 12 * _HOUR_MS,
            status=status,
        )  # fmt: skip
    cut = made(scene, "week", date(2026, 3, 18))
    assert whole.seen == 1
    assert cut.seen == pytest.approx(1 - 12 / 168)
    assert [round(bar.lost, 2) for bar in cut.course] == [0, 0, 0.5, 0, 0, 0, 0]
    page, clean = reports.html(cut, TEMPLATES), reports.html(whole, TEMPLATES)
    assert page.count('fill="url(#lost)"') == 1
    assert clean.count('fill="url(#lost)"') == 0
    assert "03-18 09:00–03-18 21:00" in page
    assert "03-18 09:00–03-18 21:00" in reports.plain(cut, TEMPLATES)
    wide = {f.now.metric.id: f.now for f in cut.first}["interaction.rate"]
    narrow = {f.now.metric.id: f.now for f in whole.first}["interaction.rate"]
    assert (wide.low or 0) < (narrow.low or 0)
    assert reports.card(cut, TEMPLATES)["course"]["points"][2] is None


def test_the_goal_comes_first(scene: Scene) -> None:
    """Goal and north star stand before anything else; a missed target is said."""
    report = made(scene, "week", date(2026, 3, 18))
    assert report.star is not None
    assert report.star.now.metric.id == "checkin.rate"
    page = reports.html(report, TEMPLATES)
    assert page.index("21 天后 40% 的营员仍在打卡") < page.index("发生了什么")
    assert report.notable[0].code == "target_missed"
    assert "北极星「打卡率」" in reports.plain(report, TEMPLATES)


def test_actions_are_carried_forward(scene: Scene) -> None:
    """Agreed in week two: open in week three with a mark, done in week four, gone in week five."""
    run = scene.new_run("共读/周报", "report")

    def noted(what: str, day: int) -> None:
        add(
            scene.connection, t.note, run_id=run, chat_id=scene.chat, member_id=None, what=what, key="a1",
            data='{"number":1,"text":"换到 20 点","by":"qq:成员01"}', at=MONDAY_MS + day * DAY_MS,
        )  # fmt: skip

    noted("action", 9)
    noted("action_done", 22)
    weeks = [made(scene, "week", MONDAY + timedelta(days=7 * n)) for n in range(5)]
    assert [[(a.number, a.is_carried) for a in week.actions] for week in weeks] == [
        [],
        [(1, False)],
        [(1, True)],
        [],
        [],
    ]
    assert [len(week.done) for week in weeks] == [0, 0, 0, 1, 0]
    assert "上一期带来" in reports.html(weeks[2], TEMPLATES)


def test_the_card_can_be_drawn(scene: Scene) -> None:
    """Every span's card is data that the card takes, and a picture with nothing missing."""
    studio = Studio(TEMPLATES)
    for kind, on, more in (
        ("day", 18, {}),
        ("week", 18, {}),
        ("month", 18, {}),
        ("camp", 22, {"begins": MONDAY}),
        ("past", 31, {"begins": MONDAY}),
    ):
        data = json.loads(json.dumps(reports.card(made(scene, kind, date(2026, 3, on), **more), TEMPLATES)))  # type: ignore[arg-type]
        drawn = studio.draw(reports.CARD, data)
        assert drawn.png.startswith(b"\x89PNG")
        assert drawn.missing == 0


def test_a_span_that_is_not_over(scene: Scene) -> None:
    report = made(scene, "week", TODAY)
    assert not report.is_over
    assert [bar.is_open for bar in report.course] == [False] * 5 + [True, True]
    assert "还没有结束" in reports.html(report, TEMPLATES)


def test_no_period_before_means_no_change(scene: Scene) -> None:
    """The month before has no day: nothing is called better or worse than nothing."""
    report = made(scene, "month", date(2026, 3, 10))
    assert all(figure.change is None for figure in (*report.first, *report.second))
    assert not {"better", "worse"} & {remark.code for remark in report.notable}


def test_a_group_without_a_word(database: Database) -> None:
    """An empty group: every shape is made, and says that nothing was said."""
    with database.begin() as connection:
        scene = Scene(connection)
        for kind, more in (
            ("day", {}),
            ("week", {}),
            ("month", {}),
            ("camp", {"begins": MONDAY}),
            ("past", {"begins": MONDAY}),
        ):
            report = made(scene, kind, date(2026, 3, 18), purpose=Purpose(), **more)  # type: ignore[arg-type]
            assert "没有人说话" in reports.html(report, TEMPLATES)
            assert "没有人说话" in reports.plain(report, TEMPLATES)
            assert reports.workbook(report, TEMPLATES)[:2] == b"PK"
            assert reports.card(report, TEMPLATES)["group"]


def test_the_workbook(scene: Scene) -> None:
    """Numbers are numbers, each sheet has its head, what would run as a formula is text."""
    who = scene.member("=HYPERLINK(1)")
    for n in range(90):
        scene.tell(who, "早", MONDAY_MS + 16 * DAY_MS + n * 61_000)
    scene.count()
    report = made(scene, "week", date(2026, 3, 18))
    book = load_workbook(io.BytesIO(reports.workbook(report, TEMPLATES)))
    assert book.sheetnames[:4] == ["总览", "指标", "每天", "成员"]
    rows = list(book["指标"].iter_rows(values_only=True))
    assert len(rows) == 51
    assert rows[0][0] == "指标"
    dau = next(row for row in rows if row[-1] == "activity.dau")
    assert isinstance(dau[1], float | int)
    assert book["成员"]["A2"].value == "'=HYPERLINK(1)"
    assert isinstance(book["成员"]["B2"].value, int)


def test_all_of_a_long_past(database: Database) -> None:
    """Three years in one report: bars of weeks, not a thousand of a day."""
    with database.begin() as connection:
        scene = Scene(connection)
        who = scene.member("甲")
        for day in range(0, 1000, 5):
            scene.tell(who, "早", MONDAY_MS + (day - 960) * DAY_MS)
        report = made(
            scene, "past", MONDAY + timedelta(days=39), purpose=Purpose(), begins=MONDAY - timedelta(days=960)
        )
        assert len(report.course) <= 150
        assert report.course[0].last - report.course[0].first >= timedelta(days=6)
        assert "每格" in reports.html(report, TEMPLATES)


def test_a_change_is_more_than_chance() -> None:
    """Counts near each other are the same; intervals that touch are the same."""
    assert not is_change_of_counts(100, 110)
    assert is_change_of_counts(100, 160)
    from bot.core.metrics import METRICS
    from bot.insight.catalogue import Value

    rate = METRICS["checkin.rate"]
    now, before = (
        Value(metric=rate, value=v, low=lo, high=hi, n=20) for v, lo, hi in ((0.5, 0.3, 0.7), (0.4, 0.2, 0.6))
    )
    assert figure(now, before).trend == "even"
    sure = figure(Value(metric=rate, value=0.8, low=0.7, high=0.9), before)
    assert (sure.trend, sure.is_certain, round(sure.change or 0, 2)) == ("good", True, 0.4)
    slow = METRICS["service.response_time"]
    assert figure(Value(metric=slow, value=60.0), Value(metric=slow, value=10.0)).trend == "bad"


@given(st.lists(st.tuples(st.integers(0, 10**7), st.integers(0, 10**5), st.floats(0, 1)), max_size=60))
def test_charts_stay_in_their_frame(bars: list[tuple[int, int, float]]) -> None:
    """Whatever the numbers, no bar is taller than its frame and the SVG is well formed."""
    from xml.etree import ElementTree

    drawn = charts.course(
        [DayBar(MONDAY + timedelta(days=n), MONDAY + timedelta(days=n), a, b, c) for n, (a, b, c) in enumerate(bars)], "图", "条", "人"
    )  # fmt: skip
    root = ElementTree.fromstring(drawn)
    for rect in root.iter("{http://www.w3.org/2000/svg}rect"):
        assert 0 <= float(rect.get("height", "0")) <= 300
        assert float(rect.get("y", "0")) >= 0
    ElementTree.fromstring(charts.funnel([Bar("入群 <&>", a, c) for a, _, c in bars[:5]], "漏斗"))


def test_every_sentence_has_its_words() -> None:
    """Each code of the source stands in the catalogue, and each sentence of the catalogue is used."""
    source = "".join(path.read_text("utf-8") for path in (Path(reports.__file__).parent).glob("*.py"))
    words = words_of(TEMPLATES)
    for section in ("story", "notable", "ideas"):
        known = set(words._found[section])
        assert {code for code in known if f'"{code}"' not in source} == set()
