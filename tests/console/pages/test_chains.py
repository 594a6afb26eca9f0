"""接龙: the list, one chain with its payments and history, orders that the play obeys, tables to take away."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from bot.console.access import Bounds
from bot.console.openapi import API
from tests.console.scene import GROUP, OTHER, Browser, Scene
from tests.console.test_streams import opened as streaming

STREET = """\
playbook: street
title: 邻里
groups: ["sim:早起营"]
plays:
  团购: {kind: chain, metric: chain.entries, type: group_buy, debounce: 0s, opens_with: [蛋糕], goods: [{name: 蛋糕, price: 30}]}
"""
FORMS = """\
playbook: forms
title: 登记
groups: ["sim:夜读营"]
plays:
  登记:
    kind: chain
    metric: chain.entries
    type: form
    debounce: 0s
    fields: [{name: 姓名}, {name: 手机, type: phone, private: true}]
"""
ONE = f"/chains/{GROUP}/street/团购/1"
FORM = f"/chains/{OTHER}/forms/登记/1"


@pytest.fixture
async def street(scene: Scene) -> Scene:
    """A group buy of two in 早起营, a form with one line in 夜读营."""
    folder = scene.app.settings.playbooks
    (folder / "street.yaml").write_text(STREET, "utf-8")
    (folder / "forms.yaml").write_text(FORMS, "utf-8")
    assert await scene.app.reload() == []
    scene.says("#接龙\n蛋糕\n\n1. 小明 2个\n2. 小红 1个")
    scene.says("#接龙\n队服\n\n1. 小夜 手机:13800001111", "小夜", OTHER)
    return scene


async def seen(browser: Browser, path: str = ONE) -> dict[str, Any]:
    answer = await browser.get(API + path)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def opened(scene: Scene, role: Any = "owner", bounds: Bounds | None = None) -> Browser:
    """A browser, once both chains are there."""
    browser = await scene.signed_in(role, bounds=bounds)
    owner = await scene.signed_in("owner", "waits")

    async def are_there() -> bool:
        return len((await owner.get(f"{API}/chains")).json()["chains"]) == 2

    await scene.until(are_there)
    return browser


async def ordered(browser: Browser, path: str = ONE, **fields: Any) -> int:
    return (await browser.submit(f"{API}{path}/order", **fields)).status_code


async def test_the_list_says_where_money_is_missing(street: Scene) -> None:
    """Title, lines, sum and who has not paid; filters by words and state; the page shows the same."""
    browser = await opened(street)
    rows = {row["title"]: row for row in (await browser.get(f"{API}/chains")).json()["chains"]}
    assert (rows["蛋糕"]["entries"], rows["蛋糕"]["amount"], rows["蛋糕"]["unpaid"]) == (2, 90.0, 2)
    assert (rows["队服"]["amount"], rows["队服"]["unpaid"]) == (None, None)
    assert [row["title"] for row in (await browser.get(f"{API}/chains?q=蛋")).json()["chains"]] == ["蛋糕"]
    assert (await browser.get(f"{API}/chains?state=closed")).json()["chains"] == []
    assert "蛋糕" in (await browser.get("/chains")).text
    assert "<html" not in (await browser.get("/chains", headers={"hx-request": "true"})).text


async def test_one_chain_says_who_wrote_what_for_whom(street: Scene) -> None:
    """Lines in the native form, the one that 小明 wrote for 小红, who is missing, and the step with its message."""
    browser = await opened(street)
    board = await seen(browser)
    assert board["list"].endswith("1. 小明 2个\n2. 小红 1个")
    assert [(e["owner_name"], e["author_name"], e["is_own"]) for e in board["entries"]] == [
        ("小明", "小明", True), ("小红", "小明", False),
    ]  # fmt: skip
    assert "小夜" not in board["missing"]
    (step,) = board["steps"]
    assert (step["by_name"], step["added"], step["may_undo"]) == ("小明", ["小明 2个", "小红 1个"], True)
    page = await browser.get(ONE)
    assert "小明 替报" in page.text
    context = await browser.get(f"/groups/{GROUP}/messages?around={step['message']}")
    assert "小红 1个" in context.text


async def test_a_chain_is_live(street: Scene) -> None:
    """The stream begins where the page was made: what came in between is not lost, and nothing is sent twice."""
    browser = await opened(street)
    before = await seen(browser)
    street.says("接龙 小刚 1个", "小红")
    async with streaming(street, browser, f"{API}{ONE}/live?after={before['mark']}") as stream:
        mark, data = await stream.next("chain")
        assert json.loads(data)["entries"][-1]["text"] == "小刚 1个"
        street.says("接龙 小美 1个", "小红")
        later, _ = await stream.next("chain")
    assert len({before["mark"], mark, later}) == 3


async def test_paying_undoing_and_closing_go_through_the_play(street: Scene) -> None:
    """Each order changes what the play keeps and what the group reads; the audit log names the operator."""
    browser = await opened(street)
    first, second = (entry["id"] for entry in (await seen(browser))["entries"])
    assert await ordered(browser, order="pay", entries=[first, second], paid="yes") == 200
    assert (await seen(browser))["unpaid"] == 0
    assert await ordered(browser, order="pay", entries=str(first), paid="no") == 200
    board = await seen(browser)
    assert (board["unpaid"], board["paid_amount"]) == (1, 30.0)
    assert await ordered(browser, order="undo", step=1) == 200
    board = await seen(browser)
    assert board["entries"] == []
    assert [gone["paid"] for gone in board["gone"]] == ["30.00"]
    assert next((step["n"], step["kind"], step["by_name"]) for step in board["steps"]) == (2, "undo", "the-owner")
    assert await ordered(browser, order="close") == 200
    assert not (await seen(browser))["is_open"]
    assert await ordered(browser, order="reopen") == 200
    assert (await seen(browser))["is_open"]
    actions = [entry.action for entry in await street.accounts.audit() if entry.action.startswith("chain.")]
    assert actions == ["chain.reopen", "chain.close", "chain.undo", "chain.pay", "chain.pay"]


async def test_what_the_play_refuses_is_said(street: Scene) -> None:
    """In the play's own words: undone twice, reminded twice, an entry that is gone; a chain that is not there is 404."""
    browser = await opened(street)
    assert await ordered(browser, order="undo", step=9) == 409
    assert await ordered(browser, order="pay", entries=99) == 409
    assert await ordered(browser, order="dun") == 200
    answer = await browser.submit(f"{API}{ONE}/order", order="dun")
    assert answer.json()["error"]["code"] == "just_reminded"
    page = await browser.submit(f"{ONE}/order", {"hx-request": "true"}, order="dun")
    assert "u521a" in page.headers["hx-trigger"]
    assert await ordered(browser, f"/chains/{GROUP}/street/团购/7", order="close") == 404
    assert await ordered(browser, order="explode") == 422


