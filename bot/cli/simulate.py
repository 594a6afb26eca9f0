"""`qunops simulate`: playbooks in virtual time, as a chat and its account."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from bot.cli import NO, OK, USAGE
from bot.core.errors import OperatorMistake
from bot.sim.plans import ZONE, Staged, stage
from bot.sim.report import report_of
from bot.sim.scenario import Scenario, Scene, load
from bot.sim.simulation import Simulation
from bot.sim.tryout import opened, run

_FIRST_DAY = "2026-03-02 00:00"
"""A Monday, from its first minute."""


def register(app: typer.Typer) -> None:
    app.command("simulate", help="在虚拟时间里演一遍剧本 · play playbooks in virtual time")(simulate)


def simulate(
    playbooks: Annotated[list[Path] | None, typer.Argument(help="剧本文件或文件夹 · playbook files or folders")] = None,
    days: Annotated[int | None, typer.Option(help="几天,默认 21 · days", min=0, max=400)] = None,
    members: Annotated[int | None, typer.Option(help="虚拟成员数,默认 50 · synthetic members", min=0, max=2000)] = None,
    scenario: Annotated[Path | None, typer.Option(help="剧情文件 · scenario file")] = None,
    group: Annotated[str, typer.Option(help="模拟哪个群:群名、qq:… 或 tag:标签 · which group")] = "",
    seed: Annotated[str, typer.Option(help="随机种子,同种子同结果 · seed")] = "",
    start: Annotated[str, typer.Option(help="从哪天开始,例如 2026-03-02 · first day")] = "",
    format: Annotated[str, typer.Option(help="text 或 json · output format")] = "text",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="只要结尾的账 · only the report")] = False,
) -> None:
    """Exit 0, or 1 when a step failed, or 2 when the playbooks or the scenario can't be used."""
    try:
        setting, lines = load(scenario) if scenario is not None else (Scenario(), [])
        paths = playbooks or ([_beside(scenario, setting.playbook)] if setting.playbook and scenario else [])
        if not paths:
            typer.echo("要演哪个剧本? 例如 qunops simulate playbooks/examples/checkin.yaml", err=True)
            raise typer.Exit(USAGE)
        count = members if members is not None else (setting.crowd if scenario is not None else 50)
        changed = {"crowd": count, "seed": seed or setting.seed, "start": start or setting.start or _FIRST_DAY}
        setting = setting.model_copy(update=changed)
        staged = stage(paths, scene_of(group, setting.group), setting.begins(ZONE), setting.plays)
        span = days if days is not None else (setting.days if scenario is not None else 21)
        with opened(staged, setting) as simulation:
            with _progress() as tell:
                run(simulation, lines, span, tell)
            failed = _print(simulation, staged, format, quiet)
    except OperatorMistake as mistake:
        complain(mistake)
        raise typer.Exit(USAGE) from None
    raise typer.Exit(NO if failed else OK)


@contextmanager
def _progress() -> Iterator[Callable[[float], None]]:
    """A bar on a terminal; nothing, and nothing loaded for it, in a pipe."""
    if not sys.stderr.isatty():
        yield lambda done: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("演练中", total=1.0)
        yield lambda done: bar.update(task, completed=done)


def scene_of(group: str, scene: Scene) -> Scene:
    """`--group` as a scene: a name, a uid, or a tag."""
    kind, colon, rest = group.partition(":")
    if not group:
        return scene
    if kind == "tag" and colon:
        return scene.model_copy(update={"tags": (*scene.tags, rest)})
    return scene.model_copy(update={"uid": group} if colon else {"name": group, "uid": f"sim:{group}"})


def complain(mistake: OperatorMistake) -> None:
    """Place, message and hint, on stderr."""
    place = f"{mistake.place}: " if mistake.place else ""
    typer.echo(f"{place}{mistake.message}", err=True)
    if mistake.hint:
        typer.echo(f"  → {mistake.hint}", err=True)


def _beside(scenario: Path | None, playbook: str) -> Path:
    assert scenario is not None
    return (scenario.parent / playbook).resolve()


def _print(simulation: Simulation, staged: Staged, format: str, quiet: bool) -> bool:
    report = report_of(simulation, staged.plan)
    if format == "json":
        whole = {
            "group": simulation.chat,
            "transcript": [] if quiet else simulation.transcript.rows(),
            "digest": simulation.transcript.digest(),
            "report": report.as_dict(),
        }
        typer.echo(json.dumps(whole, ensure_ascii=False, indent=2))
    else:
        if not quiet:
            typer.echo(simulation.transcript.text())
            typer.echo("")
        typer.echo(report.text())
    return bool(report.failures)
