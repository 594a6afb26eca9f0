"""Every error that pydantic can raise for YAML values has words in both languages."""

from __future__ import annotations

import typing

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core.core_schema import ErrorType

from bot.playbook.codes import CODES
from bot.playbook.nodes import plain
from bot.playbook.phrases import NEVER_FROM_YAML, PHRASES
from bot.playbook.reading import read
from bot.playbook.refusals import refusals


def test_every_error_type_has_words() -> None:
    """A new pydantic type fails here before an operator sees it untranslated."""
    assert set(typing.get_args(ErrorType)) - set(PHRASES) - NEVER_FROM_YAML == set()


def test_phrases_use_known_codes() -> None:
    """Each phrase belongs to a documented code."""
    assert {code for code, _, _ in PHRASES.values()} <= set(CODES)


class _Left(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: int


class _Right(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: list[int]
    more: int = 0


class _Either(BaseModel):
    which: _Left | _Right


def test_a_branch_named_like_a_key() -> None:
    """A union gives one message per mistake, at the branch that was meant."""
    node, _ = read("a.yaml", "which: {text: [1, x], more: y}")
    assert node is not None
    try:
        _Either.model_validate(plain(node))
    except ValidationError as error:
        found = refusals(error, _Either, node)
    assert [(problem.place.col, problem.key) for problem in found] == [(19, "which.text.1"), (29, "which.more")]
