"""The two kinds of typed data that go in and out of pages. An area's models stand in its file of `ports/`."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class View(BaseModel):
    """What a page shows: its JSON twin's body. Unknown fields are mistakes."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Query(BaseModel):
    """The query of a page, or the body of an act. What it does not name is left alone: forms carry more."""

    model_config = ConfigDict(frozen=True, extra="ignore", str_max_length=20_000, str_strip_whitespace=True)
