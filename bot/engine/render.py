"""Words → segments: Jinja2 in a sandbox, with what a member typed kept as data.

A mention travels through the template as a marker of private-use characters; those characters are taken out of every
other value, so no member's name or text can make one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
from jinja2 import FileSystemLoader, TemplateError, TemplateSyntaxError, UndefinedError, meta

from bot.core.effects import Inline, Literally, Template, Words
from bot.core.errors import TemplateMistake
from bot.core.segments import Mention, Segment, Text
from bot.engine import templates
from bot.engine.sandbox import BUDGET, Budget, SafeEnvironment

_OPEN, _CLOSE = "\ue000", "\ue001"
_MARKER = re.compile(f"{_OPEN}([^{_CLOSE}]*){_CLOSE}")
_MARKER_AND_SPACE = re.compile(f"{_MARKER.pattern} ?")
_PRIVATE_USE = re.compile("[\ue000-\uf8ff]")

# Characters and steps. Our own templates write lists of a whole group; `longtext` splits what is too long to send.
_OURS = (20_000, 400_000)
_OPERATORS = (4_000, 10_000)


class Prepared(dict[str, Any]):
    """Values that `Renderer.prepare` has made safe already: to render many texts with the same ones."""


class Renderer:
    """Renders templates below `folder` (`<folder>/plays/<name>.j2`, else the program's own) and inline text.

    Compiled templates are kept for the life of the renderer: changed files need a new one.
    """

    def __init__(self, folder: Path) -> None:
        self._env = SafeEnvironment(
            loader=FileSystemLoader(templates.folders(folder, "plays")),
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=False,
            cache_size=0,
        )
        self._inline = lru_cache(maxsize=2048)(self._env.from_string)
        self._file = lru_cache(maxsize=2048)(self._env.get_template)

    def text(self, words: Words, common: Mapping[str, Any]) -> str:
        """The rendered text, mentions still as markers. `words.data` wins over `common`.

        Raises `TemplateMistake` with a message for the operator: the place is `<template>:<line>`.
        """
        if isinstance(words, Literally):
            return _clean(words.text)
        data = dict(common) if type(common) is Prepared else {key: _safe(value) for key, value in common.items()}
        for key, value in words.data.items():
            data[key] = _safe(value)
        if isinstance(words, Template):
            return self._render(self._file, f"{words.name}.j2", data, *_OURS)
        if isinstance(words, Inline):
            return self._render(self._inline, words.source, data, *_OPERATORS)
        raise TypeError(words)

    def prepare(self, common: Mapping[str, Any]) -> Prepared:
        """`common` made safe once, for many calls of `text`. Later changes to `common` are not seen."""
        return Prepared((key, _safe(value)) for key, value in common.items())

    def names(self, source: str) -> frozenset[str]:
        """The variables that the inline text `source` asks for: how `check` finds the misspelt ones.

        Raises `TemplateMistake` when the text is not allowed at all; its place is `:<line>`.
        """
        try:
            return frozenset(meta.find_undeclared_variables(self._env.parse(source)))
        except Exception as error:
            raise _mistake(error, {}) from error

    def _render(self, find: Any, key: str, data: dict[str, Any], characters: int, steps: int) -> str:
        try:
            template: jinja2.Template = find(key)
            data[BUDGET] = Budget(steps)
            pieces, size = [], 0
            for piece in template.root_render_func(template.new_context(data, shared=True)):
                size += len(piece)
                if size > characters:
                    raise jinja2.exceptions.SecurityError(f"超过 {characters} 字 · longer than {characters} characters")
                pieces.append(piece)
        # A template divides by zero or compares text with numbers: any error is the template's own.
        except Exception as error:
            raise _mistake(error, data) from error
        return "".join(pieces).strip()


def _mistake(error: Exception, data: Mapping[str, Any]) -> TemplateMistake:
    name, line = _place(error)
    message, hint = str(error), ""
    if isinstance(error, UndefinedError) and (missing := re.search("「(.+?)」", message)):
        near = get_close_matches(missing[1], [key for key in data if not key.startswith("_")], n=1)
        hint = f"是不是想写「{near[0]}」？" if near else ""
    elif isinstance(error, jinja2.TemplateNotFound):
        name, message = f"{error.name}", f"找不到模板 {error.name} · no such template"
    elif isinstance(error, RecursionError):
        message = "嵌套太深 · nested too deeply"
    elif isinstance(error, TemplateSyntaxError):
        message = error.message or message
    elif not isinstance(error, TemplateError):
        message = f"{type(error).__name__}: {error}"
    return TemplateMistake(
        f"模板出错：{message}", code="template-failed", place=f"{name}:{line}" if line else name, hint=hint
    )


def _place(error: Exception) -> tuple[str, int]:
    """(template, line); the name is "" for inline text, the line 0 where nobody knows."""
    if isinstance(error, TemplateSyntaxError):
        return error.name or "", error.lineno
    name, line, trace = "", 0, error.__traceback__
    while trace is not None:
        template = trace.tb_frame.f_globals.get("__jinja_template__")
        if template is not None:
            name, line = template.name or "", template.get_corresponding_lineno(trace.tb_lineno)
        trace = trace.tb_next
    return name, line


class _Mentions(list[str]):
    """Mentions that a template writes as they are: `{{ mentions }}` needs no filter."""

    def __str__(self) -> str:
        return "".join(self)


def _clean(text: str) -> str:
    return text if text.isascii() else _PRIVATE_USE.sub("", text)


def _safe(value: Any) -> Any:
    """`value` with mentions as markers and private-use characters gone from all text, however deep."""
    if isinstance(value, str):
        return _clean(value)
    if isinstance(value, int | float) or value is None:
        return value
    if isinstance(value, Mention):
        return f"{_OPEN}{_clean(value.target)}\ue002{_clean(value.name)}{_CLOSE}"
    if isinstance(value, Mapping):
        return {_clean(str(key)): _safe(item) for key, item in value.items()}
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
