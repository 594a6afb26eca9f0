"""A console that nobody opens costs the bot nothing."""

from __future__ import annotations

import subprocess
import sys

from tests.console.scene import ROOT

LATER = (
    "argon2", "segno", "sqlalchemy.ext.asyncio", "bot.console.site", "bot.console.page",
    "bot.console.models", "bot.console.pages", "bot.usecases.accounts", "bot.usecases.today",
)  # fmt: skip


def test_nothing_of_it_is_loaded_at_the_start() -> None:
    """Pages, models, templates, password hashing and the readers of the event loop wait for the first request."""
    code = f"import sys, bot.app, bot.cli.run; print([name for name in {LATER!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
