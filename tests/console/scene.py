"""The console over a real bot: its own database, the simulator as its network, requests by ASGI without a socket."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from argon2 import PasswordHasher

from bot.app import App
from bot.config import HttpSettings, LimitSettings, Settings, SimulatorSettings
from bot.console.access import Bounds, Grant, Role
from bot.console.call import csrf_of
from bot.console.ports.accounts import Visitor
from bot.console.site import Site
from bot.usecases.accounts import Accounts
from bot.usecases.passwords import Passwords

ROOT = Path(__file__).parents[2]
HOST = "http://localhost"
GROUP, OTHER = "sim:早起营", "sim:夜读营"
PASSWORD = "correct horse"
CAMP = """\
playbook: camp
title: 早起营
groups: ["sim:早起营", "sim:夜读营"]
plays:
  打卡: {kind: checkin, metric: checkin.rate}
  群规:
    kind: rules
    metric: rules.false_alarm_rate
    mode: enforce
    rules:
      - {id: 拉人, match: {regex: 加微信}, level: 3, say: 先问问运营}
    ladder: [{at: 1, do: kick, confirm: operator}]
"""


class Browser(httpx.AsyncClient):
    """A client that behaves as our own pages do: same origin, the session's CSRF token."""

    @property
    def secret(self) -> str:
        return self.cookies.get("qunops") or ""

    async def submit(self, path: str, headers: dict[str, str] | None = None, **fields: Any) -> httpx.Response:
        """Posts a form as a page of ours would."""
        own = {"origin": HOST, "sec-fetch-site": "same-origin"}
        token = {"csrf": csrf_of(self.secret)} if self.secret else {}
        return await self.post(path, data={**token, **fields}, headers=own | (headers or {}))


class Scene:
    """A running bot with two groups, and browsers to look at it with."""

    def __init__(self, app: App) -> None:
        self.app = app
        # argon2 with its real cost would make every sign-in of a test a tenth of a second.
        cheap = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        self.accounts = Accounts(
            app.database, app.backstage.write, app.clock.now, code="AAAA-BBBB-CCCC", tags_of=app.backstage.tags_of,
            passwords=cheap,
        )  # fmt: skip
        app.backstage.accounts = self.accounts  # type: ignore[misc]
        self.site = Site(app.backstage)

    def browser(self, *, address: str = "127.0.0.1") -> Browser:
        transport = httpx.ASGITransport(app=self.site.app, client=(address, 50000))
        return Browser(transport=transport, base_url=HOST)

    async def user(self, role: Role = "owner", name: str = "", *, bounds: Bounds | None = None) -> str:
        name = name or f"the-{role}"
        await self.accounts.add_user(name, PASSWORD, [Grant(role=role, bounds=bounds or Bounds())], "test")
        return name

    async def signed_in(self, role: Role = "owner", name: str = "", *, bounds: Bounds | None = None) -> Browser:
        """A browser in which a new user of this role is signed in."""
        name = await self.user(role, name, bounds=bounds)
        browser = self.browser()
        secret = await self.accounts.sign_in(name, PASSWORD, Visitor(address="127.0.0.1"))
        browser.cookies.set("qunops", secret, domain="localhost.local")
        return browser

    def says(self, text: str, who: str = "小明", group: str = GROUP) -> None:
        assert self.app.world is not None
        assert self.app.simulator is not None
        self.app.world.say(group, f"sim:{who}", text)
        self.app.simulator.deliver()

    async def until(self, is_so: Callable[[], Any], within_s: float = 20) -> Any:
        """Waits for what the bot does by itself: what `is_so` returns, or what is awaited of it, once that is true."""
        async with asyncio.timeout(within_s):
            while True:
                found = is_so()
                if found := await found if inspect.isawaitable(found) else found:
                    return found
                await asyncio.sleep(0.02)


@asynccontextmanager
async def running(folder: Path, database: Path) -> AsyncIterator[Scene]:
    (folder / "playbooks").mkdir()
    (folder / "playbooks" / "camp.yaml").write_text(CAMP, "utf-8")
    app = App(
        Settings(
            database=f"sqlite:///{database}", playbooks=folder / "playbooks", templates=ROOT / "templates",
            simulator=SimulatorSettings(group=GROUP, members=("小明", "小红")), onebot=None,
            limits=LimitSettings(unlimited=True), http=HttpSettings(enabled=False),
        )
    )  # fmt: skip
    assert app.world is not None
    app.world.found(OTHER, "夜读营", bot_role="admin")
    app.world.settle(OTHER, "sim:小夜", "小夜")
    stop = asyncio.Event()
    task = asyncio.create_task(app.run(stop))
    try:
        ready = asyncio.create_task(app.is_ready.wait())
        await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED)
        assert app.is_ready.is_set(), task.result()
        scene = Scene(app)
        await scene.until(lambda: {GROUP, OTHER} <= set(app.kernel.directory.rooms))
        yield scene
        scene.site.close()
        stop.set()
        await asyncio.wait_for(task, 20)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
