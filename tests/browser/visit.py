"""What a person does in the console, and what must never happen meanwhile."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from playwright.sync_api import ConsoleMessage, Page, Request, Response

from tests.browser import axe_source
from tests.cli.running import Running

NAME, PASSWORD = "陈老师", "correct horse"
SIZES = {"desktop": (1440, 900), "phone": (360, 740)}
_SHOTS = os.environ.get("QUNOPS_SCREENSHOTS", "")


class Visit:
    """One person at one browser. `troubles`: errors on pages, requests to other hosts."""

    def __init__(self, page: Page, bot: Running, size: str) -> None:
        self.page, self.bot, self.size = page, bot, size
        self.base = f"http://127.0.0.1:{bot.port}"
        self.troubles: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.troubles.append(f"error: {error}"))
        page.on("request", self._request)
        page.on("response", self._response)

    @property
    def code(self) -> str:
        """The set-up code that the bot printed."""
        found = re.search(r"code\s+([A-Z0-9]{4}(?:-[A-Z0-9]{4}){2})", "".join(self.bot.heard))
        assert found is not None, self.bot.heard
        return found[1]

    def goes_to(self, path: str) -> None:
        self.page.goto(self.base + path)

    def sets_up(self) -> None:
        """From the first request to Today."""
        self.goes_to("/")
        self.page.get_by_label("设置码").fill(self.code)
        self.page.get_by_label("账号").fill(NAME)
        self.page.get_by_label("密码").fill(PASSWORD)
        self.page.get_by_role("button", name="开始使用").click()
        self.page.get_by_role("heading", name="今天").wait_for()

    def speaks_english(self) -> None:
        if self.size == "phone":
            self.page.get_by_role("button", name="菜单").click()
        self.page.get_by_role("button", name="English").click()
        self.page.locator("html[lang=en]").wait_for()

    def fits(self) -> None:
        """No page is wider than its window."""
        wide = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, f"{self.page.url} is {wide} px wider than the window"

    def fits_all(self) -> None:
        """The same at every width."""
        for width, height in (*SIZES.values(), SIZES[self.size]):
            self.page.set_viewport_size({"width": width, "height": height})
            self.fits()

    def is_accessible(self) -> None:
        """axe finds nothing serious."""
        if not self.page.evaluate("typeof window.axe === 'object'"):
            self.page.evaluate(axe_source())
        found: dict[str, Any] = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        told = [
            f"{each['impact']} {each['id']}: {each['help']} {[node['html'][:160] for node in each['nodes'][:3]]}"
            for each in found["violations"]
            if each["impact"] in ("serious", "critical")
        ]
        assert told == [], f"{self.page.url}\n" + "\n".join(told)

    def is_shown(self, name: str) -> None:
        """A picture for people, where they asked for some."""
        if _SHOTS:
            Path(_SHOTS).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=Path(_SHOTS) / f"{name}-{self.size}.png", full_page=True)

    def _console(self, message: ConsoleMessage) -> None:
        # A refused sign-in is an answer with 4xx, which Chromium calls an error, too.
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.troubles.append(f"{message.type}: {message.text}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.base, "data:")):
            self.troubles.append(f"asked elsewhere: {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 500:
            self.troubles.append(f"{response.status}: {response.url}")
