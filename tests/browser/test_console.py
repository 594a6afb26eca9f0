"""Sign-in to Today, deciding, reading along; by mouse and by keyboard, wide and narrow, light and dark."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.visit import NAME, PASSWORD, Visit
from tests.browser.walk import walk

GROUP = "/groups/sim:早起营"
VARIANTS = (
    f"{GROUP}/messages?q=早", "/playbooks/new?name=mine&like=camp.yaml", "/insight/reports?group=sim:早起营", "/nowhere",
)  # fmt: skip
"""What a link alone does not show: a search, a form half way, a page that is not there."""


def test_from_the_first_start_to_today(visit: Visit) -> None:
    """The code of the terminal, an account, Today; then out, and in again with a wrong and the right password."""
    visit.goes_to("/")
    visit.is_shown("set-up")
    visit.is_accessible()
    visit.sets_up()
    page = visit.page
    expect(page.get_by_text("账号建好了")).to_be_visible()
    visit.fits()
    if visit.size == "phone":
        page.get_by_role("button", name="菜单").click()
    page.get_by_role("button", name="退出").click()
    page.get_by_label("账号").fill(NAME)
    page.get_by_label("密码").fill("wrong")
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("alert")).to_contain_text("账号或密码不对")
    visit.is_shown("sign-in")
    visit.is_accessible()
    visit.fits()
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("heading", name="今天")).to_be_visible()


def test_a_question_comes_up_and_is_decided(visit: Visit) -> None:
    """Without a reload: a member breaks a rule, the question appears, one press decides it, and it is gone."""
    visit.sets_up()
    page = visit.page
    visit.bot.say("小红: 加微信领资料 <b>免费</b>")
    question = page.get_by_role("article").filter(has_text="移出群确认")
    expect(question).to_contain_text("加微信领资料 <b>免费</b>")
    visit.is_shown("question")
    question.get_by_role("button", name="不踢").click()
    expect(page.get_by_text("已决定")).to_be_visible()
    expect(question).to_have_count(0)
    visit.goes_to("/settings/audit")
    expect(page.get_by_text("task.decide")).to_be_visible()


def test_the_feed_is_live(visit: Visit) -> None:
    """What is said appears by itself, newest first, as text; five hundred lines at once leave two hundred on the page."""
    visit.sets_up()
    page = visit.page
    visit.goes_to(GROUP)
    visit.bot.say("小明: 早上好 <script>alert(1)</script>")
    feed = page.get_by_role("list", name="正在说")
    expect(feed.get_by_text("早上好 <script>alert(1)</script>")).to_be_visible()
    for number in range(500):
        visit.bot.say(f"小红: 第 {number} 句")
    expect(feed.get_by_text("第 499 句", exact=True)).to_be_visible()
    assert feed.locator("> li").count() <= 200
    expect(feed.locator("> li").first).to_contain_text("第 499 句")
    visit.fits()
    visit.goes_to(f"{GROUP}/messages")
    page.get_by_role("searchbox").fill('"第 77 句"')
    page.get_by_role("button", name="搜索").click()
    expect(page.locator(".said")).to_have_count(1)
    page.get_by_role("link", name="前后文").click()
    expect(page.get_by_text("第 76 句", exact=True)).to_be_visible()


def test_every_page_is_accessible_and_fits(visit: Visit) -> None:
    """axe without serious findings on every page that the navigation leads to, with something to show: at the desk light and
    in Chinese, at the phone dark and in English. At both widths nothing is wider than the window."""
    is_dark = visit.size == "phone"
    visit.page.emulate_media(color_scheme="dark" if is_dark else "light")
    visit.sets_up()
    visit.bot.say("小明: 早上好")
    visit.bot.say("小明: 打卡")
    visit.bot.say("小红: 加微信领资料")
    expect(visit.page.get_by_role("article")).to_be_visible()
    if is_dark:
        visit.speaks_english()
    for name in walk(visit, *VARIANTS):
        visit.is_shown(name)
        visit.is_accessible()
        visit.fits_all()
    visit.goes_to("/tryout")
    visit.page.get_by_role("radio").first.check()
    visit.page.locator("form[action='/tryout/open'] button").click()
    visit.page.locator(".tryout-log").wait_for()
    visit.is_shown("room")
    visit.is_accessible()
    visit.fits_all()


def test_english(visit: Visit) -> None:
    """The switch changes every word of the page and stays."""
    visit.sets_up()
    page = visit.page
    visit.speaks_english()
    expect(page.get_by_role("heading", name="Today")).to_be_visible()
    visit.goes_to("/groups")
    expect(page.get_by_role("heading", name="Groups")).to_be_visible()
    assert not re.search(r"[一-鿿]", page.locator("nav").inner_text().replace("中文", "").replace(NAME, ""))


def test_by_keyboard_alone(visit: Visit) -> None:
    """Set-up, the way past the navigation, a decision, a dialog: Tab, Enter and Escape are enough, and focus is seen."""
    page = visit.page
    visit.goes_to("/")
    page.keyboard.type(visit.code)
    page.keyboard.press("Tab")
    page.keyboard.type(NAME)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="今天")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="跳到正文")).to_be_focused()
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    visit.bot.say("小红: 加微信领资料")
    expect(page.get_by_role("article")).to_be_visible()
    _tab_to(visit, "踢出")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="不踢")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("已决定")).to_be_visible()
    visit.goes_to("/account")
    _tab_to(visit, "新建令牌")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("看板")
    page.keyboard.press("Enter")
    expect(page.locator("code.secret")).to_contain_text("qo_")
    visit.is_accessible()
    visit.goes_to("/account")
    _tab_to(visit, "吊销")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    visit.is_accessible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("button", name="吊销")).to_be_focused()


def _tab_to(visit: Visit, name: str) -> None:
    """Presses Tab until what has this name is focused."""
    for _ in range(60):
        visit.page.keyboard.press("Tab")
        if visit.page.evaluate("document.activeElement.textContent.trim()") == name:
            return
    raise AssertionError(f"Tab never reaches {name!r}")
