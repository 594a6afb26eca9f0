"""Long texts in numbered parts: cut at line ends, then between words, never inside a mention."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bot.core.segments import Mention, Segment, Text

_ENDS = "。！？!?；;…"
_PAUSES = "，,、 "
# Joiner, variation selectors, skin tones: a cut before them would take an emoji apart.
_JOINS = "\u200d\ufe0e\ufe0f\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"


def split_text(segments: Iterable[Segment], limit: int) -> list[tuple[Segment, ...]]:
    """`segments` in parts of at most `limit` characters, each ending with its number (`(1/3)`); one part needs none.

    A mention counts as its name and the @ and the space around it. Segments that are not text (pictures, cards) stay
    where they were and count nothing. `limit` is at least 20.
    """
    if limit < 20:
        raise ValueError("a part needs room for at least 20 characters")
    whole = tuple(segments)
    if sum(map(_length, whole)) <= limit:
        return [whole]
    # The number needs room; how much, depends on how many parts there will be.
    room = len("\n(9/9)")
    while True:
        parts = list(_parts(whole, limit - room))
        needed = len(f"\n({len(parts)}/{len(parts)})")
        if needed <= room:
            break
        room = needed
    count = len(parts)
    return [(*part, Text(f"\n({number}/{count})")) for number, part in enumerate(parts, 1)]


def _length(segment: Segment) -> int:
    if isinstance(segment, Text):
        return len(segment.text)
    return len(segment.name or segment.target) + 2 if isinstance(segment, Mention) else 0


def _parts(segments: tuple[Segment, ...], limit: int) -> Iterator[list[Segment]]:
    part: list[Segment] = []
    size = 0
    for line in _lines(segments):
        length = sum(map(_length, line))
        # A line that fits is not torn; one that never fits is cut into what does.
        for piece in [line] if length <= limit else [[short] for short in _short(line, limit)]:
            length = sum(map(_length, piece))
            if size + length > limit:
                if kept := _trimmed(part):
                    yield kept
                part, size = [], 0
            part += piece
            size += length
    if kept := _trimmed(part):
        yield kept


def _lines(segments: tuple[Segment, ...]) -> Iterator[list[Segment]]:
    line: list[Segment] = []
    for segment in segments:
        if not isinstance(segment, Text):
            line.append(segment)
            continue
        *closed, rest = segment.text.split("\n")
        for text in closed:
            yield [*line, Text(text + "\n")]
            line = []
        if rest:
            line.append(Text(rest))
    if line:
        yield line


def _short(line: list[Segment], limit: int) -> Iterator[Segment]:
    for segment in line:
        if isinstance(segment, Text):
            yield from map(Text, _cut(segment.text, limit))
        elif isinstance(segment, Mention) and _length(segment) > limit:
            yield Mention(segment.target, segment.name[: limit - 2])
        else:
            yield segment


def _cut(text: str, limit: int) -> Iterator[str]:
    while len(text) > limit:
        head = text[:limit]
        at = max(map(head.rfind, _ENDS)) + 1
        if at < limit // 2:
            at = max(map(head.rfind, _PAUSES)) + 1
        if at < limit // 2:
            at = limit
        while at > limit // 2 and (text[at] in _JOINS or text[at - 1] == _JOINS[0]):
            at -= 1
        yield text[:at]
        text = text[at:]
    if text:
        yield text


def _trimmed(part: list[Segment]) -> list[Segment]:
    """`part` without the line ends that the cut left at both its ends, neighbouring texts joined."""
    joined: list[Segment] = []
    for segment in part:
        if not joined and isinstance(segment, Text):
            segment = Text(segment.text.lstrip("\n"))
            if not segment.text:
                continue
        if joined and isinstance(segment, Text) and isinstance(joined[-1], Text):
            joined[-1] = Text(joined[-1].text + segment.text)
        else:
            joined.append(segment)
    if joined and isinstance(joined[-1], Text):
        joined[-1] = Text(joined[-1].text.rstrip("\n"))
        if not joined[-1].text:
            joined.pop()
    return joined
