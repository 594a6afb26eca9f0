"""Members: found, looked at, tagged, noted, merged, exported and erased; each within the caller's bounds."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.console.access import Bounds
from bot.console.openapi import API
from tests.console.scene import GROUP, OTHER, Browser, Scene

ONE = "/members/sim:小红"
EVIL = "<script>alert(1)</script>"


async def people(browser: Browser, query: str = "") -> list[str]:
    found = (await browser.get(f"{API}/members?{query}")).json()
    return [each["uid"] for each in found["people"]]


async def member(browser: Browser, path: str = ONE) -> dict[str, Any]:
    answer = await browser.get(f"{API}{path}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def seen(scene: Scene, browser: Browser, uid: str) -> None:
    """Waits until the bot has met the member."""

    async def is_there() -> bool:
        return (await browser.get(f"{API}/members/{uid}")).status_code == 200

    await scene.until(is_there)


async def test_found_by_name_id_and_group_within_bounds(scene: Scene) -> None:
    """Accounts of the bot are nobody; who is seen in no group of the caller's is not there at all."""
    owner = await scene.signed_in("owner")
    await seen(scene, owner, "sim:小夜")
    await seen(scene, owner, "sim:小红")
    everybody = await people(owner)
    assert {"sim:小明", "sim:小红", "sim:小夜"} <= set(everybody)
    assert "sim:bot" not in everybody
    assert await people(owner, "q=小红") == ["sim:小红"]
    assert await people(owner, "q=sim:小夜") == ["sim:小夜"]
    assert "sim:小夜" not in await people(owner, f"group={GROUP}")
    assert await people(owner, "group=qq:404") == []
    bounded = await scene.signed_in("operator", bounds=Bounds(groups=(OTHER,)))
    assert "sim:小红" not in await people(bounded)
    for path in (ONE, f"{ONE}/score", f"{ONE}/export"):
        assert (await bounded.get(path)).status_code == 404, path
    for path, fields in (
        ("tags", {"group": GROUP, "tag": "营员"}), ("notes", {"group": GROUP, "text": "x"}),
        ("merge", {"other": "sim:小夜", "because": "x"}),
    ):  # fmt: skip
        assert (await bounded.submit(f"{ONE}/{path}", **fields)).status_code == 404, path
    assert (await bounded.submit("/members/sim:小夜/merge", other="sim:小红", because="x")).status_code == 404


async def test_names_are_text_wherever_they_stand(scene: Scene) -> None:
    """In the list, on the person's page, in a case and its question: what a member calls themselves never runs."""
    assert scene.app.world is not None
    scene.app.world.settle(GROUP, "sim:evil", EVIL)
    browser = await scene.signed_in()
    scene.says("加微信", "evil")
    await seen(scene, browser, "sim:evil")

    async def has_a_case() -> bool:
        return bool((await browser.get(f"{API}/moderation")).json()["cases"])

    await scene.until(has_a_case)
    case = f"/moderation/cases/{GROUP}/camp/群规/1"
    for path in (
        "/members",
        "/members/sim:evil",
        "/members/sim:evil/score",
        "/moderation",
        case,
        f"/groups/{GROUP}/members",
    ):
        page = (await browser.get(path)).text
        assert EVIL not in page, path
        assert "&lt;script&gt;alert(1)" in page, path


async def test_a_tag_reaches_the_plays_and_is_audited(scene: Scene) -> None:
    """It is put on once, found again, taken off; plays see it with the next message."""
    browser = await scene.signed_in("coach")
    await seen(scene, browser, "sim:小红")
    assert (await browser.submit(f"{ONE}/tags", group=GROUP, tag="营员")).status_code == 303
    again = await browser.submit(f"{API}{ONE}/tags", group=GROUP, tag="营员")
    assert again.json()["error"]["code"] == "tag_unchanged"
    assert await people(browser, "tag=营员") == ["sim:小红"]
    room = scene.app.kernel.directory.rooms[GROUP]
    roster = await scene.app.engine.call(
        lambda kernel: kernel.in_transaction(lambda connection: kernel.directory.roster(room))
    )
    assert "营员" in str(roster["sim:小红"])
    assert (await browser.submit(f"{ONE}/tags", group=GROUP, tag="a b")).status_code == 422
    assert (await browser.submit(f"{ONE}/tags", group=OTHER, tag="营员")).status_code == 404, "never seen there"
    assert (await browser.submit(f"{ONE}/tags", group=GROUP, tag="营员", change="off")).status_code == 303
    assert (await member(browser))["groups"][0]["tags"] == []
    entries = [each.action for each in await scene.accounts.audit()]
    assert entries[:2] == ["member.untag", "member.tag"]
    viewer = await scene.signed_in("viewer")
    assert (await viewer.submit(f"{ONE}/tags", group=GROUP, tag="营员")).status_code == 403


async def test_notes_are_text_and_are_followed_up(scene: Scene) -> None:
    """Hostile text is text; the list finds who is to be followed up; the words stand in the note alone."""
    browser = await scene.signed_in("coach")
    await seen(scene, browser, "sim:小红")
    assert (await browser.submit(f"{ONE}/notes", group=GROUP, text=EVIL, follow_on="2020-01-02")).status_code == 303
    page = (await browser.get(ONE)).text
    assert EVIL not in page
    assert "&lt;script&gt;alert(1)" in page
    (note,) = (await member(browser))["notes"]
    assert (note["author"], note["is_due"], note["follow_on"]) == ("console:the-coach", True, "2020-01-02")
    assert await people(browser, "follow=true") == ["sim:小红"]
    assert EVIL not in str(await scene.accounts.audit())
    other = f"/members/sim:小明/notes/{note['id']}/done"
    assert (await browser.submit(other)).status_code == 404
    assert (await browser.submit(f"{ONE}/notes/{note['id']}/done")).status_code == 303
    assert (await browser.submit(f"{ONE}/notes/{note['id']}/done")).status_code == 404
    assert await people(browser, "follow=true") == []
    for day in ("2020-13-01", "x", "20200102"):
        assert (await browser.submit(f"{ONE}/notes", group=GROUP, text="x", follow_on=day)).status_code == 422
    form = await browser.submit(f"{ONE}/notes", group=GROUP, text=" ")
    assert "必须填写" in form.text or "至少" in form.text


