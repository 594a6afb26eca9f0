"""The process that draws: `python -m bot.insight.pictures.worker TEMPLATES`.

Asked with JSON `{"card": ..., "data": ...}`, it answers with `+` and the PNG, or with `-` and why not.
"""

from __future__ import annotations

import sys
from pathlib import Path

import orjson

from bot.core.errors import TemplateMistake
from bot.engine.worker import bound_memory, serve
from bot.insight.pictures.studio import CardRefused, Studio

DONE, NOT_DONE = b"+", b"-"


class Drawing:
    """Answers requests; the fonts are opened with the first one."""

    def __init__(self, templates: Path) -> None:
        self._templates = templates
        self._studio: Studio | None = None

    def __call__(self, request: bytes) -> bytes:
        try:
            asked = orjson.loads(request)
            self._studio = self._studio or Studio(self._templates)
            return DONE + self._studio.draw(asked["card"], asked["data"]).png
        except TemplateMistake as mistake:
            return NOT_DONE + f"{mistake.code} {mistake.message}".encode()
        except CardRefused as why:
            return NOT_DONE + str(why).encode()
        # A defect of one card must not look like a lost process: the words are sent, and the log says what happened.
        except Exception as error:
            return NOT_DONE + f"{type(error).__name__}: {error}".encode()


if __name__ == "__main__":
    bound_memory()
    serve(Drawing(Path(sys.argv[1])), sys.stdin.buffer, sys.stdout.buffer)
