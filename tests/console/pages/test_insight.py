"""Insight in the console: figures with their intervals, within bounds; reports made beside the bot, shown in a sandbox."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from bot.console.access import Bounds
from bot.console.guard import SANDBOX
from bot.console.openapi import API
from bot.core.metrics import METRICS
from bot.engine.clock import to_ms
from bot.engine.rollups import roll_up
from tests.console.scene import GROUP, OTHER, Browser, Scene
from tests.console.test_streams import opened

DAY_MS = 86_400_000
HOSTILE = '=HYPERLINK("http://evil")<img src=x onerror=alert(1)>'


async def chatted(scene: Scene, days: int = 10, name: str = "小红") -> date:
    """Ten days of talk until yesterday in both groups, counted; returns yesterday."""
    assert scene.app.world is not None
    scene.app.world.settle(GROUP, "sim:小红", name)
    scene.says("先说一句")
    scene.says("先说一句", "小红")
    scene.says("我也在", "小夜", OTHER)
    now_ms = to_ms(scene.app.clock.now())

    async def are_written() -> bool:
        async with scene.app.database.session() as session:
            return await session.scalar(text("SELECT count(*) FROM message")) == 3

    await scene.until(are_written)

    def past(connection: Any) -> None:
        for row in connection.execute(text("SELECT account_id, chat_id, member_id FROM message")).all():
            for back in range(1, days + 1):
                at = now_ms - back * DAY_MS
                for n in range(3):
                    connection.execute(
                        text(
                            "INSERT INTO message (account_id, chat_id, member_id, key, platform_id, sent_at, received_at,"
                            " kind, text, flags) VALUES (:a, :c, :m, :k, :k, :t, :t, 'text', '今天读了三页', 0)"
                        ),
                        {"a": row[0], "c": row[1], "m": row[2], "k": f"{row[1]}-{row[2]}-{back}-{n}", "t": at + n},
                    )
        connection.execute(
            text(
                "INSERT INTO member_day (chat_id, day, member_id, msgs, counted, chars, last_at)"
                " SELECT chat_id, date((sent_at + 28800000) / 1000, 'unixepoch') d, member_id, count(*), count(*), 18,"
                " max(sent_at) FROM message WHERE key LIKE '%-%-%-%' GROUP BY chat_id, d, member_id"
            )
        )
        # Who talked for ten days was there for ten days.
        connection.execute(text("UPDATE membership SET joined_at = joined_at - :t"), {"t": (days + 1) * DAY_MS})
        connection.execute(text("INSERT OR IGNORE INTO stale_day (chat_id, day) SELECT chat_id, day FROM member_day"))

    await scene.app.backstage.write(past)
    await roll_up(scene.app.engine, scene.app.clock.now())
    return scene.app.clock.now().astimezone(scene.app.backstage.zone).date() - timedelta(days=1)


async def asked(browser: Browser, path: str) -> Any:
    answer = await browser.get(f"{API}{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_groups_figures_have_intervals_and_reasons(scene: Scene) -> None:
    """All fifty metrics at once; what can't be defended has no figure but a reason; days say what was heard."""
    yesterday = await chatted(scene)
    browser = await scene.signed_in("viewer")
    found = await asked(browser, f"/insight/groups/{GROUP}?days=7")
    assert (found["last"], found["days"], len(found["course"])) == (yesterday.isoformat(), 7, 7)
    assert [each["active"] for each in found["course"]] == [2] * 7
    assert [each["id"] for each in found["figures"]] == list(METRICS)
    by_id = {each["id"]: each for each in found["figures"]}
    reach = by_id["reach.penetration"]
    assert 0 < reach["low"] <= reach["value"] <= reach["high"] <= 1
    assert by_id["nps.score"]["value"] is None
    assert "no_data" in by_id["nps.score"]["reasons"]
    page = (await browser.get(f"/insight/groups/{GROUP}?days=7")).text
    assert "渗透率" in page
    assert 'data-chart="course"' in page
    assert page.count("<tr>") > 7, "the chart's table is there for everybody"


