"""`qunops check`: every problem of every file at once."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from bot.cli import NO, USAGE
from bot.engine.playbooks import PlaybookFolder
from bot.playbook.report import as_json, render, summary

Lang = Literal["zh", "en"]


def register(app: typer.Typer) -> None:
    app.command("check")(check)


def check(
    path: Annotated[Path, typer.Argument(help="剧本文件夹或一个文件 · folder or file")] = Path("playbooks"),
    lang: Annotated[Lang, typer.Option(help="zh 或 en · language of the messages")] = "zh",
    format: Annotated[Literal["text", "json"], typer.Option(help="text 或 json · output format")] = "text",
    strict: Annotated[bool, typer.Option(help="建议也算不通过 · warnings fail, too")] = False,
) -> None:
    """检查剧本:一次列出全部问题 · report every problem of every playbook.

    退出码 · exit code: 0 没有错误,1 有错误,2 用法不对。
    """
    if not path.exists():
        typer.echo(f"找不到 {path}" if lang == "zh" else f"{path} does not exist", err=True)
        raise typer.Exit(USAGE)
    folder = root_of(path)
    loaded = PlaybookFolder(folder, lambda: datetime.now(UTC)).load()
    problems, playbooks = loaded.problems, loaded.playbooks
    if path.is_file():
        name = path.relative_to(folder).as_posix()
        playbooks = tuple(each for each in playbooks if each.path == name)
        mine = {problem for each in playbooks for problem in each.problems}
        problems = tuple(each for each in problems if each in mine or each.place.path == name)
    available = sum(each.is_available for each in playbooks)
    if format == "json":
        document = {
            "playbooks": [{"id": each.id, "file": each.path, "available": each.is_available} for each in playbooks],
            "problems": [as_json(problem) for problem in problems],
        }
        typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        if problems:
            typer.echo(render(problems, lang, root=f"{folder.as_posix()}/") + "\n")
        typer.echo(summary(problems, available, len(playbooks), lang))
    if any(problem.is_error or strict for problem in problems):
        raise typer.Exit(NO)


def root_of(path: Path) -> Path:
    """The folder of playbooks that a file belongs to: the nearest one above with a base, groups or schema, else its own."""
    if path.is_dir():
        return path
    for folder in path.parents:
        if any((folder / name).exists() for name in ("base.yaml", "groups.yaml", "schema.json")):
            return folder
    return path.parent
