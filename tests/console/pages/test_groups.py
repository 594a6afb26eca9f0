"""Groups: the list, one group, its messages, members and settings, each within the caller's bounds."""

from __future__ import annotations

from datetime import date

import pytest

from bot.console.access import Bounds
from bot.console.openapi import API
from bot.usecases.groups import stage_of
from tests.console.scene import GROUP, OTHER, Browser, Scene

TODAY = date(2026, 3, 16)


async def heard(scene: Scene, browser: Browser, words: str, group: str = GROUP) -> None:
    """Waits until a message with these words is in the group's log."""

    async def is_there() -> bool:
        answer = await browser.get(f"{API}/groups/{group}")
        return any(words in each["text"] for each in answer.json()["feed"])

    await scene.until(is_there)


async def test_the_list_and_its_filters(scene: Scene) -> None:
    """By name, health, stage; a page behind the last shows the last; a script gets the list alone."""
    browser = await scene.signed_in()

    async def names(query: str = "") -> list[str]:
        answer = await browser.get(f"{API}/groups?{query}")
        return [each["uid"] for each in answer.json()["groups"]]

    assert sorted(await names()) == sorted([GROUP, OTHER])
    assert await names("q=夜") == [OTHER]
    assert sorted(await names("health=good")) == sorted([GROUP, OTHER])
    assert await names("health=bad") == []
    assert await names("stage=growing") == []
    assert await names("sort=name&page=99") != []
    page = await browser.get("/groups", headers={"hx-request": "true"})
    assert "<html" not in page.text
    assert OTHER in page.text
    assert (await browser.get("/groups?health=odd")).status_code == 422


async def test_bounds_hide_what_lies_outside(scene: Scene) -> None:
    """List, page, search and JSON: another group's words are nowhere."""
    browser = await scene.signed_in("viewer", bounds=Bounds(groups=(OTHER,)))
    owner = await scene.signed_in("owner")
    scene.says("机密计划在这里")
    scene.says("夜里的话", "小夜", OTHER)
    await heard(scene, owner, "机密计划")
    await heard(scene, owner, "夜里的话", OTHER)
    for path in ("/groups", f"{API}/groups", "/search?q=计划", f"{API}/search?q=计划", "/", f"/groups/{OTHER}"):
        answer = await browser.get(path)
        assert answer.status_code == 200, path
        assert "机密计划在" not in answer.text, path
        assert GROUP not in answer.text, path
    assert "夜里的话" in (await browser.get(f"{API}/search?q=夜里")).text
    everything = (await owner.get(f"{API}/search?q=计划")).json()
    assert [each["group"] for each in everything["said"]] == [GROUP]


async def test_a_group_without_the_right_to_read_along(scene: Scene) -> None:
    """Who may see groups but no messages sees no words of members."""
    browser = await scene.signed_in("viewer", bounds=Bounds(actions=("groups.see",)))
    owner = await scene.signed_in("owner")
    scene.says("只给看得到消息的人")
    await heard(scene, owner, "只给看得到")
    answer = await browser.get(f"{API}/groups/{GROUP}")
    assert answer.json()["feed"] == []
    assert "只给看得到" not in (await browser.get(f"/groups/{GROUP}")).text
    assert (await browser.get(f"/groups/{GROUP}/messages")).status_code == 403


async def test_what_the_bot_says_is_in_the_feed(scene: Scene) -> None:
    """Its answers stand beside what was said; words in private to an operator do not."""
    browser = await scene.signed_in()
    scene.says("打卡")
    scene.says("加微信领资料", "小红")
    await heard(scene, browser, "打卡成功")
    await heard(scene, browser, "先问问运营")
    feed = (await browser.get(f"{API}/groups/{GROUP}")).json()["feed"]
    assert any(each["is_bot"] for each in feed)
    assert not any("要把这位成员移出群吗" in each["text"] for each in feed)
    assert [each["at"] for each in feed] == sorted((each["at"] for each in feed), reverse=True)
    plays = (await browser.get(f"{API}/groups/{GROUP}")).json()["plays"]
    assert {"camp/打卡", "camp/群规"} <= {each["ref"] for each in plays}


