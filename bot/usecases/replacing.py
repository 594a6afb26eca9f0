"""A text file of the operator's is replaced whole or not at all, also when the machine stops in between."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def replace_text(target: Path, text: str) -> None:
    """Makes missing folders; an existing file keeps its permissions."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=target.parent, prefix=".", encoding="utf-8", delete=False) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.chmod(file.name, target.stat().st_mode if target.exists() else 0o644)
    os.replace(file.name, target)
