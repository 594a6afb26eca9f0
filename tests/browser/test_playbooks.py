"""From an example to a published change, rehearsed and replayed before; and a chat in the try-out room."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.visit import Visit

BOOK = "/playbooks/camp.yaml"


_PASTE = """(content, text) => {
  const clipboardData = new DataTransfer();
  clipboardData.setData("text/plain", text);
  content.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
}"""


def _changes(visit: Visit, old: str, new: str) -> None:
    """Puts another text in the place of the editor's, from the clipboard."""
    page = visit.page
    content = page.locator(".cm-content")
    text = page.locator("textarea[name=source]").input_value()
    assert old in text
    content.click()
    page.keyboard.press("Control+a")
    content.evaluate(_PASTE, text.replace(old, new))


def test_a_change_is_checked_rehearsed_replayed_and_published(visit: Visit) -> None:
    """A typo is marked and named; the mended text is played in virtual time and on what was really said; then it runs."""
    visit.sets_up()
    visit.bot.say("小明: 有人要拼单吗 <i>")
    visit.bot.say("小红: 今天读完了")
    page = visit.page
    visit.goes_to(BOOK)
    _changes(
        visit,
        "level: 2, say: 先问问运营}",
        "level: 2, say: 先问问运营}\n      - {id: 拼单, match: {regexx: 拼单}, level: 1}",
    )
    expect(page.locator(".findings li[data-severity=error]").first).to_contain_text("regex")
    _changes(visit, "regexx", "regex")
    expect(page.locator(".findings li[data-severity=error]")).to_have_count(0)
    page.get_by_role("button", name="重放").click()
    expect(page.get_by_text("规则会多抓到 1 条")).to_be_visible(timeout=60_000)
    expect(page.locator(".caught").first).to_contain_text("有人要拼单吗 <i>")
    visit.is_shown("replayed")
    visit.is_accessible()
    visit.fits()
    page.locator("#note").fill("拼单先问")
    page.locator("button[data-leaves]").click()
    expect(page.get_by_text("已发布")).to_be_visible()
    expect(page.get_by_text("拼单先问")).to_be_visible()
    visit.bot.say("小红: 拼单拼单")
    visit.goes_to("/groups/sim:早起营")
    expect(page.get_by_role("list", name="正在说").get_by_text("拼单拼单")).to_be_visible()


@pytest.mark.parametrize("size", ["desktop"], indirect=True)
def test_an_example_is_filled_in_by_keyboard(visit: Visit) -> None:
    """Name, groups and words in a form, then the text that came of it."""
    visit.sets_up()
    page = visit.page
    visit.goes_to("/playbooks/new")
    page.locator("#name").focus()
    page.keyboard.type("evening")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.get_by_label("标题")).to_be_visible()
    visit.is_accessible()
    page.get_by_role("checkbox", name="早起营").check()
    said = page.locator("input[name=values]").first
    said.fill("请先问班长")
    said.press("Enter")
    expect(page.locator(".cm-content")).to_contain_text("请先问班长")
    expect(page.locator(".cm-content")).to_contain_text("playbook: evening")


@pytest.mark.parametrize("size", ["phone"], indirect=True)
def test_a_chat_in_the_try_out_room(visit: Visit) -> None:
    """Somebody checks in and is answered; a day passes; nothing of it reaches the real group."""
    visit.sets_up()
    page = visit.page
    visit.goes_to("/tryout")
    page.get_by_role("radio").first.check()
    page.get_by_role("button", name="开始试聊").click()
    page.locator("input[name=text]").fill("打卡")
    page.keyboard.press("Enter")
    expect(page.locator(".tryout-log")).to_contain_text("打卡成功")
    page.get_by_role("button", name="1 天").first.click()
    expect(page.locator(".tryout-log")).to_contain_text("打卡成功")
    visit.is_accessible()
    visit.fits()
