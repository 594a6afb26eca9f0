"""Drawing in the worker process: what it keeps, and how it fails."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.engine.drawings import NotDrawn
from bot.insight.pictures.drawer import Drawer
from bot.insight.pictures.studio import Studio, kinds
from tests.insight.pictures.conftest import TEMPLATES

LETTER = kinds()["letter"].sample
HANGS = (sys.executable, "-c", "import sys; sys.stdin.buffer.read()")
DIES = (sys.executable, "-c", "import sys; sys.stdin.buffer.read(4); sys.exit(1)")


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


@pytest.fixture
async def drawer(tmp_path: Path) -> AsyncIterator[Drawer]:
    made = Drawer(TEMPLATES, tmp_path)
    yield made
    await made.close()


async def test_another_process_draws_the_same_bytes(drawer: Drawer, studio: Studio) -> None:
    """The worker's picture is byte for byte the one that this process draws."""
    path = await drawer.draw("letter", LETTER)
    assert path.read_bytes() == studio.draw("letter", LETTER).png


async def test_the_same_card_is_drawn_once(drawer: Drawer) -> None:
    first = await drawer.draw("letter", LETTER)
    first.write_bytes(b"seen")
    assert await drawer.draw("letter", dict(reversed(LETTER.items()))) == first
    assert first.read_bytes() == b"seen"
    assert await drawer.draw("letter", {**LETTER, "name": "别人"}) != first


async def test_many_at_once_take_turns(drawer: Drawer) -> None:
    paths = await asyncio.gather(*(drawer.draw("letter", {**LETTER, "name": f"第{n}位"}) for n in range(6)))
    assert len({path.read_bytes() for path in paths}) == 6


async def test_the_longest_unused_goes_first(tmp_path: Path) -> None:
    """What is kept is bounded; a picture that was asked for again stays."""
    drawer = Drawer(TEMPLATES, tmp_path, kept_bytes=400_000)
    try:
        first = await drawer.draw("letter", LETTER)
        second = await drawer.draw("letter", {**LETTER, "name": "二"})
        assert await drawer.draw("letter", LETTER) == first
        for name in "三四":
            await drawer.draw("letter", {**LETTER, "name": name})
    finally:
        await drawer.close()
    assert first.exists()
    assert not second.exists()
    assert size_of(tmp_path) <= 400_000


@pytest.mark.parametrize(("command", "why"), [(HANGS, "too slow"), (DIES, "the worker failed")])
async def test_a_worker_that_hangs_or_dies_is_no_picture(tmp_path: Path, command: tuple[str, ...], why: str) -> None:
    drawer = Drawer(TEMPLATES, tmp_path, limit_s=0.2, start_s=0.2, command=command)
    with pytest.raises(NotDrawn, match=why):
        await drawer.draw("letter", LETTER)
    await drawer.close()


async def test_after_a_crash_the_next_one_is_drawn(drawer: Drawer) -> None:
    """A killed worker costs one picture."""
    await drawer.draw("letter", LETTER)
    await drawer.close()
    assert (await drawer.draw("letter", {**LETTER, "name": "后来人"})).exists()


async def test_what_waits_too_long_is_told(tmp_path: Path) -> None:
    drawer = Drawer(TEMPLATES, tmp_path, limit_s=1.0, start_s=1.0, patience_s=0.1, command=HANGS)
    said = await asyncio.gather(
        *(drawer.draw("letter", {**LETTER, "name": name}) for name in "甲乙"), return_exceptions=True
    )
    await drawer.close()
    assert sorted(map(str, said)) == ["busy", "too slow"]


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("letter", {"name": "甲"}, "cannot be shown: title"),
        ("../fonts/fonts", {}, "no card"),
        ("nothing", {}, "nothing.yaml"),
        ("wordcloud", {"words": [{"text": "", "count": 1}]}, "words.0.text"),
    ],
)
async def test_what_cannot_be_drawn_says_why(drawer: Drawer, name: str, data: dict[str, object], why: str) -> None:
    with pytest.raises(NotDrawn, match=why):
        await drawer.draw(name, data)


async def test_a_broken_template_is_told_with_its_place(tmp_path: Path) -> None:
    shutil.copytree(TEMPLATES / "cards", tmp_path / "cards")
    (tmp_path / "fonts").symlink_to(TEMPLATES / "fonts")
    (tmp_path / "cards" / "letter.yaml").write_text("width: [", "utf-8")
    drawer = Drawer(tmp_path, tmp_path / "kept")
    with pytest.raises(NotDrawn, match=r"CD002.*letter\.yaml:1"):
        await drawer.draw("letter", LETTER)
    await drawer.close()
