"""The command line, `qunops` or `python -m bot`: one command, one file; parse, call, print.

A file `bot/cli/<command>.py` has `register(app)`; it is found by that. Exit codes: 0 done, 1 the answer is "no"
(problems found, a test failed), 2 the call itself was wrong, 3 the bot or its database can't be used.
"""

from __future__ import annotations

import importlib
import pkgutil

import typer

OK, NO, USAGE, UNUSABLE = 0, 1, 2, 3


def build() -> typer.Typer:
    """The application with every command of this package."""
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

    for module in sorted(pkgutil.iter_modules(__path__), key=lambda found: found.name):
        register = getattr(importlib.import_module(f"{__name__}.{module.name}"), "register", None)
        if register is not None:
            register(app)
    return app


def main() -> None:
    build()()
