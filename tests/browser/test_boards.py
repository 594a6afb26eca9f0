"""The boards of plays: 接龙 paid, undone and taken away as a file; 打卡 seen as a calendar and reviewed; 答题 with its questions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import expect

from tests.browser.visit import Visit
from tests.cli.running import Running, house

_STREET = """\
playbook: street
title: 邻里
groups: ["sim:早起营"]
plays:
  团购: {kind: chain, metric: chain.entries, type: group_buy, debounce: 0s, goods: [{name: 蛋糕, price: 30}]}
  抢答: {kind: quiz, metric: quiz.participation, bank: own.yaml, questions: 1}
  作业:
    kind: checkin
    metric: checkin.rate
    commands: [作业]
    makeup: {per_month: 2, within: 72h}
    review: {by: role:operator, rubric: [真实, 具体, 有收获], points: 3}
"""
_BANK = """\
bank: 自家题
version: 1
questions:
  - {id: q1, type: single, text: 一年有几个节气？, options: ["12", "24"], answer: B, explanation: 每月两个。}
"""


@pytest.fixture
def bot(tmp_path: Path) -> Iterator[Running]:
    env = house(tmp_path)
    (tmp_path / "playbooks" / "street.yaml").write_text(_STREET, "utf-8")
    (tmp_path / "playbooks" / "own.yaml").write_text(_BANK, "utf-8")
    with Running(env) as running:
        yield running


def test_a_chain_is_paid_undone_and_taken_away(visit: Visit, tmp_path: Path) -> None:
    """Lines appear by themselves; a payment, an undo and the Excel file are a press each, also by keyboard. The phone is
    dark."""
    visit.page.emulate_media(color_scheme="dark" if visit.size == "phone" else "light")
    visit.sets_up()
    page = visit.page
    visit.bot.say("老陈: 发起接龙 周五蛋糕")
    visit.bot.say("小明: 接龙 小明 蛋糕2个")
    visit.bot.hear("1. 小明 蛋糕2个")
    visit.goes_to("/chains")
    page.get_by_role("link", name="周五蛋糕").click()
    visit.bot.say("小明: 接龙 小红 蛋糕1个 <b>急</b>")
    line = page.get_by_role("row").filter(has_text="小红 蛋糕1个 <b>急</b>")
    expect(line).to_contain_text("小明 替报")
    visit.fits()
    visit.is_accessible()
    line.get_by_role("button", name="标为已付").click()
    expect(line).to_contain_text("已付 30.00")
    visit.is_shown("chain")
    page.get_by_role("listitem").filter(has_text="小红").get_by_role("button", name="撤销").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("小明 在这一步的改动会退回去")
    visit.is_accessible()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("这一步已撤销")).to_be_visible()
    expect(line).to_have_count(0)
    expect(page.get_by_text("付了款又退出的")).to_be_visible()
    visit.is_shown("chain-undone")
    visit.fits()
    with page.expect_download() as waiting:
        page.get_by_role("link", name="导出 Excel").click()
    file = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(file)
    sheet = load_workbook(file).active
    assert file.name == "周五蛋糕.xlsx"
    assert [cell.value for cell in sheet[2]][:2] == [1, "小明 蛋糕2个"]
    _reviews(visit)
    _asks(visit)


def _reviews(visit: Visit) -> None:
    """In the same browser: the calendar, and a verdict with points by line of the rubric."""
    page = visit.page
    visit.bot.say("小红: 作业 今天读了第三章，最打动我的是主人公最后的选择 <i>真的</i>")
    visit.bot.hear("小红 作业成功")
    visit.goes_to("/checkins")
    visit.fits()
    visit.is_accessible()
    visit.is_shown("checkins")
    page.get_by_role("row").filter(has_text="作业").get_by_role("link", name="早起营").click()
    expect(page.get_by_role("row").filter(has_text="小红")).to_contain_text("✓")
    visit.fits()
    visit.is_accessible()
    visit.is_shown("checkin-calendar")
    page.get_by_role("link", name="点评").click()
    work = page.get_by_role("article")
    expect(work).to_contain_text("主人公最后的选择 <i>真的</i>")
    visit.fits()
    visit.is_accessible()
    visit.is_shown("checkin-queue")
    work.get_by_label("具体").select_option("4")
    work.get_by_label("意见").fill("写写你自己的例子")
    work.get_by_role("button", name="请他修改").click()
    expect(page.get_by_text("已请作者修改")).to_be_visible()
    expect(page.get_by_role("article")).to_contain_text("具体 4/5")
    visit.bot.hear("具体 4/5")
    visit.is_accessible()
    visit.is_shown("checkin-returned")


def _asks(visit: Visit) -> None:
    """In the same browser: a session is held, its ranking and its question are looked at."""
    page = visit.page
    visit.bot.say("老陈: 开始答题")
    visit.bot.hear("一年有几个节气")
    visit.bot.say("小明: B")
    visit.bot.say("老陈: 下一题")
    visit.bot.say("老陈: 结束答题")
    visit.bot.hear("小明")
    visit.goes_to("/quizzes")
    visit.fits()
    visit.is_accessible()
    page.get_by_role("link", name="早起营").click()
    expect(page.get_by_role("listitem").filter(has_text="小明")).to_contain_text("对 1 题")
    visit.fits()
    visit.is_accessible()
    visit.is_shown("quiz-results")
    page.get_by_role("link", name="题目统计").click()
    expect(page.get_by_role("row").filter(has_text="一年有几个节气")).to_contain_text("100 %")
    visit.fits()
    visit.is_accessible()
    visit.is_shown("quiz-items")
    page.get_by_role("link", name="投稿").click()
    expect(page.get_by_text("没有等审核的投稿")).to_be_visible()
    visit.is_accessible()
