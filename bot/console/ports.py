"""What the web side asks of the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The state of the running bot at one moment. Spans in seconds."""

    is_ready: bool
    problems: tuple[str, ...]
    accounts: Mapping[str, str]
    numbers: Mapping[str, float]


class Operations(Protocol):
    """The use-cases behind the local control port."""

    def health(self) -> Health: ...

    async def resend(self, row_id: int, actor: str) -> bool: ...

    async def decide(self, task_id: int, choice: str, actor: str, text: str) -> bool: ...

    async def reload(self) -> list[str]: ...
