"""Golden cases: the files of one folder and the diagnostics that `check` prints for them, in one file each.

`QUNOPS_WRITE_CASES=1` writes the expected part anew; read the difference as an operator would before committing it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from bot.playbook.codes import CODES
from bot.playbook.load import load
from bot.playbook.report import render
from tests.playbook.demo import CHECKS

CASES = Path(__file__).parent.parent / "playbook_cases"
_PART = re.compile(r"^===== (.+)\n", re.MULTILINE)


def parts(text: str) -> dict[str, str]:
    """Name of each part (a file's path, `check`, `check en`) → its text."""
    pieces = _PART.split(text)
    return {name.strip(): body for name, body in zip(pieces[1::2], pieces[2::2], strict=True)}


def _unescaped(body: str) -> str:
    """`<U+0007>` → the character, so that invisible ones can be seen in a case."""
    return re.sub(r"<U\+([0-9A-F]{4})>", lambda match: chr(int(match[1], 16)), body)


def printed(files: dict[str, str], lang: str) -> str:
    loaded = load(files, CHECKS)
    unavailable = [each.path for each in loaded.playbooks if not each.is_available]
    text = render(loaded.problems, "en" if lang == "check en" else "zh")
    state = f"unavailable: {', '.join(unavailable) or '-'}"
    return f"{text}\n\n{state}\n" if text else f"{state}\n"


@pytest.mark.parametrize("path", sorted(CASES.glob("*.case")), ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    """The diagnostics of a case read exactly as its file says."""
    text = path.read_text("utf-8")
    found = parts(text)
    files = {
        name.removeprefix("escaped "): _unescaped(body) if name.startswith("escaped ") else body
        for name, body in found.items()
        if not name.startswith("check")
    }
    wanted = {name: body for name, body in found.items() if name.startswith("check")} or {"check": ""}
    actual = {name: printed(files, name) for name in wanted}
    if os.environ.get("QUNOPS_WRITE_CASES"):
        head = text[: _PART.search(text).start()]  # type: ignore[union-attr]
        body = "".join(f"===== {name}\n{part}" for name, part in found.items() if not name.startswith("check"))
        body += "".join(f"===== {name}\n{part}" for name, part in actual.items())
        path.write_text(head + body, "utf-8")
        return
    assert actual == wanted


def test_every_code_has_a_case() -> None:
    """Each diagnostic is shown by some case, but for those that need a large file or one that can't be read."""
    seen = "".join(path.read_text("utf-8") for path in CASES.glob("*.case"))
    assert [code for code in CODES if code not in ("PB101", "PB115", "PB116") and f" {code} " not in seen] == []


def test_enough_cases() -> None:
    """At least sixty cases, a third of them with three problems or more."""
    counts = [len(re.findall(r"^\S+:\d+:\d+ ", path.read_text("utf-8"), re.MULTILINE)) for path in CASES.glob("*.case")]
    assert len(counts) >= 60
    assert sum(count >= 3 for count in counts) >= 20
