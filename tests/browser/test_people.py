"""A case from its evidence to the appeal, a removal that is asked twice, a member tagged, noted and erased."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.visit import Visit


def test_appeal_removal_and_what_is_known_of_a_member(visit: Visit) -> None:
    """One bot, one visit: the appeal stands with its clock and is granted; the next case ends in a removal by keyboard
    alone; the member's page keeps a note, adds the score up, and erases only who was typed."""
    visit.sets_up()
    page = visit.page
    visit.bot.say("小红: 加微信领资料 <b>免费</b>")
    expect(page.get_by_role("article").filter(has_text="移出群确认")).to_be_visible()
    visit.bot.say("小红: 申诉 1 我在转发班主任的通知")
    visit.goes_to("/moderation")
    appeal = page.get_by_role("article").filter(has_text="申诉人说")
    expect(appeal).to_contain_text("最晚答复")
    appeal.get_by_role("link", name="看证据再决定").click()
    expect(page.locator("blockquote")).to_have_text("加微信领资料 <b>免费</b>")
    visit.is_accessible()
    page.get_by_role("button", name="撤销处理").click()
    page.get_by_role("dialog").get_by_role("button", name="撤销处理").click()
    expect(page.get_by_text("已撤销").first).to_be_visible()
    _is_removed(visit)
    _is_known(visit)


def _is_removed(visit: Visit) -> None:
    page = visit.page
    visit.bot.say("小红: 请问能发加微信的通知吗")
    visit.goes_to("/moderation")
    expect(page.get_by_role("link", name="#2 小红")).to_be_visible()
    visit.is_shown("moderation")
    page.get_by_role("link", name="看证据再决定").first.press("Enter")
    page.get_by_role("button", name="踢出", exact=True).press("Enter")
    sure = page.get_by_role("dialog")
    expect(sure).to_contain_text("把「小红」移出「早起营」？")
    visit.is_accessible()
    page.keyboard.press("Escape")
    expect(sure).to_be_hidden()
    page.get_by_role("button", name="踢出", exact=True).press("Enter")
    sure.get_by_role("button", name="踢出").press("Enter")
    expect(page.get_by_text("问过的和答复")).to_be_visible()
    visit.is_shown("moderation-case")
    visit.fits()


def _is_known(visit: Visit) -> None:
    page = visit.page
    page.get_by_role("link", name="看成员档案").click()
    page.get_by_label("写一条备注").fill("问过线下活动 <script>alert(1)</script>")
    page.get_by_role("button", name="记下").click()
    expect(page.get_by_text("问过线下活动 <script>alert(1)</script>")).to_be_visible()
    page.get_by_placeholder("加标签").fill("三期")
    page.get_by_role("button", name="加上").press("Enter")
    expect(page.get_by_role("button", name="去掉标签「三期」")).to_be_visible()
    visit.is_accessible()
    visit.fits()
    visit.is_shown("member")
    page.get_by_role("link", name="活跃分明细").click()
    expect(page.get_by_role("heading", name="活跃分明细")).to_be_visible()
    page.get_by_role("link", name="小红").click()
    page.get_by_role("button", name="删除这个人").click()
    sure = page.get_by_role("dialog")
    sure.get_by_label("输入编号 sim:小红 确认").fill("sim:小明")
    sure.get_by_role("button", name="删除这个人").click()
    expect(page.get_by_text("编号输错了，没有删除")).to_be_visible()
    expect(page.get_by_role("heading", name="小红", exact=True)).to_be_visible()