async def test_search_and_what_was_said_around(scene: Scene) -> None:
    """The words are marked; one message leads to those before and after it."""
    browser = await scene.signed_in()
    for number in range(30):
        scene.says(f"第 {number} 句")
    scene.says("周六去徒步吗")
    await heard(scene, browser, "徒步")
    page = await browser.get(f"/groups/{GROUP}/messages?q=徒步")
    assert "<mark>徒步</mark>" in page.text
    (hit,) = (await browser.get(f"{API}/groups/{GROUP}/messages?q=周六 徒步")).json()["said"]
    around = (await browser.get(f"{API}/groups/{GROUP}/messages?around={hit['id']}")).json()["said"]
    assert [each["text"] for each in around][:2] == ["周六去徒步吗", "第 29 句"]
    elsewhere = (await browser.get(f"{API}/groups/{OTHER}/messages?around={hit['id']}")).json()["said"]
    assert elsewhere == [], "a message of another group has no surroundings here"
    first = (await browser.get(f"{API}/groups/{GROUP}/messages")).json()
    assert len(first["said"]) == 31


async def test_members(scene: Scene) -> None:
    browser = await scene.signed_in()
    found = (await browser.get(f"{API}/groups/{GROUP}/members")).json()
    assert {"小明", "小红"} <= {each["name"] for each in found["members"]}
    one = (await browser.get(f"{API}/groups/{GROUP}/members?q=小红")).json()
    assert [each["uid"] for each in one["members"]] == ["sim:小红"]
    assert (await browser.get(f"/groups/{GROUP}/members?page=7")).status_code == 200


async def test_settings_say_where_they_come_from(scene: Scene) -> None:
    """Base, playbook, group: the last that wrote a key, and where."""
    folder = scene.app.settings.playbooks
    (folder / "base.yaml").write_text("quiet_hours: 23:00-07:00\n", "utf-8")
    groups = f'groups:\n  "{GROUP}": {{quiet_hours: "22:00-08:00"}}\n  "{OTHER}": {{}}\n'
    (folder / "groups.yaml").write_text(groups, "utf-8")
    await scene.app.reload()
    browser = await scene.signed_in()
    found = (await browser.get(f"{API}/groups/{GROUP}/settings")).json()
    rows = {row["key"]: row for playbook in found["playbooks"] for row in playbook["rows"]}
    assert rows["plays.打卡.kind"]["layer"] == "camp.yaml"
    assert rows["quiet_hours"]["value"] == '"22:00-08:00"'
    assert rows["quiet_hours"]["layers"] == ["base.yaml", f"groups.yaml groups.{GROUP}"]
    assert rows["quiet_hours"]["place"].startswith("groups.yaml:2")
    stranger = await scene.signed_in("viewer", bounds=Bounds(playbooks=("other",)))
    shown = (await stranger.get(f"{API}/groups/{GROUP}/settings")).json()
    assert shown["playbooks"] == []


async def test_unknown_groups(scene: Scene) -> None:
    browser = await scene.signed_in()
    for path in ("", "/messages", "/members", "/settings"):
        assert (await browser.get(f"/groups/qq:404{path}")).status_code == 404, path


@pytest.mark.parametrize(
    ("trend", "began", "stage"),
    [
        ([0] * 14, None, "silent"),
        ([9] * 7 + [0] * 7, "2026-01-01", "silent"),
        ([0] * 12 + [5, 5], "2026-03-15", "new"),
        ([0] * 12 + [5, 5], "2026-01-01", "growing"),
        ([10] * 14, "2026-01-01", "steady"),
        ([10] * 7 + [13] * 7, "2026-01-01", "growing"),
        ([10] * 7 + [5] * 7, "2026-01-01", "fading"),
    ],
)
def test_stages(trend: list[int], began: str | None, stage: str) -> None:
    assert stage_of(trend, began, TODAY) == stage
