"""Whether a group's live page stays usable while five hundred messages a second are said there.

    python -m benchmarks.live_feed                     # 500/s for 20 seconds, in a Chromium
    python -m benchmarks.live_feed --rate 1000 --seconds 60

Starts the bot with its simulator and console, signs in, opens the group's page and talks. Prints what was said and written, the
lines that the page showed and those it was told it missed, and what the tab itself noticed: its longest task and the
longest time without a frame. Must: no task of 200 ms. Needs Chromium (`--chromium` names it) and playwright.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import socket
import tempfile
import time
from pathlib import Path

from playwright.async_api import Page, async_playwright
from sqlalchemy import text

from bot.app import App
from bot.config import HttpSettings, LimitSettings, Settings, SimulatorSettings
from bot.console.access import Grant
from bot.console.ports.accounts import Visitor

_GROUP, _MEMBERS = "sim:热闹的群", ("小明", "小红", "小刚", "小美")
_PHRASES = (
    "早上好",
    "今天读到第三十页，很有意思，尤其是那一段",
    "哈哈哈哈",
    "收到",
    "有人知道几点集合吗？",
    "谢谢分享 <b>太好了</b>",
)
_TICK_S = 0.02
_WATCH = """
() => {
  const seen = window.__seen = { added: 0, skipped: 0, tasks: [], gap: 0, frames: 0 };
  new PerformanceObserver((list) => list.getEntries().forEach((each) => seen.tasks.push(each.duration))).observe({ type: "longtask" });
  const feed = document.querySelector("[data-event=feed]");
  new MutationObserver((changes) => changes.forEach((change) => change.addedNodes.forEach((node) => {
    if (node.nodeType !== 1) return;
    if (node.classList.contains("said")) seen.added += 1;
    else seen.skipped += Number((node.textContent.match(/[\\d,]+/) || ["0"])[0].replaceAll(",", ""));
  }))).observe(feed, { childList: true });
  let last = performance.now();
  const frame = (now) => { seen.gap = Math.max(seen.gap, now - last); last = now; seen.frames += 1; requestAnimationFrame(frame); };
  requestAnimationFrame(frame);
}
"""


async def talk(app: App, rate: int, seconds: float) -> int:
    """Says `rate` messages a second; how many were said."""
    assert app.world is not None
    assert app.simulator is not None
    said, began = 0, time.perf_counter()
    while (spent := time.perf_counter() - began) < seconds:
        while said < rate * spent:
            who, words = _MEMBERS[said % len(_MEMBERS)], _PHRASES[said % len(_PHRASES)]
            app.world.say(_GROUP, f"sim:{who}", f"{words} {said}")
            said += 1
        app.simulator.deliver()
        await asyncio.sleep(_TICK_S)
    return said


async def measure(app: App, page: Page, base: str, rate: int, seconds: float) -> None:
    await page.goto(f"{base}/groups/{_GROUP}")
    await page.evaluate(_WATCH)
    said = await talk(app, rate, seconds)
    await page.wait_for_timeout(2000)
    seen = await page.evaluate("window.__seen")
    lines = await page.locator("[data-event=feed] > li").count()
    newest = await page.locator("[data-event=feed] > li.said .said-text").first.inner_text()
    async with app.database.session() as session:
        written = await session.scalar(text("SELECT count(*) FROM message"))
    tasks = sorted(seen["tasks"])
    print(f"said                    {said:8,}   ({said / seconds:,.0f}/s for {seconds:g} s)")
    print(f"written                 {written:8,}")
    print(f"shown, told as skipped  {seen['added']:8,}   {seen['skipped']:,}")
    print(f"lines on the page       {lines:8,}   newest: {newest!r}")
    print(f"longest task of the tab {max(tasks, default=0):8,.0f} ms, {len(tasks)} tasks of 50 ms or more")
    print(f"longest without a frame {seen['gap']:8,.0f} ms, {seen['frames'] / (seconds + 2):,.0f} frames a second")


async def run(rate: int, seconds: float, chromium: str, folder: Path) -> None:
    (folder / "playbooks").mkdir()
    port = _free_port()
    app = App(
        Settings(
            database=f"sqlite:///{folder}/log.db", playbooks=folder / "playbooks",
            simulator=SimulatorSettings(group=_GROUP, members=_MEMBERS), onebot=None,
            limits=LimitSettings(unlimited=True), http=HttpSettings(port=port),
        )
    )  # fmt: skip
    stop = asyncio.Event()
    bot = asyncio.create_task(app.run(stop))
    await app.is_ready.wait()
    accounts = app.backstage.accounts
    await accounts.add_user("bench", "correct horse", [Grant(role="owner")], "bench")
    secret = await accounts.sign_in("bench", "correct horse", Visitor(address="127.0.0.1"))
    base = f"http://127.0.0.1:{port}"
    try:
        async with async_playwright() as driver:
            browser = await driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            context = await browser.new_context(viewport={"width": 1440, "height": 900})
            await context.add_cookies([{"name": "qunops", "value": secret, "url": base}])
            await measure(app, await context.new_page(), base, rate, seconds)
            await browser.close()
    finally:
        stop.set()
        await bot


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--chromium", default=shutil.which("chromium") or shutil.which("google-chrome") or "")
    given = parser.parse_args()
    if not given.chromium:
        parser.error("no Chromium: name it with --chromium")
    with tempfile.TemporaryDirectory(prefix="qunops-live-") as folder:
        asyncio.run(run(given.rate, given.seconds, given.chromium, Path(folder)))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
