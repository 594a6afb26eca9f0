"""Live pages over ASGI: woken by commits, bounded, ended with the session and with the bot."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import text

from bot.console import answers
from bot.console.openapi import API
from bot.console.ports.accounts import Refused
from bot.console.streams import MOST_STREAMS_EACH, Hub
from tests.console.scene import GROUP, OTHER, Browser, Scene


class Stream:
    """One open stream; `next` waits for its next event of a name."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.began, self.ended = asyncio.Event(), asyncio.Event()
        self._chunks: asyncio.Queue[str] = asyncio.Queue()
        self._rest = ""

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
            self.began.set()
        else:
            self._chunks.put_nowait(message.get("body", b"").decode())
            if not message.get("more_body"):
                self.ended.set()

    async def next(self, name: str) -> tuple[str, str]:
        """(id, data) of the next event called `name`."""
        async with asyncio.timeout(20):
            while True:
                frame, found, rest = self._rest.partition("\n\n")
                if not found:
                    self._rest += await self._chunks.get()
                    continue
                self._rest = rest
                lines = [line.partition(": ") for line in frame.split("\n")]
                fields = {key: value for key, _, value in lines if key != "data"}
                data = "\n".join(value for key, _, value in lines if key == "data")
                if fields.get("event") == name:
                    return fields.get("id", ""), data


@asynccontextmanager
async def opened(scene: Scene, browser: Browser, path: str, **headers: str) -> AsyncIterator[Stream]:
    stream = Stream()
    address, _, query = path.partition("?")
    sent = {"host": "localhost", "cookie": f"qunops={browser.secret}", **headers}
    scope = {
        "type": "http", "method": "GET", "path": address, "raw_path": address.encode(), "query_string": query.encode(),
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in sent.items()],
        "client": ("127.0.0.1", 1), "server": ("localhost", 80), "scheme": "http", "root_path": "", "http_version": "1.1",
    }  # fmt: skip
    left = asyncio.Event()
    has_asked = False

    async def receive() -> dict[str, Any]:
        nonlocal has_asked
        if not has_asked:
            has_asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await left.wait()
        return {"type": "http.disconnect"}

    task = asyncio.create_task(scene.site.app(scope, receive, stream.send))  # type: ignore[arg-type]
    try:
        async with asyncio.timeout(20):
            await stream.began.wait()
        yield stream
    finally:
        left.set()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_the_feed_shows_what_is_said_as_it_is_said(scene: Scene) -> None:
    """New lines only, escaped, with an id to go on from; another group's words stay there."""
    browser = await scene.signed_in()
    async with opened(scene, browser, f"{API}/groups/{GROUP}/live") as stream:
        assert stream.status == 200
        assert stream.headers["content-type"].startswith("text/event-stream")
        scene.says("这句在别处", "小夜", OTHER)
        scene.says("早上好 <b>")
        _, data = await stream.next("feed")
        assert [each["text"] for each in json.loads(data)["said"]] == ["早上好 <b>"]
    async with opened(scene, browser, f"/groups/{GROUP}/live") as page:
        scene.says("第二句 <b>\n\nevent: evil")
        mark, html = await page.next("feed")
        assert "第二句 &lt;b&gt;" in html
        assert mark


async def test_a_stream_goes_on_where_it_was(scene: Scene) -> None:
    """What was said while the connection was gone comes with the next one, once."""
    browser = await scene.signed_in()
    async with opened(scene, browser, f"{API}/groups/{GROUP}/live") as stream:
        scene.says("一")
        mark, _ = await stream.next("feed")
    scene.says("二")
    scene.says("三")
    async with opened(scene, browser, f"{API}/groups/{GROUP}/live", last_event_id=mark) as stream:
        said: list[str] = []
        while len(said) < 2:
            said += [each["text"] for each in json.loads((await stream.next("feed"))[1])["said"]]
        assert sorted(said) == ["三", "二"]


async def test_who_is_too_slow_is_told_what_was_left_out(scene: Scene) -> None:
    """Two hundred messages behind: the newest are shown, the others counted; nothing piles up anywhere."""
    browser = await scene.signed_in()
    async with opened(scene, browser, f"{API}/groups/{GROUP}/live") as stream:
        scene.says("开始")
        mark, _ = await stream.next("feed")
    for number in range(200):
        scene.says(f"第 {number} 条")

    async def is_written() -> bool:
        async with scene.app.database.session() as session:
            return await session.scalar(text("SELECT count(*) FROM message")) == 201

    await scene.until(is_written)
    async with opened(scene, browser, f"{API}/groups/{GROUP}/live", last_event_id=mark) as stream:
        feed = json.loads((await stream.next("feed"))[1])
    assert len(feed["said"]) == 60
    assert feed["said"][0]["text"] == "第 199 条"
    assert feed["skipped"] == 140


async def test_today_is_live(scene: Scene) -> None:
    """A question that comes up appears by itself."""
    browser = await scene.signed_in()
    async with opened(scene, browser, "/today/live") as stream:
        scene.says("加微信领资料", "小红")
        while "移出群确认" not in (await stream.next("today"))[1]:
            pass


async def test_streams_are_few(scene: Scene) -> None:
    """Six for each session; the seventh is refused before it begins."""
    browser = await scene.signed_in()
    held = [opened(scene, browser, "/today/live") for _ in range(MOST_STREAMS_EACH)]
    for each in held:
        assert (await each.__aenter__()).status == 200
    async with opened(scene, browser, f"{API}/today/live") as one_more:
        assert one_more.status == 429
    for each in held:
        await each.__aexit__(None, None, None)
    async with opened(scene, browser, "/today/live") as again:
        assert again.status == 200


async def test_a_stream_ends_with_its_session(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "_CHECK_S", 0.0)
    browser = await scene.signed_in()
    async with opened(scene, browser, "/today/live") as stream:
        await scene.accounts.set_password("the-owner", "another password", "test")
        scene.says("早")
        async with asyncio.timeout(20):
            await stream.ended.wait()


async def test_streams_end_with_the_bot(scene: Scene) -> None:
    browser = await scene.signed_in()
    async with opened(scene, browser, "/today/live") as stream:
        scene.site.close()
        async with asyncio.timeout(20):
            await stream.ended.wait()


async def test_nobody_watches_when_nobody_looks(scene: Scene) -> None:
    """Without an open stream the writing thread has no watcher."""
    browser = await scene.signed_in()
    assert scene.app.engine.writing.on_written is None
    async with opened(scene, browser, "/today/live"):
        assert scene.app.engine.writing.on_written is not None
    assert scene.app.engine.writing.on_written is None


def test_a_stranger_to_the_hub() -> None:
    hub = Hub(lambda poke: lambda: None)
    held = [hub.listening("me") for _ in range(MOST_STREAMS_EACH)]
    for each in held:
        each.__enter__()
    with pytest.raises(Refused), hub.listening("me"):
        pass
    with hub.listening("you"):
        assert len(hub) == MOST_STREAMS_EACH + 1
    for each in held:
        each.__exit__(None, None, None)
    assert len(hub) == 0
