"""How long commands say how far they are: a bar for people, lines for programs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

Told = Annotated[
    bool, typer.Option("--progress", help="进度在 stderr 上一步一行：progress 0.42 · a line on stderr for each step")
]


@contextmanager
def telling(is_told: bool, title: str) -> Iterator[Callable[[float], None]]:
    """Gives what takes the progress, 0 to 1."""
    if is_told:
        yield lambda done: typer.echo(f"progress {done:.3f}", err=True)
        return
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(title, total=1.0)
        yield lambda done: bar.update(task, completed=done)
