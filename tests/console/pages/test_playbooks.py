"""Playbooks in the console: seen, checked, rehearsed, published, taken back; within bounds, and never over another's change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bot.console.access import Bounds
from bot.console.pages.playbooks import Draft
from tests.console.scene import CAMP, GROUP, OTHER, Browser, Scene
from tests.console.test_streams import opened

WITH_POINTS = CAMP.replace("metric: checkin.rate}", "metric: checkin.rate, points: 7}")
BROKEN = CAMP.replace("kind: checkin", "kind: chekin")


def file_of(scene: Scene) -> Path:
    return scene.app.settings.playbooks / "camp.yaml"


async def book(browser: Browser, name: str = "camp.yaml") -> Any:
    answer = await browser.get(f"/api/v1/playbooks/{name}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_list_says_what_runs_and_what_is_broken(scene: Scene) -> None:
    """A sound file runs in its groups; one with an error keeps its earlier version and comes first."""
    browser = await scene.signed_in("viewer")
    (scene.app.settings.playbooks / "quiet.yaml").write_text(
        CAMP.replace("camp", "quiet").replace("sim:", "qq:"), "utf-8"
    )
    file_of(scene).write_text(BROKEN, "utf-8")
    await scene.app.reload()
    rows = (await browser.get("/api/v1/playbooks")).json()["books"]
    assert [(row["id"], row["state"], row["errors"], row["groups"]) for row in rows] == [
        ("camp", "kept", 1, 2), ("quiet", "unused", 0, 0),
    ]  # fmt: skip
    page = (await browser.get("/playbooks")).text
    assert "有错，用着旧版本" in page
    assert "打卡、群规" in page


async def test_a_draft_is_checked_without_being_kept(scene: Scene) -> None:
    """Problems with their line and how to mend them; what would change in the groups; the file stays as it is."""
    browser = await scene.signed_in("operator")
    broken = await browser.submit("/api/v1/playbooks/camp.yaml/check", source=BROKEN)
    found = broken.json()
    assert found["is_sound"] is False
    [finding] = [each for each in found["findings"] if each["severity"] == "error"]
    assert (finding["line"], finding["suggestion"]) == (5, "checkin")
    sound = (await browser.submit("/api/v1/playbooks/camp.yaml/check", source=WITH_POINTS)).json()
    assert sound["is_sound"] is True
    assert "points: 0 → 7" in sound["changes"] or "points" in sound["changes"]
    assert file_of(scene).read_text("utf-8") == CAMP
    page = await browser.submit("/playbooks/camp.yaml/check", source=BROKEN)
    assert "第 5 行" in page.text


async def test_publishing_writes_the_file_runs_it_and_keeps_both_versions(scene: Scene) -> None:
    """What was in the file before anybody published is the first version; going back is publishing an earlier one."""
    browser = await scene.signed_in("operator")
    before = await book(browser)
    form = {"source": WITH_POINTS.replace("\n", "\r\n"), "base": before["base"], "note": "多给两分"}
    answer = await browser.submit("/playbooks/camp.yaml/publish", **form)
    assert answer.status_code == 303, answer.text
    assert file_of(scene).read_text("utf-8") == WITH_POINTS
    plays = scene.app.loaded.plan(GROUP).plays
    assert plays["camp/打卡"].params.points == 7
    after = await book(browser)
    assert [(each["actor"], each["note"]) for each in after["history"]] == [
        ("console:the-operator", "多给两分"), ("file", ""),
    ]  # fmt: skip
    first = after["history"][-1]["id"]
    version = (await browser.get(f"/api/v1/playbooks/camp.yaml/versions/{first}")).json()
    assert version["source"] == CAMP
    assert ["+", "  打卡: {kind: checkin, metric: checkin.rate, points: 7}"] in version["changed"]
    back = await browser.submit("/playbooks/camp.yaml/publish", source=version["source"], base=version["base"])
    assert back.status_code == 303, back.text
    assert file_of(scene).read_text("utf-8") == CAMP


async def test_errors_and_other_peoples_changes_are_not_published(scene: Scene) -> None:
    """The form comes back with what was typed; the file is as the other left it."""
    browser = await scene.signed_in("operator")
    base = (await book(browser))["base"]
    refused = await browser.submit("/playbooks/camp.yaml/publish", source=BROKEN, base=base)
    assert refused.status_code == 422
    assert "还有错误，改好再发布" in refused.text
    assert "chekin" in refused.text
    file_of(scene).write_text(CAMP + "# 我在改\n", "utf-8")
    late = await browser.submit("/playbooks/camp.yaml/publish", source=WITH_POINTS, base=base)
    assert late.status_code == 422
    assert "文件刚刚被别人改过" in late.text
    assert file_of(scene).read_text("utf-8") == CAMP + "# 我在改\n"


async def test_a_new_playbook_begins_as_a_copy(scene: Scene) -> None:
    browser = await scene.signed_in("operator")
    start = (await browser.get("/api/v1/playbooks/new?name=evening&like=camp.yaml")).json()
    assert start["book"] == "evening.yaml"
    assert start["source"].startswith("playbook: evening\n")
    source = start["source"].replace('"sim:早起营", "sim:夜读营"', '"sim:新群"')
    made = await browser.submit("/playbooks/evening.yaml/publish", source=source, base="", note="")
    assert made.status_code == 303, made.text
    assert {each.id for each in scene.app.loaded.playbooks} == {"camp", "evening"}
    again = await browser.submit("/playbooks/evening.yaml/publish", source=source, base="", note="")
    assert again.status_code == 422, "a file that is there is not written over by a new one"
    broken = await browser.submit("/playbooks/later.yaml/publish", source=source.replace("checkin", "chekin"), base="")
    assert broken.status_code == 422
    assert "还有错误" in broken.text
    assert "chekin" in broken.text


async def test_a_new_playbook_is_asked_for_its_groups_and_words(scene: Scene) -> None:
    """A form before the copy: what is typed stands in the text of the editor, as a value and nothing else."""
    browser = await scene.signed_in("operator")
    form = (await browser.get("/playbooks/new?name=evening&like=camp.yaml")).text
    assert 'value="sim:夜读营"' in form
    assert "先问问运营" in form
    start = (await browser.get("/api/v1/playbooks/new?name=evening&like=camp.yaml")).json()
    assert [each["path"] for each in start["parameters"]] == ["plays/群规/rules/0/say"]
    hostile = "</textarea><script>alert(1)</script>: {{ 7*7 }}\n- x"
    answers = {
        "name": "evening", "like": "camp.yaml", "title": "夜读", "groups": OTHER, "more": "tag:新",
        "paths": "plays/群规/rules/0/say", "values": hostile,
    }  # fmt: skip
    made = (await browser.submit("/api/v1/playbooks/new", **answers)).json()
    assert 'groups: ["sim:夜读营", "tag:新"]' in made["source"] or "groups: [sim:夜读营, tag:新]" in made["source"]
    assert "title: 夜读" in made["source"]
    page = await browser.submit("/playbooks/new", **answers)
    assert "<script>alert" not in page.text
    checked = (await browser.submit("/api/v1/playbooks/evening.yaml/check", source=made["source"])).json()
    assert checked["is_sound"], checked
    narrow = await scene.signed_in("operator", "one-group", bounds=Bounds(groups=(GROUP,)))
    mine = (await narrow.get("/api/v1/playbooks/new?name=evening&like=camp.yaml")).json()
    assert [each["uid"] for each in mine["places"]] == [GROUP]


async def test_a_name_that_leads_elsewhere_is_no_name(scene: Scene) -> None:
    """No path out of the folder, no file that is not a playbook."""
    browser = await scene.signed_in("operator")
    outside = scene.app.settings.playbooks.parent / "outside.yaml"
    for name in (
        "..~outside.yaml",
        "~etc~passwd",
        "a~..~..~outside.yaml",
        ".hidden.yaml",
        "banks~x.yaml",
        "x.txt",
        "x y.yaml",
    ):
        for path in (f"/playbooks/{name}/publish", f"/playbooks/{name}/check"):
            answer = await browser.submit(path, source=CAMP, base="")
            assert answer.status_code in (404, 409, 422) or name.startswith("banks"), (path, answer.status_code)
    assert not outside.exists()
    assert [path.name for path in scene.app.settings.playbooks.rglob("*")] == ["camp.yaml"]


async def test_nobody_reaches_groups_beyond_their_bounds(scene: Scene) -> None:
    """An operator of one group publishes to that group: not to a playbook that others have too, not by naming more groups."""
    browser = await scene.signed_in("operator", bounds=Bounds(groups=(GROUP,)))
    shared = await browser.submit(
        "/playbooks/camp.yaml/publish", source=WITH_POINTS, base=(await book(browser))["base"]
    )
    assert shared.status_code == 404
    mine = CAMP.replace("camp", "mine").replace(', "sim:夜读营"', "")
    answer = await browser.submit("/playbooks/mine.yaml/publish", source=mine, base="")
    assert answer.status_code == 303, answer.text
    base = (await book(browser, "mine.yaml"))["base"]
    for groups in (f'["{GROUP}", "{OTHER}"]', '["sim:*"]', '["tag:all"]'):
        wider = mine.replace(f'["{GROUP}"]', groups)
        answer = await browser.submit("/playbooks/mine.yaml/publish", source=wider, base=base)
        assert answer.status_code == 404, groups
    assert GROUP in (scene.app.settings.playbooks / "mine.yaml").read_text("utf-8")


async def test_a_rehearsal_is_a_chat_in_virtual_time(scene: Scene) -> None:
    browser = await scene.signed_in("operator")
    played = (
        await browser.submit("/api/v1/playbooks/camp.yaml/rehearse", source=CAMP, days="2", members="8", seed="a")
    ).json()
    assert played["problem"] == ""
    assert played["failures"] == []
    assert any(line["who"] == "bot" and "打卡成功" in line["text"] for line in played["lines"])
    assert file_of(scene).read_text("utf-8") == CAMP
    broken = await browser.submit("/playbooks/camp.yaml/rehearse", source=BROKEN, days="1", members="3")
    assert "演不了" in broken.text


async def test_stored_text_is_shown_as_text(scene: Scene) -> None:
    """What stands in a playbook never becomes part of the page."""
    browser = await scene.signed_in("operator")
    hostile = CAMP.replace("title: 早起营", "title: </textarea><script>alert(1)</script>")
    base = (await book(browser))["base"]
    assert (await browser.submit("/playbooks/camp.yaml/publish", source=hostile, base=base)).status_code == 303
    for path in ("/playbooks", "/playbooks/camp.yaml", "/playbooks/new"):
        assert "<script>alert" not in (await browser.get(path)).text, path


def test_a_draft_keeps_its_spaces_and_has_the_line_ends_of_a_file() -> None:
    assert Draft(source="  a: 1\r\n  b: 2").text == "  a: 1\n  b: 2\n"


async def replayed(scene: Scene, browser: Browser, source: str, **more: str) -> Any:
    """What a replay of the early group's talk came to, waited for by its stream."""
    begun = await browser.submit("/api/v1/playbooks/camp.yaml/replay", source=source, group=GROUP, **more)
    assert begun.status_code == 200, begun.text
    address = f"/playbooks/replays/{begun.json()['work']['id']}"
    async with opened(scene, browser, f"/api/v1{address}/live") as stream:
        await stream.next("end")
    assert "data-result" in (await browser.get(address)).text
    return (await browser.get(f"/api/v1{address}")).json()


