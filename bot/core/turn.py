"""One step in the making: state, effects and slots gathered by several hands, handed over as a `Step`.

For plays whose one event concerns several parts (somebody joins: greeting, number, milestone). It lives for one step and
never leaves it, so the play stays a pure function.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from bot.core.effects import Effect
from bot.core.play import Context, Step

P = TypeVar("P", bound=BaseModel)
S = TypeVar("S", bound=BaseModel)


class Turn(Generic[P, S]):
    """Begins with the state before. `slots` seen through `slot()` include what this turn has changed."""

    def __init__(self, state: S, ctx: Context[P]) -> None:
        self.state, self.ctx, self.params = state, ctx, ctx.params
        self._effects: list[Effect] = []
        self._slots: dict[str, Any] = {}
        self._why: dict[str, Any] = {}

    def change(self, **fields: Any) -> None:
        self.state = self.state.model_copy(update=fields)

    def do(self, *effects: Effect) -> None:
        self._effects.extend(effects)

    def because(self, **facts: Any) -> None:
        self._why |= facts

    def slot(self, key: str) -> Any:
        return self._slots[key] if key in self._slots else self.ctx.slots.get(key)

    def slots(self, prefix: str) -> Mapping[str, Any]:
        """What follows the prefix → document, for every key below it, sorted by key."""
        merged = {**self.ctx.slots, **self._slots}
        found = sorted(key for key, value in merged.items() if key.startswith(prefix) and value is not None)
        return {key[len(prefix) :]: merged[key] for key in found}

    def put(self, key: str, document: Any) -> None:
        """Writes a slot; None removes it (and is nothing where there was none)."""
        if document is not None or self.slot(key) is not None:
            self._slots[key] = document

    def step(self) -> Step[S]:
        return Step(self.state, tuple(self._effects), self._slots, self._why)