async def test_all_groups_are_measured_beside_the_bot(scene: Scene) -> None:
    """The page comes at once, the figures follow by the stream and stay; bounds decide which groups are summed up."""
    await chatted(scene)
    browser = await scene.signed_in("viewer")
    page = await browser.get("/insight?days=7")
    assert 'data-live="/insight/live?days=7"' in page.text
    async with opened(scene, browser, f"{API}/insight/live?days=7") as stream:
        whole = json.loads((await stream.next("figures"))[1])
        assert json.loads((await stream.next("end"))[1])["state"] == "done"
    assert whole["groups"] == 2
    assert {each["id"]: each for each in whole["figures"]}["activity.mau"]["value"] == 3
    assert (await asked(browser, "/insight?days=7"))["work"] is None, "what was measured is kept"
    bounded = await scene.signed_in("viewer", "one-group", bounds=Bounds(groups=(OTHER,)))
    async with opened(scene, bounded, f"{API}/insight/live?days=7") as stream:
        part = json.loads((await stream.next("figures"))[1])
    assert part["groups"] == 1
    assert {each["id"]: each for each in part["figures"]}["activity.mau"]["value"] == 1
    assert sum(each["msgs"] for each in part["course"]) == 21


async def test_retention_funnel_tiers_and_rankings(scene: Scene) -> None:
    """Each page's figures, and its page; a day that is not over counts for nothing."""
    await chatted(scene, days=40)
    browser = await scene.signed_in("viewer")
    kept = await asked(browser, f"/insight/groups/{GROUP}/retention?by=play&days=60")
    assert [(each["n"], each["hits"], each["of"]) for each in kept["cohorts"][0]["kept"]] == [
        (1, 2, 2), (7, 2, 2), (30, 2, 2),
    ]  # fmt: skip
    assert (await asked(browser, f"/insight/groups/{GROUP}/funnel"))["playbooks"] == ["camp"]
    steps = (await asked(browser, f"/insight/groups/{GROUP}/funnel?playbook=camp"))["steps"]
    assert (steps[0]["id"], steps[1]["id"], steps[1]["people"]) == ("members", "spoke", 2)
    assert steps[1]["of_previous"] == steps[1]["people"] / steps[0]["people"]
    tiers = await asked(browser, f"/insight/groups/{GROUP}/tiers")
    assert sum(each["people"] for each in tiers["pyramid"]) == steps[0]["people"]
    assert [each["norm"] for each in tiers["pyramid"]] == [0.75, 0.15, 0.10]
    leaders = await asked(browser, f"/insight/groups/{GROUP}/leaders?window=all")
    assert {each["name"] for each in leaders["rows"]} == {"小明", "小红"}
    for path in ("retention?by=channel", "funnel?playbook=camp", "tiers", "leaders?window=all", "leaders?board=points"):
        assert (await browser.get(f"/insight/groups/{GROUP}/{path}")).status_code == 200, path
    assert (await browser.get(f"/insight/groups/{GROUP}/tiers?day=nonsense")).status_code == 422


async def test_who_may_not_see_members_reads_no_names(scene: Scene) -> None:
    """Tiers without names, no rankings; another group is not there at all."""
    await chatted(scene)
    browser = await scene.signed_in("viewer", bounds=Bounds(groups=(GROUP,), actions=("insight.see",)))
    tiers = await asked(browser, f"/insight/groups/{GROUP}/tiers")
    assert tiers["shortlist"] == tiers["at_risk"] == tiers["went_silent"] == []
    assert "小红" not in (await browser.get(f"/insight/groups/{GROUP}/tiers")).text
    assert (await browser.get(f"/insight/groups/{GROUP}/leaders")).status_code == 403
    assert [each["uid"] for each in (await asked(browser, "/insight/groups"))["places"]] == [GROUP]
    assert (await browser.get(f"/insight/reports?group={OTHER}")).status_code == 404
    assert (await browser.submit(f"/insight/groups/{OTHER}/reports", span="week")).status_code == 404


