"""The console in a real Chromium, driven by playwright, checked by axe.

The browser is Debian's: where `CI` is set and we are root it is installed when it is missing, and the tests fail without it.
Elsewhere they are left out, and the summary says so. `QUNOPS_SCREENSHOTS` names a folder for pictures of every page.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

_AXE = Path(__file__).parent / "axe"
_STAMP = _AXE / "node_modules" / ".installed"
_NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str:
    """Where the browser is; "" when there is none."""
    return next((found for name in _NAMES if (found := shutil.which(name))), "")


@cache
def missing() -> str:
    """Why these tests cannot run here; "" when they can. Installs what CI needs, once."""
    with _alone():
        if not chromium() and os.environ.get("CI") and _can_install():
            for command in (["apt-get", "update", "-q"], ["apt-get", "install", "-q", "-y", "chromium"]):
                done = subprocess.run(
                    command, capture_output=True, text=True, timeout=600, check=False,
                    env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
                )  # fmt: skip
                if done.returncode:
                    return f"{' '.join(command)} failed: {done.stderr.strip()[-300:]}"
        if not chromium():
            return "Chromium is not installed (on Debian: apt-get install chromium)"
        return _axe_missing()


def left_out() -> str:
    """The same for the summary; installs nothing."""
    if not chromium():
        return "Chromium is not installed"
    return "" if _STAMP.exists() else "axe is not installed (npm ci failed, or never ran)"


def axe_source() -> str:
    return (_AXE / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")


def _axe_missing() -> str:
    wanted = hashlib.sha256((_AXE / "package-lock.json").read_bytes()).hexdigest()
    if _STAMP.exists() and _STAMP.read_text() == wanted:
        return ""
    if not shutil.which("npm"):
        return "npm is not installed, which brings the accessibility checker"
    done = subprocess.run(["npm", "ci"], cwd=_AXE, capture_output=True, text=True, timeout=280, check=False)
    if done.returncode:
        return f"npm ci failed: {done.stderr.strip()[-300:]}"
    _STAMP.write_text(wanted)
    return ""


def _can_install() -> bool:
    return os.name == "posix" and os.getuid() == 0 and shutil.which("apt-get") is not None


@contextmanager
def _alone() -> Iterator[None]:
    """Several test processes start at once; one installs."""
    with (Path(tempfile.gettempdir()) / f"qunops-browser-{os.getuid()}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
