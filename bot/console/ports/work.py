"""Long work beside the bot: what was begun, how far it is, and what came of it."""

from __future__ import annotations

from typing import Literal

from bot.console.models import View

WorkState = Literal["waiting", "running", "done", "failed"]


class Work(View):
    """`done`: 0 to 1. `problem` says why it failed: a word of the catalogue, or what the command said."""

    id: str
    title: str
    state: WorkState
    done: float = 0.0
    problem: str = ""

    @property
    def is_over(self) -> bool:
        return self.state in ("done", "failed")
