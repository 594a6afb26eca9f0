"""The gallery of cards, for eyes: `python -m docs.generator.cards FOLDER`; without a folder, the handbook's small pictures.

Beside each card's sample stand the cases that tests only measure: long names, emoji, rare characters, nobody, one member,
five hundred, and the other kinds of certificates.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from bot.insight.pictures.studio import Studio, kinds

ROOT = Path(__file__).parents[2]
HANDBOOK = ROOT / "docs" / "handbook" / "pictures"
_SMALL = 360
_LONG = "一个名字长得怎么也写不完的人 with a name that never ends 👨‍👩‍👧‍👦🇨🇳👍🏽"


def gallery() -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """(file, card, data) of every picture."""
    for name, kind in kinds().items():
        yield name, name, kind.sample
    poster, letter, certificate, calendar = (
        kinds()[name].sample for name in ("leaderboard", "letter", "certificate", "calendar")
    )
    row = poster["rows"][0]
    yield "leaderboard-nobody", "leaderboard", {**poster, "rows": [], "own": None, "ranked": 0}
    yield "leaderboard-one", "leaderboard", {**poster, "rows": [row], "own": None, "own_place": 1, "ranked": 1}
    crowd = [{"place": n + 1, "name": _LONG, "total": 10.0**7 / (n + 1)} for n in range(500)]
    yield "leaderboard-five-hundred", "leaderboard", {**poster, "rows": crowd, "own": crowd[486], "ranked": 500}
    yield "letter-long", "letter", {**letter, "name": _LONG, "title": "一个名字很长的读书写作早起跑步共同成长训练营"}
    yield "letter-rare", "letter", {**letter, "name": "𠮷田㐂龘 <b>"}
    reason = "用一个冬天的清晨，把三本难读的书读给大家听"
    for kind in ("award", "honour"):
        yield f"certificate-{kind}", "certificate", {**certificate, "kind": kind, "reason": reason}
    yield "certificate-long", "certificate", {**certificate, "name": _LONG}
    yield "calendar-first-day", "calendar", {**calendar, "marks": ["-"], "today": 1, "streak": 0, "best": 0, "total": 0}
    yield "report-bare", "report", {"kind": "daily", "group": "刚开的群", "last": "2026-11-21"}
    yield "wordcloud-few", "wordcloud", {"words": [{"text": "你好", "count": 2}, {"text": "世界", "count": 1}]}


def write(folder: Path) -> None:
    """Every picture of the gallery, in its full size."""
    folder.mkdir(parents=True, exist_ok=True)
    studio = Studio(ROOT / "templates")
    for file, card, data in gallery():
        drawn = studio.draw(card, data)
        (folder / f"{file}.png").write_bytes(drawn.png)
        print(f"{file}.png {drawn.width}×{drawn.height} {len(drawn.png) / 1024:.0f} KB, missing signs: {drawn.missing}")


def write_small(folder: Path) -> None:
    """The samples, small and in few colours: the repository stays light."""
    folder.mkdir(parents=True, exist_ok=True)
    studio = Studio(ROOT / "templates")
    for name, kind in kinds().items():
        with Image.open(io.BytesIO(studio.draw(name, kind.sample).png)) as picture:
            small = picture.resize((_SMALL, _SMALL * picture.height // picture.width), Image.Resampling.LANCZOS)
        small.quantize(96, dither=Image.Dither.NONE).save(folder / f"{name}.png", "PNG", optimize=True)


if __name__ == "__main__":
    write(Path(sys.argv[1])) if len(sys.argv) > 1 else write_small(HANDBOOK)
