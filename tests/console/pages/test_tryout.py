"""The try-out room: a chat with the playbooks as they are, of one's own, that reaches nobody."""

from __future__ import annotations

from typing import Any

from bot.console.access import Bounds
from tests.console.scene import Browser, Scene


async def opened(browser: Browser, book: str = "camp.yaml") -> str:
    answer = await browser.submit("/tryout/open", book=book)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def act(browser: Browser, room: str, what: str, **fields: Any) -> Any:
    answer = await browser.submit(f"/api/v1{room}/{what}", **fields)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_an_evening_in_the_browser(scene: Scene) -> None:
    """A member checks in, a day passes, the streak goes on; a newcomer joins; the real groups hear nothing."""
    browser = await scene.signed_in("coach")
    room = await opened(browser)
    first = await act(browser, room, "say", text="打卡")
    who = first["me"]
    assert [line["text"] for line in first["lines"][-2:]] == [
        f"{who}: 打卡",
        f"群小助: ✅ {who} 打卡成功,+5 分,共 5 分",
    ]
    assert any(word == "打卡" for word, _ in first["words"])
    later = await act(browser, room, "pass", span="1d")
    assert later["clock"] > first["clock"]
    again = await act(browser, room, "say", who=who, text="打卡")
    assert "连续 2 天" in again["lines"][-1]["text"]
    joined = await act(browser, room, "join", name="小满")
    assert "小满" in joined["members"]
    as_newcomer = await act(browser, room, "say", who="小满", text="打卡")
    assert "小满 打卡成功" in as_newcomer["lines"][-1]["text"]
    gone = await act(browser, room, "leave", name="小满")
    assert "小满" not in gone["members"]
    assert scene.app.world is not None
    said = [said.text for each in scene.app.world.rooms.values() for said in each.messages.values()]
    assert not any("打卡成功" in text for text in said)
    page = await browser.get(room)
    assert "打卡成功" in page.text


async def test_a_deed_that_makes_no_sense_is_said(scene: Scene) -> None:
    browser = await scene.signed_in("coach")
    room = await opened(browser)
    found = await act(browser, room, "leave", name="没有这个人")
    assert "没有这个人" in found["problem"]
    assert (await browser.submit(f"{room}/pass", span="10y")).status_code == 422


async def test_a_room_is_its_owners_alone_and_they_are_few(scene: Scene) -> None:
    mine, other = await scene.signed_in("coach"), await scene.signed_in("operator")
    room = await opened(mine)
    assert (await other.get(room)).status_code == 404
    assert (await other.submit(f"{room}/say", text="打卡")).status_code == 404
    await other.submit(f"{room}/close")
    assert (await mine.get(room)).status_code == 200
    for _ in range(2):
        await opened(mine)
    refused = await mine.submit("/tryout/open", book="camp.yaml")
    assert refused.status_code == 422
    assert "开着的试聊太多了" in refused.text
    assert (await mine.submit(f"{room}/close")).status_code == 303
    assert (await mine.get(room)).status_code == 404


async def test_only_what_the_caller_may_try(scene: Scene) -> None:
    browser = await scene.signed_in("coach", bounds=Bounds(playbooks=("another",)))
    assert (await browser.get("/api/v1/tryout")).json()["books"] == []
    assert (await browser.submit("/tryout/open", book="camp.yaml")).status_code == 404


async def test_what_is_typed_is_shown_as_text(scene: Scene) -> None:
    browser = await scene.signed_in("coach")
    room = await opened(browser)
    await act(browser, room, "say", text="<script>alert(1)</script>")
    await act(browser, room, "join", name="<img src=x onerror=alert(1)>")
    text = (await browser.get(room)).text
    assert "<script>alert" not in text
    assert "<img src=x" not in text
