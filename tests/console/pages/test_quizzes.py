"""答题: a session with its ranking, the statistics of questions, a member's question taken into the pool."""

from __future__ import annotations

from typing import Any

import pytest

from bot.console.access import Bounds
from bot.console.openapi import API
from tests.console.scene import GROUP, OTHER, Browser, Scene

QUIZ = """\
playbook: evening
title: 晚间
groups: ["sim:早起营"]
plays:
  抢答: {kind: quiz, metric: quiz.participation, bank: banks/own.yaml, questions: 1, gap: 3s, submit_points: 10}
"""
BANK = """\
bank: 自家题
version: 1
questions:
  - {id: q1, type: single, text: 一年有几个<节气>？, options: ["12", "24"], answer: B, explanation: 每月两个。}
"""
ONE = f"/quizzes/{GROUP}/evening/抢答"


@pytest.fixture
async def evening(scene: Scene) -> Scene:
    folder = scene.app.settings.playbooks
    (folder / "banks").mkdir()
    (folder / "banks" / "own.yaml").write_text(BANK, "utf-8")
    (folder / "evening.yaml").write_text(QUIZ, "utf-8")
    assert await scene.app.reload() == []
    return scene


async def seen(browser: Browser, path: str = "") -> dict[str, Any]:
    answer = await browser.get(API + ONE + path)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_session_and_what_it_says_of_its_question(evening: Scene) -> None:
    """Asked, answered by two, revealed: ranking and shares; the question's range is wide, for so few."""
    browser = await evening.signed_in()
    assert (await seen(browser))["last"] is None
    assert "还没办过答题" in (await browser.get(ONE)).text
    evening.says("开始答题", "老陈")

    async def session() -> Any:
        return (await seen(browser))["last"]

    async def is_asked() -> Any:
        found = await session()
        return found and found["questions"] and found["state"] == "running"

    await evening.until(is_asked)
    assert (await session())["questions"][0]["rate"] is None, "an open question stays a secret"

    async def has_answered() -> Any:
        return (await session())["participants"] == 2

    evening.says("B", "小明")
    evening.says("A", "小红")
    await evening.until(has_answered)
    evening.says("下一题", "老陈")
    evening.says("结束答题", "老陈")

    async def is_over() -> Any:
        return (await session())["state"] == "over"

    await evening.until(is_over)
    found = await session()
    assert [(place["rank"], place["name"], place["right"]) for place in found["ranking"]] == [
        (1, "小明", 1),
        (2, "小红", 0),
    ]
    assert [(q["answered"], q["right"], q["rate"]) for q in found["questions"]] == [(2, 1, 0.5)]
    (item,) = (await seen(browser, "/items"))["items"]
    assert (item["asked"], item["answered"], item["rate"], item["flag"]) == (1, 2, 0.5, "few")
    assert (round(item["low"], 2), round(item["high"], 2)) == (0.09, 0.91)
    assert (await seen(browser, "/items?flag=odd"))["items"] == []
    page = (await browser.get(f"{ONE}/items")).text
    assert "9–91" in page
    assert "一年有几个&lt;节气&gt;" in page
    assert "小明" in (await browser.get(ONE)).text
    for what, words in (("items", "一年有几个"), ("ranking", "小明")):
        table = await browser.get(f"{ONE}/export?what={what}&format=csv")
        assert words in table.content.decode("utf-8-sig"), what
    assert (await browser.get(f"{ONE}/export?format=xlsx")).content[:2] == b"PK"


async def test_a_members_question_is_taken_or_not(evening: Scene) -> None:
    """What waits is shown with its answer; 通过 takes it into the pool with the author's name, once; 不用 is said."""
    browser = await evening.signed_in()

    async def waiting() -> Any:
        return (await seen(browser, "/offers"))["offers"]

    assert "没有等审核的投稿" in (await browser.get(f"{ONE}/offers")).text
    evening.says("投稿 长江的源头在哪个省区?\nA. 青海\nB. 四川\n答案 A\n解析 <唐古拉山>")
    (offer,) = await evening.until(waiting)
    assert (offer["name"], offer["answer"], offer["options"]) == ("小明", "A", ["青海", "四川"])
    assert "&lt;唐古拉山&gt;" in (await browser.get(f"{ONE}/offers")).text
    rows = (await browser.get(f"{API}/quizzes")).json()["quizzes"]
    assert [(row["play"], row["state"], row["questions"], row["offers"]) for row in rows] == [
        ("evening/抢答", "never", 1, 1)
    ]
    viewer = await evening.signed_in("viewer")
    assert "不用" not in (await viewer.get(f"{ONE}/offers")).text.split("</nav>")[-1].replace("不用的", "")
    assert (await viewer.submit(f"{ONE}/offers", task=str(offer["task"]), choice="通过")).status_code == 403
    assert (await browser.submit(f"{ONE}/offers", task=str(offer["task"]), choice="通过")).status_code == 303
    assert await waiting() == []
    assert (await browser.submit(f"{ONE}/offers", task=str(offer["task"]), choice="通过")).status_code == 409
    items = (await seen(browser, "/items"))["items"]
    assert [(item["author"], item["asked"]) for item in items if item["author"]] == [("小明", 0)]
    assert len((await seen(browser, "/items?flag=never"))["items"]) == 2


async def test_bounds_and_kindness(evening: Scene) -> None:
    """Another group's operator finds nothing; without any quiz the page says what to do; a task of another kind is none."""
    owner = await evening.signed_in()
    other = await evening.signed_in("operator", bounds=Bounds(groups=(OTHER,)))
    assert (await other.get(f"{API}/quizzes")).json()["quizzes"] == []
    assert (await other.get(f"{ONE}/items")).status_code == 404
    assert "还没有答题" in (await other.get("/quizzes")).text
    evening.says("加微信领资料", "小红")

    async def asked() -> Any:
        return (await owner.get(f"{API}/")).json()["waiting"]

    (question,) = await evening.until(asked)
    refused = await owner.submit(f"{API}{ONE}/offers", task=str(question["id"]), choice="通过")
    assert refused.json()["error"]["code"] == "already_decided"
    assert len(await asked()) == 1
