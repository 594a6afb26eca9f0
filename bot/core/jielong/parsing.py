"""A message → its list: header, entries, tail. Every way in which members type or paste a 接龙."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.core.jielong.cleaning import clean_list, without_mentions
from bot.core.jielong.markers import Marker, read_marker

# The native clients stop at 500 entries of 150 characters.
_LONGEST = 100_000
_MOST_LINES = 1_000

_TAG = r"[#＃] *(?:接龙|接龍|Group Note)"
_START = re.compile(_TAG, re.IGNORECASE)
_END = re.compile(rf"{_TAG}$", re.IGNORECASE)
_PLAIN_END = "：:！!～~。 "
_ABOUT_CHAINS = re.compile("规则|说明|须知|注意|要求|教程|怎么|如何")
_EXAMPLE_LINE = re.compile("(?:例如|示例|样例|格式如|格式|例|如)[,.:，：、 ]")
_EXAMPLE_ENTRY = re.compile("(?:例如|示例|样例|例|格式)[,.:，：、 ]")
_SPACES = re.compile(" {2,}")


@dataclass(frozen=True, slots=True)
class Listed:
    """One entry of a list message. `line` counts the numbered lines from 0, placeholders included."""

    text: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListMessage:
    """`lines` is the number of numbered lines, `first_number` what the first of them says (0: none)."""

    has_header: bool
    title: str = ""
    example: str = ""
    tail: str = ""
    entries: tuple[Listed, ...] = ()
    lines: int = 0
    first_number: int = 0


def parse_list(text: str) -> ListMessage | None:
    """The list that `text` carries, with or without a header; None when it carries none, or is longer than any list."""
    if len(text) > _LONGEST:
        return None
    lines = clean_list(text).split("\n")
    first = next((index for index, line in enumerate(lines) if line.strip()), None)
    if first is None:
        return None
    head, below = without_mentions(lines[first]).strip(), lines[first + 1 :]
    found = _header(lines[first].strip(), head)
    if found is not None:
        title_line, needs_lines = found
        start = _list_start(below)
        header = [title_line, *(below if start is None else below[:start])]
        title, example = _split_header(header)
        if start is not None:
            return _listed(below, start, title=title, example=example, has_header=True)
        if title and not needs_lines:
            return ListMessage(has_header=True, title=title, example=example)
    # `3. 王五 接龙` looks like a header and is a line for a list that others see above.
    body = [head, *below]
    start = _list_start(body)
    return None if start is None else _listed(body, start, title="", example="", has_header=False)


def _header(line: str, head: str) -> tuple[str, bool] | None:
    """(what the title line says besides the tag, whether numbered lines are needed)."""
    if found := _START.match(head):
        return head[found.end() :].lstrip(":： "), False
    if found := _END.search(line):
        return head[: len(head) - len(found[0])].strip(), True
    if _ABOUT_CHAINS.search(head):
        return None
    bare = head.rstrip(_PLAIN_END)
    if bare.startswith(("接龙", "接龍")):
        return head[2:].lstrip(":： "), True
    if bare.endswith(("接龙", "接龍")):
        return bare[:-2].strip().lstrip(":： "), True
    return None


def _split_header(lines: list[str]) -> tuple[str, str]:
    trimmed = [line.strip() for line in lines if line.strip()]
    at = next((index for index, line in enumerate(trimmed) if _EXAMPLE_LINE.match(line)), len(trimmed))
    return "\n".join(trimmed[:at]), "\n".join(trimmed[at:])


def _list_start(lines: list[str]) -> int | None:
    """Where the list begins: numbered rules in the header, a blank line, then the real list."""
    marked = [(index, found) for index, line in enumerate(lines) if (found := read_marker(line, 0))]
    ones = [(index, found) for index, found in marked if found.number == 1]
    after_blank = [(index, found) for index, found in ones if index and not lines[index - 1].strip()]
    dotted = [index for index, found in after_blank if found.style == "dot"]
    if dotted:
        return dotted[-1]
    if after_blank:
        return after_blank[-1][0]
    return next((index for index, _ in ones or marked), None)


def _listed(lines: list[str], start: int, *, title: str, example: str, has_header: bool) -> ListMessage | None:
    blocks, first_number = _blocks(lines, start)
    if len(blocks) > _MOST_LINES:
        return None
    body, tail = _cut_tail(blocks[-1])
    blocks[-1] = body
    texts = ["\n".join(_SPACES.sub(" ", line.strip()) for line in block if line.strip()) for block in blocks]
    return ListMessage(
        has_header=has_header,
        title=title,
        example=example,
        tail="\n".join(line.strip() for line in tail if line.strip()),
        entries=tuple(
            Listed(text, index) for index, text in enumerate(texts) if text and not _EXAMPLE_ENTRY.match(text)
        ),
        lines=len(texts),
        first_number=first_number,
    )


def _blocks(lines: list[str], start: int) -> tuple[list[list[str]], int]:
    """The lines of each entry, blank ones included, and the number of the first."""
    blocks: list[list[str]] = []
    style, last, first_number, rejected = "", 0, 0, set[str]()
    for line in lines[start:]:
        marker = read_marker(line, last)
        if marker and (not blocks or _is_next(marker, style, last, rejected)):
            if not blocks:
                style, first_number = marker.style, marker.number
            last, rejected = marker.number, set()
            blocks.append([marker.text])
            continue
        if marker:
            rejected.add(marker.style)
        blocks[-1].append(line)
    return blocks, first_number


def _is_next(marker: Marker, style: str, last: int, rejected: set[str]) -> bool:
    if marker.style == style != "bare":
        return True
    return marker.number == last + 1 and marker.style not in rejected


def _cut_tail(block: list[str]) -> tuple[list[str], list[str]]:
    at = next((index for index, line in enumerate(block) if index and not line.strip()), len(block))
    return block[:at], block[at:]
