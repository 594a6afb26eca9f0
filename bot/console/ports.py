"""What the web side asks of the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The state of the running bot at one moment. Spans in seconds."""

    is_ready: bool
    problems: tuple[str, ...]
    accounts: Mapping[str, str]
    numbers: Mapping[str, float]
    connections: Mapping[str, str] = field(default_factory=dict)
    """Connections that say more than online or not: where one waits for its QR code to be scanned, with the code."""


class Operations(Protocol):
    """The use-cases behind the local control port."""

    def health(self) -> Health: ...

    async def resend(self, row_id: int, actor: str) -> bool: ...

    async def decide(self, task_id: int, choice: str, actor: str, text: str) -> bool: ...

    async def reload(self) -> list[str]: ...

    async def import_history(self, chat: str, said: Sequence[Mapping[str, Any]]) -> dict[str, Any]: ...

    async def begin_import(self) -> None: ...

    async def end_import(self, chat: str, actor: str, detail: dict[str, Any]) -> None: ...
