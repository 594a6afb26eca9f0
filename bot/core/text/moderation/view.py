"""The compact view: letters and digits in a row, with the gaps between them and their places in the original."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.text.moderation.folding import FOLD, PARTS, is_kept

_BY_FIRST = {
    first: tuple((sequence, whole) for sequence, whole in PARTS if sequence[0] == first)
    for first in {sequence[0] for sequence, _ in PARTS}
}


@dataclass(frozen=True, slots=True)
class View:
    """`gaps[i]` lies before kept character i, `gaps[-1]` after the last; `starts` and `ends` index the original."""

    text: str
    gaps: tuple[str, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]


def _folded(text: str) -> list[tuple[str, int, int]]:
    """(folded character, start, end) with parts joined."""
    chars = [(c, i, i + 1) for i, original in enumerate(text) for c in FOLD[ord(original)]]
    joined: list[tuple[str, int, int]] = []
    at = 0
    while at < len(chars):
        char, start, end = chars[at]
        step = 1
        for sequence, whole in _BY_FIRST.get(char, ()):
            if all(at + k < len(chars) and chars[at + k][0] == part for k, part in enumerate(sequence)):
                step = len(sequence)
                char, end = whole, chars[at + step - 1][2]
                break
        joined.append((char, start, end))
        at += step
    return joined


def compact(text: str) -> View:
    """The compact view of `text`."""
    kept: list[str] = []
    gaps: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    gap: list[str] = []
    for char, start, end in _folded(text):
        if is_kept(char):
            kept.append(char)
            gaps.append("".join(gap))
            starts.append(start)
            ends.append(end)
            gap = []
        else:
            gap.append(char)
    gaps.append("".join(gap))
    return View("".join(kept), tuple(gaps), tuple(starts), tuple(ends))


def without_runs(view: View) -> View | None:
    """`view` with runs of one character that touch each other reduced to one; None when there are none."""
    heads = [i for i, char in enumerate(view.text) if i == 0 or view.gaps[i] or view.text[i - 1] != char]
    if len(heads) == len(view.text):
        return None
    tails = [*(head - 1 for head in heads[1:]), len(view.text) - 1]
    return View(
        "".join(view.text[i] for i in heads),
        (*(view.gaps[i] for i in heads), view.gaps[-1]),
        tuple(view.starts[i] for i in heads),
        tuple(view.ends[i] for i in tails),
    )
