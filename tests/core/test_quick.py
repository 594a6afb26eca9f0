"""Quickly made frozen dataclasses: as any other, only cheaper."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import FrozenInstanceError, dataclass, field, replace
from typing import Any, Generic, TypeVar

import pytest

from bot.core.quick import quick_init

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    id: str


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Made(Base, Generic[T]):
    text: T
    tags: Mapping[str, Any] = field(default_factory=dict)
    size: int = 3


@quick_init
@dataclass(frozen=True, slots=True)
class Placed:
    x: int
    y: int = 2


def test_fields_and_defaults_are_set_as_by_any_dataclass() -> None:
    """Given values, defaults and fresh default objects."""
    one, other = Made(id="a", text="x"), Made(id="a", text="x")
    assert (one.id, one.text, one.tags, one.size) == ("a", "x", {}, 3)
    assert one.tags is not other.tags
    assert one == other
    assert replace(one, size=4) == Made(id="a", text="x", size=4)
    assert repr(Placed(1)) == "Placed(x=1, y=2)"
    assert hash(Placed(1)) == hash(Placed(1, 2))


def test_it_is_what_it_says_and_frozen() -> None:
    """No trace of the twin is left: the type is the class, and nothing can be set or deleted."""
    one = Made(id="a", text="x")
    assert type(one) is Made
    assert isinstance(one, Base)
    with pytest.raises(FrozenInstanceError):
        one.text = "y"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        del one.text  # type: ignore[misc]


def test_what_is_missing_or_unknown_is_refused() -> None:
    """As any call with wrong names."""
    with pytest.raises(TypeError):
        Made(id="a")  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Made(id="a", text="x", colour="red")  # type: ignore[call-arg]
