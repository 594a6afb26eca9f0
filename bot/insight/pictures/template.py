"""`templates/cards/<card>.yaml`: the words and colours of a card, which operators may change."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from PIL import ImageColor
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from bot.core.errors import TemplateMistake
from bot.insight.pictures.canvas import contrast
from bot.playbook.nodes import plain
from bot.playbook.reading import read
from bot.playbook.refusals import refusals
from bot.playbook.report import render

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_READABLE, _READABLE_LARGE = 4.5, 3.0


class Part(BaseModel):
    """Base of what stands in a template or in a card's data."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def _is_color(value: str) -> str:
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", value):
        raise ValueError("颜色写成 #RRGGBB · a colour is written #RRGGBB")
    ImageColor.getrgb(value)
    return value


Color = Annotated[str, AfterValidator(_is_color)]


@cache
def phrase(*names: str) -> Any:
    """The type of a text that may hold `{name}` for each of `names`."""

    def check(value: str) -> str:
        for name in _PLACEHOLDER.findall(value):
            if name not in names:
                known = "、".join(f"{{{each}}}" for each in names) or "没有 · none"
                raise ValueError(f"没有 {{{name}}} 这个占位,可用: {known} · no placeholder {{{name}}}")
        return value

    return Annotated[str, AfterValidator(check)]


def fill(text: str, **values: str | int) -> str:
    """`text` with its placeholders filled; what is filled in is never read as a placeholder."""
    return _PLACEHOLDER.sub(lambda match: str(values.get(match[1], match[0])), text)


class Colors(Part):
    """`paper` under everything, `panel` on it; `ink` and `soft` are type on both; `accent` carries `on_accent`."""

    paper: Color
    panel: Color
    ink: Color
    soft: Color
    line: Color
    accent: Color
    on_accent: Color
    second: Color

    @model_validator(mode="after")
    def _is_readable(self) -> Colors:
        pairs = (
            ("ink", "paper", _READABLE), ("ink", "panel", _READABLE), ("soft", "paper", _READABLE),
            ("soft", "panel", _READABLE), ("on_accent", "accent", _READABLE_LARGE), ("accent", "paper", _READABLE_LARGE),
        )  # fmt: skip
        for above, below, least in pairs:
            found = contrast(getattr(self, above), getattr(self, below))
            if found < least:
                raise ValueError(
                    f"{above} 在 {below} 上看不清:对比度 {found:.1f},至少要 {least} · "
                    f"{above} on {below} is hard to read: contrast {found:.1f}, needs {least}"
                )
        return self


class CardTemplate(Part):
    """Base of every card's template; each card adds its texts."""

    width: int = Field(1080, ge=540, le=2160)
    colors: Colors


class Dates(Part):
    """How days are written: one, and from one to another."""

    day: phrase("year", "month", "day")  # type: ignore[valid-type]
    span: phrase("first", "last")  # type: ignore[valid-type]

    def of(self, first: date | None, last: date | None = None) -> str:
        """The days in words; "" for none."""
        said = [fill(self.day, year=day.year, month=day.month, day=day.day) for day in (first, last) if day is not None]
        if len(said) == 2 and said[0] != said[1]:
            return fill(self.span, first=said[0], last=said[1])
        return said[0] if said else ""


class DatedTemplate(CardTemplate):
    """Base of templates whose card tells days."""

    dates: Dates


def load_template(path: Path, model: type[CardTemplate]) -> CardTemplate:
    """The template in `path`. Raises `TemplateMistake` with every problem, its line and how to mend it."""
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise TemplateMistake(
            f"读不到图片模板 {path} · cannot read the card's template: {error.strerror}", code="CD001", place=str(path)
        ) from None
    root, problems = read(str(path), text)
    if root is None or problems:
        raise _mistake(path, render(problems))
    data = plain(root)
    if not isinstance(data, Mapping):
        raise _mistake(path, "应该是「键: 值」的形式 · expected a mapping")
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise _mistake(path, render(refusals(error, model, root))) from error


def _mistake(path: Path, said: str) -> TemplateMistake:
    hint = "对照随项目带来的同名文件改 · compare with the file that came with the project"
    return TemplateMistake(said, code="CD002", place=str(path), hint=hint)
