"""Moderation: cases with evidence, decisions exactly once, numbers per rule, from observing to acting; within bounds."""

from __future__ import annotations

from typing import Any

import pytest

from bot.console.access import Bounds
from bot.console.openapi import API
from tests.console.scene import CAMP, GROUP, OTHER, Browser, Scene

CASE = f"/moderation/cases/{GROUP}/camp/群规"
PLAY = "/moderation/rules/camp/群规"
EVIL = "<img src=x onerror=alert(1)>加微信领资料"


async def cases(scene: Scene, browser: Browser, count: int, query: str = "") -> list[dict[str, Any]]:
    """The cases, as soon as there are so many."""

    async def enough() -> list[dict[str, Any]]:
        found = (await browser.get(f"{API}/moderation?{query}")).json()["cases"]
        return found if len(found) >= count else []

    return list(await scene.until(enough))


async def rewritten(scene: Scene, old: str, new: str) -> None:
    """The camp's playbook with something else in it."""
    file = scene.app.settings.playbooks / "camp.yaml"
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")
    await scene.app.reload()


async def test_a_case_shows_its_evidence_and_is_undone_once(scene: Scene) -> None:
    """Hostile text is text; the second press is refused; the group hears of it once; the audit log knows who."""
    browser = await scene.signed_in("coach")
    scene.says("前一句")
    scene.says(EVIL, "小红")
    (row,) = await cases(scene, browser, 1)
    assert (row["number"], row["rule"], row["state"], row["name"]) == (1, "拉人", "acted", "小红")
    page = (await browser.get(f"{CASE}/1")).text
    assert "<img src=x" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;<mark>加微信</mark>领资料" in page
    assert "前一句" in page
    found = (await browser.get(f"{API}{CASE}/1")).json()
    assert found["kick"]["waiting"]["choices"] == ["踢出", "不踢"]
    assert (await browser.submit(f"{CASE}/1/judge", judgement="undo")).status_code == 303
    again = await browser.submit(f"{API}{CASE}/1/judge", judgement="undo")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "already_undone")
    found = (await browser.get(f"{API}{CASE}/1")).json()
    assert (found["row"]["state"], found["kick"], found["decided_by"]) == ("undone", None, "console:the-coach")
    audited = [each for each in await scene.accounts.audit() if each.action == "moderation.undo"]
    assert [each.actor for each in audited] == ["console:the-coach"]
    assert (await browser.submit(f"{CASE}/9/judge", judgement="undo")).status_code == 409
    assert (await browser.get(f"{CASE}/9")).status_code == 404


async def test_a_removal_is_confirmed_by_who_may(scene: Scene) -> None:
    """Within bounds, with one of the choices, once."""
    owner = await scene.signed_in("owner")
    scene.says("加微信", "小红")
    await cases(scene, owner, 1)
    task = (await owner.get(f"{API}/moderation")).json()["asked"][0]["waiting"]["id"]
    stranger = await scene.signed_in("coach", bounds=Bounds(groups=(OTHER,)))
    assert (await stranger.submit(f"/moderation/tasks/{task}", choice="踢出")).status_code == 404
    assert (await stranger.get(f"{API}/moderation")).json()["cases"] == []
    assert (await owner.submit(f"/moderation/tasks/{task}", choice="也许")).status_code == 409
    assert (await owner.submit(f"/moderation/tasks/{task}", choice="踢出")).status_code == 303
    assert (await owner.submit(f"/moderation/tasks/{task}", choice="踢出")).status_code == 409
    found = (await owner.get(f"{API}{CASE}/1")).json()
    assert [(each["what"], each["choice"], each["by"]) for each in found["answered"]] == [
        ("kick", "踢出", "console:the-owner")
    ]
    assert "kick" in [each["what"] for each in found["measures"]]


async def test_an_appeal_has_a_clock(scene: Scene) -> None:
    """It is due a day after it was made, by the playbook's word; past that it is overdue and stands first."""
    await rewritten(scene, "level: 3", "level: 2")
    browser = await scene.signed_in("coach")
    scene.says("加微信", "小红")
    await cases(scene, browser, 1)
    scene.says("申诉 1 我在转发通知", "小红")

    async def appealed() -> Any:
        asked = (await browser.get(f"{API}/moderation")).json()["asked"]
        return next((each for each in asked if each["waiting"]["about"] == "appeal"), None)

    found = await scene.until(appealed)
    assert (found["number"], found["is_overdue"]) == (1, False)
    await rewritten(scene, "mode: enforce", "mode: enforce\n    answer_within: 1m")
    await scene.app.engine.call(
        lambda kernel: kernel.in_transaction(
            lambda c: c.exec_driver_sql("UPDATE task SET created_at = created_at - 120000")
        )
    )
    found = await appealed()
    assert found["is_overdue"]
    assert "已超时" in (await browser.get("/moderation")).text
    assert (await browser.submit(f"{CASE}/1/judge", judgement="uphold")).status_code == 303
    assert await appealed() is None
    assert (await cases(scene, browser, 1, "state=upheld"))[0]["number"] == 1
    assert (await browser.get(f"{API}/moderation?state=undone")).json()["cases"] == []


