"""`qunops diff OLD NEW`: what a change of the playbooks would change in the groups."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from bot.cli import NO, USAGE
from bot.engine.playbooks import PlaybookFolder
from bot.playbook.diff import diff as compare
from bot.playbook.diff import render


def register(app: typer.Typer) -> None:
    app.command("diff")(diff)


def diff(
    old: Annotated[Path, typer.Argument(help="旧的文件夹或文件 · the old folder or file")],
    new: Annotated[Path, typer.Argument(help="新的文件夹或文件 · the new folder or file")] = Path("playbooks"),
    lang: Annotated[Literal["zh", "en"], typer.Option(help="zh 或 en · language")] = "zh",
    format: Annotated[Literal["text", "json"], typer.Option(help="text 或 json · output format")] = "text",
) -> None:
    """比较两版剧本:哪些群、哪些玩法、哪些值会变 · preview what a change does.

    退出码 · exit code: 0 能启用,1 新的一版有错误,2 用法不对。
    """
    for path in (old, new):
        if not path.exists():
            typer.echo(f"找不到 {path} · does not exist", err=True)
            raise typer.Exit(USAGE)
    before, after = (PlaybookFolder(path, lambda: datetime.now(UTC)).load() for path in (old, new))
    found = compare(before, after)
    if format == "json":
        typer.echo(json.dumps(asdict(found), ensure_ascii=False, indent=2, default=str))
    else:
        typer.echo(render(found, lang))
    if found.broken:
        raise typer.Exit(NO)
