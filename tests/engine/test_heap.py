"""The collector's manners: old objects are set aside, young ones are looked at as ever."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from bot.engine import heap


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    """As it was before."""
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


class Knot:
    """An object that holds itself."""

    def __init__(self) -> None:
        self.own = self


def test_what_is_alive_is_set_aside_and_lives() -> None:
    """Nothing that is in use is lost, and the collector walks less than before."""
    kept = [Knot() for _ in range(10)]
    heap.settle()
    assert gc.get_freeze_count() > 0
    assert gc.get_threshold()[2] > 1000
    assert all(knot.own is knot for knot in kept)


def test_young_garbage_is_still_found() -> None:
    """A cycle that was dropped goes with the next look at the young, and is not set aside for ever."""
    heap.settle()
    gone = weakref.ref(Knot())
    heap.set_aside()
    assert gone() is None