async def test_from_observing_to_acting_with_the_numbers(scene: Scene) -> None:
    """What would have been hit, what people made of it, the line that changes; the others stay where they are, and the
    comment stays, too."""
    old = "      - {id: 拉人, match: {regex: 加微信}, level: 3, say: 先问问运营}\n"
    await rewritten(scene, "mode: enforce", "mode: shadow  # 先看一周")
    await rewritten(scene, old, f"{old}      - id: 广告  # 新的\n        match: {{phrases: [免费送]}}\n")
    browser = await scene.signed_in("operator")
    for text in ("加微信", "加微信吧", "免费送课"):
        scene.says(text, "小红")
    rows = await cases(scene, browser, 3)
    assert {each["state"] for each in rows} == {"observed"}
    assert (await browser.submit(f"{CASE}/1/judge", judgement="undo")).status_code == 303
    assert (await browser.submit(f"{CASE}/2/judge", judgement="uphold")).status_code == 303
    (play,) = (await browser.get(f"{API}/moderation/rules")).json()["plays"]
    numbers = {
        each["rule"]: (each["observed"], each["acted"], each["upheld"], each["undone"]["hits"])
        for each in play["rules"]
    }
    assert numbers == {"拉人": (2, 0, 1, 1), "广告": (1, 0, 0, 0)}
    rate = play["rules"][0]["undone"]
    assert (rate["share"], round(rate["low"], 2), round(rate["high"], 2)) == (0.5, 0.09, 0.91)
    proposal = (await browser.submit(f"{API}{PLAY}/propose", rule="拉人", mode="enforce")).json()
    changed = [sign + line for sign, line in proposal["changed"] if sign in "+-"]
    assert changed == [
        "-    mode: shadow  # 先看一周", "+    mode: enforce  # 先看一周", "+        mode: shadow",
    ]  # fmt: skip
    page = await browser.submit(f"{PLAY}/propose", rule="拉人", mode="enforce")
    assert "发布这个改动" in page.text
    stale = await browser.submit(f"{PLAY}/publish", rule="拉人", mode="enforce", base="old")
    assert stale.status_code == 409
    done = await browser.submit(f"{PLAY}/publish", rule="拉人", mode="enforce", base=proposal["base"])
    assert done.status_code == 303
    (play,) = (await browser.get(f"{API}/moderation/rules")).json()["plays"]
    assert {each["rule"]: each["modes"] for each in play["rules"]} == {"拉人": ["enforce"], "广告": ["shadow"]}
    history = (await browser.get(f"{API}/playbooks/camp.yaml")).json()["history"]
    assert (history[0]["actor"], history[0]["note"]) == ("console:the-operator", "「拉人」转为执行")
    same = await browser.submit(f"{API}{PLAY}/propose", rule="拉人", mode="enforce")
    assert same.json()["error"]["code"] == "same_mode"


async def test_nobody_enforces_beyond_their_bounds(scene: Scene) -> None:
    """The playbook is for two groups: who has one of them sees its numbers, and can't change the text."""
    await rewritten(scene, "mode: enforce", "mode: shadow")
    browser = await scene.signed_in("operator", bounds=Bounds(groups=(GROUP,)))
    assert (await browser.get(PLAY)).status_code == 200
    assert (await browser.submit(f"{PLAY}/propose", rule="拉人", mode="enforce")).status_code == 404
    coach = await scene.signed_in("coach")
    assert (await coach.submit(f"{PLAY}/propose", rule="拉人", mode="enforce")).status_code == 403
    (play,) = (await browser.get(f"{API}/moderation/rules")).json()["plays"]
    assert [each["value"] for each in play["groups"]] == [GROUP]


async def test_words_are_tried_on_what_was_said(scene: Scene) -> None:
    """Words seen through their disguise, and the rules of a play; other groups and who may not read: nothing."""
    browser = await scene.signed_in("viewer", bounds=Bounds(groups=(GROUP,)))
    owner = await scene.signed_in("owner")
    for text in ("加薇❤信领课", "晚上好", "加微信"):
        scene.says(text, "小红")
    scene.says("加微信", "小夜", OTHER)
    await cases(scene, owner, 2)
    found = (await browser.get(f"{API}/moderation/try?group={GROUP}&words=加微信")).json()
    assert (found["messages"], found["hit"]) == (3, 2)
    assert [each["text"] for each in found["tried"][0]["samples"]] == ["加微信", "加薇❤信领课"]
    found = (await browser.get(f"{API}/moderation/try?group={GROUP}&play=camp/群规")).json()
    assert [(each["word"], each["hits"]) for each in found["tried"]] == [("拉人", 1)]
    assert (await browser.get(f"{API}/moderation/try?group={OTHER}&words=加微信")).json()["messages"] == 0
    blind = await scene.signed_in("viewer", "blind", bounds=Bounds(actions=("moderation.see",)))
    assert (await blind.get(f"{API}/moderation/try?group={GROUP}&words=加微信")).json()["messages"] == 0
    assert "<mark>" not in (await browser.get(f"/moderation/try?group={GROUP}&words=加微信")).text


@pytest.mark.parametrize("path", ["/moderation", "/moderation/rules", PLAY, "/moderation/try"])
async def test_pages_without_anything(scene: Scene, path: str) -> None:
    """Before the first case, in both languages."""
    browser = await scene.signed_in()
    assert (await browser.get(path)).status_code == 200
    assert "camp" in CAMP
    (scene.app.settings.playbooks / "camp.yaml").unlink()
    await scene.app.reload()
    assert (await browser.get(path)).status_code in (200, 404)
