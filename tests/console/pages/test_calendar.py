"""The calendar in the console: within bounds, exactly once, never silently, and hostile text stays text."""

from __future__ import annotations

import html
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bot.console.access import Bounds
from bot.engine.clock import WallClock
from tests.console.scene import GROUP, OTHER, Browser, Scene

CONTENT = """\
playbook: content
title: 共读
groups: ["sim:早起营", "sim:夜读营"]
plays:
  矩阵:
    kind: campaign
    metric: campaign.replies_per_post
    slots: {早: 07:30-08:30, 晚: 20:00-21:30}
    calendar:
      - {day: mon, slot: 早, topic: 导读, text: "{{ group.name }}，这周读前三章"}   # 每周开头
      - {day: thu, slot: 晚, topic: 讨论, text: "说说"}
"""


def file_of(scene: Scene) -> Path:
    return scene.app.settings.playbooks / "content.yaml"


async def begin(scene: Scene, text: str = CONTENT) -> None:
    file_of(scene).write_text(text, "utf-8")
    await scene.app.reload()


def next_week() -> str:
    """A day whose week lies ahead as a whole."""
    return (WallClock().now() + timedelta(days=8)).date().isoformat()


async def entries(browser: Browser, **query: str) -> list[dict[str, Any]]:
    answer = await browser.get(f"/api/v1/calendar?{urlencode({'week': next_week()} | query)}")
    assert answer.status_code == 200, answer.text
    return [each for day in answer.json()["days"] for cell in day["cells"] for each in cell]


async def the(browser: Browser, title: str) -> dict[str, str]:
    """The fields by which an entry is known."""
    each = next(each for each in await entries(browser) if each["title"] == title)
    return {name: each[name] for name in ("play", "name", "at")}


async def test_the_week_and_a_post_as_each_group_reads_it(scene: Scene) -> None:
    """Both groups in one card; the preview holds the group's own name; the page is there in both languages."""
    await begin(scene)
    browser = await scene.signed_in("viewer")
    found = await entries(browser)
    assert [(each["title"], each["slot"], each["groups"], each["fate"]) for each in found] == [
        ("导读", "早", 2, "planned"), ("讨论", "晚", 2, "planned"),
    ]  # fmt: skip
    where = urlencode(await the(browser, "导读"))
    seen = (await browser.get(f"/api/v1/calendar/content/entry?{where}&group={OTHER}")).json()
    assert [text["messages"] for text in seen["texts"]] == [["夜读营，这周读前三章"]]
    page = (await browser.get(f"/calendar/content/entry?{where}")).text
    assert "早起营，这周读前三章" in page
    assert "马上发" not in page, "who only looks has no buttons"
    assert "draggable" not in (await browser.get(f"/calendar?week={next_week()}")).text
    browser.cookies.set("qunops-language", "en", domain="localhost.local")
    assert "What goes out this week" in (await browser.get("/calendar")).text


async def test_moving_shows_the_change_asks_and_publishes(scene: Scene) -> None:
    """The file keeps its comments; the version is in the playbook's history; over another's change nothing is written."""
    await begin(scene)
    browser = await scene.signed_in("operator")
    post = await the(browser, "导读")
    day = (datetime.fromisoformat(post["at"]).astimezone(UTC).date() + timedelta(days=2)).isoformat()
    goal = {**post, "day": day, "slot": "晚"}
    page = await browser.get(f"/calendar/content/move?{urlencode(goal)}")
    assert page.status_code == 200, page.text
    assert "确认移动" in page.text
    assert file_of(scene).read_text("utf-8") == CONTENT, "looking changes nothing"
    base = re.search(r'name="base" value="(\w+)"', page.text)
    assert base is not None
    stale = await browser.submit(f"/calendar/content/move?{urlencode(goal)}", **goal, base="0" * 32)
    assert stale.status_code == 422
    assert "文件刚刚被别人改过" in stale.text
    assert file_of(scene).read_text("utf-8") == CONTENT
    done = await browser.submit("/calendar/content/move", **goal, base=base[1])
    assert done.status_code == 303, done.text
    weekday = datetime.fromisoformat(day).strftime("%a").lower()
    assert file_of(scene).read_text("utf-8") == CONTENT.replace("{day: mon, slot: 早", f"{{day: {weekday}, slot: 晚")
    history = (await browser.get("/api/v1/playbooks/content.yaml")).json()["history"]
    assert history[0]["actor"] == "console:the-operator"
    assert history[0]["note"].startswith("导读: ")
    assert [each["slot"] for each in await entries(browser) if each["title"] == "导读"] == ["晚"]


async def test_what_cannot_move_says_why(scene: Scene) -> None:
    """In words, on the page and in the refusal."""
    await begin(scene)
    browser = await scene.signed_in("operator")
    goal = {**await the(browser, "导读"), "day": "2030-01-01"}
    assert "只能移到同一周里的另一天" in (await browser.get(f"/calendar/content/move?{urlencode(goal)}")).text
    refused = await browser.submit("/api/v1/calendar/content/move", **goal, base=await _base(browser))
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "same_week_only")
    gone = {**goal, "name": "没有这篇"}
    assert "只能移动内容推送" in (await browser.get(f"/calendar/content/move?{urlencode(gone)}")).text


