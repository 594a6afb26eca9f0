"""Words → segments: Jinja2 in a sandbox, with what a member typed kept as data.

A mention travels through the template as a marker of private-use characters; those characters are taken out of every
other value, so no member's name or text can make one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from bot.core.effects import Inline, Literally, Template, Words
from bot.core.errors import TemplateMistake
from bot.core.segments import Mention, Segment, Text

_OPEN, _CLOSE = "\ue000", "\ue001"
_MARKER = re.compile(f"{_OPEN}([^{_CLOSE}]*){_CLOSE}")
_MARKER_AND_SPACE = re.compile(f"{_MARKER.pattern} ?")
_PRIVATE_USE = re.compile("[\ue000-\uf8ff]")


class Renderer:
    """Renders templates below `folder` (`<folder>/plays/<name>.j2`) and inline text."""

    def __init__(self, folder: Path) -> None:
        self._env = ImmutableSandboxedEnvironment(
            loader=FileSystemLoader(folder / "plays"),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=False,
            autoescape=False,
        )
        self._inline = lru_cache(maxsize=2048)(self._env.from_string)

    def text(self, words: Words, common: Mapping[str, Any]) -> str:
        """The rendered text, mentions still as markers.

        Raises `TemplateMistake` with the template's own message.
        """
        if isinstance(words, Literally):
            return str(_safe(words.text))
        data = {key: _safe(value) for key, value in {**common, **words.data}.items()}
        try:
            if isinstance(words, Template):
                return self._env.get_template(f"{words.name}.j2").render(data).strip()
            if isinstance(words, Inline):
                return self._inline(words.source).render(data).strip()
        except TemplateError as error:
            raise TemplateMistake(str(error), code="template-failed") from error
        raise TypeError(words)


class _Mentions(list[str]):
    """Mentions that a template writes as they are: `{{ mentions }}` needs no filter."""

    def __str__(self) -> str:
        return "".join(self)


def _safe(value: Any) -> Any:
    """`value` with mentions as markers and private-use characters gone from all text, however deep."""
    if isinstance(value, str):
        return _PRIVATE_USE.sub("", value) if _PRIVATE_USE.search(value) else value
    if isinstance(value, Mention):
        return f"{_OPEN}{_PRIVATE_USE.sub('', value.target)}\ue002{_PRIVATE_USE.sub('', value.name)}{_CLOSE}"
    if isinstance(value, Mapping):
        return {str(_safe(key)): _safe(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        items = [_safe(item) for item in value]
        return _Mentions(items) if items and all(isinstance(item, Mention) for item in value) else items
    return value


def segments(text: str) -> tuple[Segment, ...]:
    """`text` with markers → text and mention segments."""
    return tuple(_split(text))


def _split(text: str) -> Iterator[Segment]:
    last = 0
    for match in _MARKER.finditer(text):
        if match.start() > last:
            yield Text(text[last : match.start()])
        target, _, name = match[1].partition("\ue002")
        yield Mention(target, name)
        last = match.end()
    if last < len(text):
        yield Text(text[last:])


def readable(text: str) -> str:
    """`text` with markers as a person reads it: `@name`."""
    return _MARKER_AND_SPACE.sub(
        lambda match: "@" + (match[1].partition("\ue002")[2] or match[1].partition("\ue002")[0]) + " ", text
    )
