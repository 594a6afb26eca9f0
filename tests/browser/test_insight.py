"""The analytics pages in a browser: charts beside their tables, figures that arrive, a report in its sandbox, print."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.visit import Visit

GROUP = "/insight/groups/sim:早起营"


@pytest.mark.parametrize("size", ["desktop"], indirect=True)
def test_charts_tables_and_figures(visit: Visit) -> None:
    """The figures of all groups arrive by themselves; a chart is drawn from the table, which opens by keyboard; nobody's name
    becomes a tag."""
    visit.sets_up()
    visit.bot.say("+ <img src=x onerror=alert(1)>")
    visit.bot.say("小明: 打卡")
    page = visit.page
    visit.goes_to("/insight")
    expect(page.get_by_text("一级指标")).to_be_visible(timeout=90_000)
    expect(page.locator(".working")).to_have_count(0)
    visit.goes_to(f"{GROUP}/tiers")
    expect(page.locator("figure.chart canvas").first).to_be_visible()
    page.locator("figure.chart summary").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("rowheader", name="基础")).to_be_visible()
    visit.is_accessible()
    visit.goes_to(f"{GROUP}/leaders?window=all")
    expect(page.locator("figure.chart canvas")).to_be_visible(timeout=30_000)
    assert page.locator("img").count() == 0
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.querySelector('.card')).backgroundColor") == "rgb(255, 255, 255)"
    expect(page.locator(".tabs")).to_be_hidden()
    expect(page.locator("figure.chart canvas")).to_be_visible()


@pytest.mark.parametrize("size", ["phone"], indirect=True)
def test_a_report_is_made_and_read_in_its_frame(visit: Visit) -> None:
    """One press, progress, then the report in a frame that may do nothing; its file is kept under its own name."""
    visit.sets_up()
    visit.bot.say("小明: 早上好 <script>alert(1)</script>")
    page = visit.page
    visit.goes_to("/insight/reports?group=sim:早起营")
    page.get_by_text("别的时间").click()
    page.get_by_label("种类").select_option("day")
    page.get_by_label("哪一天").fill(page.evaluate("new Date(Date.now() + 8 * 3600000).toISOString().slice(0, 10)"))
    page.get_by_role("button", name="开始做").click()
    expect(page.get_by_role("link", name="打开和打印")).to_be_visible(timeout=90_000)
    frame = page.frame_locator("iframe.report-frame")
    expect(frame.get_by_role("heading", name="早起营")).to_be_visible()
    visit.is_shown("report")
    visit.fits()
    with page.expect_download() as kept:
        page.get_by_role("link", name="XLSX").click()
    assert kept.value.suggested_filename.endswith(".xlsx")