async def test_a_draft_is_replayed_on_what_was_really_said(scene: Scene) -> None:
    """The messages that a new rule would have caught, by whom and what would have been done; nothing is sent or kept."""
    browser = await scene.signed_in("operator")
    scene.says("有人要拼单吗 <b>", "小红")
    for said in ("加微信领资料", "今天读到三十页", "打卡", "拼单拼单"):
        scene.says(said)

    async def is_written() -> bool:
        found = (await browser.get(f"/api/v1/groups/{GROUP}/messages", params={"q": "拼单"})).json()
        return len(found["said"]) == 2

    await scene.until(is_written)
    draft = CAMP.replace(
        "say: 先问问运营}", "say: 先问问运营}\n      - {id: 拼单, match: {regex: 拼单}, level: 1, say: 先别拼}"
    )
    found = await replayed(scene, browser, draft)
    assert found["work"]["state"] == "done"
    assert [(each["name"], each["text"], each["rule"]) for each in found["more"]] == [
        ("小红", "有人要拼单吗 <b>", "拼单"), ("小明", "拼单拼单", "拼单"),
    ]  # fmt: skip
    assert (found["fewer"], found["hits"]) == ([], 3)
    page = (await browser.get(f"/playbooks/replays/{found['work']['id']}")).text
    assert "规则会多抓到 2 条" in page
    assert "有人要拼单吗 &lt;b&gt;" in page
    assert file_of(scene).read_text("utf-8") == CAMP
    same = await replayed(scene, browser, CAMP)
    assert (same["more"], same["fewer"], same["others"]) == ([], [], [])
    gone = await replayed(scene, browser, draft.replace("加微信", "加薇信信"))
    assert [each["rule"] for each in gone["fewer"]] == ["拉人"]


async def test_a_replay_stays_within_bounds(scene: Scene) -> None:
    """Who may not read a group's messages replays none; a replay is its actor's; a text that is broken says so."""
    browser = await scene.signed_in("operator", bounds=Bounds(groups=(GROUP,)))
    other = await browser.submit("/playbooks/camp.yaml/replay", source=CAMP, group=OTHER)
    assert other.status_code == 404
    assert [each["uid"] for each in (await book(browser))["reaches"]] == [GROUP]
    scene.says("早")
    broken = await replayed(scene, browser, CAMP.replace(f'"{GROUP}", ', ""))
    assert (broken["work"]["state"], broken["work"]["problem"]) == ("failed", "not_for_group")
    stranger = await scene.signed_in("owner", "stranger")
    assert (await stranger.get(f"/playbooks/replays/{broken['work']['id']}")).status_code == 404
