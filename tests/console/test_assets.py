"""The console's own files: what is served, and that what others wrote is what they published."""

from __future__ import annotations

import hashlib
import re

from bot.console.assets import FOLDER, Assets
from tests.console.scene import ROOT, Scene

VENDOR = FOLDER / "vendor"


def test_vendored_files_are_unchanged_and_licensed() -> None:
    """Every file is in the list with its hash, every package has its licence and its row."""
    listed = dict(reversed(line.split("  ")) for line in (VENDOR / "hashes.txt").read_text().splitlines())
    found = {
        path.relative_to(VENDOR).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.rglob("*")
        if path.is_file() and path.parent != VENDOR
    }
    assert found == listed
    readme = (VENDOR / "README.md").read_text("utf-8")
    for package in VENDOR.iterdir():
        if package.is_dir():
            assert any(path.name.upper().startswith("LICEN") for path in package.iterdir()), package.name
            assert f"| {package.name} |" in readme


def test_nothing_is_loaded_from_elsewhere() -> None:
    """No address of another host in templates, styles or our own scripts, and nothing that the CSP would refuse."""
    for path in [*(ROOT / "templates" / "console").rglob("*.html"), *FOLDER.glob("*.*")]:
        text = path.read_text("utf-8").replace("http://www.w3.org/", "")
        assert not re.search(r"(?:https?:)?//[a-z0-9-]+\.[a-z]", text), path
        if path.suffix == ".html":
            assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=|<style|javascript:|\|\s*safe\b", text), path


async def test_a_file_is_served_for_a_year_and_nothing_beside_it(scene: Scene) -> None:
    """Static files are a fixed list: no path leads out of it."""
    browser, assets = scene.browser(), Assets()
    for name in assets.files:
        answer = await browser.get(assets.url(name))
        assert answer.status_code == 200, name
        assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    packed = await browser.get(assets.url("console.css"), headers={"accept-encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    for path in (
        "../assets.py", "%2e%2e/assets.py", "..%2fassets.py", "....//assets.py", "/etc/passwd", "vendor", "console.css/",
        "vendor/../../assets.py", "vendor/hashes.txt", "console.css%00.png", "..\\assets.py",
    ):  # fmt: skip
        answer = await browser.get(f"/static/{assets.version}/{path}")
        assert answer.status_code == 404, path
        assert "def " not in answer.text