async def test_the_same_press_is_one_order(street: Scene) -> None:
    """A phone that sends its request again reminds nobody twice and is told that it is done."""
    browser = await opened(street)
    for _ in range(2):
        assert await ordered(browser, order="remind", key="abc") in (200, 409)
    assert await ordered(browser, order="post", key="k") == 200
    assert await ordered(browser, order="post", key="k") == 200
    assert [e.action for e in await street.accounts.audit()].count("chain.post") == 1


async def test_a_viewer_sees_no_private_answers_and_no_buttons(street: Scene) -> None:
    """Neither on the page, nor in JSON, nor in the table; the owner sees them."""
    owner, viewer = await opened(street), await street.signed_in("viewer")
    board = await seen(owner, FORM)
    assert [(a["field"], a["value"]) for a in board["entries"][0]["answers"]] == [
        ("姓名", "小夜"),
        ("手机", "13800001111"),
    ]
    for path in (FORM, API + FORM, f"{FORM}/export?format=csv"):
        assert "13800001111" in (await owner.get(path)).content.decode("utf-8-sig"), path
        assert "13800001111" not in (await viewer.get(path)).content.decode("utf-8-sig"), path
    page = await viewer.get(ONE)
    assert "/order" not in page.text
    assert await ordered(viewer, order="close") == 403


async def test_bounds_hide_other_groups_and_playbooks(street: Scene) -> None:
    """A coach of one playbook has its chains alone."""
    await opened(street)
    coach = await street.signed_in("coach", bounds=Bounds(playbooks=("street",)))
    assert [row["title"] for row in (await coach.get(f"{API}/chains")).json()["chains"]] == ["蛋糕"]
    assert (await coach.get(FORM)).status_code == 404
    assert await ordered(coach, order="post") == 200
    assert await ordered(coach, FORM, order="post") == 404


@pytest.mark.parametrize("form", ["xlsx", "csv"])
async def test_the_table_is_a_file_and_runs_no_formula(street: Scene, form: str) -> None:
    """The name is the chain's; what a member typed as a formula is text."""
    street.says("#接龙\n蛋糕\n\n1. 小明 2个\n2. 小红 1个\n3. =1+1 小明 1个")
    browser = await opened(street)
    answer = await browser.get(f"{ONE}/export?format={form}")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert f"%E8%9B%8B%E7%B3%95.{form}" in answer.headers["content-disposition"]
    if form == "csv":
        rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert rows[0][:2] == ["序号", "内容"]
        assert not any(cell.startswith("=") for row in rows for cell in row)


async def test_nothing_kept_is_said_kindly(scene: Scene) -> None:
    """Without any chain the page says what to do."""
    browser = await scene.signed_in()
    assert "还没有接龙" in (await browser.get("/chains")).text
    await browser.submit("/language", language="en", next="/chains")
    assert "No chains yet" in (await browser.get("/chains")).text