async def test_nobody_moves_or_sends_beyond_their_bounds(scene: Scene) -> None:
    """One group's operator sees, sends and pauses there alone, and moves nothing that other groups have, too."""
    await begin(scene)
    mine = await scene.signed_in("operator", bounds=Bounds(groups=(GROUP,)))
    assert {each["groups"] for each in await entries(mine)} == {1}
    post = await the(mine, "导读")
    goal = {**post, "day": next_week(), "slot": "晚"}
    assert "请有权限的人来移" in (await mine.get(f"/calendar/content/move?{urlencode(goal)}")).text
    assert (await mine.submit("/calendar/content/move", **goal, base=await _base(mine))).status_code == 404
    order = {"play": "矩阵", "act": "pause", "about": "导读", "key": "press-0001"}
    foreign = await mine.submit("/calendar/content/order", **order, group=OTHER)
    assert foreign.status_code == 404
    assert (await mine.submit("/calendar/content/order", **order)).status_code == 303
    assert await _audited(scene) == [("calendar.pause", [GROUP])]
    elsewhere = await scene.signed_in("operator", "else", bounds=Bounds(playbooks=("camp",)))
    assert await entries(elsewhere) == []
    assert (await elsewhere.submit("/calendar/content/order", **order)).status_code == 404
    viewer = await scene.signed_in("viewer")
    assert (await viewer.submit("/calendar/content/order", **order)).status_code == 403


async def test_a_button_that_is_pressed_twice_sends_once(scene: Scene) -> None:
    """The same form again changes nothing; the group reads the post once, and the calendar shows that it was by hand."""
    await begin(scene)
    browser = await scene.signed_in("operator")
    form = {"play": "矩阵", "act": "send", "about": "导读", "group": GROUP, "key": "press-0001"}
    for _ in range(2):
        assert (await browser.submit("/calendar/content/order", **form)).status_code == 303
    assert scene.app.world is not None
    room = scene.app.world
    await scene.until(lambda: [each for each in _said(room) if "这周读前三章" in each])
    assert [each for each in _said(room) if "这周读前三章" in each] == ["早起营，这周读前三章"]
    assert await _audited(scene) == [("calendar.send", [GROUP])]
    week = (await browser.get("/api/v1/calendar")).json()
    by_hand = [each for day in week["days"] for cell in day["cells"] for each in cell if each["hand"]]
    assert [(each["title"], each["fate"]) for each in by_hand] == [("导读", "sent")]
    where = urlencode({name: by_hand[0][name] for name in ("play", "name", "at", "hand")})
    detail = (await browser.get(f"/api/v1/calendar/content/entry?{where}")).json()
    assert [(one["group"], one["fate"]) for one in detail["reached"]] == [(GROUP, "sent")]


async def test_bad_queries_are_told_and_hostile_text_is_text(scene: Scene) -> None:
    """No answer with 500, no markup from a playbook."""
    hostile = CONTENT.replace("topic: 讨论", 'topic: "<script>alert(1)</script>"').replace(
        "title: 共读", 'title: "</select><script>alert(2)</script>"'
    )
    await begin(scene, hostile)
    browser = await scene.signed_in("operator")
    post = await the(browser, "<script>alert(1)</script>")
    for path in (
        f"/calendar?week={next_week()}", f"/calendar/content/entry?{urlencode(post)}",
        f"/calendar/content/move?{urlencode({**post, 'day': next_week(), 'slot': '早'})}",
    ):  # fmt: skip
        page = await browser.get(path)
        assert page.status_code == 200, path
        assert "<script>alert" not in page.text, path
        assert "<script>alert(1)" in html.unescape(page.text), path
    for query in ("week=never", "week=9999-12-31", "within=0", "within=99999", "week=0001-01-01"):
        assert (await browser.get(f"/calendar?{query}")).status_code == 422, query
    for query in ("", "play=x&name=y&at=2026-03-02T07:30:00Z", "play=矩阵&name=导读&at=2026-03-02"):
        assert (await browser.get(f"/calendar/content/entry?{query}")).status_code in (404, 422), query
    short = await browser.submit("/calendar/content/order", play="矩阵", act="pause", key="x")
    assert short.status_code == 422


async def _base(browser: Browser) -> str:
    found: str = (await browser.get("/api/v1/playbooks/content.yaml")).json()["base"]
    return found


async def _audited(scene: Scene) -> list[tuple[str, list[str]]]:
    rows = await scene.accounts.audit()
    return [(row.action, json.loads(row.detail)["groups"]) for row in rows if row.action.startswith("calendar.")]


def _said(world: Any) -> list[str]:
    return [said.text for said in world.rooms[GROUP].messages.values()]
