"""Long texts in parts: split at line ends, mentions whole."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.segments import Segment


def split_text(parts: Sequence[Segment], limit: int) -> list[tuple[Segment, ...]]:
    return [tuple(parts)]
