"""A browser and a bot for each test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import chromium, missing
from tests.browser.visit import SIZES, Visit
from tests.cli.running import Running, house


@pytest.fixture
def browser() -> Iterator[Browser]:
    """Not longer than its test: while Playwright runs, no other test of the process could run an event loop."""
    if reason := missing():
        if os.environ.get("CI"):
            pytest.fail(f"a browser is required here (CI is set): {reason}")
        pytest.skip(f"no browser: {reason}")
    with sync_playwright() as driver:
        # Chromium refuses to be root with its sandbox; what it opens here is our own bot.
        found = driver.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield found
        found.close()


@pytest.fixture
def bot(tmp_path: Path) -> Iterator[Running]:
    """The bot as an operator starts it, with a playbook that asks before it removes anybody."""
    with Running(house(tmp_path)) as running:
        yield running


@pytest.fixture(params=SIZES)
def size(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def visit(browser: Browser, bot: Running, size: str) -> Iterator[Visit]:
    """A browser that has never been here, at desktop and at phone width; fails for errors on the page and for requests
    to anybody else."""
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height}, locale="zh-CN", has_touch=size == "phone"
    )
    page: Page = context.new_page()
    page.set_default_timeout(20_000)
    found = Visit(page, bot, size)
    yield found
    context.close()
    assert found.troubles == []
