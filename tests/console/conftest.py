from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.console.scene import Scene, running


@pytest.fixture
async def scene(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Scene]:
    """A running bot with the groups 早起营 and 夜读营, nobody signed in."""
    database = tmp_path / "qunops.db"
    shutil.copyfile(sqlite_template, database)
    async with running(tmp_path, database) as found:
        yield found
