"""Files of recorded cases (`chain replay`, `quiz judge`): read once, each case for itself, mistakes named one by one."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import DecimalException
from pathlib import Path
from typing import Any

import typer


def read_json(file: Path) -> Any:
    """The document. Exit code 3 when the file can't be read, 2 when it is no JSON."""
    from bot.cli import UNUSABLE, USAGE

    try:
        return json.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        typer.echo(f"打不开 {file}: {error.strerror} · cannot read", err=True)
        raise typer.Exit(UNUSABLE) from error
    except UnicodeDecodeError as error:
        typer.echo(f"{file} 不是 UTF-8 编码,另存为 UTF-8 再试 · not UTF-8", err=True)
        raise typer.Exit(USAGE) from error
    except (ValueError, RecursionError) as error:
        typer.echo(f"{file} 不是 JSON: {error} · not JSON", err=True)
        raise typer.Exit(USAGE) from error


class Cases:
    """Works through cases; one that is malformed is named and doesn't stop the others."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.failed = 0

    def work(self, where: str, cases: Any, result_of: Callable[[Any], Any]) -> dict[str, Any]:
        """Id → result. `where` is the place in the document, for messages."""
        found: dict[str, Any] = {}
        if not isinstance(cases, list):
            self._fail(where, f"要写成列表,不是 {type(cases).__name__}", "a list is expected")
            return found
        for number, case in enumerate(cases, start=1):
            name = case.get("id") if isinstance(case, dict) else None
            place = f"{where}[{number}]" + (f" {name}" if name is not None else "")
            if not isinstance(name, str | int):
                self._fail(place, "缺少 id", "no id")
            elif str(name) in found:
                self._fail(place, "id 重复", "the id occurs twice")
            else:
                try:
                    found[str(name)] = result_of(case)
                except KeyError as error:
                    self._fail(place, f"缺少 {error.args[0]}", f"{error.args[0]} is missing")
                except (TypeError, ValueError, AttributeError, ArithmeticError, DecimalException) as error:
                    reason = f"{type(error).__name__}: {error}"
                    self._fail(place, f"写得不对 ({reason})", "malformed")
        return found

    def _fail(self, place: str, zh: str, en: str) -> None:
        self.failed += 1
        typer.echo(f"{self._file}: {place}: {zh} · {en}", err=True)

    def end(self, document: Any) -> None:
        """Prints the results that there are; exit code 2 when a case was malformed."""
        from bot.cli import USAGE

        typer.echo(json.dumps(document, ensure_ascii=False, indent=1))
        if self.failed:
            raise typer.Exit(USAGE)
