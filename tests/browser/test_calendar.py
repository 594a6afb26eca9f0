"""The calendar by mouse, by keyboard and on a phone: nothing is moved or sent before it was shown and asked."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from playwright.sync_api import Page, expect

from tests.browser.visit import Visit

CONTENT = """\
playbook: content
title: 共读内容矩阵
groups: ["sim:早起营"]
plays:
  内容矩阵:
    kind: campaign
    metric: campaign.replies_per_post
    pacing: {gap: 60s}
    slots: {早: 07:30-08:30, 午: 12:00-13:00, 晚: 20:00-21:30}
    calendar:
      - {day: mon, slot: 早, topic: 本周导读, text: "这周读前三章"}   # 每周开头
      - {day: fri, slot: 晚, topic: 专业话题, texts: {a: "先说结论\\n---\\n再举例子", b: "先问一句\\n---\\n再说结论"}}
    posts:
      - {name: 晚安, daily: "20:10", text: 晚安}
"""


def test_a_week_is_looked_at_moved_and_sent(visit: Visit, tmp_path: Path) -> None:
    """A clash is said in words; a post moves by dragging and by keys, on a phone by its form, each time after the change was
    shown; one press sends it now, another stops it in flight, and the week shows what became of it."""
    visit.sets_up()
    file = tmp_path / "playbooks" / "content.yaml"
    file.write_text(CONTENT, "utf-8")
    visit.bot.hear("playbooks loaded: 2")
    page = visit.page
    today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
    monday = today + timedelta(days=7 - today.weekday())
    visit.goes_to(f"/calendar?week={monday}")
    notices = page.get_by_role("region", name="要看一看")
    expect(notices).to_contain_text("「专业话题」和「晚安」在 1 个群里只隔 10 分钟")
    expect(notices).to_contain_text("「内容矩阵」的时段「午」这一周都空着")
    visit.is_shown("calendar")
    visit.fits()
    visit.is_accessible()
    post = page.get_by_role("link", name="专业话题")
    if visit.size == "phone":
        post.click()
        page.get_by_label("哪天").fill(str(monday + timedelta(days=2)))
        page.get_by_label("时段").select_option("午")
        page.get_by_role("button", name="看看会改什么").click()
    else:
        post.focus()
        page.keyboard.press("m")
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("Escape")
        expect(page.locator("[data-says]")).to_have_text("放回原处")
        page.keyboard.press("m")
        for key in ("ArrowLeft", "ArrowUp", "ArrowLeft"):
            page.keyboard.press(key)
        page.keyboard.press("Enter")
    _asks(page)
    visit.is_shown("calendar-move")
    visit.fits()
    visit.is_accessible()
    assert file.read_text("utf-8") == CONTENT
    page.get_by_role("button", name="确认移动").click()
    expect(page.get_by_text("已移动，剧本已发布")).to_be_visible()
    assert file.read_text("utf-8") == CONTENT.replace("day: fri, slot: 晚", "day: wed, slot: 午")
    expect(notices).not_to_contain_text("专业话题")
    if visit.size == "desktop":
        cell = page.locator(f'[data-day="{monday + timedelta(days=4)}"][data-slot="晚"]')
        page.get_by_role("link", name="专业话题").drag_to(cell)
        expect(page.get_by_role("heading", name="移动「专业话题」")).to_be_visible()
        page.get_by_role("link", name="取消").click()
    page.get_by_role("link", name="专业话题").click()
    expect(page.get_by_role("heading", name="各群会看到的")).to_be_visible()
    row = page.get_by_role("row", name="早起营")
    row.get_by_role("button", name="暂停").click()
    expect(row).to_contain_text("暂停")
    row.get_by_role("button", name="继续").click()
    expect(row.get_by_role("button", name="暂停")).to_be_visible()
    page.get_by_role("button", name="马上发…").click()
    visit.is_accessible()
    page.get_by_role("dialog").get_by_role("button", name="马上发").click()
    expect(page.get_by_text("已交给机器人")).to_be_visible()
    visit.is_shown("calendar-entry")
    visit.fits()
    visit.is_accessible()
    visit.goes_to("/calendar")
    flights = page.get_by_role("region", name="正在发的")
    expect(flights).to_contain_text("发了 1/2")
    visit.is_shown("calendar-flight")
    visit.is_accessible()
    flights.get_by_role("button", name="停下").click()
    expect(page.get_by_text("已停下")).to_be_visible()
    expect(flights).to_have_count(0)
    expect(page.get_by_role("link", name="手动")).to_contain_text("只发了一部分")
    # Who types it in the group is seen here without a reload.
    visit.bot.say("老陈: 立即发送 专业话题")
    expect(flights).to_contain_text("发了 1/2")


def _asks(page: Page) -> None:
    expect(page.get_by_role("heading", name="移动「专业话题」")).to_be_visible()
    expect(page.locator(".diff .added")).to_contain_text("day: wed, slot: 午")
