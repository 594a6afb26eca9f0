"""打卡: the calendar of a group, who is missing, and verdicts on submissions, line by line."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from bot.console.access import Bounds
from bot.console.openapi import API
from tests.console.scene import GROUP, OTHER, Browser, Scene

READING = """\
playbook: reading
title: 共读
groups: ["sim:夜读营"]
plays:
  作业:
    kind: checkin
    metric: checkin.rate
    commands: [作业]
    content: {min_chars: 4}
    makeup: {per_month: 2, within: 72h}
    leave: {per_month: 1}
    review: {by: role:operator, rubric: [真实, 具体], points: 3}
"""
ONE = f"/checkins/{OTHER}/reading/作业"


@pytest.fixture
async def reading(scene: Scene) -> Scene:
    """小夜 has handed something in, 小早 is on leave, 小迟 is missing."""
    (scene.app.settings.playbooks / "reading.yaml").write_text(READING, "utf-8")
    assert await scene.app.reload() == []
    assert scene.app.world is not None
    for name in ("小早", "小迟"):
        scene.app.world.join(OTHER, f"sim:{name}", name)
    scene.says("作业 今天读了第三章 <b>很好</b>", "小夜", OTHER)
    scene.says("请假 今天", "小早", OTHER)
    return scene


async def seen(browser: Browser, path: str = ONE) -> dict[str, Any]:
    answer = await browser.get(API + path)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def opened(scene: Scene) -> Browser:
    """The owner's browser, once leave was taken."""
    browser = await scene.signed_in()

    async def is_told() -> bool:
        answer = await browser.get(API + ONE)
        return bool(answer.status_code == 200 and answer.json()["on_leave"])

    await scene.until(is_told)
    return browser


async def test_today_and_four_weeks(reading: Scene) -> None:
    """Who is done, on leave and missing; each member's days, streak and what is left of make-ups and leave."""
    browser = await opened(reading)
    board = await seen(browser)
    assert (board["done"], board["on_leave"], board["missing"], board["waiting"]) == (1, 1, ["小迟"], 1)
    assert len(board["days"]) == 28
    assert (board["days"][-1]["count"], board["days"][-1]["level"]) == (1, 4)
    people = {each["name"]: each for each in board["members"]}
    assert [people[name]["marks"][-1] for name in ("小夜", "小早", "小迟")] == ["o", "j", " "]
    assert (people["小夜"]["streak"], people["小夜"]["makeups_left"], people["小早"]["leaves_left"]) == (1, 2, 0)
    page = (await browser.get(ONE)).text
    assert "✓" in page
    assert "假" in page
    earlier = await seen(browser, f"{ONE}?until=2020-01-31")
    assert {each["count"] for each in earlier["days"]} == {0}
    assert earlier["later"] == "2020-02-28"


async def test_the_list_has_the_most_to_review_first(reading: Scene) -> None:
    """Every group with today's figures; the page shows the same; nothing is there without a play."""
    browser = await opened(reading)
    rows = (await browser.get(f"{API}/checkins")).json()["checkins"]
    assert [(row["group"], row["waiting"]) for row in rows] == [(OTHER, 1), (OTHER, None), (GROUP, None)]
    assert "作业" in (await browser.get("/checkins?q=夜")).text
    assert "还没有打卡" in (await browser.get("/checkins?q=没有这个群")).text
    group = (await browser.get(f"/groups/{OTHER}")).text
    assert f'href="{quote(ONE)}"' in group
    assert (await browser.get(ONE)).status_code == 200


async def test_a_submission_goes_round(reading: Scene) -> None:
    """修改 with points and a comment, the second version beside the first, 通过: all by the play, all in the audit log."""
    browser = await opened(reading)
    queue = await seen(browser, f"{ONE}/review")
    assert queue["rubric"] == ["真实", "具体"]
    (work,) = queue["waiting"]
    assert [version["text"] for version in work["versions"]] == ["作业 今天读了第三章 <b>很好</b>"]
    page = await browser.get(f"{ONE}/review")
    assert "&lt;b&gt;很好" in page.text
    answer = await browser.submit(
        f"{ONE}/review", message=work["message"], verdict="修改", comment="写写例子", scores=["4", "0"]
    )
    assert answer.status_code == 303
    reading.says("重交 单位里的事正好说明这一点", "小夜", OTHER)

    async def is_back() -> Any:
        return (await seen(browser, f"{ONE}/review"))["waiting"]

    (work,) = await reading.until(is_back)
    assert (work["version"], len(work["versions"])) == (2, 2)
    (verdict,) = work["versions"][1]["verdicts"]
    assert (verdict["verdict"], verdict["by_name"], verdict["comment"]) == ("修改", "the-owner", "写写例子")
    assert verdict["scores"] == [["真实", 4]]
    again = await browser.submit(f"{API}{ONE}/review", message=work["versions"][1]["text"], verdict="通过")
    assert again.json()["error"]["code"] == "no_such_work"
    passed = await browser.submit(f"{API}{ONE}/review", message=work["message"], verdict="通过")
    assert passed.status_code == 200
    queue = await seen(browser, f"{ONE}/review")
    assert (queue["waiting"], len(queue["passed"])) == ([], 1)
    assert "都点评完了" in (await browser.get(f"{ONE}/review")).text
    said = [entry.action for entry in await reading.accounts.audit()]
    assert said.count("checkin.review") == 2


async def test_who_may_not_review_sees_no_words(reading: Scene) -> None:
    """A viewer has the calendar, not the queue; a coach of another group has neither."""
    await opened(reading)
    viewer = await reading.signed_in("viewer")
    assert (await viewer.get(ONE)).status_code == 200
    assert f"{ONE}/review" not in (await viewer.get(ONE)).text
    assert (await viewer.get(f"{ONE}/review")).status_code == 403
    assert (await viewer.submit(f"{ONE}/review", message="x", verdict="通过")).status_code == 403
    coach = await reading.signed_in("coach", bounds=Bounds(groups=(GROUP,)))
    assert (await coach.get(f"{ONE}/review")).status_code == 404
    assert (await coach.submit(f"{ONE}/review", message="x", verdict="通过")).status_code == 404
    assert [row["group"] for row in (await coach.get(f"{API}/checkins")).json()["checkins"]] == [GROUP]


async def test_what_cannot_be_judged_is_said_beside_the_form(reading: Scene) -> None:
    """A wrong score, a play without reviews, a verdict that is none."""
    browser = await opened(reading)
    (work,) = (await seen(browser, f"{ONE}/review"))["waiting"]
    wrong = await browser.submit(f"{ONE}/review", message=work["message"], verdict="通过", scores=["9"])
    assert wrong.status_code == 422
    assert "1 到 5" in wrong.text
    assert (await browser.submit(f"{ONE}/review", message=work["message"], verdict="滚")).status_code == 422
    assert (await browser.get(f"/checkins/{GROUP}/camp/打卡/review")).status_code == 404
    none = await browser.submit(f"{API}/checkins/{GROUP}/camp/打卡/review", message="x", verdict="通过")
    assert none.json()["error"]["code"] == "no_such_order"