async def test_the_catalogue_says_formula_owner_and_caveat(scene: Scene) -> None:
    browser = await scene.signed_in("viewer")
    page = (await browser.get("/insight/catalogue")).text
    for metric in METRICS.values():
        assert metric.id in page, metric.id
    assert "越低越好" in page
    assert METRICS["retention.d7"].formula[0] in page
    await browser.submit("/language", language="en", next="/insight/catalogue")
    assert METRICS["retention.d7"].formula[1] in (await browser.get("/insight/catalogue")).text


async def made(scene: Scene, browser: Browser, **order: str) -> str:
    """A report, ordered and waited for by its stream; its address."""
    answer = await browser.submit(f"/insight/groups/{GROUP}/reports", **order)
    assert answer.status_code == 303, answer.text
    address = answer.headers["location"]
    async with opened(scene, browser, f"{address}/live") as stream:
        while not (await stream.next("end"))[1]:
            pass
    return address


async def test_a_report_is_made_shown_and_kept(scene: Scene) -> None:
    """Ordered by a form, made in a process, shown in a frame that can do nothing, downloaded in three forms; hostile names
    are text in each."""
    yesterday = await chatted(scene, name=HOSTILE)
    browser = await scene.signed_in("operator")
    address = await made(scene, browser, span="day", on=yesterday.isoformat())
    page = (await browser.get(address)).text
    assert f'<iframe class="report-frame" src="{address}/page" sandbox title=' in page
    document = await browser.get(f"{address}/page")
    for name, value in SANDBOX.items():
        assert document.headers[name] == value
    assert document.headers["x-content-type-options"] == "nosniff"
    assert "<img src=x" not in document.text
    assert "&lt;img src=x" in document.text
    sheet = await browser.get(f"{address}/file?form=xlsx")
    assert sheet.headers["content-disposition"].startswith('attachment; filename="')
    cells = zipfile.ZipFile(io.BytesIO(sheet.content))
    assert not [name for name in cells.namelist() if b"<f>" in cells.read(name)], "a name is no formula"
    assert (await browser.get(f"{address}/file?form=png")).content.startswith(b"\x89PNG")
    listed = (await asked(browser, "/insight/reports"))["reports"]
    assert [(each["span"], each["first"], each["work"]["state"]) for each in listed] == [
        ("day", yesterday.isoformat(), "done")
    ]
    again = await browser.submit(f"/insight/groups/{GROUP}/reports", span="day", on=yesterday.isoformat())
    assert again.headers["location"] == address, "the same order is the same report"
    other = await scene.signed_in("operator", "somebody-else")
    for path in ("", "/page", "/file?form=xlsx"):
        assert (await other.get(address + path)).status_code == 404, path
    viewer = await scene.signed_in("viewer")
    assert (await viewer.get(f"{address}/file?form=xlsx")).status_code == 403


async def test_a_report_that_cant_be_made_says_why(scene: Scene) -> None:
    """A camp without its first day is refused in words; a group that never spoke has no report."""
    browser = await scene.signed_in("operator")
    refused = await browser.submit(f"{API}/insight/groups/{GROUP}/reports", span="camp")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "camp_without_begin")
    address = await made(scene, browser, span="week")
    assert "没有记录" in (await browser.get(address)).text
    nowhere = await scene.signed_in("owner")
    assert (await nowhere.submit("/insight/groups/sim:无/reports", span="week")).status_code == 404


@pytest.mark.parametrize("words", ["%", "_", "' OR 1=1", "(a+)+$", "\x00"])
async def test_groups_are_found_by_words_not_by_patterns(scene: Scene, words: str) -> None:
    browser = await scene.signed_in("viewer")
    assert (await browser.get("/api/v1/insight/groups", params={"q": words})).json()["places"] == []
