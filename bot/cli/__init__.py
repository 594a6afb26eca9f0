"""The command line, `qunops` or `python -m bot`: one command, one file; parse, call, print.

A file `bot/cli/<command>.py` has `register(app)`; it is found by that. Exit codes: 0 done, 1 the answer is "no"
(problems found, a test failed), 2 the call itself was wrong, 3 the bot or its database can't be used.
"""

from __future__ import annotations

import gc
import importlib
import pkgutil
import sys

import typer

OK, NO, USAGE, UNUSABLE = 0, 1, 2, 3


def build(only: str = "") -> typer.Typer:
    """The application with every command of this package, or `only` the one that was typed: the bot need not load
    what draws a chat room."""
    app = typer.Typer(
        name="qunops",
        help="群运 QunOps: 让社群自己转起来的机器人 · the bot that runs a chat community",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )

    @app.callback()
    def root() -> None:
        """群运 QunOps."""

    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    for name in [only] if only in names else names:
        register = getattr(importlib.import_module(f"{__name__}.{name}"), "register", None)
        if register is not None:
            register(app)
    return app


def main() -> None:
    # Modules and playbooks are loaded once and stay: looking for garbage among them costs a twentieth of a simulation.
    gc.set_threshold(50_000, 20, 100)
    build(sys.argv[1] if len(sys.argv) > 1 else "")()
