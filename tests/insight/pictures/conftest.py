"""The studio that the pictures' tests share: fonts are opened once."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.insight.pictures.studio import Studio

TEMPLATES = Path(__file__).parents[3] / "templates"


@pytest.fixture(scope="session")
def studio() -> Studio:
    return Studio(TEMPLATES)
