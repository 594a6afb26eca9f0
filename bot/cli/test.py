"""`qunops test`: the operators' own tests."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from bot.cli import NO, OK, USAGE
from bot.cli.simulate import complain
from bot.core.errors import OperatorMistake
from bot.engine.clock import monotonic_s
from bot.sim.cases import Verdict, load_suite, run_case, staged_for

_MARK = {"kept": ("  ", ""), "missing": ("- ", "red"), "extra": ("+ ", "green")}


def register(app: typer.Typer) -> None:
    app.command("test", help="跑运营写的测试 · run the tests that operators wrote")(run_tests)


def run_tests(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="测试文件或文件夹,默认 playbooks/tests · test files or folders")
    ] = None,
    only: Annotated[str, typer.Option("--only", "-k", help="只跑名字里有这几个字的 · only cases with this name")] = "",
    format: Annotated[str, typer.Option(help="text 或 json · output format")] = "text",
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="通过的也显示聊天 · show the chat of every case")
    ] = False,
) -> None:
    """Exit 0: all passed; 1: some failed; 2: a test file can't be read, or there is none."""
    files = list(_files(paths or [Path("playbooks/tests")]))
    if not files:
        typer.echo("没有找到测试;写在 playbooks/tests/*.yaml 里 · no tests found", err=True)
        raise typer.Exit(USAGE)
    verdicts: list[Verdict] = []
    is_unreadable = False
    for path in files:
        try:
            suite = load_suite(path)
            staged = staged_for(suite)
            for case in suite.cases:
                if only in case.name or only in suite.shape.test:
                    began = monotonic_s()
                    verdict = run_case(suite, case, staged)
                    verdict.seconds = monotonic_s() - began
                    verdicts.append(verdict)
                    if format == "text":
                        show(verdict, verbose)
        except OperatorMistake as mistake:
            is_unreadable = True
            complain(mistake)
    failed = sum(not verdict.is_passed for verdict in verdicts)
    if format == "json":
        typer.echo(json.dumps([_row(verdict) for verdict in verdicts], ensure_ascii=False, indent=2))
    else:
        typer.echo(f"{len(verdicts) - failed} 个通过,{failed} 个没过" + (",有文件读不了" if is_unreadable else ""))
    raise typer.Exit(USAGE if is_unreadable else NO if failed else OK)


def _files(paths: Iterable[Path]) -> Iterable[Path]:
    for path in paths:
        yield from (sorted(path.rglob("*.y*ml")) if path.is_dir() else [path])


def show(verdict: Verdict, verbose: bool) -> None:
    """One line when it passed; the chat with what differs when it did not."""
    console = Console(highlight=False, soft_wrap=True)
    mark, style = ("✓", "green") if verdict.is_passed else ("✗", "red")
    console.print(Text(f"{mark} {verdict.suite} · {verdict.case}", style), end="")
    console.print(Text(f"  ({verdict.seconds * 1000:.0f} ms)", "dim"))
    if verdict.is_passed and not verbose:
        return
    for problem in verdict.problems:
        console.print(Text(f"    {verdict.place}: {problem}", "red"))
    for row in verdict.chat:
        sign, style = _MARK[row.what]
        console.print(Text(f"    {sign}" + row.text.replace("\n", "\n          "), style))


def _row(verdict: Verdict) -> dict[str, object]:
    return {
        "suite": verdict.suite,
        "case": verdict.case,
        "place": verdict.place,
        "passed": verdict.is_passed,
        "problems": verdict.problems,
        "seconds": round(verdict.seconds, 3),
        "chat": [{"what": row.what, "text": row.text} for row in verdict.chat],
    }