async def test_the_record_of_a_member(scene: Scene) -> None:
    """Points, streak, cases, facts with their source; the score's lines add up."""
    browser = await scene.signed_in("owner")
    scene.says("打卡 读了三页", "小红")
    scene.says("今天的内容对我很有帮助，谢谢大家", "小红")
    scene.says("加微信", "小红")

    async def counted() -> bool:
        found = (await browser.get(f"{API}{ONE}")).json()
        return bool(found.get("streaks") and found["offences"])

    await scene.until(counted)
    found = await member(browser)
    assert [(each["play"], each["streak"], each["total"]) for each in found["streaks"]] == [("打卡", 1, 1)]
    assert [(each["rule"], each["is_undone"]) for each in found["offences"]] == [("拉人", False)]
    assert found["groups"][0]["msgs"] == 3
    assert sum(each["delta"] for each in found["entries"]) == found["groups"][0]["points"]
    assert {("name", "network")} <= {(each["what"], each["source"]) for each in found["facts"]}
    assert (await browser.get(ONE)).status_code == 200
    score = await member(browser, f"{ONE}/score?window=all")
    assert score["points"] > 0
    lines = [line for day in score["days"] for line in day["lines"]]
    assert round(sum(line["points"] for line in lines), 3) == round(score["points"], 3)
    assert any("有帮助" in line["text"] for line in lines)
    blind = await scene.signed_in("viewer", bounds=Bounds(actions=("members.see",)))
    assert "有帮助" not in (await blind.get(f"{API}{ONE}/score?window=all")).text
    assert (await member(blind))["offences"] == [], "cases are for who sees moderation"


async def test_two_ids_become_one_person_and_two_again(scene: Scene) -> None:
    """With evidence; what can't be merged says why in the engine's words."""
    browser = await scene.signed_in("operator")
    await seen(scene, browser, "sim:小红")
    await seen(scene, browser, "sim:小明")
    assert (await browser.submit(f"{ONE}/merge", other="sim:小明", because="换了号", keeps="other")).status_code == 303
    merged = await member(browser)
    assert (merged["uid"], [each["uid"] for each in merged["linked"]]) == ("sim:小明", ["sim:小红"])
    assert merged["linked"][0]["evidence"] == "换了号"
    refused = await browser.submit(f"{API}{ONE}/merge", other="sim:小明", because="再来", keeps="other")
    assert "已经合并" in refused.json()["error"]["message"]
    assert (await browser.submit("/members/sim:小明/split", newer="sim:小红")).status_code == 303
    assert (await member(browser))["uid"] == "sim:小红"


async def test_export_holds_only_what_is_within_bounds(scene: Scene) -> None:
    """A file to keep, with every table; rows of other groups are left out."""
    assert scene.app.world is not None
    scene.app.world.settle(OTHER, "sim:小红", "小红")
    owner = await scene.signed_in("owner")
    scene.says("这句在早起营", "小红")
    scene.says("这句在夜读营", "小红", OTHER)

    async def both() -> bool:
        return "这句在夜读营" in (await owner.get(f"{ONE}/export")).text

    await seen(scene, owner, "sim:小红")
    await scene.until(both)
    answer = await owner.get(f"{ONE}/export")
    assert "attachment" in answer.headers["content-disposition"]
    assert "这句在早起营" in answer.text
    bounded = await scene.signed_in("operator", bounds=Bounds(groups=(OTHER,)))
    part = json.loads((await bounded.get(f"{ONE}/export")).text)
    assert [each["text"] for each in part["sim:小红"]["message"]] == ["这句在夜读营"]
    assert "这句在早起营" not in json.dumps(part, ensure_ascii=False)
    coach = await scene.signed_in("coach")
    assert (await coach.get(f"{ONE}/export")).status_code == 403


async def test_erasing_needs_the_typed_id_and_an_owner_of_all_groups(scene: Scene) -> None:
    """Notes, tags and words go; afterwards there is nobody of that id."""
    owner = await scene.signed_in("owner")
    scene.says("删掉我说的这句", "小红")
    await seen(scene, owner, "sim:小红")
    await owner.submit(f"{ONE}/notes", group=GROUP, text="私下的备注")
    operator = await scene.signed_in("operator")
    assert (await operator.submit(f"{ONE}/erase", typed="sim:小红")).status_code == 403
    elsewhere = await scene.signed_in("owner", "elsewhere", bounds=Bounds(groups=(OTHER,)))
    assert (await elsewhere.submit(f"{ONE}/erase", typed="sim:小红")).status_code == 404
    wrong = await owner.submit(f"{ONE}/erase", typed="小红")
    assert "没有删除" in wrong.text
    assert (await owner.submit(f"{ONE}/erase", typed="sim:小红")).status_code == 303
    assert (await owner.get(ONE)).status_code == 404
    rows = await scene.app.engine.call(
        lambda kernel: kernel.in_transaction(lambda c: c.exec_driver_sql("SELECT count(*) FROM member_note").scalar())
    )
    assert rows == 0


@pytest.mark.parametrize("path", ["", "/score", "/export"])
async def test_unknown_people(scene: Scene, path: str) -> None:
    browser = await scene.signed_in()
    assert (await browser.get(f"/members/qq:404{path}")).status_code == 404
